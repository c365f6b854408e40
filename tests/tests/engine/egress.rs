//! Who is called, and what with: links, redirects, allowed hosts, and keys in URLs.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::Status;
use bronzegate_demo_api::{Auth, DemoApi, Fault, FaultKind, Options, Running, Shape, Stream, Style, When};
use bronzegate_tests::{Bench, SEED, failure, one_stream};
use tracing_subscriber::fmt::MakeWriter;

fn stream(style: Style) -> Stream {
    Stream::new("items", style, Shape::Small, 50).page_size(10)
}

async fn other(stream: Stream, faults: Vec<Fault>) -> Running {
    let options = Options { seed: SEED, streams: vec![stream], faults, ..Options::default() };
    DemoApi::start(options).await.expect("the other API starts")
}

fn at_page(page: u64, kind: FaultKind) -> Fault {
    Fault::new("items", When::Page(page), kind)
}

const BY_URL: &str = "records: results\npagination: { type: next_url, next: { body: next } }";
const BY_LINK: &str = "records: $\npagination: { type: link_header }";
const BY_CURSOR_URL: &str =
    "records: results\npagination: { type: cursor, next: { body: next }, send: { url: true } }";
const BEARER: &str = "auth: { type: bearer, token: { secret: token } }";
const KEY: &str = "auth: { type: api_key, in: query, name: api_key, value: { secret: api_key } }";

async fn bench(stream: Stream, faults: Vec<Fault>, settings: &str, allowed: &str) -> Bench {
    let yaml = format!("allowed_hosts: [{allowed}]\n{}", one_stream("items", settings));
    Bench::new(vec![stream], faults, &yaml).await
}

#[tokio::test]
async fn a_link_to_another_host_is_refused_before_a_byte_is_sent() {
    for (style, settings) in
        [(Style::NextUrl, BY_URL), (Style::LinkHeader, BY_LINK), (Style::NextUrl, BY_CURSOR_URL)]
    {
        let other = other(stream(style), Vec::new()).await;
        let faults = vec![at_page(2, FaultKind::NextLinkTo { url: other.base_url() })];
        let settings = format!("{settings}\n{BEARER}");
        let bench = bench(stream(style).auth(Auth::Bearer), faults, &settings, "").await;
        let report = bench.run("items").await;
        let (kind, message) = failure(&report);
        assert_eq!(kind, ErrorKind::Data);
        let host = format!("127.0.0.1:{} may not be called", other.port());
        assert!(message.starts_with(&format!("demo/items, page 3: {host}")), "{message}");
        assert_eq!(other.stats().connections, 0);
        bench.assert_nothing_visible("items");
    }
}

#[tokio::test]
async fn a_redirect_to_another_host_is_refused_before_a_byte_is_sent() {
    let other = other(stream(Style::NextUrl), Vec::new()).await;
    let faults = vec![at_page(2, FaultKind::RedirectTo { url: other.base_url() })];
    let bench = bench(stream(Style::NextUrl), faults, BY_URL, "").await;
    let report = bench.run("items").await;
    let (kind, message) = failure(&report);
    assert_eq!(kind, ErrorKind::Data);
    assert!(message.contains(&format!("127.0.0.1:{} may not be called", other.port())), "{message}");
    assert_eq!(other.stats().connections, 0);
}

#[tokio::test]
async fn links_that_lead_nowhere_good_are_refused_by_name() {
    for (link, named) in [
        ("https://127.0.0.1:PORT/items", "127.0.0.1:PORT may not be called"),
        ("http://localhost:PORT/items", "localhost:PORT may not be called"),
        ("http://127.0.0.1:PORT@evil.example/items", "evil.example may not be called"),
        ("http://evil.example\\@127.0.0.1:PORT/items", "evil.example may not be called"),
        ("//evil.example/items", "evil.example may not be called"),
        ("http://0.0.0.0:PORT/items", "0.0.0.0:PORT may not be called"),
        ("http://files.example/x", "files.example may not be called over plain http"),
        ("file:///etc/passwd", "a link of scheme `file` may not be called"),
        ("data:application/json,{}", "a link of scheme `data` may not be called"),
        ("http://[", "a link of scheme `invalid` may not be called"),
    ] {
        let bench = bench(stream(Style::NextUrl), Vec::new(), BY_URL, "files.example").await;
        let port = bench.api.port().to_string();
        let body =
            format!(r#"{{"results":[{{"a":1}}],"next":{}}}"#, serde_json::json!(link.replace("PORT", &port)));
        bench.api.set_faults(vec![at_page(1, FaultKind::ErrorInside200 { body: body.into() })]);
        let report = bench.run("items").await;
        let (kind, message) = failure(&report);
        assert_eq!(kind, ErrorKind::Data, "{link}");
        let named = format!("demo/items, page 2: {}", named.replace("PORT", &port));
        assert!(message.starts_with(&named), "{link}: {message}");
        assert_eq!(bench.stats("items").requests, 1);
    }
}

#[tokio::test]
async fn an_allowed_host_is_called_with_credentials_unless_the_file_says_without() {
    for redirect in [false, true] {
        for (credentials, auth) in [(true, Auth::Bearer), (false, Auth::None)] {
            let other = other(stream(Style::NextUrl).auth(auth), Vec::new()).await;
            let url = other.base_url();
            let kind = if redirect { FaultKind::RedirectTo { url } } else { FaultKind::NextLinkTo { url } };
            let host = format!("{{ host: '127.0.0.1:{}', credentials: {credentials} }}", other.port());
            let stream = stream(Style::NextUrl).auth(Auth::Bearer);
            let settings = format!("{BY_URL}\n{BEARER}");
            let bench = bench(stream.clone(), vec![at_page(2, kind)], &settings, &host).await;
            let report = bench.run("items").await;
            bench.assert_landed(&report, &stream);
            let (here, there) = (bench.stats("items").requests, other.stats().stream("items"));
            // The other host serves the rest, as its own links lead on there.
            let expected = if redirect { (2, 4) } else { (2, 3) };
            assert_eq!((here, there.requests), expected, "redirect {redirect}");
            assert_eq!(there.unauthenticated, 0);
        }
    }
}

#[tokio::test]
async fn a_host_without_credentials_sees_none() {
    for (auth, setting) in [(Auth::Bearer, BEARER), (Auth::ApiKeyQuery, KEY)] {
        for redirect in [false, true] {
            // It tells what it was sent.
            let echo = vec![Fault::new("items", When::Request(1), FaultKind::EchoSecret)];
            let other = other(stream(Style::NextUrl), echo).await;
            let url = other.base_url();
            let kind = if redirect { FaultKind::RedirectTo { url } } else { FaultKind::NextLinkTo { url } };
            for said in ["headers", "target"] {
                other.set_faults(vec![Fault::new("items", When::Request(1), FaultKind::EchoSecret)]);
                let settings = format!(
                    "{BY_URL}\n{setting}\nresponses: [{{ when: {{ at: {{ status: true }}, equals: 400 }}, then: fail, message: {{ body: error.{said} }} }}]"
                );
                let host = format!("{{ host: '127.0.0.1:{}', credentials: false }}", other.port());
                let stream = stream(Style::NextUrl).auth(auth);
                let bench = bench(stream, vec![at_page(2, kind.clone())], &settings, &host).await;
                let report = bench.run("items").await;
                let (kind, message) = failure(&report);
                assert_eq!(kind, ErrorKind::Api, "{message}");
                assert!(message.contains("/items") && message.contains("HTTP 400: "), "{message}");
                for sign in ["authorization", "[secret]", "api_key", "demo-"] {
                    assert!(!message[20..].contains(sign), "{said}, redirect {redirect}: {message}");
                }
            }
        }
    }
}

#[tokio::test]
async fn only_a_get_is_redirected_and_only_five_times() {
    let settings = "method: POST\nrecords: results\npagination: { type: cursor, next: { body: paging.next.after }, send: { body: after } }";
    let to_itself = |times| async move {
        let bench = bench(stream(Style::NextUrl), Vec::new(), BY_URL, "").await;
        let url = bench.api.base_url();
        bench.api.set_faults(vec![at_page(2, FaultKind::RedirectTo { url }).times(times)]);
        let report = bench.run("items").await;
        (bench, report)
    };
    let (bench_, report) = to_itself(5).await;
    bench_.assert_landed(&report, &stream(Style::NextUrl));
    assert_eq!((report.counts.requests, report.counts.retries), (10, 0));
    let (bench_, report) = to_itself(6).await;
    let why = "the redirect cannot be followed: more than 5 in a row";
    assert_eq!(failure(&report), (ErrorKind::Data, format!("demo/items, page 2: {why}").as_str()));
    assert_eq!(bench_.stats("items").requests, 7);

    let bench = bench(stream(Style::HubSpot), Vec::new(), settings, "").await;
    let url = bench.api.base_url();
    bench.api.set_faults(vec![at_page(2, FaultKind::RedirectTo { url })]);
    let report = bench.run("items").await;
    let why = "the redirect cannot be followed: only a GET may be redirected";
    assert_eq!(failure(&report), (ErrorKind::Data, format!("demo/items, page 2: {why}").as_str()));
    assert_eq!(bench.stats("items").requests, 2);
}

/// Collects what is logged on this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no holder panics").write(text)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a_key_in_the_query_is_sent_with_every_link_and_kept_nowhere() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone());
    let _guard = tracing::subscriber::set_default(subscriber.finish());
    for (style, settings) in
        [(Style::NextUrl, BY_URL), (Style::LinkHeader, BY_LINK), (Style::NextUrl, BY_CURSOR_URL)]
    {
        let stream = stream(style).auth(Auth::ApiKeyQuery);
        let settings = format!("{settings}\n{KEY}");
        let bench = bench(stream.clone(), Vec::new(), &settings, "").await;
        let mut reports = Vec::new();
        // Cut into segments at two page boundaries, so that page states are saved.
        for page in [3, 4] {
            let faults = vec![
                at_page(page - 1, FaultKind::retry_after(503, "0")),
                at_page(page, FaultKind::retry_after(429, "3600")),
            ];
            bench.api.set_faults(faults);
            reports.push(bench.run_within("items", Duration::from_mins(1)).await);
        }
        bench.api.set_faults(Vec::new());
        reports.push(bench.run("items").await);
        let statuses: Vec<_> = reports.iter().map(|report| report.status).collect();
        assert_eq!(statuses, [Status::Partial, Status::Partial, Status::Complete], "{reports:?}");
        bench.assert_landed(&reports[2], &stream);
        assert_eq!(bench.stats("items").unauthenticated, 0, "the key goes with every request");
        let mut shown: Vec<_> = bench.everything().into_iter().map(|(_, content)| content).collect();
        shown.push(serde_json::to_vec(&reports).unwrap());
        assert!(!log.0.lock().unwrap().is_empty());
        shown.push(std::mem::take(&mut *log.0.lock().unwrap()));
        for text in shown {
            let text = String::from_utf8_lossy(&text);
            assert!(!text.contains("demo-api-key") && !text.contains("api_key="), "{text}");
        }
    }
}
