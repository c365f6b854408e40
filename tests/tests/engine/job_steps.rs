//! Export jobs of several steps: requests that make them begin, a URL in place of a name, a document that names the file.

use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::Status;
use bronzegate_demo_api::{Fault, FaultKind, Job, Options, Shape, Stream, Style, When};
use bronzegate_tests::{Bench, SEED, expected, failure};

use super::segments::LONG;

/// A job of two files of 30 and 20 records, read with these keys of `job`.
async fn bench(job: Job, keys: &str) -> Bench {
    let files = ["/part0", "/part1"].map(str::to_owned);
    let streams = vec![
        Stream::new("part0", Style::Single, Shape::Small, 30),
        Stream::new("part1", Style::Single, Shape::Small, 20),
        Stream::new("accounts", Style::SalesforceBulk, Shape::Small, 0).job(Job {
            polls: 1,
            file: Some(files[0].clone()),
            files: Some(files.to_vec()),
            ..job
        }),
    ];
    let yaml = format!(
        "retry: {{ base: 1ms, max: 2ms, max_attempts: 2 }}\nstreams:\n  accounts:\n    records: results\n    job:\n{keys}"
    );
    Bench::with(Options { seed: SEED, streams, ..Options::default() }, &yaml).await
}

const DONE: &str = "every: 1ms, done: { at: { body: state }, equals: JobComplete }";

/// What the vendors with these steps have in common.
fn started() -> String {
    format!(
        "      submit: {{ path: /accounts, id: {{ body: id }} }}
      start: [{{ path: '/accounts/{{{{ job.id }}}}/start/0' }}, {{ path: '/accounts/{{{{ job.id }}}}/start/1', method: POST }}]
      poll: {{ path: '/accounts/{{{{ job.id }}}}', {DONE} }}
      download: {{ url: {{ body: output.*.url }} }}
"
    )
}

fn both() -> Vec<String> {
    [expected(Shape::Small, 30), expected(Shape::Small, 20)].concat()
}

#[tokio::test]
async fn a_job_begins_with_further_requests_and_its_files_are_in_a_list_of_objects() {
    let bench = bench(Job { starts: 2, ..Job::default() }, &started()).await;
    let report = bench.run("accounts").await;
    assert_eq!((report.status, &report.error), (Status::Complete, &None), "{report:?}");
    assert_eq!((bench.records("accounts"), bench.stats("accounts").jobs), (both(), 1));
}

#[tokio::test]
async fn a_run_that_is_cut_between_two_steps_sends_none_of_them_again() {
    // The submission is the first request, the steps are the second and the third, and then it is polled.
    for request in [2, 3, 4, 5] {
        let bench = bench(Job { starts: 2, ..Job::default() }, &started()).await;
        let hour = FaultKind::retry_after(429, "3600");
        bench.api.set_faults(vec![Fault::new("accounts", When::Request(request), hour).always()]);
        let cut = bench.run_within("accounts", LONG).await;
        assert_eq!((cut.status, &cut.error), (Status::Partial, &None), "{request}: {cut:?}");
        bench.api.set_faults(Vec::new());
        let rest = bench.run("accounts").await;
        assert_eq!((rest.status, &rest.error), (Status::Complete, &None), "{request}: {rest:?}");
        assert_eq!((bench.records("accounts"), bench.stats("accounts").jobs), (both(), 1), "{request}");
    }
}

#[tokio::test]
async fn a_step_that_a_waiting_segment_has_done_is_remembered() {
    let bench = bench(Job { starts: 2, ..Job::default() }, &started()).await;
    // The first step never comes, then it does and the second never comes.
    for request in [2, 4] {
        let hour = FaultKind::retry_after(429, "3600");
        bench.api.set_faults(vec![Fault::new("accounts", When::Request(request), hour).always()]);
        let cut = bench.run_within("accounts", LONG).await;
        assert_eq!((cut.status, &cut.error), (Status::Partial, &None), "{request}: {cut:?}");
    }
    bench.api.set_faults(Vec::new());
    let rest = bench.run("accounts").await;
    assert_eq!((rest.status, &rest.error), (Status::Complete, &None), "{rest:?}");
    assert_eq!((bench.records("accounts"), bench.stats("accounts").jobs), (both(), 1));
}

#[tokio::test]
async fn a_job_may_be_named_by_its_url() {
    let keys = format!(
        "      submit: {{ path: /accounts, url: {{ header: Content-Location }} }}
      poll: {{ {DONE} }}
      download: {{ url: {{ body: files }} }}
"
    );
    let bench = bench(Job { by_location: true, ..Job::default() }, &keys).await;
    let hour = FaultKind::retry_after(429, "3600");
    bench.api.set_faults(vec![Fault::new("accounts", When::Request(3), hour).always()]);
    let cut = bench.run_within("accounts", LONG).await;
    assert_eq!((cut.status, &cut.error), (Status::Partial, &None), "{cut:?}");
    bench.api.set_faults(Vec::new());
    let report = bench.run("accounts").await;
    assert_eq!((report.status, &report.error), (Status::Complete, &None), "{report:?}");
    assert_eq!((bench.records("accounts"), bench.stats("accounts").jobs), (both(), 1));
}

#[tokio::test]
async fn what_a_poll_says_leads_to_the_file() {
    let keys = format!(
        "      submit: {{ path: /accounts, id: {{ body: id }} }}
      poll: {{ path: '/accounts/{{{{ job.id }}}}', carry: {{ document: {{ body: document }} }}, {DONE} }}
      resolve: {{ path: '/accounts/documents/{{{{ job.document }}}}', url: {{ body: url }} }}
"
    );
    let by_document = Job { by_document: true, ..Job::default() };
    let good = bench(by_document.clone(), &keys).await;
    let report = good.run("accounts").await;
    assert_eq!((report.status, &report.error), (Status::Complete, &None), "{report:?}");
    assert_eq!(good.records("accounts"), expected(Shape::Small, 30));
    for (path, content) in good.everything() {
        assert!(!String::from_utf8_lossy(&content).contains("signature"), "{}", path.display());
    }
    let wrong = bench(by_document, &keys.replace("body: document }", "body: other }")).await;
    let report = wrong.run("accounts").await;
    let (kind, message) = failure(&report);
    assert!(kind == ErrorKind::Data && message.contains("there is nothing at body other"), "{message}");
}
