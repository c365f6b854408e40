//! `base_url_from`: the API's base URL comes with the token.
//!
//! ```yaml
//! base_url_from: { body: instance_url, hosts: ["*.my.salesforce.com"] }
//! ```

use schemars::JsonSchema;
use serde::Deserialize;
use url::{Host, Url};

use crate::config::address::{Address, header_name};
use crate::config::base_url::is_loopback;
use crate::config::pointer::Pointer;
use crate::config::problem::{Draft, Report};
use crate::config::read::Slot;

/// Where a token's answer names the API's base URL, and whom it may name.
#[derive(Clone, Debug, PartialEq)]
pub struct BaseUrlFrom {
    /// Where the URL is.
    pub at: Address,
    /// The hosts it may name; empty for any.
    pub hosts: Vec<HostPattern>,
}

/// A host, or all hosts below a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPattern {
    /// The host or domain in lower case.
    name: String,
    /// `*.name`: the hosts below, not the domain itself.
    below: bool,
}

/// Where the answer names the API's base URL.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "BaseUrlFrom")]
pub(in crate::config) struct BaseUrlFromSpec {
    /// The member of the JSON body.
    body: Option<Slot<Pointer>>,
    /// The header.
    header: Option<Slot<String>>,
    /// The hosts it may name, as host or *.domain; without it any public one.
    hosts: Option<Slot<Vec<Slot<HostPatternText>>>>,
}

/// `host` or `*.domain`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, with = "String", extend("pattern" = "^(\\*\\.)?[^/@*:\\s]+$"))]
struct HostPatternText(HostPattern);

impl TryFrom<String> for HostPatternText {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        const FORM: &str = "host or *.domain, without scheme, port or path";
        let (name, below) = text.strip_prefix("*.").map_or((text.as_str(), false), |name| (name, true));
        let is_plain = !name.is_empty() && !name.contains(['/', '@', '*', '?', '#', '{', ' ', ':']);
        let host = Host::parse(name).ok().filter(|_| is_plain).ok_or(FORM)?;
        // `*.com` would let in nearly everybody.
        let is_domain = matches!(&host, Host::Domain(name) if name.contains('.'));
        if below && !is_domain {
            return Err(FORM);
        }
        Ok(Self(HostPattern { name: host.to_string().to_lowercase(), below }))
    }
}

impl BaseUrlFrom {
    /// Whether the URL's host is one that may be named.
    pub fn lets(&self, url: &Url) -> bool {
        self.hosts.is_empty()
            || url.host_str().is_some_and(|host| self.hosts.iter().any(|pattern| pattern.covers(host)))
    }
}

impl HostPattern {
    fn covers(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        if !self.below {
            return host == self.name;
        }
        let above = host.strip_suffix(&self.name).and_then(|rest| rest.strip_suffix('.'));
        above.is_some_and(|above| !above.is_empty())
    }
}

impl BaseUrlFromSpec {
    /// `asked` is the URL whose answer names the base, if it is known and good.
    pub(super) fn resolve(
        slot: Option<&Slot<Self>>,
        asked: Option<&Url>,
        report: &Report,
    ) -> Option<BaseUrlFrom> {
        let slot = slot?;
        let spec = slot.get()?;
        if asked.is_some_and(|url| url.scheme() != "https" && !is_loopback(url)) {
            // Whoever sits on the way could send the requests, tokens included, anywhere.
            report.say(slot.at(), "a base URL is only taken from an answer that comes over https");
        }
        let at = match (&spec.body, &spec.header) {
            (Some(body), None) => Address::Body(body.cloned()?),
            (None, Some(header)) => {
                let name = header.get()?;
                let Some(name) = header_name(name) else {
                    report.add(header.at(), Draft::refused("a header's name such as X-Instance").value(name));
                    return None;
                };
                Address::Header(name)
            }
            _ => {
                report.add(
                    slot.at(),
                    Draft::new("does not say where").accepted("one of { body: … }, { header: … }"),
                );
                return None;
            }
        };
        let hosts = spec.hosts.as_ref().and_then(Slot::get).into_iter().flatten();
        let hosts = hosts.filter_map(|slot| slot.cloned().map(|host| host.0)).collect();
        Some(BaseUrlFrom { at, hosts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_covers_the_hosts_below_its_domain_and_nothing_else() {
        let covers =
            |pattern: &str, host: &str| HostPatternText::try_from(pattern.to_owned()).unwrap().0.covers(host);
        for (pattern, host, expected) in [
            ("*.my.salesforce.com", "acme.my.salesforce.com", true),
            ("*.my.salesforce.com", "acme--full.sandbox.my.salesforce.com", true),
            ("*.My.Salesforce.com", "ACME.my.salesforce.com", true),
            ("*.my.salesforce.com", "my.salesforce.com", false),
            ("*.my.salesforce.com", "evilmy.salesforce.com", false),
            ("*.my.salesforce.com", "acme.my.salesforce.com.evil.com", false),
            ("api.example.com", "api.example.com", true),
            ("api.example.com", "x.api.example.com", false),
        ] {
            assert_eq!(covers(pattern, host), expected, "{pattern} {host}");
        }
        for text in ["*", "*.", "*.com", "a.*.com", "https://x.com", "x.com:8443", "*.127.0.0.1", ""] {
            let refused = HostPatternText::try_from(text.to_owned()).err();
            assert_eq!(refused, Some("host or *.domain, without scheme, port or path"), "{text}");
        }
    }
}
