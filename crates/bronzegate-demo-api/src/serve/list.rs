//! A list request, from its first check to its page.

use super::{
    answer::{Outcome, answer, replacement},
    call::Call,
    guard::{admits, challenge},
    headers::Headers,
    jobs::About,
    point,
    reply::{Content, Reply},
    state::{Live, State, locked},
    steps::{Came, does},
};
use crate::{
    calendar::http_date,
    clock,
    fault::{Asked, FaultKind, Moment},
    page::{Plan, Refusal, Scene, check_demands, compose, packed, read, spoil},
    quirks::Pack,
    rate::{RateLimit, Verdict, headers, refusal_status},
    step::Does,
    stream::{Stream, Style},
};
use bytes::Bytes;
use http::{Method, StatusCode};
use std::{sync::Arc, time::Duration};

/// Serves one list request of a stream.
pub(crate) async fn list(state: &State, live: &Live, call: &Arc<Call>) -> Outcome {
    let number = live.counters.request();
    let in_flight = live.counters.enter();
    if !state.latency.is_zero() {
        clock::sleep(state.latency).await;
    }
    let mut replaced = state.replaced();
    let (reply, fault) = decide(state, live, call, number);
    if matches!(fault, Some(FaultKind::Held)) {
        // The server's end ends the wait as well.
        let _ = replaced.changed().await;
    }
    if !matches!(fault, Some(FaultKind::Reset)) {
        live.counters.status(reply.status.as_u16());
    }
    let gzip = state.gzip && accepts_gzip(call);
    answer(reply, fault.as_ref(), gzip, Some(in_flight))
}

fn accepts_gzip(call: &Call) -> bool {
    call.header("accept-encoding").is_some_and(|accepted| accepted.contains("gzip"))
}

/// Checks, limits, then serves; a fault may change the page or take its place.
fn decide(state: &State, live: &Live, call: &Arc<Call>, number: u64) -> (Reply, Option<FaultKind>) {
    if ![Method::GET, Method::POST, Method::PUT, Method::PATCH].contains(call.method()) {
        let refusal = Reply::error(StatusCode::METHOD_NOT_ALLOWED, "GET or POST a list");
        return (refusal.with("allow", "GET, POST, PUT, PATCH"), None);
    }
    let stream = &live.stream;
    let now = state.time.now();
    if !admits(stream, call, &state.vault(), now) || repeats_another_token(stream, call) {
        live.counters.unauthenticated();
        return (unauthenticated(live), None);
    }
    if state.is_absent(&stream.name) {
        return (Reply::error(StatusCode::NOT_FOUND, "no such stream now"), None);
    }
    if stream.quirks.templated_links.is_some() && call.target().contains(['{', '}']) {
        return (Reply::error(StatusCode::BAD_REQUEST, "a template is no URL"), None);
    }
    if stream.quirks.at_once.is_some_and(|most| live.counters.in_flight() > most) {
        live.counters.throttled();
        return (Reply::error(StatusCode::TOO_MANY_REQUESTS, "too many requests at once"), None);
    }
    let limiter = live.limiter.as_ref().zip(stream.rate_limit.as_ref());
    let rate = limiter.map(|(limiter, limit)| (limit, locked(limiter).admit(now)));
    let said =
        rate.map_or_else(Headers::default, |(limit, verdict)| headers(limit, verdict, state.time.wall()));
    let scene = Scene { stream, recipe: live.recipe, call, rate, records: None };
    let (mut reply, fault) = match rate {
        Some((limit, verdict)) if !verdict.granted => {
            live.counters.throttled();
            (throttled(stream.style, limit, verdict), None)
        }
        _ => served(state, live, &scene, call, number),
    };
    reply.headers.extend(said);
    if let Some(behind) = stream.quirks.clock_behind {
        let wall = state.time.wall().saturating_sub(Duration::from_secs(behind));
        reply.headers.push("date", &http_date(wall.as_secs()));
    }
    (reply, fault)
}

/// Whether the query repeats a token that is not the one the request is let in with.
fn repeats_another_token(stream: &Stream, call: &Call) -> bool {
    let repeated = stream.quirks.repeats_token.as_ref();
    let mut query = call.query().iter();
    query.any(|(name, value)| Some(name) == repeated && Some(value.as_str()) != call.bearer())
}

/// What is asked for: a page, or something about one.
fn served(
    state: &State,
    live: &Live,
    scene: &Scene<'_>,
    call: &Arc<Call>,
    number: u64,
) -> (Reply, Option<FaultKind>) {
    let stream = scene.stream;
    if stream.style == Style::SalesforceBulk {
        return job(state, live, scene, call, number);
    }
    if !stream.job.steps.is_empty() {
        return stepped(state, live, scene, call, number);
    }
    if let Some((member, suffix)) = &stream.quirks.one_by_path {
        let one = one(live, call, member, suffix);
        return unpaged(state, live, call, number, |_| Reply::json(StatusCode::OK, one));
    }
    if let Some(reply) = point::about(live, call) {
        return unpaged(state, live, call, number, |_| reply);
    }
    paged(state, live, scene, number, call)
}

/// A page of the stream's records; of those that answer what was `asked`, where it keeps a ledger.
fn paged(
    state: &State,
    live: &Live,
    scene: &Scene<'_>,
    number: u64,
    asked: &Call,
) -> (Reply, Option<FaultKind>) {
    if let Some((parameter, member, most)) = &scene.stream.quirks.by_ids {
        return match named(live, asked, (parameter, member), *most) {
            Ok(records) => of_these(state, live, scene, number, (records, None)),
            Err(message) => (Reply::error(StatusCode::BAD_REQUEST, message), None),
        };
    }
    let Some(ledger) = &live.ledger else { return page(state, live, scene, number, None) };
    let behind = Duration::from_secs(scene.stream.quirks.clock_behind.unwrap_or_default());
    let now = state.time.moved().map(|now| now.saturating_sub(behind));
    let answer = match locked(ledger).answer(scene.stream, asked, now) {
        Ok(answer) => answer,
        Err(message) => return (Reply::error(StatusCode::BAD_REQUEST, &message), None),
    };
    of_these(state, live, scene, number, (answer.records, Some(answer.total)))
}

/// The record that the path names, or `null`.
fn one(live: &Live, call: &Call, member: &str, suffix: &str) -> Bytes {
    let name = call.behind(&live.stream.path).unwrap_or_default();
    let name = name.strip_suffix(suffix).unwrap_or_default();
    let is = |record: &String| {
        let record: serde_json::Value = serde_json::from_str(record).unwrap_or_default();
        name_in(&record, member) == name
    };
    live.records().into_iter().find(is).map_or_else(|| Bytes::from_static(b"null"), Bytes::from)
}

/// A member by which a record is asked for: a text as it stands, anything else as JSON.
fn name_in(record: &serde_json::Value, member: &str) -> String {
    record[member].as_str().map_or_else(|| record[member].to_string(), str::to_owned)
}

/// A request of an export job whose requests are data.
fn stepped(
    state: &State,
    live: &Live,
    scene: &Scene<'_>,
    call: &Arc<Call>,
    number: u64,
) -> (Reply, Option<FaultKind>) {
    let does = does(&live.stream, call);
    if does == Some(Does::Submit)
        && let Err(Refusal { status, message }) = check_demands(&live.stream, call)
    {
        return (Reply::error(status, &message), None);
    }
    if matches!(does, Some(Does::Submit | Does::Start)) {
        // Where a fault takes the place of the answer, no job is made and none begins.
        return unpaged(state, live, call, number, |live| match live.step(call) {
            Came::Reply(reply) => reply,
            Came::Results { .. } => Reply::error(StatusCode::NOT_FOUND, "no results"),
        });
    }
    match live.step(call) {
        Came::Reply(reply) => unpaged(state, live, call, number, |_| reply),
        Came::Results { asked, part, parts } => {
            let Some(ledger) = &live.ledger else { return page(state, live, scene, number, None) };
            match locked(ledger).answer(scene.stream, &asked, state.time.moved()) {
                Ok(answer) => {
                    let of_part = answer.records.into_iter().enumerate();
                    let of_part = of_part.filter(|(nth, _)| *nth as u64 % parts.max(1) == part);
                    let records = of_part.map(|(_, record)| record).collect();
                    of_these(state, live, scene, number, (records, None))
                }
                Err(message) => (Reply::error(StatusCode::BAD_REQUEST, &message), None),
            }
        }
    }
}

/// A page of these records.
fn of_these(
    state: &State,
    live: &Live,
    scene: &Scene<'_>,
    number: u64,
    (records, total): (Vec<Bytes>, Option<u64>),
) -> (Reply, Option<FaultKind>) {
    let held = Stream { records: records.len() as u64, ..scene.stream.clone() };
    if let Some(status) = scene.stream.quirks.nothing.filter(|_| held.records == 0) {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::NOT_FOUND);
        return unpaged(state, live, scene.call, number, |_| Reply::error(status, "there is nothing"));
    }
    let scene = Scene {
        stream: &held,
        recipe: scene.recipe,
        call: scene.call,
        rate: scene.rate,
        records: Some(records.into()),
    };
    page(state, live, &scene, number, total)
}

/// The records that a request names.
fn named(
    live: &Live,
    asked: &Call,
    (parameter, member): (&str, &str),
    most: usize,
) -> Result<Vec<Bytes>, &'static str> {
    let names: Vec<&str> = asked.argument(parameter).ok_or("no record is named")?.split(',').collect();
    if names.len() > most {
        return Err("too many records are named");
    }
    let mut records = Vec::new();
    for record in live.records() {
        let value: serde_json::Value = serde_json::from_str(&record).unwrap_or_default();
        if names.contains(&name_in(&value, member).as_str()) {
            records.push(record.into());
        }
    }
    Ok(records)
}

/// A request about an export job: its results are pages, what else is said of it is not.
fn job(
    state: &State,
    live: &Live,
    scene: &Scene<'_>,
    call: &Arc<Call>,
    number: u64,
) -> (Reply, Option<FaultKind>) {
    let about = About::of(&live.stream.path, call);
    if let About::Results(nth) = about
        && let Some(asked) = live.submitted(nth)
    {
        return paged(state, live, scene, number, &asked);
    }
    if about == About::Submission
        && let Err(Refusal { status, message }) = check_demands(&live.stream, call)
    {
        return (Reply::error(status, &message), None);
    }
    unpaged(state, live, call, number, |live| live.answer_job(call, about))
}

/// An answer that is no page, unless a fault takes its place.
fn unpaged(
    state: &State,
    live: &Live,
    call: &Call,
    number: u64,
    answer: impl FnOnce(&Live) -> Reply,
) -> (Reply, Option<FaultKind>) {
    let fault = state.fire(&Moment { stream: &live.stream.name, request: number, page: None });
    if let Some(kind) = &fault {
        live.counters.fault();
        if let Some(reply) = replacement(kind, call) {
            return (reply, fault);
        }
    }
    (answer(live), fault)
}

fn page(
    state: &State,
    live: &Live,
    scene: &Scene<'_>,
    number: u64,
    total: Option<u64>,
) -> (Reply, Option<FaultKind>) {
    let stream = scene.stream;
    let ask = match read(scene) {
        Ok(ask) => live.placed(ask, scene.call),
        Err(Refusal { status, message }) => return (Reply::error(status, &message), None),
    };
    let mut plan = Plan::new(ask, stream.records);
    plan.total = total.unwrap_or(plan.total);
    let moment = Moment {
        stream: &stream.name,
        request: number,
        page: Some(Asked { start: plan.first, count: plan.count, number: plan.number() }),
    };
    let fault = state.fire(&moment);
    if let Some(kind) = &fault {
        live.counters.fault();
        if let Some(reply) = replacement(kind, scene.call) {
            if matches!(reply.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
                live.not_read(ask);
            }
            return (reply, fault);
        }
        plan.bend(kind, ask, stream.records);
    }
    for slip in state.slips(&moment) {
        live.counters.fault();
        plan.bend(&slip, ask, stream.records);
    }
    live.counters.page(plan.count);
    (written(scene, &plan, fault.as_ref()), fault)
}

fn written(scene: &Scene<'_>, plan: &Plan, fault: Option<&FaultKind>) -> Reply {
    let wrong = match fault {
        Some(FaultKind::WrongShape(wrong)) => Some(*wrong),
        _ => None,
    };
    let (page, headers) = compose(scene, plan, wrong);
    let pack = scene.stream.csv.or(scene.stream.quirks.packed);
    let content = match fault {
        Some(FaultKind::InvalidJson(how)) => match spoil(page, how) {
            Ok(page) => Content::Page(page),
            Err(bytes) => Content::Bytes(bytes.into()),
        },
        _ => match pack.and_then(|pack| packed(&page, pack)) {
            Some(bytes) => Content::Bytes(bytes),
            None => Content::Page(page),
        },
    };
    let content_type = match (pack, scene.stream.style) {
        (Some(Pack::Plain), _) => "text/csv; charset=UTF-8",
        (Some(Pack::Gzip), _) => "application/gzip",
        (Some(Pack::Zip | Pack::ZipOfGzip), _) => "application/zip",
        (None, Style::Ndjson) => "application/x-ndjson",
        (None, _) => "application/json",
    };
    let mut reply = Reply::new(StatusCode::OK, content_type, content);
    if scene.stream.quirks.links_itself {
        let own = format!("<http://{}{}>; rel=\"self\"", scene.call.host(), scene.call.target());
        reply.headers.push("link", &own);
    }
    reply.headers.extend(headers);
    reply
}

fn unauthenticated(live: &Live) -> Reply {
    if live.stream.style == Style::Slack {
        return Reply::json(StatusCode::OK, r#"{"ok":false,"error":"invalid_auth"}"#);
    }
    Reply::error(StatusCode::UNAUTHORIZED, "not authenticated")
        .with("www-authenticate", challenge(live.stream.auth))
}

fn throttled(style: Style, limit: &RateLimit, verdict: Verdict) -> Reply {
    if let Some(refusal) = &limit.refusal {
        let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::TOO_MANY_REQUESTS);
        return Reply::value(status, &refusal.body);
    }
    let code = refusal_status(&limit.dialect);
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::TOO_MANY_REQUESTS);
    match style {
        Style::ShopifyGraphql => {
            let rate = f64::from(limit.requests) / limit.per.as_secs_f64().max(0.001);
            Reply::value(
                StatusCode::OK,
                &serde_json::json!({
                    "errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}],
                    "extensions": {"cost": {
                        "requestedQueryCost": 1,
                        "actualQueryCost": null,
                        "throttleStatus": {
                            "maximumAvailable": f64::from(limit.requests),
                            "currentlyAvailable": verdict.remaining,
                            "restoreRate": rate,
                        },
                    }},
                }),
            )
        }
        Style::Slack => Reply::json(status, r#"{"ok":false,"error":"ratelimited"}"#),
        _ => Reply::error(status, "too many requests"),
    }
}
