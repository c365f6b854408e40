//! The fastest yardstick: cuts each page's records out of its bytes and writes them, over the same sockets.
//!
//! It knows how the demo API writes a page, checks nothing and finds no record's end: whatever a program takes beyond
//! this is the price of being sure.

use std::fs::File;
use std::io::{Read as _, Write};
use std::net::TcpStream;

use flate2::write::GzEncoder;
use memchr::memmem::{find, rfind};

use crate::Outcome;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Bytes that are read at once.
const BUFFER: usize = 256 << 10;
/// zstd's own default level, which parts have.
const ZSTD_LEVEL: i32 = 3;

/// Writes the records of every page of the stream at `url`, plain or compressed (`splice-gzip`, `splice-zstd`).
pub(crate) fn run(style: &str, url: &str, file: &str) -> Outcome {
    let (address, path) =
        url.strip_prefix("http://").and_then(|url| url.split_once('/')).ok_or("no address")?;
    let mut pages = Pages::of(address, path)?;
    let mut file = File::create(file)?;
    match style {
        "splice" => pages.write(&mut file),
        "splice-gzip" => {
            let mut encoder = GzEncoder::new(file, flate2::Compression::default());
            pages.write(&mut encoder)?;
            encoder.finish()?;
            Ok(())
        }
        "splice-zstd" => {
            let mut encoder = zstd::Encoder::new(file, ZSTD_LEVEL)?;
            pages.write(&mut encoder)?;
            encoder.finish()?;
            Ok(())
        }
        other => Err(format!("no such style: {other}").into()),
    }
}

/// The pages of a stream, on one connection.
struct Pages<'a> {
    connection: TcpStream,
    address: &'a str,
    path: &'a str,
    /// Of one response, and kept for the next.
    bytes: Vec<u8>,
}

impl<'a> Pages<'a> {
    fn of(address: &'a str, path: &'a str) -> Result<Self> {
        let connection = TcpStream::connect(address)?;
        connection.set_nodelay(true)?;
        Ok(Self { connection, address, path, bytes: Vec::new() })
    }

    fn write(&mut self, sink: &mut impl Write) -> Outcome {
        let mut next = Some(String::new());
        while let Some(after) = next {
            let after = if after.is_empty() { after } else { format!("&after={after}") };
            let (path, address) = (self.path, self.address);
            let request = format!("GET /{path}{after} HTTP/1.1\r\nHost: {address}\r\n\r\n");
            self.connection.write_all(request.as_bytes())?;
            let body = self.body()?;
            sink.write_all(records(body).ok_or("no records")?)?;
            next = cursor(body);
        }
        Ok(())
    }

    /// Reads one response.
    fn body(&mut self) -> Result<&[u8]> {
        let (mut held, mut begin, mut end) = (0, 0, usize::MAX);
        while held < end {
            // The buffer is made once, and grows with the largest page.
            if self.bytes.len() < held + BUFFER {
                self.bytes.resize((held + BUFFER).max(2 * self.bytes.len()), 0);
            }
            let came = self.connection.read(&mut self.bytes[held..])?;
            held += came;
            if came == 0 {
                return Err("the connection ended".into());
            }
            if end == usize::MAX
                && let Some(head) = find(&self.bytes[..held], b"\r\n\r\n")
            {
                begin = head + 4;
                end = begin + length(&self.bytes[..begin]).ok_or("no content-length")?;
            }
        }
        Ok(&self.bytes[begin..end])
    }
}

/// The body's length, as its head says.
fn length(head: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b"\r\ncontent-length: ";
    let head = head.to_ascii_lowercase();
    let value = &head[find(&head, NAME)? + NAME.len()..];
    std::str::from_utf8(&value[..find(value, b"\r\n")?]).ok()?.parse().ok()
}

/// What stands between the brackets of a page's records.
fn records(body: &[u8]) -> Option<&[u8]> {
    let begin = find(&body[..body.len().min(BUFFER)], b"[")? + 1;
    let end = rfind(body, b"]")?;
    body.get(begin..end)
}

/// The cursor in the last bytes of a page.
fn cursor(body: &[u8]) -> Option<String> {
    const NAME: &[u8] = b"\"after\":\"";
    let end = &body[body.len().saturating_sub(200)..];
    let value = &end[find(end, NAME)? + NAME.len()..];
    Some(String::from_utf8_lossy(&value[..find(value, b"\"")?]).into_owned())
}
