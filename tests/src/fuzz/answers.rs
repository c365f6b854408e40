//! Answers that repeat a secret, in every place that a message, a log line or a saved state may take a text from.

use std::time::Duration;

use bronzegate_core::report::Status;
use bronzegate_demo_api::{Credentials, Fault, FaultKind, Options, Shape, Stream, Style, When};
use fastrand::Rng;
use serde_json::{Value, json};

use super::Outcome;
use super::told::{Told, is_tellable};
use super::writings::{Written, leaks, secret, written};
use crate::{Bench, SEED, one_stream};

/// Where an API puts a text.
struct Place {
    name: &'static str,
    /// The settings of the stream, below `path`.
    settings: &'static str,
    answer: fn(&str) -> Option<FaultKind>,
}

const NEXT: &str = "records: results\npagination: { type: next_url, next: { body: next } }";
const CURSOR: &str =
    "records: results\npagination: { type: cursor, next: { body: next }, send: { query: after } }";
const MESSAGE: &str = "records: results\nresponses: [{ when: { at: { status: true }, equals: 400 }, then: fail, message: { body: error } }]";
const PLAIN: &str = "records: results\npagination: { type: none }";

const PLACES: [Place; 21] = [
    Place {
        name: "a JSON error",
        settings: PLAIN,
        answer: |text| Some(status(400, json(&json!({ "e": text })))),
    },
    Place {
        name: "a name in a JSON error",
        settings: PLAIN,
        answer: |text| Some(status(400, json(&json!({ text: 1 })))),
    },
    Place {
        name: "a text error",
        settings: PLAIN,
        answer: |text| Some(raw(400, "text/plain", &format!("no access for {text}!"))),
    },
    Place {
        name: "an error that is retried",
        settings: PLAIN,
        answer: |text| Some(status(503, json(&json!({ "detail": format!("for {text}") })))),
    },
    Place {
        name: "a message",
        settings: MESSAGE,
        answer: |text| Some(status(400, json(&json!({ "error": text })))),
    },
    Place {
        name: "a message that is an object",
        settings: MESSAGE,
        answer: |text| Some(status(400, json(&json!({ "error": { "of": [text] } })))),
    },
    Place {
        name: "a message with escapes of its own",
        settings: MESSAGE,
        answer: |text| verbatim(text).map(|text| status(400, format!("{{\"error\":\"{text}\"}}"))),
    },
    Place {
        name: "the members of a body",
        settings: PLAIN,
        answer: |text| Some(ok(&json!({ text: 1, "b": 2 }))),
    },
    Place {
        name: "a total",
        settings: "records: results\npagination: { type: page, send: { query: page }, total: { body: total } }",
        answer: |text| Some(ok(&json!({ "results": [{ "a": 1 }], "total": text }))),
    },
    Place {
        name: "a cursor that stays",
        settings: CURSOR,
        answer: |text| Some(ok(&json!({ "results": [{ "a": 1 }], "next": text }))),
    },
    Place {
        name: "a cursor of a run that is cut",
        settings: CURSOR,
        answer: |text| Some(last_of_its_quota(&json!({ "results": [{ "a": 1 }], "next": text }))),
    },
    Place {
        name: "a path of a run that is cut",
        settings: NEXT,
        answer: |text| {
            Some(last_of_its_quota(
                &json!({ "results": [{ "a": 1 }], "next": format!("/items/{text}?x={text}") }),
            ))
        },
    },
    Place {
        name: "the host of a link",
        settings: NEXT,
        answer: |text| {
            Some(ok(&json!({ "results": [{ "a": 1 }], "next": format!("http://{text}.example/") })))
        },
    },
    Place {
        name: "the scheme of a link",
        settings: NEXT,
        answer: |text| Some(ok(&json!({ "results": [{ "a": 1 }], "next": format!("x{text}:y") }))),
    },
    Place {
        name: "a link that is none",
        settings: "records: $\npagination: { type: link_header }",
        answer: |text| {
            header("Link", &format!("<http://{text}/>; rel=next, <{text}; rel=\"next\""), "[{\"a\":1}]")
        },
    },
    Place {
        name: "where a redirect leads",
        settings: PLAIN,
        answer: |text| {
            Some(FaultKind::Status {
                code: 302,
                body: None,
                headers: vec![(
                    "Location".to_owned(),
                    format!("http://x-{}.example/{text}?{text}=1", printable(text)?),
                )],
                content_type: None,
            })
        },
    },
    Place {
        name: "the columns of a table",
        settings: "records: $\nformat: csv",
        answer: |text| Some(raw(200, "text/csv", &format!("{text},{text}\n1,2\n"))),
    },
    Place {
        name: "the only line of a table",
        settings: "records: $\nformat: csv",
        answer: |text| Some(raw(200, "text/csv", &format!("{text}\n"))),
    },
    Place {
        name: "a content type",
        settings: "records: $\nformat: ndjson",
        answer: |text| Some(raw(200, &format!("application/{}", printable(text)?), "{\"a\":")),
    },
    Place {
        name: "a content coding",
        settings: PLAIN,
        answer: |text| header("Content-Encoding", printable(text)?, "{}"),
    },
    Place {
        name: "the cursor of a record",
        settings: "records: results\nincremental: { cursor: u, format: text, key: u, from: { query: since } }",
        answer: |text| Some(ok(&json!({ "results": [{ "u": text }] }))),
    },
];

/// One answer: what is said of it, logged and saved has no secret.
pub(super) async fn case(mut random: Rng, told: Told) -> Outcome {
    let secret = secret(&mut random);
    let written = written(&secret, &mut random);
    let place = random.choice(&PLACES).expect("there are some");
    let Some(answer) = (place.answer)(&written.text) else { return Ok("does not fit") };
    let credentials = Credentials {
        token: secret.clone(),
        password: secret.clone(),
        api_key: secret.clone(),
        ..Credentials::default()
    };
    let auth = random.choice(AUTHS).expect("there are some");
    let yaml = format!(
        "retry: {{ base: 1ms, max: 2ms, max_attempts: 2 }}\nauth: {auth}\n{}",
        one_stream("items", place.settings)
    );
    let streams = vec![Stream::new("items", Style::NextUrl, Shape::Small, 3)];
    let faults = vec![Fault::new("items", When::Request(1), answer).always()];
    let bench =
        Bench::with(Options { seed: SEED, streams, faults, credentials, ..Options::default() }, &yaml).await;
    let report = bench.run_within("items", Duration::from_secs(20)).await;
    is_tellable(&report)?;
    for (at, text) in told.of(&bench, &report) {
        if leaks(&text, &secret, &written) && !is_excused(place, &written) {
            return Err(format!("{}, {}: {secret} is in {at}: {text}", place.name, written.name));
        }
    }
    Ok(match report.status {
        Status::Complete => "complete",
        Status::Partial => "partial",
        Status::AlreadyCommitted => "already committed",
        Status::Skipped => "skipped",
        Status::Failed => "failed",
    })
}

const AUTHS: [&str; 3] = [
    "{ type: bearer, token: { secret: token } }",
    "{ type: basic, username: someone, password: { secret: password } }",
    "{ type: api_key, in: query, name: api_key, value: { secret: api_key } }",
];

/// A state is compared with whole secrets alone: a part of one may be anything. And where names have no case, base64
/// within base64 says nothing any more.
fn is_excused(place: &Place, written: &Written) -> bool {
    const WITHOUT_CASE: [&str; 5] = [
        "the host of a link",
        "the scheme of a link",
        "a link that is none",
        "where a redirect leads",
        "a content type",
    ];
    if written.name == "in base64 of base64" && WITHOUT_CASE.contains(&place.name) {
        return true;
    }
    !written.is_whole
        && matches!(
            place.name,
            "a cursor of a run that is cut" | "a path of a run that is cut" | "the cursor of a record"
        )
}

fn ok(body: &Value) -> FaultKind {
    status(200, json(body))
}

fn json(body: &Value) -> String {
    body.to_string()
}

fn status(code: u16, body: String) -> FaultKind {
    FaultKind::Status { code, body: Some(body.into()), headers: Vec::new(), content_type: None }
}

fn raw(code: u16, content_type: &str, body: &str) -> FaultKind {
    FaultKind::RawBody { content_type: content_type.to_owned(), body: body.into(), status: code }
}

/// A page after which the next request may leave in an hour.
fn last_of_its_quota(body: &Value) -> FaultKind {
    let headers = [("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "3600")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    FaultKind::Status { code: 200, body: Some(json(body).into()), headers, content_type: None }
}

fn header(name: &str, value: &str, body: &str) -> Option<FaultKind> {
    let headers = vec![(name.to_owned(), printable(value)?.to_owned())];
    Some(FaultKind::Status { code: 200, body: Some(body.into()), headers, content_type: None })
}

/// What a header can hold.
fn printable(text: &str) -> Option<&str> {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~')).then_some(text)
}

/// What can stand in a JSON string as it is.
fn verbatim(text: &str) -> Option<&str> {
    serde_json::from_str::<String>(&format!("\"{text}\"")).is_ok().then_some(text)
}
