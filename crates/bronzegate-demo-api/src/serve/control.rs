//! The routes for those who test: what to expect, what happened, what shall go wrong.

use super::{call::Call, reply::Reply, state::State};
use crate::fault::Fault;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;

/// Serves a route that begins with an underscore.
pub(crate) async fn control(state: &Arc<State>, call: &Call) -> Reply {
    match (call.method(), call.path()) {
        (&Method::GET, "/_stats") => written(serde_json::to_value(state.stats())),
        (&Method::GET, "/_expected") => {
            let state = Arc::clone(state);
            // Hashing millions of ids would keep the other connections waiting.
            match tokio::task::spawn_blocking(move || expectations(&state)).await {
                Ok(body) => written(body),
                Err(_) => Reply::error(StatusCode::INTERNAL_SERVER_ERROR, "stopped"),
            }
        }
        (&Method::PUT, "/_faults") => match serde_json::from_slice::<Vec<Fault>>(call.body()) {
            Ok(rules) => {
                let body = json!({"rules": rules.len()});
                state.set_faults(rules);
                Reply::value(StatusCode::OK, &body)
            }
            Err(e) => Reply::error(StatusCode::BAD_REQUEST, &e.to_string()),
        },
        (&Method::POST, "/_rotate") => written(serde_json::to_value(state.vault().rotate())),
        (&Method::POST, "/_expire_tokens") => {
            state.vault().expire_tokens();
            Reply::value(StatusCode::OK, &json!({}))
        }
        _ => Reply::error(StatusCode::NOT_FOUND, "no such route"),
    }
}

fn expectations(state: &State) -> serde_json::Result<Value> {
    let mut streams = serde_json::Map::new();
    for (name, live) in &state.streams {
        streams.insert(name.clone(), serde_json::to_value(live.expected())?);
    }
    Ok(json!({ "streams": streams }))
}

fn written(body: serde_json::Result<Value>) -> Reply {
    match body {
        Ok(body) => Reply::value(StatusCode::OK, &body),
        Err(e) => Reply::error(StatusCode::INTERNAL_SERVER_ERROR, &e.to_string()),
    }
}
