//! A proxy of companies, which is proxy.py in a process of its own, and a TLS door in front of a plain server.

use std::ffi::OsStr;

use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::azure::Certificates;
use crate::python_server::PythonServer;

/// The proxy; its process ends with this value.
#[derive(Debug)]
pub struct ForwardProxy {
    server: PythonServer,
    folder: TempDir,
}

impl ForwardProxy {
    /// Starts a process, which asks for a user and a password where they are given as `user:password`.
    ///
    /// # Panics
    /// When Python is not installed in the repository, or the proxy does not start.
    pub fn start(user: Option<&str>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let log = folder.path().join("log");
        let arguments = [log.as_os_str()].into_iter().chain(user.map(OsStr::new));
        Self { server: PythonServer::start("proxy_server.py", arguments), folder }
    }

    /// Its port on the loopback interface.
    pub fn port(&self) -> u16 {
        self.server.port()
    }

    /// What came past the password, in order: `CONNECT api.test:443`.
    pub fn requests(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        log.lines().map(str::to_owned).collect()
    }
}

/// A server that talks TLS as any name of the tests' certificate, and hands on what it hears. It ends when it is dropped.
#[derive(Debug)]
pub struct TlsFront {
    port: u16,
    serving: JoinHandle<()>,
}

impl TlsFront {
    /// Starts in front of a port of the loopback interface.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start(upstream: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let acceptor = Certificates::shared().acceptor();
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let (Ok(mut heard), Ok(mut server)) =
                        (acceptor.accept(stream).await, TcpStream::connect(("127.0.0.1", upstream)).await)
                    else {
                        return;
                    };
                    // Either side may hang up.
                    let _ = tokio::io::copy_bidirectional(&mut heard, &mut server).await;
                });
            }
        });
        Self { port, serving }
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for TlsFront {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
