//! Points in time: the requests about them that are no search.

use super::{call::Call, reply::Reply, state::Live};
use crate::page::point_id;
use http::{Method, StatusCode};
use serde_json::json;

/// Answers a request about a stream's points in time, if it is one.
pub(crate) fn about(live: &Live, call: &Call) -> Option<Reply> {
    let path = live.stream.quirks.point_in_time.as_deref()?;
    let is_post = call.method() == Method::POST;
    Some(match (call.behind(path)?, is_post, call.argument("keep_alive")) {
        ("_pit", true, Some(_)) => Reply::value(StatusCode::OK, &json!({ "id": point_id(0) })),
        ("_count", true, _) => Reply::value(StatusCode::OK, &json!({ "count": live.records().len() })),
        _ => Reply::error(StatusCode::BAD_REQUEST, "POST to _pit with keep_alive, or to _count"),
    })
}
