//! A proxy of companies, which is proxy.py in a process of its own, and a TLS door in front of a plain server.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::azure::Certificates;
use crate::repository;

/// The proxy; its process ends with this value.
#[derive(Debug)]
pub struct ForwardProxy {
    port: u16,
    folder: TempDir,
    _process: Child,
}

impl ForwardProxy {
    /// Starts a process, which asks for a user and a password where they are given as `user:password`.
    ///
    /// # Panics
    /// When Python is not installed in the repository, or the proxy does not start.
    pub fn start(user: Option<&str>) -> Self {
        let python = repository().join(".venv/bin/python");
        assert!(python.exists(), "{} is missing: run `make test`, which installs it", python.display());
        let folder = tempfile::tempdir().expect("a folder");
        let mut process = Command::new(python)
            .arg(repository().join("tests/python/proxy_server.py"))
            .arg(folder.path().join("log"))
            .args(user)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("python starts");
        let mut line = String::new();
        let answers = process.stdout.take().expect("it is a pipe");
        BufReader::new(answers).read_line(&mut line).expect("it tells its port");
        Self { port: line.trim().parse().expect("it starts and tells its port"), folder, _process: process }
    }

    /// Its port on the loopback interface.
    pub fn port(&self) -> u16 {
        self.port
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
    /// When there is no port to be had.
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
