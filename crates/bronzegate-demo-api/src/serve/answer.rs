//! Turns a reply into what the connection does: a response, or one that breaks on the way.

use super::{
    body::{ApiBody, Pace, Source, gzipped},
    call::Call,
    cut::Cut,
    reply::{Content, Reply},
    stats::InFlight,
};
use crate::{
    fault::{BadGzip, FaultKind},
    page::moved,
};
use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::json;

/// What a connection does with a request.
#[derive(Debug)]
pub(crate) enum Outcome {
    Respond(Box<Response<ApiBody>>),
    /// Writes these bytes beside hyper, which would never break its own framing, and closes.
    Break(Cut),
}

/// The reply a fault puts in place of the right one, if it is that kind of fault.
pub(crate) fn replacement(fault: &FaultKind, call: &Call) -> Option<Reply> {
    Some(match fault {
        FaultKind::Status { code, body, headers, content_type } => {
            let status = status(*code);
            let mut reply = match body {
                Some(body) => typed(status, content_type.as_deref(), body.0.clone()),
                None => Reply::error(status, "a fault of the demo API"),
            };
            for (name, value) in headers {
                reply.headers.push(name, value);
            }
            reply
        }
        FaultKind::RawBody { content_type, body, status: code } => {
            typed(status(*code), Some(content_type), body.0.clone())
        }
        FaultKind::ErrorInside200 { body } => Reply::json(StatusCode::OK, body.0.clone()),
        FaultKind::RedirectTo { url } => {
            Reply::error(StatusCode::FOUND, "moved").with("location", &moved(url, call.target()))
        }
        FaultKind::EchoSecret => echo(call),
        FaultKind::Unauthorized => Reply::error(StatusCode::UNAUTHORIZED, "not authenticated")
            .with("www-authenticate", "Bearer error=\"invalid_token\""),
        _ => return None,
    })
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn typed(status: StatusCode, content_type: Option<&str>, body: Vec<u8>) -> Reply {
    let content_type = content_type.unwrap_or("application/json");
    Reply::new(status, content_type, Content::Bytes(body.into()))
}

/// Repeats everything secret a request can hold, to see that the client shows none of it.
fn echo(call: &Call) -> Reply {
    let headers: Vec<String> = call
        .headers()
        .iter()
        .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
        .collect();
    let body = json!({"error": {
        "status": 400,
        "message": format!(
            "refused, authorization {}",
            call.header("authorization").unwrap_or("absent")
        ),
        "target": call.target(),
        "headers": headers,
        "body": String::from_utf8_lossy(call.body()),
    }});
    Reply::value(StatusCode::BAD_REQUEST, &body)
}

/// Frames a reply, the way the fault wants it.
pub(crate) fn answer(
    mut reply: Reply,
    fault: Option<&FaultKind>,
    gzip: bool,
    in_flight: Option<InFlight>,
) -> Outcome {
    let source = match (fault, reply.content) {
        (Some(FaultKind::BadGzip(how)), content) => {
            reply.headers.push("content-encoding", "gzip");
            Source::Whole(damaged(&whole(content), *how))
        }
        (_, Content::Page(page)) if !page.is_small() => {
            if gzip {
                reply.headers.push("content-encoding", "gzip");
                Source::gzip(page.into_chunks())
            } else {
                Source::Chunks(page.into_chunks())
            }
        }
        (_, content) => {
            let bytes = whole(content);
            if gzip && !bytes.is_empty() {
                reply.headers.push("content-encoding", "gzip");
                Source::Whole(gzipped(&bytes).into())
            } else {
                Source::Whole(bytes)
            }
        }
    };
    let body = ApiBody::new(source, pace(fault), in_flight);
    match fault {
        Some(FaultKind::Reset) => Outcome::Break(Cut::Reset),
        Some(FaultKind::CutBody { after_bytes, framing }) => Outcome::Break(Cut::Body {
            status: reply.status,
            headers: reply.headers,
            body: Box::new(body),
            framing: *framing,
            after: *after_bytes,
        }),
        _ => {
            let mut response = Response::new(body);
            *response.status_mut() = reply.status;
            reply.headers.append_to(response.headers_mut());
            Outcome::Respond(Box::new(response))
        }
    }
}

fn whole(content: Content) -> Bytes {
    match content {
        Content::Bytes(bytes) => bytes,
        Content::Page(page) => page.render().into(),
    }
}

fn damaged(body: &[u8], how: BadGzip) -> Bytes {
    let mut compressed = gzipped(body);
    match how {
        BadGzip::Cut => compressed.truncate(compressed.len() / 2),
        BadGzip::Damaged => {
            // The last eight bytes are the checksum and the length (RFC 1952).
            let at = compressed.len().saturating_sub(8);
            compressed[at] ^= 0xFF;
        }
    }
    compressed.into()
}

fn pace(fault: Option<&FaultKind>) -> Pace {
    match fault {
        Some(FaultKind::Stall { after_bytes, pause }) => Pace::Stall { after: *after_bytes, pause: *pause },
        Some(FaultKind::SlowDrip { chunk_bytes, every }) => Pace::Drip { bytes: *chunk_bytes, every: *every },
        _ => Pace::Free,
    }
}
