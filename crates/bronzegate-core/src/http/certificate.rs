//! Whether a connection failed because the server's certificate is not trusted, which no other attempt changes.

use std::error::Error;

use super::unanswered::causes;

/// Whether the cause of a failure is a certificate that was refused.
pub(super) fn is_untrusted(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(|cause| matches!(cause.downcast_ref(), Some(rustls::Error::InvalidCertificate(_))))
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
