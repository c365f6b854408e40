//! Which proxy a URL is called by.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use secrecy::SecretString;
use url::{Host, Url};

use super::no_proxy::NoProxy;
use super::server::ProxyServer;
use crate::error::Result;

/// The variables of proxies. As with curl, the one in small letters counts where both are set.
const HTTPS: [&str; 2] = ["https_proxy", "HTTPS_PROXY"];
const HTTP: [&str; 2] = ["http_proxy", "HTTP_PROXY"];
const DIRECT: [&str; 2] = ["no_proxy", "NO_PROXY"];

/// What metadata and credentials are read from on machines of AWS, over IPv6.
const AWS_METADATA: [Ipv6Addr; 2] =
    [Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23)];

/// Which proxy a URL is called by. Without one, everything is called directly. Clones are cheap.
#[derive(Clone, Debug, Default)]
pub struct Proxies(Arc<Known>);

#[derive(Clone, Debug, Default)]
struct Known {
    https: Option<ProxyServer>,
    http: Option<ProxyServer>,
    no_proxy: NoProxy,
    /// Hosts of the platform's own services.
    direct: Vec<String>,
}

impl Proxies {
    /// Reads `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, which `look_up` tells.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::error::ErrorKind::Config), naming the variable that is malformed.
    pub fn read(look_up: &(impl Fn(&str) -> Option<String> + ?Sized)) -> Result<Self> {
        let of = |names: [&'static str; 2]| {
            names.into_iter().find_map(|name| {
                let text = look_up(name).map(|text| text.trim().to_owned());
                text.filter(|text| !text.is_empty()).map(|text| (name, text))
            })
        };
        let server = |names| of(names).map(|(name, text)| ProxyServer::parse(name, &text)).transpose();
        let no_proxy = of(DIRECT).map(|(_, text)| NoProxy::parse(&text)).unwrap_or_default();
        Ok(Self(Arc::new(Known { https: server(HTTPS)?, http: server(HTTP)?, no_proxy, direct: Vec::new() })))
    }

    /// Calls the host of a URL directly, whatever `NO_PROXY` says: a service of the platform that gives out identities.
    #[must_use]
    pub fn with_direct(mut self, url: &str) -> Self {
        if let Some(host) = Url::parse(url).ok().as_ref().and_then(Url::host_str) {
            Arc::make_mut(&mut self.0).direct.push(host.to_owned());
        }
        self
    }

    /// Whether there is no proxy.
    pub fn is_empty(&self) -> bool {
        self.0.https.is_none() && self.0.http.is_none()
    }

    /// The proxy that a URL is called by; `None` where it is called directly.
    pub fn of(&self, url: &Url) -> Option<&ProxyServer> {
        let known = &*self.0;
        let server = match url.scheme() {
            "https" => known.https.as_ref(),
            "http" => known.http.as_ref(),
            _ => None,
        }?;
        let host = url.host()?;
        let is_direct = is_near(&host)
            || known.no_proxy.covers(&host)
            || known.direct.iter().any(|direct| url.host_str() == Some(direct));
        (!is_direct).then_some(server)
    }

    /// All proxies.
    fn servers(&self) -> impl Iterator<Item = &ProxyServer> {
        self.0.https.iter().chain(&self.0.http)
    }

    /// The proxy of https.
    pub fn https(&self) -> Option<&ProxyServer> {
        self.0.https.as_ref()
    }

    /// The proxy of plain http.
    pub(super) fn http(&self) -> Option<&ProxyServer> {
        self.0.http.as_ref()
    }

    /// What must not be told: users and passwords of proxies.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretString> {
        self.servers().flat_map(ProxyServer::secrets)
    }
}

/// Loopback, link-local, and the metadata of machines: no proxy leads there.
fn is_near(host: &Host<&str>) -> bool {
    let address: IpAddr = match host {
        Host::Domain(name) => {
            let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
            return name == "localhost" || name.ends_with(".localhost");
        }
        Host::Ipv4(address) => (*address).into(),
        Host::Ipv6(address) => (*address).into(),
    };
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unicast_link_local() || AWS_METADATA.contains(&v6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Result<Proxies> {
        Proxies::read(&|name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned())
        })
    }

    fn of(proxies: &Proxies, url: &str) -> Option<String> {
        proxies.of(&Url::parse(url).unwrap()).map(ToString::to_string)
    }

    #[test]
    fn each_scheme_has_its_proxy_and_small_letters_come_first() {
        let both = proxies(&[
            ("HTTPS_PROXY", "http://upper:1"),
            ("https_proxy", "lower:3128"),
            ("HTTP_PROXY", "http://plain:8080/"),
            ("no_proxy", "internal.example"),
        ])
        .unwrap();
        assert_eq!(of(&both, "https://api.example.com/x").as_deref(), Some("http://lower:3128"));
        assert_eq!(of(&both, "http://api.example.com/x").as_deref(), Some("http://plain:8080"));
        assert_eq!(of(&both, "https://a.internal.example/x"), None);
        let one = proxies(&[("HTTPS_PROXY", "http://upper:1"), ("http_proxy", " ")]).unwrap();
        assert_eq!(of(&one, "http://api.example.com/x"), None);
        assert!(!one.is_empty() && proxies(&[("NO_PROXY", "*")]).unwrap().is_empty());
    }

    #[test]
    fn no_proxy_leads_to_this_machine_or_to_what_gives_it_its_identity() {
        let all = proxies(&[("HTTPS_PROXY", "http://p:1"), ("HTTP_PROXY", "http://p:1")]).unwrap();
        let all = all.with_direct("http://10.1.2.3:42356/msi/token").with_direct("not a URL");
        for near in [
            "http://localhost:8080/",
            "https://a.localhost./",
            "http://127.8.9.1/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://169.254.169.254/latest/",
            "http://169.254.170.2/v2/",
            "http://169.254.170.23/v1/",
            "http://[fd00:ec2::254]/",
            "http://[fd00:ec2::23]/",
            "http://10.1.2.3:42356/msi/token",
        ] {
            assert_eq!(of(&all, near), None, "{near}");
        }
        for far in ["https://10.1.2.4/", "http://api.example.com/", "https://localhost.example.com/"] {
            assert!(of(&all, far).is_some(), "{far}");
        }
    }

    #[test]
    fn what_cannot_be_a_proxy_is_refused_by_the_name_of_its_variable_and_without_its_password() {
        for text in [
            "socks5://user:s3cr3t@p:1080",
            "https://user:s3cr3t@p:443",
            "http://",
            "http://user:s3cr3t/x@p:3128",
            "http://user:s3cr3t%FF@p:3128",
            "ftp://user:s3cr3t@p",
        ] {
            let error = proxies(&[("HTTPS_PROXY", text)]).unwrap_err().to_string();
            assert!(error.starts_with("HTTPS_PROXY: ") && !error.contains("s3cr3t"), "{text}: {error}");
        }
    }

    #[test]
    fn the_user_and_the_password_are_a_secret_and_are_not_shown() {
        use secrecy::ExposeSecret;

        let named = proxies(&[("HTTPS_PROXY", "http://me:p%40ss@p:3128")]).unwrap();
        let secrets: Vec<_> = named.secrets().map(ExposeSecret::expose_secret).collect();
        assert_eq!(secrets, ["me:p@ss", "p@ss"]);
        let shown = format!("{named:?} {:?}", of(&named, "https://api.example.com/"));
        assert!(
            shown.contains("http://p:3128") && !shown.contains("p@ss") && !shown.contains("me:"),
            "{shown}"
        );
    }
}
