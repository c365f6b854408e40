//! The demo, as `make demo` runs it.

use std::fs;
use std::process::Stdio;

use bronzegate_tests::command_line::program;
use bronzegate_tests::delta::{DeltaPeer, PeerRoot};
use tokio::process::Command;

#[tokio::test]
async fn the_demo_reads_every_record_once_whatever_its_api_does() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(program("bronzegate-demo-api"));
    command.arg("demo").current_dir(folder.path()).stdin(Stdio::null()).kill_on_drop(true);
    let ended = command.output().await.expect("it starts");
    let text = String::from_utf8(ended.stdout).expect("text");
    assert!(ended.status.success(), "{text}\n{}", String::from_utf8_lossy(&ended.stderr));
    for line in ["contacts: 12000 records, ids sum to ", "orders: 50000 records, ", "events: 3000 records, "]
    {
        assert!(
            text.lines().any(|told| told.starts_with(line) && told.ends_with(": exact")),
            "{line}: {text}"
        );
    }
    let told = "orders: 50000 rows of this run in the table, as many as the API has records";
    assert!(text.contains(told), "{text}");
    // The line is the reader's own: what it selects is asked of the reader here.
    assert!(
        text.contains("read it: duckdb -c \"SELECT count(*), max(id) FROM delta_scan('tables/orders')\""),
        "{text}"
    );
    let root = PeerRoot::folder(&folder.path().join("tables"));
    let rows = DeltaPeer::start().rows(&root, "orders", "duckdb").await;
    assert_eq!(rows.len(), 50_000, "as many as DuckDB finds");
    assert!(
        fs::read_dir(folder.path().join("bronze/demo/contacts")).is_ok_and(|mut days| days.next().is_some())
    );
}
