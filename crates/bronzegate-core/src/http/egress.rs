//! Who may be called: the source's own origin, the hosts its file allows, and nobody else.
//!
//! Links and redirects are checked here before a byte is sent, and addresses once more after
//! name resolution, so that a public name cannot lead into a private network.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use super::body::innermost;
use super::private_address::{is_own_name, is_private};
use crate::config::{AllowedHost, Source};
use crate::error::{Error, ErrorKind};
use crate::redact::line;

/// Whether the source's credentials go along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Credentials {
    /// They do.
    Sent,
    /// They do not.
    Withheld,
}

/// The rules of one source.
#[derive(Debug)]
pub(crate) struct Egress {
    base: Url,
    allowed: Vec<AllowedHost>,
    allow_http: bool,
    allow_private: bool,
}

/// Why a host is not called.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EgressError {
    /// The host is neither the source's own nor allowed by its file.
    #[error("{0} may not be called: it is neither the origin of base_url nor in allowed_hosts")]
    NotAllowed(String),
    /// Plain http to a host that is not loopback.
    #[error("{0} may not be called over plain http: use https, or say `allow_http: true`")]
    Insecure(String),
    /// The name leads to a private, link-local or loopback address.
    #[error(
        "{host} may not be called: its address {address} is private; say `allow_private: true` to allow it"
    )]
    Private {
        /// The name as it stands in the URL.
        host: String,
        /// Where it leads.
        address: IpAddr,
    },
    /// A name that leads into this machine, or to what tells its secrets.
    #[error("{0} may not be called: it is a name of this machine; say `allow_private: true` to allow it")]
    OwnName(String),
    /// A token's answer names the API's base URL, and came over a connection that anybody could have changed.
    #[error("{0} may not name the API's base URL: its answer did not come over https")]
    Unproven(String),
    /// A token's answer names a base URL that `hosts` does not let in.
    #[error("{0} may not be called: it came with the token, and is not among the hosts of base_url_from")]
    NotABase(String),
    /// A host that gets no credentials would get one in what the API has named.
    #[error(
        "{host} may not be called: it gets no credentials (`credentials: false`), and {holds} holds a secret, which the API has put there"
    )]
    HoldsSecret {
        /// The host.
        host: String,
        /// What holds it.
        holds: &'static str,
    },
    /// A redirect that cannot be followed.
    #[error("the redirect cannot be followed: {0}")]
    Redirect(&'static str),
}

impl From<EgressError> for Error {
    fn from(cause: EgressError) -> Self {
        Self::new(ErrorKind::Data, cause)
    }
}

impl Egress {
    /// The rules that a source file sets.
    pub(crate) fn new(source: &Source) -> Self {
        Self {
            base: source.base_url.clone(),
            allowed: source.allowed_hosts.clone(),
            allow_http: source.allow_http,
            allow_private: source.allow_private || is_private_host(&source.base_url),
        }
    }

    /// The rules of a service that the deployment names: its own origin alone, over https. Its address may be private,
    /// because clouds offer their services within private networks.
    pub(super) fn of_service(origin: Url) -> Self {
        Self { base: origin, allowed: Vec::new(), allow_http: false, allow_private: true }
    }

    /// Whether the URL may be called, and whether with credentials. `base` is the API's base URL where
    /// that came with the token; the source's own is not called then.
    ///
    /// # Errors
    /// [`EgressError`], naming the host.
    pub(crate) fn permit(&self, url: &Url, base: Option<&Url>) -> Result<Credentials, EgressError> {
        let credentials = if url.origin() == base.unwrap_or(&self.base).origin() {
            Credentials::Sent
        } else {
            let entry = self.allowed.iter().find(|entry| covers(entry, url));
            let entry = entry.ok_or_else(|| EgressError::NotAllowed(host_and_port(url)))?;
            if entry.credentials { Credentials::Sent } else { Credentials::Withheld }
        };
        self.permit_address(url)?;
        Ok(credentials)
    }

    /// Whether the URL's scheme and address may be called, whoever it is: for a token endpoint,
    /// which the source file names itself.
    ///
    /// # Errors
    /// [`EgressError`], naming the host.
    pub(crate) fn permit_address(&self, url: &Url) -> Result<(), EgressError> {
        let secure = url.scheme() == "https" || self.allow_http || is_loopback_host(url);
        if !secure {
            return Err(EgressError::Insecure(host_and_port(url)));
        }
        match literal_address(url) {
            Some(address) if !self.allow_private && is_private(address) => {
                Err(EgressError::Private { host: host_and_port(url), address })
            }
            // A proxy would resolve it, where nobody sees the address.
            None if !self.allow_private && url.domain().is_some_and(is_own_name) => {
                Err(EgressError::OwnName(host_and_port(url)))
            }
            _ => Ok(()),
        }
    }

    /// A resolver that leaves private addresses out, unless they are allowed.
    pub(crate) fn resolver(&self) -> Arc<GuardedResolver> {
        Arc::new(GuardedResolver { allow_private: self.allow_private })
    }
}

/// Resolves names through the system and refuses those that lead only to private addresses.
#[derive(Debug)]
pub(crate) struct GuardedResolver {
    allow_private: bool,
}

impl GuardedResolver {
    /// A resolver for the name of a proxy, which the deployment names.
    pub(super) fn open() -> Arc<Self> {
        Arc::new(Self { allow_private: true })
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_private = self.allow_private;
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found = tokio::net::lookup_host((host.as_str(), 0)).await;
            let found = found.map(Iterator::collect::<Vec<SocketAddr>>);
            let found = found.map_err(|error| NoAddress { host: host.clone(), cause: innermost(&error) })?;
            let (public, private): (Vec<_>, Vec<_>) =
                found.into_iter().partition(|found| allow_private || !is_private(found.ip()));
            match (public.is_empty(), private.first()) {
                (true, Some(private)) => Err(EgressError::Private { host, address: private.ip() }.into()),
                _ => Ok(Box::new(public.into_iter()) as Addrs),
            }
        })
    }
}

/// The system knows no address of a host.
#[derive(Debug, thiserror::Error)]
#[error("{host} has no address: {cause}")]
pub(super) struct NoAddress {
    /// The name as it stands in the URL.
    pub(super) host: String,
    /// What the system says.
    pub(super) cause: String,
}

/// The refusal of the guarded resolver, which arrives wrapped in the client's own error.
pub(super) fn egress_cause(error: &reqwest::Error) -> Option<EgressError> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(deeper) = cause {
        if let Some(refused) = deeper.downcast_ref::<EgressError>() {
            return Some(refused.clone());
        }
        cause = deeper.source();
    }
    None
}

fn covers(entry: &AllowedHost, url: &Url) -> bool {
    let own_port = match url.scheme() {
        "https" => Some(443),
        "http" => Some(80),
        _ => None,
    };
    url.host_str().is_some_and(|host| host.eq_ignore_ascii_case(&entry.host))
        && url.port_or_known_default() == entry.port.or(own_port)
}

/// Whom a URL leads to, for messages.
pub(super) fn host_and_port(url: &Url) -> String {
    let Some(host) = url.host_str() else { return format!("a link of scheme `{}`", line(url.scheme())) };
    let host = line(host);
    url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}"))
}

fn literal_address(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(_) => None,
    }
}

pub(super) fn is_loopback_host(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        _ => literal_address(url).is_some_and(|address| address.to_canonical().is_loopback()),
    }
}

fn is_private_host(url: &Url) -> bool {
    is_loopback_host(url) || literal_address(url).is_some_and(is_private)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn egress(base: &str) -> Egress {
        let allow = |host: &str, port, credentials| AllowedHost { host: host.to_owned(), port, credentials };
        let base = Url::parse(base).unwrap();
        Egress {
            allow_private: is_private_host(&base),
            base,
            allowed: vec![
                allow("files.example.com", None, false),
                allow("api2.example.com", Some(8443), true),
                allow("10.1.2.3", None, true),
                allow("metadata.google.internal", None, true),
            ],
            allow_http: false,
        }
    }

    #[test]
    fn permits_the_own_origin_and_allowed_hosts_only() {
        let egress = egress("https://api.example.com/v1");
        let permit = |url| egress.permit(&Url::parse(url).unwrap(), None);
        assert_eq!(permit("https://api.example.com/other"), Ok(Credentials::Sent));
        assert_eq!(permit("https://API.example.com:443/other"), Ok(Credentials::Sent));
        assert_eq!(permit("https://files.example.com/x"), Ok(Credentials::Withheld));
        assert_eq!(permit("https://api2.example.com:8443/x"), Ok(Credentials::Sent));
        for other in [
            "https://api.example.com:8443/",
            "https://api.example.com.evil.com/",
            "https://evil.com/api.example.com",
            "https://api.example.com@evil.com/",
            "https://files.example.com:444/x",
            "https://api2.example.com/x",
            "http://api.example.com/",
            "https://sub.api.example.com/",
        ] {
            assert!(matches!(permit(other), Err(EgressError::NotAllowed(_))), "{other}");
        }
        assert!(matches!(permit("http://files.example.com/x"), Err(EgressError::Insecure(_))));
        assert!(matches!(permit("https://10.1.2.3/x"), Err(EgressError::Private { .. })));
        assert!(matches!(permit("https://metadata.google.internal/x"), Err(EgressError::OwnName(_))));
    }

    #[test]
    fn a_loopback_source_may_stay_on_loopback_without_tls() {
        let egress = egress("http://127.0.0.1:8080");
        assert_eq!(
            egress.permit(&Url::parse("http://127.0.0.1:8080/x").unwrap(), None),
            Ok(Credentials::Sent)
        );
        let other_port = egress.permit(&Url::parse("http://127.0.0.1:8081/x").unwrap(), None);
        assert!(matches!(other_port, Err(EgressError::NotAllowed(_))), "{other_port:?}");
    }

    #[tokio::test]
    async fn a_name_that_leads_to_a_private_address_is_refused_after_resolution() {
        let guard = GuardedResolver { allow_private: false };
        let Err(error) = guard.resolve("localhost".parse().unwrap()).await else { panic!("resolved") };
        assert!(matches!(error.downcast_ref(), Some(EgressError::Private { .. })), "{error}");
        assert!(GuardedResolver { allow_private: true }.resolve("localhost".parse().unwrap()).await.is_ok());
    }
}
