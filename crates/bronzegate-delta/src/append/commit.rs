//! The versions that are put: their actions as lines of JSON.

use bronzegate_core::bronze::{TableAppend, TableColumn};
use bronzegate_core::random;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::actions::{Metadata, Protocol};
use crate::gate;
use crate::log::{Snapshot, encode};

/// Who writes, as Delta's histories show it.
const ENGINE: &str = concat!("bronzegate/", env!("CARGO_PKG_VERSION"));

/// The first version of a new table.
pub(crate) fn create(columns: &[TableColumn], now: i64) -> Bytes {
    let protocol = Protocol::PLAIN;
    let versions = json!({
        "minReaderVersion": protocol.min_reader_version,
        "minWriterVersion": protocol.min_writer_version,
    });
    let metadata = Metadata::new(&random::uuid(), columns, now);
    let info = info(now, "CREATE TABLE", json!({"partitionBy": "[]", "isManaged": "false"}), true);
    lines([json!({"commitInfo": info}), json!({"protocol": versions}), json!({"metaData": metadata.raw()})])
}

/// A version that adds columns.
pub(crate) fn add_columns(snapshot: &Snapshot, columns: &[TableColumn], now: i64) -> Bytes {
    let names: Vec<_> = columns.iter().map(|column| &column.name).collect();
    let mut info = info(now, "ADD COLUMNS", json!({"columns": json!(names).to_string()}), true);
    stamp(&mut info, snapshot, now);
    lines([json!({"commitInfo": info}), json!({"metaData": snapshot.metadata.with_columns(columns)})])
}

/// A version that adds the files of a segment.
///
/// # Errors
/// When a file has not the one value of a column that the table is partitioned by.
pub(crate) fn append(
    snapshot: &Snapshot,
    append: &TableAppend,
    paths: &[String],
    now: i64,
) -> Result<Bytes, String> {
    let partitions = &snapshot.metadata.partition_columns;
    let parameters = json!({"mode": "Append", "partitionBy": json!(partitions).to_string()});
    let mut info = info(now, "WRITE", parameters, true);
    let sum = |of: fn(&bronzegate_core::bronze::TableFile) -> u64| {
        append.files.iter().map(of).fold(0, u64::saturating_add).to_string()
    };
    info.insert(
        "operationMetrics".to_owned(),
        json!({
            "numFiles": append.files.len().to_string(),
            "numOutputRows": sum(|file| file.records),
            "numOutputBytes": sum(|file| file.bytes),
        }),
    );
    info.insert("bronzegate".to_owned(), json!({"stream": append.stream, "segment": append.segment}));
    stamp(&mut info, snapshot, now);
    let mut actions = vec![
        json!({"commitInfo": info}),
        json!({"txn": {"appId": append.app, "version": append.txn, "lastUpdated": now}}),
    ];
    for (file, path) in append.files.iter().zip(paths) {
        actions.push(json!({"add": {
            "path": encode(path),
            "partitionValues": partition_values(partitions, &file.stats, path)?,
            "size": file.bytes,
            "modificationTime": now,
            "dataChange": true,
            "stats": file.stats,
        }}));
    }
    Ok(lines(actions))
}

fn info(now: i64, operation: &str, parameters: Value, is_blind: bool) -> Map<String, Value> {
    let mut info = Map::new();
    info.insert("timestamp".to_owned(), json!(now));
    info.insert("operation".to_owned(), json!(operation));
    info.insert("operationParameters".to_owned(), parameters);
    info.insert("isBlindAppend".to_owned(), json!(is_blind));
    info.insert("engineInfo".to_owned(), json!(ENGINE));
    info.insert("txnId".to_owned(), json!(random::uuid()));
    info
}

/// When the version counts as committed, where the table wants that (PROTOCOL.md, "In-Commit Timestamps").
fn stamp(info: &mut Map<String, Value>, snapshot: &Snapshot, now: i64) {
    if gate::wants_commit_time(snapshot) {
        let last = snapshot.times.in_commit_timestamp.unwrap_or(i64::MIN);
        info.insert("inCommitTimestamp".to_owned(), json!(now.max(last.saturating_add(1))));
    }
}

/// The values of the columns that the table is partitioned by, each of which is one for the whole file. They are taken
/// from its statistics.
fn partition_values(partitions: &[String], stats: &str, path: &str) -> Result<Map<String, Value>, String> {
    /// Statistics of longer texts may have been cut off.
    const WHOLE: usize = 32;
    let stats: Value = serde_json::from_str(stats).unwrap_or_default();
    let of = |kind: &str, name: &str| Some(stats.get(kind)?.get(name)?.as_str()?.to_owned());
    let mut values = Map::new();
    for name in partitions {
        let (least, most) = (of("minValues", name), of("maxValues", name));
        let one = least.filter(|least| Some(least) == most.as_ref() && (1..=WHOLE).contains(&least.len()));
        let value = one.ok_or_else(|| {
            format!("it is partitioned by {name}, of which {path} has not one value of at most {WHOLE} bytes")
        })?;
        values.insert(name.clone(), json!(value));
    }
    Ok(values)
}

fn lines(actions: impl IntoIterator<Item = Value>) -> Bytes {
    let mut text = String::new();
    for action in actions {
        text.push_str(&action.to_string());
        text.push('\n');
    }
    text.into()
}
