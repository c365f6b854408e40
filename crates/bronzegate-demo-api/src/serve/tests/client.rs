//! A client that reads whatever comes.

use crate::{DemoApi, Fault, Options, Running, Shape, Stream, Style};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub(super) const SEED: u64 = 11;

/// A response as far as it came.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: Vec<u8>,
    /// Whether the body has the end its framing promised.
    pub(super) whole: bool,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    pub(super) fn json(&self) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {text}"))
    }
}

/// Starts a server with one stream, `s`.
pub(super) async fn serving(stream: Stream, faults: Vec<Fault>) -> Running {
    let options = Options { seed: SEED, streams: vec![stream], faults, ..Options::default() };
    DemoApi::start(options).await.unwrap()
}

pub(super) fn stream(style: Style, records: u64) -> Stream {
    Stream::new("s", style, Shape::Small, records)
}

pub(super) async fn get(api: &Running, target: &str) -> Answer {
    send(api, "GET", target, &[], "").await.unwrap()
}

/// Sends a request on a connection of its own; nothing if not even a head came back.
pub(super) async fn send(
    api: &Running,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Option<Answer> {
    let mut socket = TcpStream::connect(("127.0.0.1", api.port())).await.unwrap();
    let mut request =
        format!("{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n", api.port());
    for (name, value) in headers {
        request.push_str(&[name, ": ", value, "\r\n"].concat());
    }
    request.push_str(&["Content-Length: ", &body.len().to_string(), "\r\n\r\n", body].concat());
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    // A reset is one of the answers.
    let _ = socket.read_to_end(&mut bytes).await;
    let split = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8(bytes[..split].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let mut answer = Answer { status, head, body: bytes.split_off(split + 4), whole: true };
    if answer.header("transfer-encoding").is_some() {
        (answer.body, answer.whole) = dechunked(&answer.body);
    } else if let Some(length) = answer.header("content-length") {
        answer.whole = length.parse() == Ok(answer.body.len());
    }
    Some(answer)
}

fn dechunked(mut from: &[u8]) -> (Vec<u8>, bool) {
    let mut out = Vec::new();
    while let Some(end) = from.windows(2).position(|two| two == b"\r\n") {
        let size = std::str::from_utf8(&from[..end]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            return (out, true);
        }
        out.extend_from_slice(&from[end + 2..end + 2 + size]);
        from = &from[end + 4 + size..];
    }
    (out, false)
}
