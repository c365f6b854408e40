//! A certificate authority for loopback, made again by every test process.

use std::sync::{Arc, OnceLock};

use bronzegate_azure::{Transport, TransportOptions};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// An authority and the certificate of every server of a test process.
pub struct Certificates {
    /// The authority's certificate, PEM.
    pub authority: String,
    /// The servers' certificate, PEM.
    pub server: String,
    /// Its key, PEM.
    pub key: String,
    acceptor: TlsAcceptor,
}

/// What the servers are called; those of `.test` by a proxy.
const NAMES: [&str; 8] = [
    "127.0.0.1",
    "localhost",
    "api.test",
    "once-503.test",
    "localhost-aws.test",
    "devstoreaccount1.test",
    "login.test",
    "acme.vault.azure.net",
];

impl Certificates {
    /// Those of this process.
    ///
    /// # Panics
    /// When they cannot be made.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Certificates> = OnceLock::new();
        SHARED.get_or_init(Self::make)
    }

    fn make() -> Self {
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key is made");
        let authority = CertifiedIssuer::self_signed(authority, key).expect("an authority is made");
        let key = KeyPair::generate().expect("a key is made");
        let names = NAMES.map(str::to_owned);
        let server = CertificateParams::new(names).expect("these are names");
        let server = server.signed_by(&key, &authority).expect("a certificate is made");
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider knows them")
            .with_no_client_auth()
            .with_single_cert(vec![server.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
            .expect("key and certificate belong together");
        Self {
            authority: authority.pem(),
            server: server.pem(),
            key: key.serialize_pem(),
            acceptor: TlsAcceptor::from(Arc::new(config)),
        }
    }

    /// What makes a server of a listener.
    pub fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.clone()
    }

    /// Makes a transport that trusts these servers.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn transport(&self, options: &TransportOptions) -> Transport {
        let extra_roots = self.authority.clone().into_bytes();
        Transport::new(&TransportOptions { extra_roots, ..options.clone() }).expect("a transport is made")
    }

    /// An HTTP client that trusts these servers.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn client(&self) -> reqwest::Client {
        let root = reqwest::Certificate::from_pem(self.authority.as_bytes()).expect("it is a certificate");
        reqwest::Client::builder().tls_certs_merge([root]).build().expect("a client is made")
    }
}
