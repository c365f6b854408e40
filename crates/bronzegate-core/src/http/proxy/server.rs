//! One proxy, and what it says of a server that it is asked for.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use url::Url;

use super::fault::ProxyFault;
use crate::error::{Error, ErrorKind, Result};

/// The most that is read of a proxy's answer: its status stands at the beginning.
const LONGEST_STATUS: u64 = 1 << 10;

/// A proxy that is called over plain http. Its `Display` is its address, without the user and the password.
#[derive(Clone)]
pub struct ProxyServer {
    variable: &'static str,
    /// `host:port`, as it stands in a URL.
    address: String,
    host: String,
    port: u16,
    user: Option<User>,
}

#[derive(Clone)]
struct User {
    name: String,
    password: SecretString,
    /// Both, with a colon between them (RFC 7617).
    pair: SecretString,
}

impl ProxyServer {
    /// Reads the value of a variable.
    ///
    /// # Errors
    /// [`ErrorKind::Config`], naming the variable and never its value.
    pub(super) fn parse(variable: &'static str, text: &str) -> Result<Self> {
        let wrong = |why: &str| Error::new(ErrorKind::Config, format!("{variable}: {why}"));
        let form =
            "write http://[user:password@]host:port, with %2F, %3F and %23 for /, ? and # in a password";
        let text = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let url = Url::parse(&text).map_err(|_| wrong(form))?;
        match url.scheme() {
            "http" => {}
            "socks" | "socks4" | "socks4a" | "socks5" | "socks5h" => {
                return Err(wrong("SOCKS is not supported; write the proxy's HTTP port as http://host:port"));
            }
            "https" => return Err(wrong("TLS to the proxy itself is not supported; write http://host:port")),
            _ => return Err(wrong(form)),
        }
        let is_bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        let (Some(host), Some(port), true) = (url.host_str(), url.port_or_known_default(), is_bare) else {
            return Err(wrong(form));
        };
        let plain = |text: &str| percent_decode_str(text).decode_utf8().map(Cow::into_owned);
        let (name, password) = (plain(url.username()), plain(url.password().unwrap_or_default()));
        let (Ok(name), Ok(password)) = (name, password) else { return Err(wrong(form)) };
        let has_user = !name.is_empty() || !password.is_empty();
        let user = has_user.then(|| User {
            pair: format!("{name}:{password}").into(),
            name,
            password: password.into(),
        });
        let address = format!("{host}:{port}");
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self { variable, address, host, port, user })
    }

    /// The user and the password.
    pub fn user(&self) -> Option<(&str, &SecretString)> {
        self.user.as_ref().map(|user| (user.name.as_str(), &user.password))
    }

    /// What must not be told.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &SecretString> {
        self.user.iter().flat_map(|user| [&user.pair, &user.password])
    }

    /// Adds the user and the password to a client's proxy.
    pub(super) fn authorized(&self, proxy: reqwest::Proxy) -> reqwest::Proxy {
        match self.user() {
            Some((name, password)) => proxy.basic_auth(name, password.expose_secret()),
            None => proxy,
        }
    }

    /// Why a request with a credential may not go to a URL by this proxy: over plain http the proxy would read it.
    pub fn reads(&self, url: &Url) -> Option<ProxyFault> {
        let host = url.host_str().unwrap_or_default().to_owned();
        (url.scheme() == "http").then(|| ProxyFault::Readable { proxy: self.to_string(), host })
    }

    /// Why the way to an https URL failed, where the proxy is the reason: it is asked once more, because HTTP libraries
    /// do not tell what it answered. `None` where it lets the connection through.
    pub async fn fault(&self, url: &Url, patience: Duration) -> Option<ProxyFault> {
        let host = url.host_str()?;
        let target = format!("{host}:{}", url.port_or_known_default()?);
        let asked = tokio::time::timeout(patience, self.ask(&target)).await;
        let status = match asked {
            Ok(Ok(status)) => status,
            Ok(Err(error)) => return Some(self.unreachable(error.to_string())),
            Err(_) => return Some(self.unreachable("it did not answer in time".to_owned())),
        };
        let proxy = self.to_string();
        match status {
            200..300 => None,
            407 => Some(self.denied()),
            408 | 429 | 500.. => Some(ProxyFault::Passing { proxy, host: target, status }),
            _ => Some(ProxyFault::Refused { proxy, host: target, status }),
        }
    }

    /// The fault of an answer 407.
    pub(super) fn denied(&self) -> ProxyFault {
        ProxyFault::Denied { proxy: self.to_string(), variable: self.variable }
    }

    fn unreachable(&self, cause: String) -> ProxyFault {
        ProxyFault::Unreachable { proxy: self.to_string(), variable: self.variable, cause }
    }

    /// What it answers to a request for a tunnel (RFC 9110, section 9.3.6).
    async fn ask(&self, target: &str) -> io::Result<u16> {
        let mut stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
        if let Some(user) = &self.user {
            let pair = STANDARD.encode(user.pair.expose_secret());
            request = format!("{request}Proxy-Authorization: Basic {pair}\r\n");
        }
        request.push_str("\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut line = Vec::new();
        BufReader::new(stream.take(LONGEST_STATUS)).read_until(b'\n', &mut line).await?;
        status(&line).ok_or_else(|| io::Error::other("its answer is none of HTTP: is the port right?"))
    }
}

/// The status of an answer's first line (RFC 9112, section 4).
fn status(line: &[u8]) -> Option<u16> {
    let mut words = std::str::from_utf8(line).ok()?.split_whitespace();
    words.next().filter(|version| version.starts_with("HTTP/"))?;
    words.next()?.parse().ok()
}

impl fmt::Display for ProxyServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}", self.address)
    }
}

impl fmt::Debug for ProxyServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProxyServer({self})")
    }
}
