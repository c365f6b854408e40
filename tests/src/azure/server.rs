//! A server on a free loopback port, with or without TLS, that can also hang up without an answer.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use http::{Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use url::Url;

use super::certificates::Certificates;

/// What a handler does with a request.
#[derive(Debug)]
pub enum Answer {
    /// It answers.
    Reply(Response<Bytes>),
    /// It answers, and closes the connection in the middle of the body.
    CutShort(Response<Bytes>),
    /// It closes the connection without an answer.
    HangUp,
}

/// A running server; dropped, it is gone with all its connections.
#[derive(Debug)]
pub struct Server {
    url: Url,
    task: JoinHandle<()>,
}

impl Server {
    /// Serves on a free port; https with certificates.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start<F>(
        certificates: Option<&Certificates>,
        handler: impl Fn(Request<Bytes>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let acceptor = certificates.map(Certificates::acceptor);
        let scheme = if acceptor.is_some() { "https" } else { "http" };
        let handler = Arc::new(handler);
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, handler) = (acceptor.clone(), Arc::clone(&handler));
                connections.spawn(async move {
                    match acceptor {
                        None => converse(stream, handler).await,
                        Some(acceptor) => {
                            if let Ok(stream) = acceptor.accept(stream).await {
                                converse(stream, handler).await;
                            }
                        }
                    }
                });
            }
        });
        Self { url: format!("{scheme}://{address}/").parse().expect("it is a URL"), task }
    }

    /// Where it is, with `/` at the end.
    pub fn url(&self) -> &Url {
        &self.url
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An answer with a body.
///
/// # Panics
/// When the status is not one.
pub fn reply(status: u16, content_type: &str, body: impl Into<Bytes>) -> Answer {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(status).expect("it is a status");
    response.headers_mut().insert("content-type", content_type.parse().expect("it is a header's value"));
    Answer::Reply(response)
}

async fn converse<F>(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    handler: Arc<impl Fn(Request<Bytes>) -> F + Send + Sync + 'static>,
) where
    F: Future<Output = Answer> + Send + 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let handler = Arc::clone(&handler);
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
            match handler(Request::from_parts(head, body)).await {
                Answer::Reply(response) => Ok(response.map(|body| Full::new(body).map_err(never).boxed())),
                Answer::CutShort(response) => Ok(cut_short(response)),
                Answer::HangUp => Err(io::Error::other("hung up")),
            }
        }
    });
    // A client that goes away, or that is hung up on, ends the conversation.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

fn never(never: std::convert::Infallible) -> io::Error {
    match never {}
}

/// Tells the whole length, sends half of it, and fails once that is on its way.
fn cut_short(response: Response<Bytes>) -> Response<BoxBody<Bytes, io::Error>> {
    let (mut head, mut body) = response.into_parts();
    head.headers.insert(http::header::CONTENT_LENGTH, body.len().into());
    body.truncate(body.len() / 2);
    let half = stream::once(async { Ok(Frame::data(body)) });
    // The first half leaves while the second is waited for.
    let rest = stream::once(async {
        tokio::task::yield_now().await;
        Err(io::Error::other("cut short"))
    });
    Response::from_parts(head, BoxBody::new(StreamBody::new(half.chain(rest))))
}
