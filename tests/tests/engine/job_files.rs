//! Export jobs whose polls name a list of files.

use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::Status;
use bronzegate_demo_api::{Fault, FaultKind, Job, Options, Shape, Stream, Style, When};
use bronzegate_tests::{Bench, SEED, expected, failure};

use super::segments::LONG;

/// How many records each file has.
const FILES: [u64; 3] = [30, 20, 10];

/// A job with so many files, read with these lines of settings.
async fn bench(files: usize, url: &str, more: &str) -> Bench {
    let name = |nth: usize| format!("part{nth}");
    let parts = FILES.iter().enumerate();
    let mut streams: Vec<_> =
        parts.map(|(nth, records)| Stream::new(name(nth), Style::Single, Shape::Small, *records)).collect();
    let files = Some((0..files).map(|nth| format!("/{}", name(nth))).collect());
    let job = Job { polls: 1, files, ..Job::default() };
    streams.push(Stream::new("accounts", Style::SalesforceBulk, Shape::Small, 0).job(job));
    let yaml = format!(
        "retry: {{ base: 1ms, max: 2ms }}
streams:
  accounts:
    job:
      submit: {{ path: /accounts, id: {{ body: id }} }}
      poll: {{ path: '/accounts/{{{{ job.id }}}}', every: 1ms, done: {{ at: {{ body: state }}, equals: JobComplete }} }}
      download: {{ url: {{ body: {url} }} }}
    records: results{more}"
    );
    Bench::with(Options { seed: SEED, streams, ..Options::default() }, &yaml).await
}

fn records_of(files: usize) -> Vec<String> {
    FILES[..files].iter().flat_map(|records| expected(Shape::Small, *records)).collect()
}

#[tokio::test]
async fn each_file_of_a_list_is_a_page() {
    for (files, more) in [(3, ""), (3, "\n    concurrency: 1"), (1, ""), (0, "")] {
        let bench = bench(files, "files", more).await;
        let report = bench.run("accounts").await;
        assert_eq!((report.status, &report.error), (Status::Complete, &None), "{report:?}");
        assert_eq!(report.counts.pages, files as u64);
        assert_eq!(bench.records("accounts"), records_of(files));
    }
}

#[tokio::test]
async fn a_run_cut_between_two_files_goes_on_with_the_next() {
    let bench = bench(3, "files", "").await;
    for nth in [1, 2] {
        let hour = FaultKind::retry_after(429, "3600");
        bench.api.set_faults(vec![Fault::new(format!("part{nth}"), When::Request(1), hour).always()]);
        let cut = bench.run_within("accounts", LONG).await;
        assert_eq!((cut.status, cut.counts.pages, &cut.error), (Status::Partial, 1, &None), "{cut:?}");
        assert_eq!(cut.cursor_out, Some(format!("file {}", nth + 1)));
        for (path, content) in bench.everything() {
            assert!(!String::from_utf8_lossy(&content).contains("signature"), "{}", path.display());
        }
    }
    bench.api.set_faults(Vec::new());
    let rest = bench.run("accounts").await;
    assert_eq!((rest.status, &rest.error), (Status::Complete, &None), "{rest:?}");
    assert_eq!((bench.records("accounts"), bench.stats("accounts").jobs), (records_of(3), 1));
}

#[tokio::test]
async fn no_file_of_a_list_is_left_out_in_silence() {
    let single = bench(1, "files.0", "").await;
    let report = single.run("accounts").await;
    assert_eq!((report.status, &report.error), (Status::Complete, &None), "{report:?}");
    assert_eq!(single.records("accounts"), records_of(1));
    for (url, more, why) in [
        ("files.0", "", "the job is done, and has 3 files at body files, of which body files.0 leads to one"),
        (
            "files",
            "\n    pagination: { type: next_url, next: { body: next } }",
            "the job names 3 files, and `pagination` goes from page to page",
        ),
    ] {
        let bench = bench(3, url, more).await;
        let report = bench.run("accounts").await;
        let (kind, message) = failure(&report);
        assert_eq!(kind, ErrorKind::Data, "{message}");
        assert!(message.contains(why), "{message}");
        bench.assert_nothing_visible("accounts");
    }
}

#[tokio::test]
async fn a_list_of_more_files_than_any_export_has_is_refused() {
    let bench = bench(10_001, "files", "").await;
    let report = bench.run("accounts").await;
    let (kind, message) = failure(&report);
    assert_eq!(kind, ErrorKind::Data, "{message}");
    assert!(message.contains("names more than 10000 files at body files"), "{message}");
}
