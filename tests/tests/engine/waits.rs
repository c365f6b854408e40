//! How long a run waits because the API says so: resets, quotas, and the budget of waits.

use std::time::Duration;

use bronzegate_core::clock::Deadline;
use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::Status;
use bronzegate_core::run::RunOptions;
use bronzegate_demo_api::{FaultKind, Payload, Shape, record};
use bronzegate_tests::command_line::until;
use bronzegate_tests::{Bench, ManualClock, SCHEDULED, SEED, failure, request};

use super::faults::{at_page, is_retried, run, settings, stream};

#[tokio::test]
async fn retry_after_is_obeyed_in_its_forms_and_an_epoch_as_one() {
    for (value, wait) in [
        ("7", 7_000),
        ("2.5", 2_500),
        ("Sun, 22 Nov 2026 17:00:30 GMT", 30_000),
        ("1795366830", 30_000),
        ("1795366830500", 30_500),
    ] {
        for status in [429, 503, 403] {
            let waited = is_retried(FaultKind::retry_after(status, value), "").await;
            assert_eq!(waited.as_millis(), wait, "{status} {value}");
        }
    }
}

#[tokio::test]
async fn a_wait_that_stands_in_a_body_is_obeyed() {
    for (body, keys, wait) in [
        (r#"{"backoff":30}"#, "body: backoff, unit: seconds", 30_000),
        (r#"{"a":{"wait":"2500"},"backoff":1}"#, "body: a.wait, unit: ms", 2_500),
        (r#"{"backoff":1795366830}"#, "body: backoff", 30_000),
        (r#"{"backoff":"2026-11-22T17:00:05Z"}"#, "body: backoff, unit: iso8601", 5_000),
    ] {
        let rule = format!(
            "responses: [{{ when: {{ at: {{ body: backoff }}, exists: true }}, then: retry, wait: {{ {keys} }} }}]"
        );
        let inside = FaultKind::ErrorInside200 { body: body.as_bytes().to_vec().into() };
        let refused = FaultKind::Status {
            code: 400,
            body: Some(Payload::from(body)),
            headers: vec![],
            content_type: Some("application/json".to_owned()),
        };
        for kind in [inside, refused] {
            assert_eq!(is_retried(kind.clone(), &rule).await.as_millis(), wait, "{kind:?}");
        }
    }
}

#[tokio::test]
async fn a_wait_that_stands_in_a_good_page_is_obeyed_before_the_next_request() {
    let page = |more: &str| {
        let text = String::from_utf8(page_body(20, 20, Some("c14"))).expect("text");
        let body = format!("{{{more}{}", &text[1..]).into_bytes().into();
        FaultKind::RawBody { content_type: "application/json".to_owned(), body, status: 200 }
    };
    for (more, keys, wait) in [
        ("\"backoff\":30,", "body: backoff, unit: seconds", 30_000),
        ("\"a\":{\"wait\":\"2500\"},", "body: a.wait, unit: ms", 2_500),
        ("\"backoff\":0,", "body: backoff", 0),
        ("\"backoff\":null,", "body: backoff", 0),
    ] {
        let settings = format!("rate_limit: {{ wait: {{ {keys} }} }}");
        let (bench, report, waited) = run(vec![at_page(2, page(more))], &settings).await;
        bench.assert_landed(&report, &stream());
        assert_eq!((waited.as_millis(), report.counts.retries), (wait, 0), "{more}");
    }
}

#[tokio::test]
async fn a_server_that_asks_for_no_wait_or_one_in_the_past_gets_the_backoff() {
    let past = [("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "1795366000")];
    let kinds = ["0", "-1", "Sun, 22 Nov 2026 16:00:00 GMT", "1795366000"]
        .map(|value| FaultKind::retry_after(429, value));
    for kind in kinds.into_iter().chain([limits(403, &past), limits(429, &past)]) {
        let waited = is_retried(kind.clone(), "").await;
        assert!(!waited.is_zero() && waited <= Duration::from_secs(1), "{kind:?}: {waited:?}");
    }
}

#[tokio::test]
async fn a_wait_beyond_the_end_of_time_is_one_like_any_other_and_what_came_is_kept() {
    const BEYOND: &str = "253402300800";
    let reset = [("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", BEYOND)];
    for (kind, pages) in
        [(FaultKind::retry_after(429, BEYOND), 1), (limits(403, &reset), 1), (limits(200, &reset), 2)]
    {
        let fault = vec![at_page(2, kind).always()];
        let (bench, report, waited) = run(fault.clone(), "").await;
        let (failed, message) = failure(&report);
        assert_eq!((failed, waited), (ErrorKind::Api, Duration::ZERO), "{message}");
        assert!(message.contains("takes requests again at 9999-12-30T22:00:00Z"), "{message}");
        assert!(message.contains("with a deadline (`--deadline`)"), "{message}");
        bench.assert_nothing_visible("items");

        let bench = Bench::one(stream(), fault, &settings("")).await;
        let clock = ManualClock::new();
        let deadline = Deadline::within(&*clock, Duration::from_mins(5));
        let run = bench.stream_with("items", clock.clone());
        let report = run.run(bench.store(), request(SCHEDULED), RunOptions::until(deadline)).await;
        assert_eq!((report.status, report.counts.pages), (Status::Partial, pages), "{report:?}");
        bench.api.set_faults(Vec::new());
        let rest = bench.run("items").await;
        bench.assert_landed(&rest, &stream());
    }
}

fn limits(code: u16, headers: &[(&str, &str)]) -> FaultKind {
    let headers = headers.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
    let body = (code == 200).then(|| page_body(20, 20, Some("c14")).into());
    FaultKind::Status { code, body, headers, content_type: None }
}

/// A page of the cursor style.
fn page_body(first: u64, count: u64, next: Option<&str>) -> Vec<u8> {
    let records: Vec<_> = (first..first + count)
        .map(|n| String::from_utf8(record(SEED, Shape::Small, n)).expect("text"))
        .collect();
    let next = next.map_or_else(String::new, |next| format!(r#""next":{{"after":"{next}"}}"#));
    format!(r#"{{"results":[{}],"paging":{{{next}}}}}"#, records.join(",")).into_bytes()
}

#[tokio::test]
async fn resets_are_obeyed_in_each_unit_and_dialect() {
    let instant = "2026-11-22T17:00:30Z";
    for (headers, wait) in [
        ([("RateLimit-Remaining", "0"), ("RateLimit-Reset", "30")], 30_000),
        ([("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "30")], 30_000),
        ([("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "1795366830")], 30_000),
        ([("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "1795366830500")], 30_500),
        ([("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", instant)], 30_000),
        ([("RateLimit", "limit=10, remaining=0, reset=30"), ("X-Other", "")], 30_000),
        ([("RateLimit", "\"hour\";r=0;t=30"), ("X-Other", "")], 30_000),
    ] {
        for code in [429, 403] {
            assert_eq!(is_retried(limits(code, &headers), "").await.as_millis(), wait, "{code} {headers:?}");
        }
        // On a page, it is the next request that waits.
        let (bench, report, waited) = run(vec![at_page(2, limits(200, &headers))], "").await;
        bench.assert_landed(&report, &stream());
        assert_eq!((report.counts.requests, report.counts.retries), (5, 0));
        assert_eq!(waited.as_millis(), wait, "{headers:?}");
    }
    for (unit, value) in [
        ("seconds", "30"),
        ("ms", "30000"),
        ("epoch_s", "1795366830"),
        ("epoch_ms", "1795366830000"),
        ("iso8601", instant),
    ] {
        let more = format!(
            "rate_limit: {{ remaining: {{ header: X-Left }}, reset: {{ header: X-Back, unit: {unit} }} }}"
        );
        let said = [("X-Left", "0"), ("X-Back", value)];
        assert_eq!(is_retried(limits(429, &said), &more).await.as_secs(), 30, "{unit}");
        let (bench, report, waited) = run(vec![at_page(2, limits(200, &said))], &more).await;
        bench.assert_landed(&report, &stream());
        assert_eq!(waited.as_secs(), 30, "{unit}");
    }
}

#[tokio::test]
async fn a_page_with_quota_left_makes_nobody_wait() {
    let some = [("X-RateLimit-Remaining", "1"), ("X-RateLimit-Reset", "30")];
    let (bench, report, waited) = run(vec![at_page(2, limits(200, &some))], "").await;
    bench.assert_landed(&report, &stream());
    assert_eq!(waited, Duration::ZERO);
    // GitHub tells its quota with every response: a 502 with quota left waits like any other.
    let waited =
        is_retried(limits(502, &[("X-RateLimit-Remaining", "4999"), ("X-RateLimit-Reset", "3600")]), "");
    assert!(waited.await <= Duration::from_secs(1));
}

#[tokio::test]
async fn a_page_may_ask_to_wait_before_the_next() {
    for (value, wait) in [("3", 3_000), ("0.5", 500), ("Sun, 22 Nov 2026 17:00:30 GMT", 30_000)] {
        let (bench, report, waited) = run(vec![at_page(2, limits(200, &[("Retry-After", value)]))], "").await;
        bench.assert_landed(&report, &stream());
        assert_eq!((report.counts.retries, waited.as_millis()), (0, wait));
    }
}

#[tokio::test]
async fn the_last_page_waits_for_nobody() {
    let said = vec![("Retry-After".to_owned(), "3600".to_owned())];
    let last = FaultKind::Status {
        code: 200,
        body: Some(page_body(80, 15, None).into()),
        headers: said,
        content_type: None,
    };
    let (bench, report, waited) = run(vec![at_page(5, last)], "").await;
    bench.assert_landed(&report, &stream());
    assert_eq!(waited, Duration::ZERO);
}

#[tokio::test]
async fn a_wait_beyond_the_budget_is_not_begun_and_says_until_when() {
    let hour = [("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "3600")];
    for (kind, requests, cause) in [
        (FaultKind::retry_after(429, "3600"), 2, "page 2: HTTP 429 from "),
        (limits(200, &hour), 2, "page 3: the "),
        (limits(403, &hour), 2, "page 2: HTTP 403 (rate limit) from "),
    ] {
        let (bench, report, waited) = run(vec![at_page(2, kind).always()], "").await;
        let (kind, message) = failure(&report);
        assert_eq!((kind, waited), (ErrorKind::Api, Duration::ZERO), "{message}");
        let until = "API takes requests again at 2026-11-22T18:00:00Z, later than the retry budget";
        assert!(message.starts_with(&format!("demo/items, {cause}")) && message.contains(until), "{message}");
        assert_eq!(bench.stats("items").requests, requests);
        bench.assert_nothing_visible("items");
    }
}

#[tokio::test]
async fn waits_add_up_to_the_budget() {
    let faults = vec![at_page(2, FaultKind::retry_after(429, "2")).always()];
    let (_, report, waited) = run(faults, "retry: { budget: 5s, max_attempts: 50 }").await;
    let (kind, message) = failure(&report);
    assert_eq!((kind, waited), (ErrorKind::Api, Duration::from_secs(4)), "{message}");
    assert!(message.starts_with("demo/items, page 2, attempt 3: HTTP 429 from "), "{message}");
    assert!(message.ends_with("; the retry budget is used up"), "{message}");
}

#[tokio::test]
async fn with_a_deadline_a_wait_may_be_longer_than_the_budget() {
    let faults = vec![at_page(1, FaultKind::retry_after(429, "900"))];
    let bench = Bench::one(stream(), faults, &settings("")).await;
    let clock = ManualClock::new();
    let deadline = Deadline::within(&*clock, Duration::from_mins(50));
    let run = bench.stream_with("items", clock.clone());
    let stats = run.stats();
    let passing = async {
        until("it waits", || stats.is_waiting()).await;
        clock.advance(Duration::from_mins(15) - Duration::from_nanos(1));
        until("it waits", || stats.is_waiting()).await;
        assert_eq!(bench.stats("items").requests, 1, "it waits to the end");
        clock.advance(Duration::from_nanos(1));
    };
    let running = run.run(bench.store(), request(SCHEDULED), RunOptions::until(deadline));
    let (report, ()) = tokio::join!(running, passing);
    bench.assert_landed(&report, &stream());
    assert_eq!(report.counts.retries, 1);
}
