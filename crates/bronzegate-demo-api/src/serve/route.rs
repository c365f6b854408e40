//! Finds who answers a request.

use super::{
    answer::{Outcome, answer, replacement},
    call::Call,
    control::control,
    list::list,
    oauth::Vault,
    reply::Reply,
    state::State,
};
use crate::fault::Moment;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use std::{sync::Arc, time::Instant};

/// The largest request body that is read, in bytes.
const MAX_BODY: usize = 1 << 20;

/// Answers a request.
pub(crate) async fn route(state: &Arc<State>, request: Request<Incoming>) -> Outcome {
    let (parts, body) = request.into_parts();
    let body = match Limited::new(body, MAX_BODY).collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => return plain(Reply::error(StatusCode::PAYLOAD_TOO_LARGE, "too large")),
    };
    let call = Call::new(parts, body, &state.host);
    if let Some(live) = state.stream_at(&call) {
        return list(state, live, &Arc::new(call)).await;
    }
    match call.path() {
        path if path == state.token_path => token(state, &call, Vault::grant),
        "/login" => token(state, &call, Vault::login),
        path if path.starts_with("/_") => plain(control(state, &call).await),
        _ => plain(Reply::error(StatusCode::NOT_FOUND, "no such stream")),
    }
}

fn plain(reply: Reply) -> Outcome {
    answer(reply, None, false, None)
}

/// Answers who asks for a token; the fault rules of the stream `oauth` are about both ways.
fn token(state: &State, call: &Call, give: fn(&mut Vault, &Call, Instant) -> Reply) -> Outcome {
    let request = state.vault().request();
    let fault = state.fire(&Moment { stream: "oauth", request, page: None });
    let reply = fault
        .as_ref()
        .and_then(|kind| replacement(kind, call))
        .unwrap_or_else(|| give(&mut state.vault(), call, state.time.now()));
    answer(reply, fault.as_ref(), false, None)
}
