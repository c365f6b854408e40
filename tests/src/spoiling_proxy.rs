//! A loopback proxy in front of an HTTP server that spoils chosen requests.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoiled {
    /// 500 `InternalError`; nothing is forwarded.
    InternalError,
    /// 503 `SlowDown`; nothing is forwarded.
    SlowDown,
    /// 409 `ConditionalRequestConflict`; nothing is forwarded.
    Conflict,
    /// 400 `AccessDeniedException`, as Secrets Manager says it; nothing is forwarded.
    AccessDenied,
    /// 400 `ThrottlingException`, as Secrets Manager says it; nothing is forwarded.
    Throttled,
    /// 400 `DecryptionFailure`, as Secrets Manager says it; nothing is forwarded.
    CannotDecrypt,
    /// No answer ever; nothing is forwarded.
    Silence,
    /// It is forwarded and done, and there is no answer ever.
    SilenceAfter,
    /// The connection is cut; nothing is forwarded.
    CutBefore,
    /// It is forwarded and done, and the connection is cut before the answer.
    CutAfter,
}

/// Requests to spoil: of those whose first line has all the words, `skip` pass, and then `count` are spoiled.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Words of the request line, for example `PUT ` and `partNumber=`.
    pub words: Vec<&'static str>,
    /// Matching requests that pass first.
    pub skip: usize,
    /// Matching requests that are spoiled then.
    pub count: usize,
    /// How.
    pub spoiled: Spoiled,
}

/// A running proxy. It ends when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    state: Arc<State>,
    serving: tokio::task::JoinHandle<()>,
}

#[derive(Debug)]
struct State {
    upstream: u16,
    rule: Mutex<Option<Rule>>,
    seen: Mutex<Vec<String>>,
    bodies: AtomicUsize,
    most_bodies: AtomicUsize,
    silenced: AtomicUsize,
}

struct Request {
    line: String,
    bytes: Vec<u8>,
}

impl Proxy {
    /// Starts in front of a port of the loopback interface.
    pub async fn start(upstream: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let state = Arc::new(State {
            upstream,
            rule: Mutex::default(),
            seen: Mutex::default(),
            bodies: AtomicUsize::new(0),
            most_bodies: AtomicUsize::new(0),
            silenced: AtomicUsize::new(0),
        });
        let shared = Arc::clone(&state);
        let serving = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                // A connection that breaks concerns its client alone, which the test looks at.
                tokio::spawn(async move { drop(state.serve(connection).await) });
            }
        });
        Self { port, state, serving }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Replaces the rule and forgets what was seen.
    pub fn spoil(&self, rule: Rule) {
        *self.state.rule.lock().expect("no holder panics") = Some(rule);
        self.state.seen.lock().expect("no holder panics").clear();
    }

    /// The request lines since the rule was set.
    pub fn seen(&self) -> Vec<String> {
        self.state.seen.lock().expect("no holder panics").clone()
    }

    /// How many requests wait for an answer that will not come.
    pub fn silenced(&self) -> usize {
        self.state.silenced.load(SeqCst)
    }

    /// The most requests with a body of a MiB or more that were under way at once.
    pub fn most_at_once(&self) -> usize {
        self.state.most_bodies.load(SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl State {
    /// Serves one request: every answer closes its connection.
    async fn serve(&self, mut client: TcpStream) -> std::io::Result<()> {
        let request = read_request(&mut client).await?;
        self.seen.lock().expect("no holder panics").push(request.line.clone());
        let spoiled = self.spoiled(&request.line);
        let answer = match spoiled {
            Some(Spoiled::CutBefore) => return Ok(()),
            Some(Spoiled::Silence) => self.stay_silent().await,
            Some(Spoiled::SilenceAfter) => {
                self.forward(&request).await?;
                self.stay_silent().await
            }
            Some(Spoiled::InternalError) => refusal("500 Internal Server Error", "InternalError"),
            Some(Spoiled::SlowDown) => refusal("503 Slow Down", "SlowDown"),
            Some(Spoiled::Conflict) => refusal("409 Conflict", "ConditionalRequestConflict"),
            Some(Spoiled::AccessDenied) => exception("AccessDeniedException"),
            Some(Spoiled::Throttled) => exception("ThrottlingException"),
            Some(Spoiled::CannotDecrypt) => exception("DecryptionFailure"),
            Some(Spoiled::CutAfter) | None => self.forward(&request).await?,
        };
        if spoiled != Some(Spoiled::CutAfter) {
            client.write_all(&answer).await?;
            client.shutdown().await?;
        }
        Ok(())
    }

    async fn stay_silent(&self) -> Bytes {
        self.silenced.fetch_add(1, SeqCst);
        std::future::pending().await
    }

    fn spoiled(&self, line: &str) -> Option<Spoiled> {
        let mut rule = self.rule.lock().expect("no holder panics");
        let rule = rule.as_mut().filter(|rule| rule.words.iter().all(|word| line.contains(word)))?;
        if rule.skip > 0 {
            rule.skip -= 1;
            return None;
        }
        rule.count = rule.count.checked_sub(1)?;
        Some(rule.spoiled)
    }

    async fn forward(&self, request: &Request) -> std::io::Result<Bytes> {
        let big = request.bytes.len() > 1 << 20;
        if big {
            let now = self.bodies.fetch_add(1, SeqCst) + 1;
            self.most_bodies.fetch_max(now, SeqCst);
        }
        let answer = async {
            let mut upstream = TcpStream::connect(("127.0.0.1", self.upstream)).await?;
            upstream.write_all(&request.bytes).await?;
            let mut answer = Vec::new();
            upstream.read_to_end(&mut answer).await?;
            Ok(answer.into())
        };
        let answer = answer.await;
        if big {
            self.bodies.fetch_sub(1, SeqCst);
        }
        answer
    }
}

/// Reads a request with its body, and asks the server to close after it.
async fn read_request(client: &mut TcpStream) -> std::io::Result<Request> {
    const END: &[u8] = b"\r\n\r\n";
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(at) = bytes.windows(END.len()).position(|window| window == END) {
            break at + END.len();
        }
        if client.read_buf(&mut bytes).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let length = header(&text, "content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
    if header(&text, "expect").is_some() {
        client.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    }
    while bytes.len() < head + length {
        if client.read_buf(&mut bytes).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    let line = text.lines().next().unwrap_or_default().to_owned();
    let kept = text.lines().skip(1).filter(|line| {
        let name = line.split(':').next().unwrap_or_default();
        !line.is_empty() && !["connection", "expect"].iter().any(|gone| name.eq_ignore_ascii_case(gone))
    });
    let mut forwarded = format!("{line}\r\n");
    for header in kept {
        forwarded.push_str(header);
        forwarded.push_str("\r\n");
    }
    forwarded.push_str("connection: close\r\n\r\n");
    let mut forwarded = forwarded.into_bytes();
    forwarded.extend_from_slice(&bytes[head..head + length]);
    Ok(Request { line, bytes: forwarded })
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let values = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    values.into_iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

fn refusal(status: &str, code: &str) -> Bytes {
    let body = format!("<Error><Code>{code}</Code><Message>the test says so</Message></Error>");
    answer(status, "application/xml", &body)
}

fn exception(code: &str) -> Bytes {
    let body = format!("{{\"__type\":\"{code}\",\"message\":\"the test says so\"}}");
    answer("400 Bad Request", "application/x-amz-json-1.1", &body)
}

fn answer(status: &str, kind: &str, body: &str) -> Bytes {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
    .into()
}
