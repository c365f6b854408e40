//! `allowed_hosts`: other hosts that links and redirects may lead to.
//!
//! ```yaml
//! allowed_hosts: [files.example.com, "cdn.example.com:8443", { host: open.example.com, credentials: false }]
//! ```

use schemars::JsonSchema;
use serde::Deserialize;
use url::Host;

use super::problem::Report;
use super::read::{Slot, TextOr};

/// A host besides the source's own that may be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedHost {
    /// The host in lower case; an IPv6 address in brackets.
    pub host: String,
    /// The port; without it the scheme's own.
    pub port: Option<u16>,
    /// Whether the source's credentials go there.
    pub credentials: bool,
}

/// `host` or `host:port`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, with = "String", extend("pattern" = "^[^/@*\\s]+$"))]
pub(super) struct HostText(String, Option<u16>);

/// A host, and whether credentials go there.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AllowedHost")]
pub(super) struct HostSpec {
    /// The host, or host:port; without a port, the scheme's own.
    host: Slot<HostText>,
    /// Whether the source's credentials go there; default true.
    credentials: Option<Slot<bool>>,
}

/// What stands in the list.
pub(super) type AllowedHostSpec = TextOr<HostText, HostSpec>;

const FORM: &str = "host or host:port, without scheme, path or *";

impl TryFrom<String> for HostText {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let (name, port) = match text.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => {
                let port = port.parse().ok().filter(|port| *port > 0).ok_or(FORM)?;
                (name, Some(port))
            }
            _ => (text.as_str(), None),
        };
        let is_plain = !name.is_empty() && !name.contains(['/', '@', '*', '?', '#', '{', ' ']);
        let host = Host::parse(name).ok().filter(|_| is_plain).ok_or(FORM)?;
        Ok(Self(host.to_string().to_lowercase(), port))
    }
}

pub(super) fn resolve(specs: &[Slot<AllowedHostSpec>], report: &Report) -> Vec<AllowedHost> {
    let mut hosts: Vec<AllowedHost> = Vec::new();
    for slot in specs {
        let (host, credentials) = match slot.get() {
            Some(TextOr::Text(host)) => (Some(host.clone()), true),
            Some(TextOr::Map(spec)) => {
                let credentials = spec.credentials.as_ref().and_then(Slot::cloned).unwrap_or(true);
                (spec.host.cloned(), credentials)
            }
            None => continue,
        };
        let Some(HostText(host, port)) = host else {
            continue;
        };
        if hosts.iter().any(|known| known.host == host && known.port == port) {
            report.say(slot.at(), "host given twice");
        }
        hosts.push(AllowedHost { host, port, credentials });
    }
    hosts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_read_with_and_without_a_port() {
        for (text, host, port) in [
            ("Files.Example.com", "files.example.com", None),
            ("cdn.example.com:8443", "cdn.example.com", Some(8443)),
            ("127.0.0.1:80", "127.0.0.1", Some(80)),
            ("[::1]:80", "[::1]", Some(80)),
            ("[::1]", "[::1]", None),
        ] {
            assert_eq!(HostText::try_from(text.to_owned()), Ok(HostText(host.to_owned(), port)), "{text}");
        }
        for text in
            ["", "https://x.com", "x.com/a", "*.x.com", "a@x.com", "x.com:0", "x.com:99999", "x.com:", "a b"]
        {
            assert_eq!(HostText::try_from(text.to_owned()), Err(FORM), "{text}");
        }
    }
}
