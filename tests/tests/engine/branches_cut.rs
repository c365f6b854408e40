//! Streams of many branches that are cut, killed, or run twice at once.

use std::sync::Arc;
use std::time::Duration;

use bronzegate_core::bronze::BoundedStore;
use bronzegate_core::clock::{Deadline, SystemClock};
use bronzegate_core::report::Status;
use bronzegate_core::run::RunOptions;
use bronzegate_demo_api::{Fault, FaultKind, Shape, Stream, Style, When};
use bronzegate_tests::command_line::{Process, Shell, run_line, until};
use bronzegate_tests::{Bench, SCHEDULED, expected, request};

const BY_CURSOR: &str =
    "pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after } }";

/// Twelve partitions of 40 pages, five records each.
fn months() -> Vec<Stream> {
    (1..=12)
        .map(|month| Stream::new(format!("m{month}"), Style::Cursor, Shape::Small, 200).page_size(5))
        .collect()
}

fn by_month(concurrency: usize) -> String {
    format!(
        "concurrency: {concurrency}
streams:
  orders:
    path: '/{{{{ partition.month }}}}'
    partitions: {{ month: [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12] }}
    records: results
    {BY_CURSOR}"
    )
}

#[tokio::test]
async fn a_run_cut_at_partition_7_page_31_goes_on_at_page_32() {
    for concurrency in [1, 4] {
        let hour = Fault::new("m7", When::Page(32), FaultKind::retry_after(429, "3600")).always();
        let bench = Bench::new(months(), vec![hour], &by_month(concurrency)).await;
        let first = bench.run_within("orders", Duration::from_mins(5)).await;
        assert_eq!((first.status, &first.error), (Status::Partial, &None), "{concurrency}");
        let page = bench.commits("orders")[0].page_state.clone().expect("a partial segment has a state");
        let branches = page["branches"].as_array().expect("a list").clone();
        let seventh = branches.iter().find(|branch| branch["partition"][0] == "m7").expect("it is begun");
        assert_eq!(seventh["page"]["pages"], 31, "{concurrency}");
        let before = bench.stats("m7").requests;
        assert!(before >= 32, "31 pages, and the one that was refused");
        bench.api.set_faults(Vec::new());
        let second = bench.run("orders").await;
        assert_eq!((second.status, &second.error), (Status::Complete, &None), "{concurrency}");
        assert_eq!(bench.stats("m7").requests - before, 9, "pages 32 to 40");
        assert_eq!(first.counts.pages + second.counts.pages, 12 * 40, "{concurrency}");
        let mut found = bench.records("orders");
        let mut want: Vec<_> = (0..12).flat_map(|_| expected(Shape::Small, 200)).collect();
        found.sort();
        want.sort();
        assert_eq!(found, want, "{concurrency}");
    }
}

#[tokio::test]
async fn few_partitions_share_all_the_requests_that_the_stream_may_have() {
    let streams =
        ["eu", "us"].map(|name| Stream::new(name, Style::Offset, Shape::Small, 400).page_size(5)).to_vec();
    let yaml = "concurrency: 16
streams:
  orders:
    path: '/{{ partition.region }}'
    partitions: { region: [eu, us] }
    records: results
    pagination: { type: offset, send: { query: offset }, page_size: { query: limit, value: 5 } }";
    // What follows a partition's first page is held until more is under way than one partition's share.
    let held = Fault::new("*", When::Request(2), FaultKind::Held).always();
    let bench = Bench::new(streams, vec![held], yaml).await;
    let meanwhile = async {
        until("requests at once", || bench.stats("eu").faults + bench.stats("us").faults > 8).await;
        bench.api.set_faults(vec![]);
    };
    let (report, ()) = tokio::join!(bench.run("orders"), meanwhile);
    assert_eq!((report.status, report.counts.records), (Status::Complete, 800), "{report:?}");
    let connections = bench.api.stats().connections;
    assert!((9..=16).contains(&connections), "{connections} connections, one for each request at a time");
}

#[tokio::test]
async fn a_branch_that_hangs_before_its_first_page_leaves_the_others_time_to_commit() {
    let stall = FaultKind::Stall { after_bytes: 0, pause: Duration::from_hours(1) };
    let streams = months().into_iter().take(2).collect();
    let yaml = by_month(4).replace(", m3, m4, m5, m6, m7, m8, m9, m10, m11, m12", "");
    let bench = Bench::new(streams, vec![Fault::new("m1", When::Page(1), stall).always()], &yaml).await;
    let clock = Arc::new(SystemClock::default());
    let deadline = Deadline::within(&*clock, Duration::from_secs(5));
    // A call that passes the deadline is given up, as on every platform.
    let store = Arc::new(BoundedStore::new(bench.store(), clock.clone(), deadline));
    let run = bench.stream_with("orders", clock);
    let report = run.run(store, request(SCHEDULED), RunOptions::until(deadline)).await;
    // The response that has begun has its turn; what the other branch brought before is not lost with it.
    let read = report.counts.records;
    assert!(report.status == Status::Partial && (5..=200).contains(&read), "{report:?}");
    assert_eq!(bench.records("orders").len() as u64, read);
    bench.api.set_faults(Vec::new());
    let rest = bench.run("orders").await;
    assert_eq!((rest.status, rest.counts.records), (Status::Complete, 400 - read), "{rest:?}");
}

async fn shell() -> Shell {
    let streams = months().into_iter().take(6).collect();
    Shell::new(streams, Vec::new(), &by_month(4).replace(", m7, m8, m9, m10, m11, m12", "")).await
}

#[track_caller]
fn assert_exact(shell: &Shell) {
    let mut found = shell.records("orders");
    let mut want: Vec<_> = (0..6).flat_map(|_| expected(Shape::Small, 200)).collect();
    found.sort();
    want.sort();
    assert_eq!(found, want);
    assert_eq!(shell.staged().len(), 0);
}

/// A run that has sent so many requests, and waits for the last of them.
async fn held_at(shell: &Shell, requests: u64) -> Process {
    let held = || shell.api.stats().streams.values().map(|stream| stream.faults).sum::<u64>();
    let before = held();
    shell.api.set_faults(vec![Fault::new("*", When::Overall(requests), FaultKind::Held).always()]);
    let run = shell.start(&run_line("demo/orders"));
    until("the request", || held() > before).await;
    run
}

#[tokio::test]
async fn a_run_of_many_branches_that_is_killed_and_run_again_is_exact() {
    let shell = shell().await;
    for requests in [3, 60, 150] {
        let mut run = held_at(&shell, requests).await;
        run.kill();
        assert_eq!(run.ended().await.code(), None);
    }
    // Cut by a signal, it has a state to continue with.
    let run = held_at(&shell, 100).await;
    run.signal("INT").await;
    run.ended().await.assert(3, "partial");
    let mut run = held_at(&shell, 50).await;
    run.kill();
    assert_eq!(run.ended().await.code(), None);
    shell.api.set_faults(vec![]);
    shell.run_at("demo/orders").await.assert(0, "complete");
    assert_exact(&shell);
    shell.run_at("demo/orders").await.assert(0, "already_committed");
}

#[tokio::test]
async fn two_runs_of_many_branches_at_once_are_one() {
    let shell = shell().await;
    let [one, two] = [shell.start(&run_line("demo/orders")), shell.start(&run_line("demo/orders"))];
    let ended = [one.ended().await, two.ended().await];
    assert!(ended.iter().all(|ended| ended.code() == Some(0)), "{ended:?}");
    let mut status = ended.map(|ended| ended.report()["status"].as_str().expect("text").to_owned());
    status.sort();
    assert_eq!(status, ["already_committed", "complete"]);
    assert_exact(&shell);
}
