//! The demo, as `make demo` runs it.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use bronzegate_tests::command_line::program;
use bronzegate_tests::delta::{DeltaPeer, PeerRoot};
use bronzegate_tests::repository;
use tokio::process::Command;

/// A statement in `DuckDB`, whose extension for Delta comes from its package here; its program would download it.
const DUCKDB: &str = "
import duckdb, sys
from delta_peer import extension
connection = duckdb.connect(config={'allow_unsigned_extensions': True})
extension(connection, 'delta')
print(*connection.execute(sys.argv[1]).fetchone())
";

async fn duckdb(statement: &str, folder: &Path) -> String {
    let mut python = Command::new(repository().join(".venv/bin/python"));
    python
        .args(["-c", DUCKDB, statement])
        .current_dir(folder)
        .env("PYTHONPATH", repository().join("tests/python"));
    let ended = python.output().await.expect("Python starts");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    String::from_utf8(ended.stdout).expect("text")
}

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
    let line = text.lines().find_map(|told| told.strip_prefix("read it: duckdb -c \"")?.strip_suffix('"'));
    let answer = duckdb(line.expect("the demo prints the line"), folder.path()).await;
    let (count, id) = answer.trim().split_once(' ').expect("two values");
    assert!(count == "50000" && id.parse::<u64>().is_ok(), "{answer}");
    let root = PeerRoot::folder(&folder.path().join("tables"));
    let rows = DeltaPeer::start().rows(&root, "orders", "duckdb").await;
    assert_eq!(rows.len(), 50_000, "as many as DuckDB finds");
    assert!(
        fs::read_dir(folder.path().join("bronze/demo/contacts")).is_ok_and(|mut days| days.next().is_some())
    );
}
