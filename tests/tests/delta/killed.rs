//! Runs into Delta tables that are killed (SIGKILL) at every call, or held there while a newer run begins and ends.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use bronzegate_core::bronze::{LocalStore, Stores, Tables};
use bronzegate_core::clock::SystemClock;
use bronzegate_core::report::RunReport;
use bronzegate_core::run::RunOptions;
use bronzegate_delta::DeltaTables;
use bronzegate_demo_api::{Shape, Stream, Style};
use bronzegate_tests::command_line::program;
use bronzegate_tests::delta::{DeltaPeer, PeerRoot, TABLE};
use bronzegate_tests::{Bench, Failing, FaultyStore, SCHEDULED, assert_complete, expected, request};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

const LATER: &str = "2026-11-23T17:00:00Z";
const RECORDS: u64 = 12;

async fn bench() -> Bench {
    let stream = Stream::new("items", Style::Offset, Shape::Small, RECORDS);
    let settings = format!(
        "records: results\npagination: {{ type: offset, send: {{ query: offset }}, page_size: {{ query: limit, value: 5 }} }}\noutput: {{ table: {TABLE}, max_part_bytes: 1KiB }}"
    );
    Bench::one(stream, vec![], &settings).await
}

/// Stores of a target and of its tables, beside each other in a folder; a call of both goes wrong.
fn stores(folder: &Path, at: u64, failing: Failing) -> (FaultyStore, Stores) {
    let open = |name: &str| Arc::new(LocalStore::open(folder.join(name)).expect("a folder"));
    let faulty = FaultyStore::new(open("bronze"), at, failing);
    let tables = DeltaTables::new(Arc::new(faulty.over(open("tables"))), Arc::new(SystemClock::default()));
    let stores =
        Stores::from(Arc::new(faulty.clone())).with_tables(Some(Arc::new(tables) as Arc<dyn Tables>));
    (faulty, stores)
}

async fn run(bench: &Bench, stores: Stores, at: &str) -> RunReport {
    bench.stream("items").run(stores, request(at), RunOptions { beside: true, ..RunOptions::default() }).await
}

/// Each run's records are in the table once; of a run that was stopped before its commit there are none.
async fn assert_each_once(peer: &mut DeltaPeer, folder: &Path, context: &str) {
    let rows = peer.rows(&PeerRoot::folder(&folder.join("tables")), TABLE, "delta-rs").await;
    let mut segments: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for [_, segment, record] in rows {
        segments.entry(segment).or_default().push(record);
    }
    let mut all = expected(Shape::Small, RECORDS);
    all.sort();
    assert!(segments.contains_key("at-20261123T170000Z.s0001"), "{context}: {segments:?}");
    for (segment, mut records) in segments {
        records.sort();
        assert_eq!(records, all, "{context}: {segment}");
    }
}

/// Runs the engine in a process that is killed at a call; `false` where it had fewer.
async fn killed_at(source: &Path, folder: &Path, call: u64) -> bool {
    let mut command = Command::new(program("workbench"));
    command.arg("torture-doomed").arg(source).arg(folder.join("bronze"));
    command.args(["tables", &call.to_string(), "after", &format!("at={SCHEDULED}")]);
    let mut process =
        command.stdout(Stdio::piped()).kill_on_drop(true).spawn().expect("the workbench starts");
    let mut said = BufReader::new(process.stdout.take().expect("it is piped")).lines();
    let line = said.next_line().await.expect("it says text").unwrap_or_default();
    process.start_kill().expect("it is there");
    process.wait().await.expect("it ends");
    assert!(line == "now" || line == "done", "{line}");
    line == "now"
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_killed_at_any_call_leaves_each_record_once_after_a_newer_run() {
    let (bench, mut peer) = (bench().await, DeltaPeer::start());
    let source = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(source.path(), &bench.text).expect("writable");
    for call in 1.. {
        let folder = tempfile::tempdir().expect("a folder");
        let killed = killed_at(source.path(), folder.path(), call).await;
        assert_complete(&run(&bench, stores(folder.path(), 0, Failing::Before).1, LATER).await, RECORDS);
        assert_each_once(&mut peer, folder.path(), &format!("killed at call {call}")).await;
        if !killed {
            assert!(call > 30, "it has only {call} calls");
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_held_at_any_call_while_a_newer_one_ends_appends_once() {
    let (bench, mut peer) = (bench().await, DeltaPeer::start());
    for killed in [false, true] {
        for call in 1.. {
            let folder = tempfile::tempdir().expect("a folder");
            let (faulty, held) = stores(folder.path(), call, Failing::Held);
            let older = run(&bench, held, SCHEDULED);
            let newer = async {
                faulty.moment().await;
                assert_complete(
                    &run(&bench, stores(folder.path(), 0, Failing::Before).1, LATER).await,
                    RECORDS,
                );
                if killed { faulty.clone().bury() } else { faulty.release() }
            };
            tokio::pin!(older, newer);
            let context = format!("held at call {call}, killed: {killed}");
            let was_held = tokio::select! {
                biased;
                () = &mut newer => true,
                report = &mut older => {
                    assert_complete(&report, RECORDS);
                    false
                }
            };
            if !was_held {
                assert!(call > 30, "it has only {call} calls");
                break;
            }
            let report = older.await;
            assert!(killed || report.error.is_none(), "{context}: {report:?}");
            assert_each_once(&mut peer, folder.path(), &context).await;
        }
    }
}
