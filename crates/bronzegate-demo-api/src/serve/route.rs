//! Finds who answers a request.

use super::{
    answer::{Outcome, answer, replacement},
    call::Call,
    control::control,
    list::list,
    reply::Reply,
    state::State,
};
use crate::{clock, fault::Moment};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use std::sync::Arc;

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
    if let Some(live) = state.streams.get(call.name()) {
        return list(state, live, &Arc::new(call)).await;
    }
    match (call.name(), call.tail()) {
        ("oauth", "token") => token(state, &call),
        (name, "") if name.starts_with('_') => plain(control(state, &call).await),
        _ => plain(Reply::error(StatusCode::NOT_FOUND, "no such stream")),
    }
}

fn plain(reply: Reply) -> Outcome {
    answer(reply, None, false, None)
}

fn token(state: &State, call: &Call) -> Outcome {
    let request = state.vault().request();
    let fault = state.fire(&Moment { stream: "oauth", request, page: None });
    let reply = fault
        .as_ref()
        .and_then(|kind| replacement(kind, call))
        .unwrap_or_else(|| state.vault().grant(call, clock::now()));
    answer(reply, fault.as_ref(), false, None)
}
