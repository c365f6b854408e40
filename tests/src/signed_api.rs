//! An API that checks signatures with the field's own libraries (oauthlib, botocore, `PyJWT`), in a process of its own.

use std::path::Path;

use crate::python_server::PythonServer;

/// The API; its process ends with this value.
#[derive(Debug)]
pub struct SignedApi {
    server: PythonServer,
    scheme: &'static str,
}

/// The certificate of a server, its key, and the authority of its clients' certificates: files in PEM.
#[derive(Clone, Copy, Debug)]
pub struct TlsFiles<'a> {
    /// The server's certificate.
    pub certificate: &'a Path,
    /// Its key.
    pub key: &'a Path,
    /// The authority of the clients' certificates.
    pub authority: &'a Path,
}

impl SignedApi {
    /// Starts a process.
    ///
    /// # Panics
    /// When Python is not installed in the repository, or the API does not start.
    pub fn start() -> Self {
        Self::with("http", &[])
    }

    /// Starts a process that talks TLS, and demands a certificate of its clients or takes one.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    pub fn over_tls(files: TlsFiles<'_>, is_demanded: bool) -> Self {
        let wish = Path::new(if is_demanded { "demanded" } else { "optional" });
        Self::with("https", &[files.certificate, files.key, files.authority, wish])
    }

    fn with(scheme: &'static str, arguments: &[&Path]) -> Self {
        Self { server: PythonServer::start("signed_api.py", arguments), scheme }
    }

    /// Where it is.
    pub fn base_url(&self) -> String {
        format!("{}://127.0.0.1:{}", self.scheme, self.server.port())
    }

    /// Gives it what assertions are compared with.
    ///
    /// # Panics
    /// When it does not take them.
    pub async fn keep_keys(&self, keys: String) {
        let request = reqwest::Client::new().put(format!("{}/keys", self.base_url())).body(keys);
        assert!(request.send().await.expect("it answers").status().is_success());
    }
}
