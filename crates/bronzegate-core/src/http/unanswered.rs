//! Why a request got no answer, in one line: what it is, and what to do.

use std::error::Error;
use std::io;

use super::body::innermost;
use super::egress::{NoAddress, host_and_port};
use crate::redact::SafeUrl;

/// An error and what caused it, from the outside in.
pub(super) fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| deeper(*error))
}

fn deeper<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    // An I/O error skips the error that it wraps when it is asked for its source.
    let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    wrapped.map(|wrapped| wrapped as &(dyn Error + 'static)).or_else(|| error.source())
}

/// What to say of a request that got no answer.
pub(super) fn describe(error: &reqwest::Error) -> String {
    let url = error.url().map_or_else(String::new, |url| format!(" ({})", SafeUrl(url)));
    let host = error.url().map_or_else(|| "the server".to_owned(), host_and_port);
    let what = if let Some(known) = known(error, &host) {
        known
    } else if error.is_timeout() {
        "timed out".to_owned()
    } else if error.is_connect() {
        format!("cannot connect: {}", innermost(error))
    } else {
        innermost(error)
    };
    format!("{what}{url}")
}

/// The usual causes, each with what helps.
fn known(error: &(dyn Error + 'static), host: &str) -> Option<String> {
    use rustls::CertificateError::{
        Expired, ExpiredContext, NotValidForName, NotValidForNameContext, UnknownIssuer,
    };
    causes(error).find_map(|cause| {
        if let Some(NoAddress { host, cause }) = cause.downcast_ref() {
            return Some(format!(
                "cannot connect: DNS has no address for {host} ({cause}): is the host spelled right, and is this machine online?"
            ));
        }
        if let Some(rustls::Error::InvalidCertificate(refused)) = cause.downcast_ref() {
            return Some(match refused {
                UnknownIssuer => format!(
                    "the certificate of {host} is from an unknown CA: name it with `tls: {{ ca: … }}`, or its file in SSL_CERT_FILE"
                ),
                Expired | ExpiredContext { .. } => {
                    format!("the certificate of {host} has expired, or this machine's clock is wrong")
                }
                NotValidForName | NotValidForNameContext { .. } => {
                    format!("the certificate is not for {host}: is the host spelled right?")
                }
                other => format!("the certificate of {host} is not accepted: {other}"),
            });
        }
        let refused = cause.downcast_ref::<io::Error>()?.kind() == io::ErrorKind::ConnectionRefused;
        refused.then(|| format!("{host} refused the connection: does the API run there, and is the port right?"))
    })
}

#[cfg(test)]
mod tests {
    use rustls::CertificateError::{Expired, UnknownIssuer};

    use super::*;

    fn told(error: impl Error + Send + Sync + 'static) -> String {
        known(&io::Error::other(error), "api.example.com").unwrap_or_default()
    }

    #[test]
    fn the_usual_causes_say_what_helps_however_deep_they_are_wrapped() {
        let lookup = io::Error::other("Name or service not known");
        insta::assert_snapshot!(told(NoAddress { host: "api.exmaple.com".to_owned(), cause: lookup.to_string() }),
            @"cannot connect: DNS has no address for api.exmaple.com (Name or service not known): is the host spelled right, and is this machine online?");
        insta::assert_snapshot!(told(rustls::Error::InvalidCertificate(UnknownIssuer)),
            @"the certificate of api.example.com is from an unknown CA: name it with `tls: { ca: … }`, or its file in SSL_CERT_FILE");
        insta::assert_snapshot!(told(io::Error::other(rustls::Error::InvalidCertificate(Expired))),
            @"the certificate of api.example.com has expired, or this machine's clock is wrong");
        insta::assert_snapshot!(told(io::Error::from(io::ErrorKind::ConnectionRefused)),
            @"api.example.com refused the connection: does the API run there, and is the port right?");
        assert_eq!(told(io::Error::from(io::ErrorKind::ConnectionReset)), "");
    }
}
