//! Bronze as a user reads it: `DuckDB` on the folder, with the globs somebody writes.

use std::path::Path;

use bronzegate_demo_api::{Shape, Stream, Style};
use bronzegate_tests::command_line::{Shell, run_line};
use serde_json::{Value, json};
use tokio::process::Command;

const STREAMS: &str = "streams:
  plain:
    path: /plain
    records: results
    pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after } }
    output: { max_part_bytes: 8KiB }
  gzipped:
    path: /gzipped
    records: results
    pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after } }
    output: { compression: gzip, max_part_bytes: 8KiB }
  zstandard:
    path: /zstandard
    records: results
    pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after } }
    output: { compression: zstd, max_part_bytes: 8KiB }";

/// What somebody types, for each stream.
const SCRIPT: &str = r#"
import duckdb, json, sys
for stream in ["plain", "gzipped", "zstandard"]:
    files = f"read_json_auto('bronze/demo/{stream}/*/*', hive_partitioning=true)"
    row = duckdb.sql(f"""
        select count(*), count(distinct id), count(distinct filename),
               min(_source_system), max(_source_system), min(_environment), max(_environment),
               min(_batch_id)::varchar, max(_batch_id)::varchar,
               min(ingest_date)::varchar, max(ingest_date)::varchar,
               min(_ingested_at)::varchar
        from read_json_auto('bronze/demo/{stream}/*/*', hive_partitioning=true, filename=true)""").fetchall()[0]
    columns = [name for (name, *_) in duckdb.sql(f"describe select * from {files}").fetchall()]
    day = duckdb.sql(f"select count(*) from {files} where ingest_date = '2026-11-23'").fetchall()[0][0]
    names = [name for (name,) in duckdb.sql(f"from glob('bronze/demo/{stream}/**')").fetchall()]
    print(json.dumps({"row": row, "columns": columns, "day": day, "names": names}))
everything = duckdb.sql("select count(*) from read_json_auto('bronze/demo/*/*/*.ndjson*', union_by_name=true)")
print(json.dumps(everything.fetchall()[0][0]))
"#;

async fn duckdb(shell: &Shell) -> Vec<Value> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are in the repository");
    let python = repository.join(".venv/bin/python");
    assert!(python.exists(), "{} is missing: run `make test`, which installs it", python.display());
    let output = Command::new(python)
        .args(["-c", SCRIPT])
        .current_dir(shell.path(""))
        .output()
        .await
        .expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).expect("text");
    lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[tokio::test]
async fn duckdb_reads_every_record_once_from_plain_gzip_and_zstandard_parts() {
    let streams = ["plain", "gzipped", "zstandard"]
        .map(|name| Stream::new(name, Style::Cursor, Shape::Crm, 600).page_size(100));
    let shell = Shell::new(streams.to_vec(), Vec::new(), STREAMS).await;
    assert_eq!(shell.run(&run_line("demo")).await.code(), Some(0));
    assert_eq!(shell.run("run demo --at 2026-11-23T17:00:00Z").await.code(), Some(0));
    let found = duckdb(&shell).await;
    for (stream, found) in ["plain", "gzipped", "zstandard"].iter().zip(&found) {
        let row = &found["row"];
        assert_eq!((&row[0], &row[1]), (&json!(1200), &json!(600)), "{stream}: two runs of 600");
        assert!(row[2].as_u64().unwrap() > 4, "{stream} has several parts: {row}");
        let constants = json!([row[3], row[4], row[5], row[6], row[7], row[8], row[9], row[10]]);
        assert_eq!(
            constants,
            json!([
                "demo",
                "demo",
                "test",
                "test",
                "20261122170000",
                "20261123170000",
                "2026-11-22",
                "2026-11-23"
            ])
        );
        assert!(row[11].as_str().unwrap().starts_with("20"), "{row}");
        let columns: Vec<_> = found["columns"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        for name in ["id", "_ingested_at", "_source_system", "_environment", "_batch_id", "ingest_date"] {
            assert_eq!(columns.iter().filter(|column| **column == name).count(), 1, "{stream}: {columns:?}");
        }
        assert_eq!(found["day"], 600, "{stream}: one day's partition");
        let names: Vec<_> = found["names"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert!(
            names.iter().all(|name| name.contains(".ndjson") && !name.contains("_bronzegate")),
            "{names:?}"
        );
    }
    assert_eq!(found[3], 3600, "the globs of a whole source see its records alone");
}
