//! The HTTP server that the Functions host calls.

use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use bronzegate_core::clock::{Clock, SystemClock};
use bronzegate_core::error::{Error, ErrorKind, Result};
use bronzegate_core::run::CancellationToken;
use serde_json::{Value, json};
use tracing::Instrument as _;

use crate::drain::Open;
use crate::handler::Handler;
use crate::signals;

/// What every invocation is answered with.
#[derive(Clone)]
struct Door {
    handler: Arc<Result<Handler>>,
    open: Arc<Open>,
}

/// The largest invocation, in bytes: a queue's item has at most 64 KiB, somebody's request may have more.
const LARGEST: usize = 1 << 20;
/// The header with the host's id of the invocation.
const INVOCATION_ID: &str = "x-azure-functions-invocationid";

/// Serves until the host ends the process, or asked it to end and has sent nothing for a while.
///
/// # Errors
/// [`ErrorKind::Config`] when the port cannot be listened on.
pub(crate) async fn serve(port: u16, handler: Result<Handler>, stop: CancellationToken) -> Result<()> {
    let failed = |error: std::io::Error| {
        Error::new(ErrorKind::Config, format!("cannot listen on port {port} of this machine: {error}"))
    };
    let open = Arc::new(Open::default());
    let door = Door { handler: Arc::new(handler), open: open.clone() };
    let app = Router::new()
        .route("/", get(async || "ready"))
        .route("/{function}", post(invoke))
        .layer(DefaultBodyLimit::max(LARGEST))
        .with_state(door);
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(failed)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let ended = async move {
        signals::terminated(stop).await;
        open.quiet(&*clock).await;
    };
    axum::serve(listener, app).with_graceful_shutdown(ended).await.map_err(failed)
}

/// Any status but 2xx is a failed invocation to the host.
async fn invoke(
    State(door): State<Door>,
    Path(function): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, Json<Value>) {
    let _begun = door.open.begin();
    let id = headers.get(INVOCATION_ID).and_then(|id| id.to_str().ok());
    let span = tracing::info_span!("invocation", function, invocation_id = id);
    let answered = async {
        match &*door.handler {
            Ok(handler) => handler.answer(&function, id, &body).await,
            Err(error) => Err(Error::new(error.kind(), error.to_string())),
        }
        .inspect_err(|error| tracing::error!(kind = error.kind().as_str(), %error, "invocation failed"))
    };
    match answered.instrument(span).await {
        Ok(reply) => (StatusCode::OK, Json(reply.json())),
        Err(error) => {
            let body = json!({ "kind": error.kind().as_str(), "error": error.to_string() });
            (StatusCode::INTERNAL_SERVER_ERROR, Json(body))
        }
    }
}
