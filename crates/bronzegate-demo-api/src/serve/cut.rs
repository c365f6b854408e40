//! Responses that break their own framing, written straight to the socket.

use super::{body::ApiBody, headers::Headers};
use crate::fault::Framing;
use bytes::Bytes;
use http::StatusCode;
use http_body_util::BodyExt;
use hyper::body::Body;
use std::{fmt::Write, io};
use tokio::{io::AsyncWriteExt, net::TcpStream};

/// What a `Content-Length` promises beyond the cut when nobody knows the body's real length.
const UNKNOWN_REST: u64 = 1 << 20;

/// How a response breaks.
#[derive(Debug)]
pub(crate) enum Cut {
    /// Nothing is sent; the connection is reset.
    Reset,
    /// The body ends early.
    Body { status: StatusCode, headers: Headers, body: Box<ApiBody>, framing: Framing, after: u64 },
}

impl Cut {
    /// Writes what there is to write and closes the connection.
    pub(crate) async fn write(self, mut to: TcpStream) -> io::Result<()> {
        let Self::Body { status, headers, mut body, framing, after } = self else {
            // Discarding instead of closing is what makes the peer see a reset.
            return to.set_zero_linger();
        };
        to.write_all(head(status, &headers, framing, after, &body).as_bytes()).await?;
        let mut left = after;
        while left > 0
            && let Some(Ok(frame)) = body.frame().await
            && let Ok(mut piece) = frame.into_data()
        {
            piece.truncate(left.min(piece.len() as u64) as usize);
            left -= piece.len() as u64;
            write_piece(&mut to, &piece, framing).await?;
        }
        to.shutdown().await
    }
}

fn head(status: StatusCode, headers: &Headers, framing: Framing, after: u64, body: &ApiBody) -> String {
    let mut head = format!("HTTP/1.1 {status}\r\n");
    for (name, value) in headers.iter() {
        let value = String::from_utf8_lossy(value.as_bytes());
        let _ = write!(head, "{name}: {value}\r\n");
    }
    match framing {
        Framing::ContentLength => {
            let whole = body.size_hint().exact().unwrap_or(after + UNKNOWN_REST);
            let _ = write!(head, "content-length: {}\r\n", whole.max(after + 1));
        }
        Framing::Chunked => head.push_str("transfer-encoding: chunked\r\n"),
        Framing::Close => head.push_str("connection: close\r\n"),
    }
    head.push_str("\r\n");
    head
}

async fn write_piece(to: &mut TcpStream, piece: &Bytes, framing: Framing) -> io::Result<()> {
    if framing != Framing::Chunked {
        return to.write_all(piece).await;
    }
    let size = format!("{:x}\r\n", piece.len());
    to.write_all(size.as_bytes()).await?;
    to.write_all(piece).await?;
    to.write_all(b"\r\n").await
}
