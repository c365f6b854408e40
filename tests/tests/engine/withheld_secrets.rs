//! Secrets that an API repeats where they lead to a host without credentials, and users in its links.

use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::{RunReport, Status};
use bronzegate_demo_api::{
    Auth, DemoApi, Fault, FaultKind, Job, Options, Running, Shape, Stream, Style, When,
};
use bronzegate_tests::{Bench, SEED, TOKEN, failure, one_stream};

use super::segments::LONG;

const BEARER: &str = "auth: { type: bearer, token: { secret: token } }";
const BY_URL: &str = "records: results\npagination: { type: next_url, next: { body: next } }";

async fn other() -> Running {
    let stream = Stream::new("items", Style::NextUrl, Shape::Small, 50).page_size(10);
    DemoApi::start(Options { seed: SEED, streams: vec![stream], ..Options::default() })
        .await
        .expect("it starts")
}

/// The first request of the stream is answered by a redirect there.
async fn redirected(to: &str, other: &Running) -> (Bench, RunReport) {
    let fault = FaultKind::Status {
        code: 302,
        body: None,
        headers: vec![("Location".to_owned(), to.to_owned())],
        content_type: None,
    };
    let stream = Stream::new("items", Style::NextUrl, Shape::Small, 50).page_size(10).auth(Auth::Bearer);
    let yaml = format!(
        "allowed_hosts: [{{ host: '127.0.0.1:{}', credentials: false }}]\n{}",
        other.port(),
        one_stream("items", &format!("{BY_URL}\n{BEARER}{TOLD}"))
    );
    let bench = Bench::new(vec![stream], vec![Fault::new("items", When::Request(1), fault)], &yaml).await;
    let report = bench.run("items").await;
    (bench, report)
}

/// Shows what the other host was sent.
const TOLD: &str = "\nresponses: [{ when: { at: { status: true }, equals: 400 }, then: fail, message: { body: error.target } }]";

#[tokio::test]
async fn a_redirect_that_repeats_the_token_takes_it_to_no_host_without_credentials() {
    let other = other().await;
    other.set_faults(vec![Fault::new("items", When::Request(1), FaultKind::EchoSecret)]);
    let target = format!("{}/items?a=1&access_token={TOKEN}&b=2", other.base_url());
    let (_, report) = redirected(&target, &other).await;
    assert_eq!(failure(&report), (ErrorKind::Api, "demo/items, page 1: HTTP 400: /items?a=1&b=2"));
}

#[tokio::test]
async fn a_secret_anywhere_else_in_a_url_to_a_host_without_credentials_is_refused() {
    for target in [
        format!("/{TOKEN}/items"),
        format!("/items?q=x-{TOKEN}"),
        "/items?q=ZGVtby10b2tlbg".to_owned(),
        "/items?q=%2564emo-token".to_owned(),
    ] {
        let other = other().await;
        let (bench, report) = redirected(&format!("{}{target}", other.base_url()), &other).await;
        let (kind, message) = failure(&report);
        assert_eq!(kind, ErrorKind::Data, "{target}: {message}");
        let host = format!("demo/items, page 1: 127.0.0.1:{} may not be called", other.port());
        assert!(message.starts_with(&host) && message.contains("its URL holds a secret"), "{message}");
        assert_eq!(other.stats().connections, 0, "{target}");
        bench.assert_nothing_visible("items");
    }
}

#[tokio::test]
async fn a_carried_secret_in_a_header_or_body_goes_to_no_host_without_credentials() {
    for (method, to) in [("GET", "{ header: X-Pit }"), ("POST", "{ body: pit }")] {
        let other = other().await;
        let body =
            format!(r#"{{"results":[{{"a":1}}],"next":"{}/items","pit":"{TOKEN}"}}"#, other.base_url());
        let fault = Fault::new("items", When::Request(1), FaultKind::ErrorInside200 { body: body.into() });
        let settings = format!(
            "method: {method}\nrecords: results\npagination: {{ type: next_url, next: {{ body: next }}, carry: [{{ from: {{ body: pit }}, to: {to} }}] }}\n{BEARER}"
        );
        let yaml = format!(
            "allowed_hosts: [{{ host: '127.0.0.1:{}', credentials: false }}]\n{}",
            other.port(),
            one_stream("items", &settings)
        );
        let stream = Stream::new("items", Style::NextUrl, Shape::Small, 50);
        let bench = Bench::new(vec![stream], vec![fault], &yaml).await;
        let report = bench.run("items").await;
        let (kind, message) = failure(&report);
        assert!(
            kind == ErrorKind::Data && message.contains("a header or the body holds a secret"),
            "{message}"
        );
        assert_eq!(other.stats().connections, 0);
    }
}

#[tokio::test]
async fn a_jobs_file_whose_url_repeats_the_token_is_asked_for_without_it() {
    for credentials in [false, true] {
        let other = other().await;
        let file = format!("{}/items?access_token={TOKEN}&n=1", other.base_url());
        let job = Job { polls: 1, files: Some(vec![file]), ..Job::default() };
        let stream = Stream::new("accounts", Style::SalesforceBulk, Shape::Small, 0).job(job);
        let yaml = format!(
            "allowed_hosts: [{{ host: '127.0.0.1:{}', credentials: {credentials} }}]
retry: {{ base: 1ms, max: 2ms }}
{BEARER}
streams:
  accounts:
    job:
      submit: {{ path: /accounts, id: {{ body: id }} }}
      poll: {{ path: '/accounts/{{{{ job.id }}}}', every: 1ms, done: {{ at: {{ body: state }}, equals: JobComplete }} }}
      download: {{ url: {{ body: files.0 }} }}
    records: results{}",
            other.port(),
            TOLD.replace('\n', "\n    ")
        );
        let bench =
            Bench::with(Options { seed: SEED, streams: vec![stream], ..Options::default() }, &yaml).await;
        // With credentials, what is in use by then stands where the API repeated it.
        other.set_faults(vec![Fault::new("items", When::Request(1), FaultKind::EchoSecret)]);
        let report = bench.run("accounts").await;
        let sent = if credentials { "/items?access_token=[secret]&n=1" } else { "/items?n=1" };
        // What the demo API appends to every file's URL.
        let sent = format!("{sent}?signature=presigned-2");
        let told = format!("demo/accounts, page 1: HTTP 400: {sent}");
        assert_eq!(failure(&report), (ErrorKind::Api, told.as_str()));
    }
}

/// A user in a link is nobody that the source file has named.
#[tokio::test]
async fn the_user_of_a_link_is_neither_sent_nor_saved() {
    let stream = || Stream::new("items", Style::NextUrl, Shape::Small, 50).page_size(10);
    let bench = Bench::one(stream(), Vec::new(), BY_URL).await;
    let host = bench.api.base_url().replace("http://", "http://eve:hunter-2@");
    let next = format!("{host}/items?page=2");
    let link = |headers| FaultKind::Status {
        code: 200,
        body: Some(format!(r#"{{"results":[{{"a":1}}],"next":"{next}"}}"#).into()),
        headers,
        content_type: None,
    };
    // The page says that the next one may be asked for in an hour: the run is cut after it.
    let reset = [("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "3600")];
    let reset = reset.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    bench.api.set_faults(vec![Fault::new("items", When::Request(1), link(reset))]);
    let cut = bench.run_within("items", LONG).await;
    assert_eq!((cut.status, &cut.error), (Status::Partial, &None), "{cut:?}");
    for (path, content) in bench.everything() {
        let text = String::from_utf8_lossy(&content);
        assert!(!text.contains("hunter-2") && !text.contains("eve:"), "{}: {text}", path.display());
    }
    // What is sent is told.
    bench.api.set_faults(vec![
        Fault::new("items", When::Request(1), link(Vec::new())),
        Fault::new("items", When::Request(2), FaultKind::EchoSecret),
    ]);
    let text = format!(
        "{}\n    responses: [{{ when: {{ at: {{ status: true }}, equals: 400 }}, then: fail, message: {{ body: error.headers }} }}]",
        one_stream("items", BY_URL).trim_end()
    );
    let mut bench = bench.with_empty_folder();
    bench.reads_with(&text);
    let report = bench.run("items").await;
    let (kind, message) = failure(&report);
    assert!(kind == ErrorKind::Api && message.contains("page 2: HTTP 400: "), "{message}");
    assert!(!message.to_lowercase().contains("authorization") && !message.contains("Basic"), "{message}");
}

/// What an API puts into a text can begin no line of its own and has a bound.
#[tokio::test]
async fn a_message_of_the_api_is_one_line_of_bounded_length() {
    let said = format!("no\r\nERROR forged\u{1b}[2J\u{202e} {}", "x".repeat(5_000));
    let body = serde_json::json!({ "error": said }).to_string();
    let fault =
        FaultKind::Status { code: 400, body: Some(body.into()), headers: Vec::new(), content_type: None };
    let settings = format!(
        "{BY_URL}\nresponses: [{{ when: {{ at: {{ status: true }}, equals: 400 }}, then: fail, message: {{ body: error }} }}]"
    );
    let stream = Stream::new("items", Style::NextUrl, Shape::Small, 50);
    let bench = Bench::one(stream, vec![Fault::new("items", When::Request(1), fault)], &settings).await;
    let report = bench.run("items").await;
    let (_, message) = failure(&report);
    assert!(message.starts_with("demo/items, page 1: HTTP 400: no ERROR forged [2J xxx"), "{message}");
    assert_eq!(message.chars().count(), "demo/items, page 1: HTTP 400: ".len() + 301);
    // The name of a column.
    let csv = FaultKind::RawBody {
        content_type: "text/csv".to_owned(),
        body: format!("\"a\nb{0}\",\"a\nb{0}\"\n1,2\n", "y".repeat(900)).into(),
        status: 200,
    };
    bench.api.set_faults(vec![Fault::new("items", When::Request(1), csv)]);
    let mut bench = bench.with_empty_folder();
    bench.reads_with(&one_stream("items", "records: $\nformat: csv"));
    let report = bench.run("items").await;
    let (kind, message) = failure(&report);
    assert_eq!(kind, ErrorKind::Data, "{message}");
    assert!(message.contains("the header names `a byyy") && message.contains("…` twice"), "{message}");
    assert!(message.chars().count() < 400, "{message}");
}
