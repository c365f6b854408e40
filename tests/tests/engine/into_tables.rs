//! Records that become rows of a table: each once, whatever stops a run.

use std::sync::Arc;

use bronzegate_core::bronze::{BronzeStore, LocalStore, Stores};
use bronzegate_core::clock::SystemClock;
use bronzegate_core::error::ErrorKind;
use bronzegate_core::from_files::{Converted, Converter};
use bronzegate_core::report::{RunReport, Status};
use bronzegate_core::run::RunOptions;
use bronzegate_demo_api::{Shape, Stream, Style};
use bronzegate_tests::streams::changes::{self, BOUNDED, change};
use bronzegate_tests::{
    Bench, Failing, FaultyStore, LogTables, SCHEDULED, assert_complete, expected, failure, logged_rows,
    one_stream, request,
};
use tempfile::TempDir;

const LATER: &str = "2026-11-23T17:00:00Z";

/// The settings of a stream with this output.
fn settings(output: &str) -> String {
    format!(
        "records: results\npagination: {{ type: offset, send: {{ query: offset }}, page_size: {{ query: limit, value: 20 }} }}\noutput: {output}"
    )
}

/// A bench whose stream writes into a table, and the root of tables.
struct TableBench {
    bench: Bench,
    root: TempDir,
}

impl TableBench {
    async fn new(records: u64, output: &str) -> Self {
        let stream = Stream::new("contacts", Style::Offset, Shape::Small, records);
        Self {
            bench: Bench::one(stream, vec![], &settings(output)).await,
            root: tempfile::tempdir().expect("a folder"),
        }
    }

    fn tables(&self) -> Arc<dyn BronzeStore> {
        Arc::new(LocalStore::open(self.root.path()).expect("a folder"))
    }

    fn stores(&self) -> Stores {
        Stores::from(self.bench.store()).with_tables(Some(Arc::new(LogTables::new(self.tables()))))
    }

    async fn run(&self, stream: &str, at: &str) -> RunReport {
        self.bench.stream(stream).run(self.stores(), request(at), RunOptions::default()).await
    }

    /// Runs a stream whose stores go wrong at a call; `None` where the run had fewer.
    async fn run_failing(&self, stream: &str, at: &str, call: u64, failing: Failing) -> Option<RunReport> {
        let log = FaultyStore::new(self.bench.store(), call, failing);
        let tables = LogTables::new(Arc::new(log.over(self.tables())));
        let stores = Stores::from(Arc::new(log.clone())).with_tables(Some(Arc::new(tables)));
        let run = self.bench.stream(stream);
        let report = run.run(stores, request(at), RunOptions::default()).await;
        (log.calls() >= call).then_some(report)
    }

    /// The records of each committed run of the stream that has some, in the table as often as they are.
    fn assert_each_once(&self, stream: &str, context: &str) {
        let rows = logged_rows(self.root.path(), "bronze_data");
        for commit in self.bench.commits(stream) {
            let segment = format!("{}.s{:04}", commit.key, commit.segment);
            let count = rows.iter().filter(|(of, _)| *of == segment).count() as u64;
            assert_eq!(count, commit.counts.records, "{context}: {segment}");
        }
        let committed: u64 = self.bench.commits(stream).iter().map(|commit| commit.counts.records).sum();
        assert_eq!(rows.len() as u64, committed, "{context}");
    }
}

#[tokio::test]
async fn records_become_rows_once_and_the_report_says_where() {
    let bench = TableBench::new(25, "{ table: bronze_data, columns: [{ member: id, type: long }] }").await;
    let report = bench.run("contacts", SCHEDULED).await;
    assert_complete(&report, 25);
    let table = report.table.unwrap();
    assert_eq!((table.name.as_str(), table.version, table.rows), ("bronze_data", Some(0), 25));
    assert!(
        report.parts[0].starts_with("bronze_data/demo/contacts/ingest_date=2026-11-22/"),
        "{:?}",
        report.parts
    );
    let rows = logged_rows(bench.root.path(), "bronze_data");
    let records: Vec<_> = rows.into_iter().map(|(_, record)| record).collect();
    assert_eq!(records, expected(Shape::Small, 25));
    assert_eq!(bench.bench.lines("contacts"), Vec::<String>::new(), "no file is written");
    let commits = bench.bench.commits("contacts");
    assert_eq!((commits.len(), commits[0].format), (1, 3), "an older release must not publish it as files");
    let again = bench.run("contacts", SCHEDULED).await;
    assert_eq!(again.status, Status::AlreadyCommitted);
    assert_complete(&bench.run("contacts", LATER).await, 25);
    bench.assert_each_once("contacts", "two runs");
}

#[tokio::test]
async fn a_run_that_stops_at_any_call_leaves_each_record_once_after_the_next_run() {
    for failing in [Failing::Gone, Failing::Before, Failing::After] {
        let mut call = 1;
        loop {
            let bench = TableBench::new(12, "{ table: bronze_data, max_part_bytes: 1KiB }").await;
            let Some(stopped) = bench.run_failing("contacts", SCHEDULED, call, failing).await else { break };
            let context = format!("{failing:?} at call {call}, {:?}", stopped.status);
            if stopped.status == Status::Failed {
                assert_eq!(failure(&stopped).0, ErrorKind::Store, "{context}");
            }
            assert_complete(&bench.run("contacts", LATER).await, 12);
            bench.assert_each_once("contacts", &context);
            call += 1;
        }
        assert!(call > 12, "{failing:?}: {call}");
    }
}

#[tokio::test]
async fn runs_of_a_sequence_share_one_transaction_and_each_has_its_rows() {
    let mut call = 1;
    loop {
        let records: Vec<_> = (0..15).map(|id| change(id, &format!("2026-01-01T10:{id:02}:00Z"))).collect();
        let changed = changes::settings(&format!("{BOUNDED}, key: id, start: 2026-01-01"));
        let settings = format!("{changed}\noutput: {{ table: bronze_data }}");
        let bench = Bench::one(changes::changes(records), vec![], &settings).await;
        let bench = TableBench { bench, root: tempfile::tempdir().unwrap() };
        let Some(_) = bench.run_failing("changes", SCHEDULED, call, Failing::Gone).await else { break };
        bench.bench.api.append("changes", [change(99, "2026-11-23T10:00:00Z")]).unwrap();
        assert_eq!(bench.run("changes", LATER).await.status, Status::Complete);
        bench.assert_each_once("changes", &format!("call {call}"));
        let records: std::collections::BTreeSet<_> =
            logged_rows(bench.root.path(), "bronze_data").into_iter().map(|(_, record)| record).collect();
        assert_eq!(records.len(), 16, "call {call}");
        call += 1;
    }
    assert!(call > 10, "{call}");
}

#[tokio::test]
async fn what_is_complete_and_not_appended_is_appended_by_a_newer_run() {
    let bench = TableBench::new(12, "{ table: bronze_data }").await;
    let run = async |tables: LogTables, at: &str| {
        let stores = Stores::from(bench.bench.store()).with_tables(Some(Arc::new(tables)));
        bench.bench.stream("contacts").run(stores, request(at), RunOptions::default()).await
    };
    let late =
        run(LogTables::new(bench.tables()).refusing_appends("it has deletion vectors"), SCHEDULED).await;
    let (kind, message) = failure(&late);
    assert_eq!((kind, bench.bench.commits("contacts").len()), (ErrorKind::Store, 1));
    for part in
        ["table bronze_data: it has deletion vectors; nothing is lost", "VACUUM", "run demo/contacts again"]
    {
        assert!(message.contains(part), "{message}");
    }
    let requests = bench.bench.stats("contacts").requests;
    let early = run(LogTables::new(bench.tables()).refusing("it has deletion vectors"), LATER).await;
    assert_eq!((failure(&early).0, bench.bench.stats("contacts").requests), (ErrorKind::Store, requests));
    assert_complete(&bench.run("contacts", LATER).await, 12);
    bench.assert_each_once("contacts", "after the refusal");
}

#[tokio::test]
async fn a_stream_needs_a_place_for_its_table_and_stays_with_it() {
    let bench = TableBench::new(5, "{ table: bronze_data }").await;
    let (kind, message) = {
        let report = bench.bench.run_at("contacts", SCHEDULED).await;
        let (kind, message) = failure(&report);
        (kind, message.to_owned())
    };
    assert_eq!((kind, bench.bench.stats("contacts").requests), (ErrorKind::Config, 0));
    assert!(message.contains("`bronze_data`, and no place for tables is set"), "{message}");
    assert_complete(&bench.run("contacts", SCHEDULED).await, 5);
    let requests = bench.bench.stats("contacts").requests;
    let other = TableBench { bench: bench.bench, root: tempfile::tempdir().unwrap() };
    let report = other.run("contacts", LATER).await;
    let (kind, message) = failure(&report);
    assert_eq!((kind, other.bench.stats("contacts").requests), (ErrorKind::Config, requests));
    assert!(message.contains("by the commit log"), "{message}");
}

#[tokio::test]
async fn two_runs_of_one_key_leave_each_record_once() {
    let bench = TableBench::new(30, "{ table: bronze_data }").await;
    let runs = (0..4).map(|_| bench.run("contacts", SCHEDULED));
    let reports = futures::future::join_all(runs).await;
    let complete = reports.iter().filter(|report| report.status == Status::Complete).count();
    assert_eq!(complete, 1, "{reports:?}");
    assert!(reports.iter().all(|report| report.error.is_none()), "{reports:?}");
    bench.assert_each_once("contacts", "a race");
    let targets = TableBench { bench: bench.bench.with_empty_folder(), root: bench.root };
    assert_complete(&targets.run("contacts", SCHEDULED).await, 30);
    assert_eq!(
        logged_rows(targets.root.path(), "bronze_data").len(),
        60,
        "another target's rows are its own"
    );
}

#[tokio::test]
async fn a_segment_ends_where_its_transaction_has_as_many_files_as_it_takes() {
    let bench = TableBench::new(600, "{ table: bronze_data, max_part_bytes: 1KiB }").await;
    let tables = LogTables::new(bench.tables()).with_most_files(3);
    let stores = Stores::from(bench.bench.store()).with_tables(Some(Arc::new(tables)));
    let report = bench.bench.stream("contacts").run(stores, request(SCHEDULED), RunOptions::default()).await;
    assert_complete(&report, 600);
    let parts: Vec<_> = bench.bench.commits("contacts").iter().map(|commit| commit.parts.len()).collect();
    // Pages that wait for the writer bring some more.
    assert!(parts.len() > 1 && parts.iter().all(|parts| *parts <= 3 + 6 * 20), "{parts:?}");
    assert_eq!(report.table.as_ref().map(|table| table.rows), Some(600));
    bench.assert_each_once("contacts", "several segments");
}

/// Takes the committed files of a stream into its table, as far as the stores go.
async fn convert(bench: &TableBench, stores: Stores) -> bronzegate_core::error::Result<Vec<Converted>> {
    let stream = bench.bench.source.named("contacts")?;
    let clock = Arc::new(SystemClock::default());
    let converter = Converter::new(stores, &bench.bench.source, stream, clock).await?;
    let mut converted = Vec::new();
    for segment in converter.segments().await? {
        converted.extend(converter.convert(segment).await?);
    }
    Ok(converted)
}

#[tokio::test]
async fn committed_files_become_rows_once_wherever_the_work_is_stopped() {
    for compression in ["none", "gzip", "zstd"] {
        let mut call = 1;
        loop {
            let files = format!("{{ compression: {compression}, max_part_bytes: 2KiB }}");
            let mut bench = TableBench::new(15, &files).await;
            for at in [SCHEDULED, LATER] {
                assert_complete(&bench.run("contacts", at).await, 15);
            }
            let table = settings("{ table: bronze_data, columns: [{ member: id, type: long }] }");
            bench.bench.reads_with(&one_stream("contacts", &table));
            let log = FaultyStore::new(bench.bench.store(), call, Failing::Gone);
            let tables = LogTables::new(Arc::new(log.over(bench.tables())));
            let stores = Stores::from(Arc::new(log.clone())).with_tables(Some(Arc::new(tables)));
            let stopped = convert(&bench, stores).await;
            let converted = convert(&bench, bench.stores()).await.unwrap();
            assert_eq!(converted.iter().map(|one| one.rows).sum::<u64>(), 30, "{compression}, call {call}");
            let rows = logged_rows(bench.root.path(), "bronze_data");
            let segments = ["at-20261122T170000Z.s0001", "at-20261123T170000Z.s0001"];
            for segment in segments {
                let of_segment =
                    rows.iter().filter(|(of, _)| of == segment).map(|(_, record)| record.clone());
                assert_eq!(
                    of_segment.collect::<Vec<_>>(),
                    expected(Shape::Small, 15),
                    "{compression}, call {call}"
                );
            }
            assert_eq!(rows.len(), 30);
            if log.calls() < call {
                assert!(stopped.unwrap().iter().all(|one| one.now) && converted.iter().all(|one| !one.now));
                let next = bench.run("contacts", "2026-11-24T17:00:00Z").await;
                assert_complete(&next, 15);
                assert_eq!(logged_rows(bench.root.path(), "bronze_data").len(), 45, "the schedule goes on");
                break;
            }
            assert!(stopped.is_err(), "{compression}, call {call}");
            // Every call once, and one in five of the others.
            call += if compression == "none" { 1 } else { 5 };
        }
    }
}

#[tokio::test]
async fn a_file_that_is_missing_or_changed_is_named_and_nothing_of_its_segment_is_appended() {
    let mut bench = TableBench::new(15, "{ compression: none }").await;
    let report = bench.run("contacts", SCHEDULED).await;
    let part = bench.bench.target().join(&report.parts[0]);
    bench.bench.reads_with(&one_stream("contacts", &settings("{ table: bronze_data }")));
    let content = std::fs::read(&part).unwrap();
    let mut changed = content.clone();
    let last = changed.len() - 2;
    changed[last - 1] ^= 1;
    for (content, why) in [
        (Some(changed), "the checksum differs"),
        (Some(content[1..].to_vec()), "bytes, and"),
        (None, "not there"),
    ] {
        std::fs::remove_file(&part).unwrap();
        if let Some(content) = content {
            std::fs::write(&part, content).unwrap();
        }
        let error = convert(&bench, bench.stores()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Store);
        let text = format!("{error} {error:?}");
        assert!(text.contains(&report.parts[0]) && text.contains(why), "{text}");
        assert_eq!(logged_rows(bench.root.path(), "bronze_data"), []);
    }
}

#[tokio::test]
async fn files_that_another_writer_has_rewritten_are_not_missed_and_lost_ones_are_named() {
    let bench = TableBench::new(12, "{ table: bronze_data }").await;
    let report = bench.run("contacts", SCHEDULED).await;
    let done = |key: &str| bench.bench.target().join(format!("_bronzegate/demo/contacts/tables/{key}"));
    let folder = std::fs::read_dir(done("")).unwrap().next().unwrap().unwrap().file_name();
    let folder = folder.to_str().unwrap().to_owned();
    let mark = done(&format!("{folder}/at-20261122T170000Z.s0001.done"));
    let forget = || {
        std::fs::remove_file(&mark).unwrap();
        let _ = std::fs::remove_file(bench.root.path().join(&report.parts[0]));
        std::fs::remove_file(bench.bench.target().join("_bronzegate/demo/contacts/head.json")).unwrap();
    };
    // Killed between the append and its mark; then the table was compacted and vacuumed.
    forget();
    assert_complete(&bench.run("contacts", LATER).await, 12);
    assert!(mark.exists(), "the table's log has the segment");
    std::fs::remove_dir_all(bench.root.path().join("bronze_data/_log")).unwrap();
    forget();
    let lost = bench.run("contacts", "2026-11-24T17:00:00Z").await;
    let (kind, message) = failure(&lost);
    assert_eq!(kind, ErrorKind::Store);
    assert!(
        message.contains(&report.parts[0]) && message.contains("the table `bronze_data` does not have it"),
        "{message}"
    );
    let told = message.rsplit_once("put the object ").unwrap().1.split_once(' ').unwrap().0;
    std::fs::write(bench.bench.target().join(told), "").unwrap();
    assert_complete(&bench.run("contacts", "2026-11-24T17:00:00Z").await, 12);
}
