//! Whether a connection failed because of a certificate, which no other attempt changes.

use std::error::Error;

use super::unanswered::causes;

/// Whether the cause of a failure is a server's certificate that was refused.
pub(super) fn is_untrusted(error: &(dyn Error + 'static)) -> bool {
    is(error, |cause| matches!(cause, rustls::Error::InvalidCertificate(_)))
}

/// Whether the cause of a failure is that the server has refused the client's certificate, or that there is none.
pub(super) fn is_refused(error: &(dyn Error + 'static)) -> bool {
    use rustls::AlertDescription::{
        BadCertificate, CertificateExpired, CertificateRequired, CertificateRevoked, CertificateUnknown,
        DecryptError, UnknownCA, UnsupportedCertificate,
    };
    // OpenSSL says `decrypt_error` of a certificate whose signature is not that of the authority it names.
    let about_it = [
        BadCertificate,
        CertificateExpired,
        CertificateRequired,
        CertificateRevoked,
        CertificateUnknown,
        DecryptError,
        UnknownCA,
        UnsupportedCertificate,
    ];
    is(error, |cause| matches!(cause, rustls::Error::AlertReceived(alert) if about_it.contains(alert)))
}

/// Whether a failure has such a cause.
fn is(error: &(dyn Error + 'static), of: impl Fn(&rustls::Error) -> bool) -> bool {
    causes(error).any(|cause| cause.downcast_ref().is_some_and(&of))
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
        let alert = io::Error::other(rustls::Error::AlertReceived(rustls::AlertDescription::UnknownCA));
        assert!(is_refused(&alert) && !is_untrusted(&alert));
        let other = rustls::Error::AlertReceived(rustls::AlertDescription::HandshakeFailure);
        assert!(!is_refused(&io::Error::other(other)));
        let passing = io::Error::other(rustls::Error::HandshakeNotComplete);
        assert!(!is_untrusted(&passing));
        assert!(!is_untrusted(&io::Error::from(io::ErrorKind::ConnectionReset)));
    }
}
