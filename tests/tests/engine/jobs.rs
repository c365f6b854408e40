//! Export jobs: submitted once, waited for over any number of segments, and read exactly.

use std::sync::Arc;
use std::time::Duration;

use bronzegate_core::bronze::SegmentStatus;
use bronzegate_core::clock::{Deadline, TestClock};
use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::{RunReport, Status};
use bronzegate_core::run::RunOptions;
use bronzegate_demo_api::{
    Auth, DemoApi, Fault, FaultKind, Framing, Job, Options, Shape, Stream, Style, TimeFormat, Timeline, When,
    csv_record,
};
use bronzegate_tests::command_line::{Shell, run_line, until};
use bronzegate_tests::streams::changes::change;
use bronzegate_tests::streams::exports::export;
use bronzegate_tests::{Bench, SCHEDULED, SEED, ShiftedClock, expected, failure, request, test_clock};
use jiff::SignedDuration;

pub(crate) const RECORDS: u64 = 115;

/// A stream `accounts` of twelve pages.
pub(crate) fn stream() -> Stream {
    Stream::new("accounts", Style::SalesforceBulk, Shape::Small, RECORDS).page_size(10).auth(Auth::Bearer)
}

/// The settings, polled at these times.
pub(crate) fn polled(times: &str) -> String {
    let poll = format!(
        "{times}, failed: {{ at: {{ body: state }}, equals: Failed }}, message: {{ body: errorMessage }}, \
         timeout: 1h"
    );
    let export = export("accounts", &poll);
    format!(
        "auth: {{ type: bearer, token: {{ secret: token }} }}\nretry: {{ base: 1ms, max: 2ms }}\nstreams:{export}"
    )
}

/// The settings with polls as they are.
fn usual() -> String {
    polled("every: 5s")
}

/// The settings with polls that no test waits for.
pub(crate) fn quick() -> String {
    polled("every: 1ms, max: 2ms")
}

/// The settings with a first poll that lies behind every deadline.
pub(crate) fn slow() -> String {
    polled("every: 30m, max: 30m")
}

pub(crate) fn rows(records: u64) -> Vec<String> {
    expected(Shape::Small, records).iter().map(|record| csv_record(record.as_bytes())).collect()
}

async fn bench(stream: Stream, faults: Vec<Fault>) -> Bench {
    Bench::new(vec![stream], faults, &usual()).await
}

#[track_caller]
pub(crate) fn landed(bench: &Bench, report: &RunReport, records: u64) {
    assert_eq!((report.status, &report.error), (Status::Complete, &None), "{report:?}");
    assert_eq!(bench.records("accounts"), rows(records));
}

/// A run with more time than it takes, so much later than now.
pub(crate) async fn run_later(bench: &Bench, later: SignedDuration) -> RunReport {
    let clock = Arc::new(ShiftedClock::by(later));
    let deadline = Deadline::within(&*clock, Duration::from_mins(5));
    let run = bench.stream_with("accounts", clock);
    run.run(bench.store(), request(SCHEDULED), RunOptions::until(deadline)).await
}

pub(crate) async fn run_soon(bench: &Bench) -> RunReport {
    run_later(bench, SignedDuration::ZERO).await
}

pub(crate) fn at_request(number: u64, kind: FaultKind) -> Fault {
    Fault::new("accounts", When::Request(number), kind)
}

pub(crate) fn poll_says(body: &str) -> FaultKind {
    FaultKind::ErrorInside200 { body: body.as_bytes().to_vec().into() }
}

#[tokio::test]
async fn a_job_is_submitted_once_and_its_pages_land_exactly() {
    let bench = bench(stream(), vec![]).await;
    let (report, waited) = bench.run_waiting("accounts").await;
    landed(&bench, &report, RECORDS);
    let stats = bench.stats("accounts");
    // One submission, three polls, twelve pages.
    assert_eq!((stats.jobs, stats.requests, report.counts.requests), (1, 16, 16));
    assert_eq!(waited, Duration::from_secs(5 + 10 + 20));
    assert_eq!(bench.commits("accounts").len(), 1);
    assert_eq!(bench.run("accounts").await.status, Status::AlreadyCommitted);
    assert_eq!(bench.stats("accounts").jobs, 1);
}

#[tokio::test]
async fn faults_on_the_way_cost_no_record_and_no_second_job() {
    let faults = vec![
        at_request(1, FaultKind::retry_after(429, "2")),
        at_request(2, FaultKind::status(503)),
        // The third is the submission that arrives.
        at_request(4, FaultKind::Unauthorized),
        at_request(5, FaultKind::Reset),
        at_request(6, FaultKind::CutBody { after_bytes: 5, framing: Framing::ContentLength }),
        at_request(7, FaultKind::gateway_page(200)),
        at_request(8, FaultKind::status(500)),
        Fault::new("accounts", When::Page(3), FaultKind::Reset),
        Fault::new(
            "accounts",
            When::Page(5),
            FaultKind::CutBody { after_bytes: 900, framing: Framing::Chunked },
        ),
        Fault::new("accounts", When::Page(9), FaultKind::Unauthorized),
    ];
    let bench = bench(stream(), faults).await;
    let (report, _) = bench.run_waiting("accounts").await;
    landed(&bench, &report, RECORDS);
    let stats = bench.stats("accounts");
    assert_eq!((stats.jobs, stats.faults), (1, 10), "{stats:?}");
}

/// The API may have made the job: another would be one too many.
#[tokio::test]
async fn a_submission_whose_answer_is_lost_is_not_sent_again() {
    for kind in [
        FaultKind::Reset,
        FaultKind::CutBody { after_bytes: 5, framing: Framing::ContentLength },
        FaultKind::status(500),
        FaultKind::status(504),
        FaultKind::gateway_page(200),
    ] {
        let bench = bench(stream(), vec![at_request(1, kind)]).await;
        let (report, _) = bench.run_waiting("accounts").await;
        let (error, message) = failure(&report);
        assert!(matches!(error, ErrorKind::Api | ErrorKind::Data), "{message}");
        assert!(message.contains("it may have had its effect, so it is not sent again"), "{message}");
        assert_eq!(bench.stats("accounts").requests, 1, "{message}");
        bench.assert_nothing_visible("accounts");
    }
}

#[tokio::test]
async fn a_job_that_fails_or_takes_too_long_fails_the_run_and_says_why() {
    let failed = r#"{"id":"x","state":"Failed","errorMessage":"InvalidEntity: no demo-token here"}"#;
    let forever = r#"{"id":"x","state":"InProgress"}"#;
    for (fault, why, hours) in [
        (at_request(3, poll_says(failed)), "the job 750J0 failed: InvalidEntity: no [secret] here", 0),
        (at_request(2, poll_says(forever)).always(), "the job 750J0 failed: it is not done within 3600 s", 1),
        (at_request(2, FaultKind::status(410)), "the job 750J0 failed: the API does not know it any more", 0),
        (
            at_request(2, FaultKind::status(404)).times(4),
            "the job 750J0 failed: the API does not know it any more",
            0,
        ),
    ] {
        let bench = bench(stream(), vec![fault]).await;
        let (report, waited) = bench.run_waiting("accounts").await;
        let (kind, message) = failure(&report);
        assert_eq!(kind, ErrorKind::Api);
        assert!(message.contains(why), "{message}");
        assert_eq!(waited.as_secs() / 3600, hours);
        assert_eq!(bench.stats("accounts").jobs, 1);
        bench.assert_nothing_visible("accounts");
    }
    let bench = bench(stream(), vec![at_request(1, poll_says("{}"))]).await;
    let (report, _) = bench.run_waiting("accounts").await;
    let named = "demo/accounts: the answer to the submission names no job at body id";
    assert_eq!(failure(&report), (ErrorKind::Data, named));
}

/// What takes a submission and what answers the polls may be different servers.
#[tokio::test]
async fn a_job_that_is_not_known_at_once_is_asked_after_again() {
    let bench = bench(stream(), vec![at_request(2, FaultKind::status(404)).times(3)]).await;
    let (report, waited) = bench.run_waiting("accounts").await;
    landed(&bench, &report, RECORDS);
    assert_eq!(bench.stats("accounts").jobs, 1);
    assert_eq!(waited, Duration::from_secs(5 + 10 + 20 + 40 + 60 + 60));
}

/// A run that has submitted its job and whose time was up before the first poll.
pub(crate) async fn waiting(polls: u32) -> Bench {
    let bench = Bench::new(vec![stream().job(Job { polls, ..Job::default() })], vec![], &slow()).await;
    let report = run_soon(&bench).await;
    assert_eq!(
        (report.status, report.counts.pages, &report.error),
        (Status::Partial, 0, &None),
        "{report:?}"
    );
    let commits = bench.commits("accounts");
    assert_eq!((commits.len(), commits[0].status), (1, SegmentStatus::Partial));
    assert_eq!(
        commits[0].page_state.as_ref().expect("a partial segment has a state")["branches"][0]["page"]["job"]
            ["id"],
        "750J0"
    );
    assert!(bench.records("accounts").is_empty());
    bench
}

#[tokio::test]
async fn a_run_cut_while_it_waits_goes_on_with_the_same_job() {
    let mut bench = waiting(4).await;
    // Nothing is new: nothing is committed, and the event still says that there is more to come.
    for _ in 0..2 {
        let report = run_soon(&bench).await;
        assert_eq!((report.status, &report.error), (Status::Partial, &None), "{report:?}");
        assert_eq!((report.counts.records, bench.commits("accounts").len()), (0, 1));
    }
    bench.reads_with(&quick());
    let report = run_soon(&bench).await;
    landed(&bench, &report, RECORDS);
    assert_eq!((bench.stats("accounts").jobs, bench.commits("accounts").len()), (1, 2));
    assert_eq!(report.key.as_deref(), Some("at-20261122T170000Z"));
}

#[tokio::test]
async fn a_run_cut_at_any_page_goes_on_with_the_same_job() {
    let bench = Bench::new(vec![stream()], vec![], &quick()).await;
    for page in 2..=12 {
        bench.api.set_faults(vec![
            Fault::new("accounts", When::Page(page), FaultKind::retry_after(429, "3600")).always(),
        ]);
        let report = run_soon(&bench).await;
        assert_eq!((report.status, report.counts.pages), (Status::Partial, 1), "{page}: {report:?}");
    }
    bench.api.set_faults(Vec::new());
    let last = run_soon(&bench).await;
    landed(&bench, &last, RECORDS);
    assert_eq!((bench.stats("accounts").jobs, bench.commits("accounts").len()), (1, 12));
}

#[tokio::test]
async fn an_incremental_stream_submits_its_window() {
    let timeline = Timeline::new("updatedAt", TimeFormat::Rfc3339, "from", Some("to"));
    let at = |minute: u64| format!("2026-01-01T10:{minute:02}:00Z");
    let all: Vec<_> = (0..25).map(|id| change(id, &at(id))).collect();
    let settings = usual().replace(
        "body: { operation: query }",
        "body: { operation: query, from: '{{ window.from }}', to: '{{ window.to }}' }",
    ) + "\n    incremental: { cursor: updatedAt, format: rfc3339, start: 2026-01-01, key: id }";
    let bench = Bench::new(vec![stream().timeline(timeline.with(all.clone()))], vec![], &settings).await;
    let run = |at: String| {
        let run =
            bench.stream_with("accounts", Arc::new(TestClock::at("2026-02-01T00:00:00Z".parse().unwrap())));
        let store = bench.store();
        async move { run.run(store, request(&at), RunOptions::default()).await }
    };
    let first = run(at(15)).await;
    assert_eq!((first.status, first.counts.records), (Status::Complete, 15), "{first:?}");
    let second = run(at(59)).await;
    assert_eq!((second.status, second.counts.records), (Status::Complete, 10), "{second:?}");
    assert_eq!(run(at(59)).await.status, Status::AlreadyCommitted);
    let rows: Vec<_> = all.iter().map(|record| csv_record(record.as_bytes())).collect();
    assert_eq!((bench.records("accounts"), bench.stats("accounts").jobs), (rows, 2));
}

/// The API names a signed URL on another host.
const FILE: &str = "job:
  submit: { path: /accounts, id: { body: id } }
  poll: { path: '/accounts/{{ job.id }}', every: 1ms, done: { at: { body: state }, equals: JobComplete } }
  download: { url: { body: file } }
records: $
format: csv";

fn with_file(credentials: bool, port: u16) -> String {
    let stream = FILE.replace('\n', "\n    ");
    format!(
        "allowed_hosts: [{{ host: '127.0.0.1:{port}', credentials: {credentials} }}]\nparams: {{ version: 59 }}\nretry: {{ base: 1ms, max: 2ms }}\nauth: {{ type: bearer, token: {{ secret: token }} }}\nstreams:\n  accounts:\n    {stream}"
    )
}

#[tokio::test]
async fn a_file_on_another_host_is_read_without_credentials_and_its_url_is_kept_nowhere() {
    let file = Stream::new("file", Style::LinkHeader, Shape::Small, RECORDS).page_size(200);
    let file = file.csv(bronzegate_demo_api::Pack::Zip);
    let other =
        DemoApi::start(Options { seed: SEED, streams: vec![file], ..Options::default() }).await.unwrap();
    let job = Job { polls: 1, file: Some(format!("{}/file", other.base_url())), ..Job::default() };
    let settings = with_file(false, other.port());
    let options = || Options { seed: SEED, streams: vec![stream().job(job.clone())], ..Options::default() };
    let bench = Bench::with(options(), &settings).await;
    let report = bench.run("accounts").await;
    landed(&bench, &report, RECORDS);
    assert_eq!(other.stats().stream("file").requests, 1);

    // What it is sent: the signed URL as it was named, nothing added, and no credential.
    for (said, contains) in [("headers", "host: 127.0.0.1"), ("target", "/file?signature=presigned-2")] {
        other.set_faults(vec![Fault::new("file", When::Request(1), FaultKind::EchoSecret)]);
        let rule = format!(
            "\n    responses: [{{ when: {{ at: {{ status: true }}, equals: 400 }}, then: fail, message: {{ body: error.{said} }} }}]"
        );
        let bench = Bench::with(options(), &(settings.clone() + &rule)).await;
        let report = bench.run("accounts").await;
        let (_, message) = failure(&report);
        assert!(message.contains(contains) && !message.contains("version"), "{message}");
        assert!(!message.contains("authorization") && !message.contains("[secret]"), "{message}");
    }

    // Cut before its page: the job is saved, the URL is not.
    other.set_faults(vec![Fault::new("file", When::Request(1), FaultKind::retry_after(429, "3600"))]);
    let bench = Bench::with(options(), &settings).await;
    let cut = bench.run_within("accounts", Duration::from_mins(5)).await;
    assert_eq!((cut.status, cut.counts.pages), (Status::Partial, 0), "{cut:?}");
    for (path, content) in bench.everything() {
        assert!(!String::from_utf8_lossy(&content).contains("signature"), "{}", path.display());
    }
    let rest = bench.run("accounts").await;
    landed(&bench, &rest, RECORDS);
    assert_eq!(bench.stats("accounts").jobs, 1);
}

#[tokio::test]
async fn a_file_on_a_host_that_is_not_allowed_is_refused_before_a_byte_is_sent() {
    let other = DemoApi::start(Options::default()).await.unwrap();
    let job = Job { polls: 0, file: Some(format!("{}/file", other.base_url())), ..Job::default() };
    let options = Options { seed: SEED, streams: vec![stream().job(job)], ..Options::default() };
    let bench = Bench::with(options, &with_file(false, 1)).await;
    let report = bench.run("accounts").await;
    let (kind, message) = failure(&report);
    assert_eq!(kind, ErrorKind::Data);
    assert!(message.contains(&format!("127.0.0.1:{} may not be called", other.port())), "{message}");
    assert_eq!(other.stats().connections, 0);
}

#[tokio::test]
async fn a_look_at_a_job_submits_it_and_writes_nothing() {
    let bench = bench(stream(), vec![]).await;
    let probe = bench.stream_with("accounts", test_clock()).probe().await.unwrap();
    assert_eq!((probe.records, probe.last), (10, false));
    let sample = bench.stream_with("accounts", test_clock()).sample(3).await.unwrap();
    assert_eq!(sample, rows(3).into_iter().map(String::into_bytes).collect::<Vec<_>>());
    assert_eq!(bench.stats("accounts").jobs, 2);
    bench.assert_nothing_visible("accounts");
}

#[tokio::test]
async fn an_interrupted_wait_is_partial_and_the_same_command_goes_on_with_the_job() {
    for signal in ["INT", "TERM"] {
        // Long enough not to be done when the signal comes.
        let job = Job { polls: 150, ..Job::default() };
        let options = Options { seed: SEED, streams: vec![stream().job(job)], ..Options::default() };
        let shell = Shell::with(options, &polled("every: 10ms, max: 20ms")).await;
        let run = shell.start(&run_line("demo/accounts"));
        // The submission and a poll.
        until("the job is asked after", || shell.api.stats().stream("accounts").requests >= 2).await;
        run.signal(signal).await;
        run.ended().await.assert(3, "partial");
        assert_eq!((shell.records("accounts").len(), shell.commits("accounts").len()), (0, 1));
        shell.run_at("demo/accounts").await.assert(0, "complete");
        assert_eq!(shell.records("accounts"), rows(RECORDS));
        let stats = shell.api.stats().stream("accounts");
        assert_eq!((stats.jobs, shell.commits("accounts").len(), shell.staged().len()), (1, 2, 0));
    }
}

#[tokio::test]
async fn a_run_killed_while_it_waits_or_reads_and_run_again_is_exact() {
    for requests in [1, 3, 6, 9] {
        let options = Options {
            seed: SEED,
            streams: vec![stream()],
            latency: Duration::from_millis(5),
            ..Options::default()
        };
        let shell = Shell::with(options, &quick()).await;
        let mut run = shell.start(&run_line("demo/accounts"));
        until("some requests", || shell.api.stats().stream("accounts").requests >= requests).await;
        run.kill();
        assert_eq!(run.ended().await.code(), None);
        assert!(shell.records("accounts").is_empty() && shell.commits("accounts").is_empty());
        shell.run_at("demo/accounts").await.assert(0, "complete");
        assert_eq!((shell.records("accounts"), shell.staged().len()), (rows(RECORDS), 0));
        shell.run_at("demo/accounts").await.assert(0, "already_committed");
    }
}
