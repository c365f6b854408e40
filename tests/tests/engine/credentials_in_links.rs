//! Credentials that an API repeats in what leads to the next page: the commit log has none of them.

use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::Status;
use bronzegate_demo_api::{Auth, Fault, FaultKind, Quirks, Shape, Stream, Style, When};
use bronzegate_tests::{Bench, TOKEN, failure};

use super::credentials::run_and_then;
use super::segments::{LONG, RECORDS, hour_at};

const BEARER: &str = "auth: { type: bearer, token: { secret: token } }";

/// A stream whose next links repeat the token, as Facebook's Graph API has it.
fn repeating(style: Style) -> Stream {
    let mut stream = Stream::new("items", style, Shape::Small, RECORDS).page_size(10).auth(Auth::Bearer);
    stream.quirks = Quirks { repeats_token: Some("access_token".to_owned()), ..Quirks::default() };
    stream
}

fn settings(style: Style) -> String {
    let pagination = match style {
        Style::LinkHeader => "records: $\npagination: { type: link_header }",
        _ => "records: results\npagination: { type: next_url, next: { body: next } }",
    };
    format!("{pagination}\n{BEARER}")
}

#[track_caller]
fn assert_nowhere(bench: &Bench, secret: &str) {
    for (path, content) in bench.everything() {
        assert!(!String::from_utf8_lossy(&content).contains(secret), "{}", path.display());
    }
}

#[tokio::test]
async fn a_token_in_a_next_url_is_not_saved_and_the_newest_takes_its_place() {
    for style in [Style::NextUrl, Style::LinkHeader] {
        let bench = Bench::one(repeating(style), hour_at(5), &settings(style)).await;
        let cut = bench.run_within("items", LONG).await;
        assert_eq!((cut.status, cut.counts.pages, &cut.error), (Status::Partial, 4, &None), "{cut:?}");
        assert_nowhere(&bench, TOKEN);
        *bench.vault.lock().unwrap() = bench.api.rotate();
        bench.api.set_faults(Vec::new());
        let rest = bench.run("items").await;
        bench.assert_landed(&rest, &repeating(style));
        assert_eq!(bench.stats("items").unauthenticated, 0);
        // While a run goes on.
        let bench = bench.with_empty_folder();
        let before = bench.stats("items").requests;
        let rotate = || *bench.vault.lock().unwrap() = bench.api.rotate();
        let report = run_and_then(&bench, before + 3, rotate).await;
        bench.assert_landed(&report, &repeating(style));
    }
}

#[tokio::test]
async fn a_state_that_would_hold_a_secret_is_not_saved() {
    let body =
        format!(r#"{{"results":[{{"id":1}}],"paging":{{"next":{{"after":"x {TOKEN}"}}}},"pit":"{TOKEN}"}}"#);
    let reset = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    // The page says that the next one may be asked for in an hour: the run is cut after it.
    let page = FaultKind::Status {
        code: 200,
        body: Some(body.into()),
        headers: vec![reset("X-RateLimit-Remaining", "0"), reset("X-RateLimit-Reset", "3600")],
        content_type: None,
    };
    for (pagination, place) in [
        ("type: cursor, next: { body: paging.next.after }, send: { query: after }", "position.cursor.text"),
        (
            "type: page, send: { query: page }, carry: [{ from: { body: pit }, to: { query: pit } }]",
            "carry.0.text",
        ),
    ] {
        let stream = Stream::new("items", Style::Cursor, Shape::Small, 50).auth(Auth::Bearer);
        let settings = format!("records: results\nconcurrency: 1\npagination: {{ {pagination} }}\n{BEARER}");
        let fault = Fault::new("items", When::Request(1), page.clone());
        let bench = Bench::one(stream, vec![fault], &settings).await;
        let report = bench.run_within("items", LONG).await;
        let (kind, message) = failure(&report);
        assert_eq!(kind, ErrorKind::Data, "{message}");
        assert!(message.contains(&format!("(`branches.0.page.{place}` of its state)")), "{message}");
        assert!(!serde_json::to_string(&report).unwrap().contains(TOKEN));
        assert_nowhere(&bench, TOKEN);
        bench.assert_nothing_visible("items");
    }
}
