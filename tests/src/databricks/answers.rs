//! What the played Databricks answers, by the letter of its REST API.

use http::HeaderMap;
use serde_json::json;
use url::Url;

use super::fault::Fault;
use crate::azure::{Answer, reply};

pub(super) const JSON: &str = "application/json";

/// What is answered in place of carrying a call out.
pub(super) fn instead(fault: &Fault) -> Option<Answer> {
    match fault {
        Fault::Status(status, after) => {
            let mut answer = reply(*status, "text/plain", "later");
            if let (Answer::Reply(response), Some(after)) = (&mut answer, after) {
                response.headers_mut().insert("retry-after", (*after).into());
            }
            Some(answer)
        }
        Fault::Refuse(status, code, message) => Some(refuse(*status, code, message)),
        Fault::Unheard => Some(Answer::HangUp),
        Fault::Redirect(to) => {
            let mut answer = reply(302, "text/plain", "");
            if let Answer::Reply(response) = &mut answer {
                response.headers_mut().insert("location", to.parse().expect("a location"));
            }
            Some(answer)
        }
        Fault::Unanswered | Fault::Silent | Fault::Slow(_) | Fault::Failed(..) | Fault::State(_) => None,
    }
}

pub(super) fn state(id: &str, state: &str) -> Answer {
    reply(200, JSON, json!({ "statement_id": id, "status": { "state": state } }).to_string())
}

pub(super) fn failed(id: &str, code: &str, message: &str, sql_state: Option<&str>) -> Answer {
    let mut status = json!({ "state": "FAILED", "error": { "error_code": code, "message": message } });
    if let Some(sql_state) = sql_state {
        status["sql_state"] = sql_state.into();
    }
    reply(200, JSON, json!({ "statement_id": id, "status": status }).to_string())
}

pub(super) fn refuse(status: u16, code: &str, message: &str) -> Answer {
    reply(status, JSON, json!({ "error_code": code, "message": message }).to_string())
}

/// OAuth tokens are refused with 401; a personal access token with 403 and the status in place of a word.
pub(super) fn unauthorised(headers: &HeaderMap) -> Answer {
    if header(headers).is_some_and(|value| value.starts_with("Bearer dapi")) {
        return reply(
            403,
            JSON,
            json!({ "error_code": "403", "message": "Invalid access token." }).to_string(),
        );
    }
    refuse(401, "UNAUTHENTICATED", "Credential was not sent or was of an unsupported type for this API.")
}

pub(super) fn header(headers: &HeaderMap) -> Option<&str> {
    headers.get("authorization")?.to_str().ok()
}

pub(super) fn parameter(url: &Url, name: &str) -> String {
    url.query_pairs()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}
