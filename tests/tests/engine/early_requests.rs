//! The request after a page leaves as soon as the page names it, and counts only if the whole page names the same.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Uri;
use axum::response::Response;
use axum::routing::get;
use bronzegate_core::report::Status;
use bronzegate_demo_api::{DemoApi, Options};
use bronzegate_tests::Bench;
use futures::stream::{self, StreamExt as _};
use tokio::sync::Notify;

/// Pages of two records each.
const PAGES: u64 = 3;
/// How long a page is held for a request that must come.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long a page is held for a request that must not come.
const A_MOMENT: Duration = Duration::from_millis(30);

/// Where a page names the next one.
#[derive(Clone, Copy, PartialEq)]
enum Named {
    InLink,
    BeforeRecords,
    AfterRecords,
}

/// What the API does.
#[derive(Clone, Copy)]
struct Manner {
    named: Named,
    hold: Duration,
    /// The first answer to the first page breaks off, and the second names the last page.
    cut: bool,
}

/// An API that holds each page after its first record, until the next one is asked for or its patience ends.
struct Api {
    address: String,
    asked: Arc<Mutex<Vec<u64>>>,
    /// The pages that were still held when the next one was asked for.
    early: Arc<Mutex<Vec<u64>>>,
}

impl Api {
    async fn start(manner: Manner) -> Self {
        let asked: Arc<Mutex<Vec<u64>>> = Arc::default();
        let early: Arc<Mutex<Vec<u64>>> = Arc::default();
        let (log, found, came) = (asked.clone(), early.clone(), Arc::new(Notify::new()));
        let page = move |address: Uri| {
            let (log, found, came) = (log.clone(), found.clone(), came.clone());
            async move {
                let number =
                    address.query().map_or(1, |query| query["page=".len()..].parse().expect("a number"));
                let is_again = log.lock().expect("no holder panics").contains(&number);
                log.lock().expect("no holder panics").push(number);
                came.notify_waiters();
                let next = if is_again { PAGES } else { number + 1 };
                let (head, tail) = body(manner.named, number, next);
                let held = async move {
                    let is_asked = || log.lock().expect("no holder panics").contains(&next);
                    let wait = async {
                        while !is_asked() {
                            let more = came.notified();
                            if !is_asked() {
                                more.await;
                            }
                        }
                    };
                    if number < PAGES && !is_again && tokio::time::timeout(manner.hold, wait).await.is_ok() {
                        found.lock().expect("no holder panics").push(number);
                    }
                    let is_cut = manner.cut && number == 1 && !is_again;
                    if is_cut { Err(io::Error::other("cut")) } else { Ok::<_, io::Error>(tail) }
                };
                let chunks = stream::once(async { Ok(head) }).chain(stream::once(held));
                let mut response = Response::builder().header("content-type", "application/json");
                if manner.named == Named::InLink && number < PAGES {
                    response = response.header("link", format!("</items?page={next}>; rel=\"next\""));
                }
                response.body(Body::from_stream(chunks)).expect("a response")
            }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("it is bound"));
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/items", get(page))).await });
        Self { address, asked, early }
    }

    async fn bench(&self, named: Named, more: &str) -> Bench {
        let (records, pagination) = match named {
            Named::InLink => ("$", format!("type: link_header{more}")),
            _ => ("items", format!("type: next_url, next: {{ body: next }}{more}")),
        };
        let text = format!(
            "source: demo\nbase_url: {}\nretry: {{ base: 1ms }}\nstreams:\n  items: {{ path: /items, records: {records}, \
             pagination: {{ {pagination} }} }}\n",
            self.address
        );
        Bench::over(DemoApi::start(Options::default()).await.expect("an API starts"), "demo", text)
    }

    fn early(&self) -> Vec<u64> {
        self.early.lock().expect("no holder panics").clone()
    }
}

/// A page's text up to its first record, and the rest.
fn body(named: Named, number: u64, next: u64) -> (String, String) {
    let (first, second) = (format!("{{\"id\":{}}},", 2 * number), format!("{{\"id\":{}}}", 2 * number + 1));
    let name =
        if number < PAGES { format!("\"next\":\"/items?page={next}\"") } else { "\"next\":null".to_owned() };
    match named {
        Named::InLink => (format!("[{first}"), format!("{second}]")),
        Named::BeforeRecords => (format!("{{{name},\"items\":[{first}"), format!("{second}]}}")),
        Named::AfterRecords => (format!("{{\"items\":[{first}"), format!("{second}],{name}}}")),
    }
}

fn ids(bench: &Bench) -> Vec<String> {
    bench.records("items").iter().map(|record| record.replace("{\"id\":", "").replace('}', "")).collect()
}

#[tokio::test]
async fn the_next_request_leaves_while_the_records_of_a_page_still_come() {
    for named in [Named::InLink, Named::BeforeRecords] {
        let api = Api::start(Manner { named, hold: PATIENCE, cut: false }).await;
        let bench = api.bench(named, "").await;
        let report = bench.run("items").await;
        assert_eq!(report.status, Status::Complete, "{report:?}");
        assert_eq!(ids(&bench), ["2", "3", "4", "5", "6", "7"]);
        assert_eq!((api.early(), report.counts.requests), (vec![1, 2], PAGES), "no request too many");
    }
}

#[tokio::test]
async fn a_page_whose_first_attempt_is_cut_counts_as_it_is_whole() {
    for named in [Named::InLink, Named::BeforeRecords] {
        let api = Api::start(Manner { named, hold: PATIENCE, cut: true }).await;
        let bench = api.bench(named, "").await;
        let report = bench.run("items").await;
        assert_eq!(report.status, Status::Complete, "{report:?}");
        // Page 2 was asked for by the attempt that was cut; the whole page 1 names page 3.
        assert_eq!(ids(&bench), ["2", "3", "6", "7"]);
        assert!(api.asked.lock().unwrap().contains(&2), "it had left");
    }
}

#[tokio::test]
async fn where_the_end_of_a_page_decides_the_next_request_waits_for_it() {
    for (named, more) in [
        (Named::AfterRecords, ""),
        (Named::BeforeRecords, ", stop: [{ at: { body: done }, equals: true }]"),
        (Named::BeforeRecords, ", stop: [short_page], page_size: 2"),
        (Named::InLink, ", on_repeat: end"),
    ] {
        let api = Api::start(Manner { named, hold: A_MOMENT, cut: false }).await;
        let bench = api.bench(named, more).await;
        let report = bench.run("items").await;
        assert_eq!(report.status, Status::Complete, "{more}: {report:?}");
        assert_eq!(ids(&bench), ["2", "3", "4", "5", "6", "7"]);
        assert_eq!(api.early(), Vec::<u64>::new(), "{more}");
    }
    let api = Api::start(Manner { named: Named::InLink, hold: A_MOMENT, cut: false }).await;
    let mut bench = api.bench(Named::InLink, "").await;
    bench.text = bench.text.replace("streams:", "concurrency: 1\nstreams:");
    let bench = Bench::over(bench.api, "demo", bench.text);
    assert_eq!(bench.run("items").await.status, Status::Complete);
    assert_eq!(api.early(), Vec::<u64>::new(), "one request at a time");
}
