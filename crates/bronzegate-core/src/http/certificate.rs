//! Whether a connection failed because the server's certificate is not trusted, which no other attempt changes.

use std::error::Error;

/// Whether the cause of a failure is a certificate that was refused.
pub(super) fn is_untrusted(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if matches!(error.downcast_ref(), Some(rustls::Error::InvalidCertificate(_))) {
            return true;
        }
        // An I/O error passes over the error that it wraps when it is asked for its source.
        let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        cause = wrapped.map(|wrapped| wrapped as &(dyn Error + 'static)).or_else(|| error.source());
    }
    false
}

#[cfg(test)]
mod tests {
    use std::io;

    use rustls::CertificateError::{Expired, UnknownIssuer};

    use super::*;

    #[test]
    fn a_refused_certificate_is_found_however_deep_it_is_wrapped() {
        for refused in [UnknownIssuer, Expired] {
            let tls = io::Error::other(rustls::Error::InvalidCertificate(refused));
            assert!(is_untrusted(&tls));
            assert!(is_untrusted(&io::Error::other(tls)));
        }
        let passing = io::Error::other(rustls::Error::HandshakeNotComplete);
        assert!(!is_untrusted(&passing));
        assert!(!is_untrusted(&io::Error::from(io::ErrorKind::ConnectionReset)));
    }
}
