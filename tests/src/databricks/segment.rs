//! A committed segment: its parts as Parquet files, and what a table learns of it.

use bronzegate_core::bronze::{TableAppend, TableColumn, TableFile};
use serde_json::{Value, json};

use super::lakehouse::Lakehouse;

/// When the records came.
const INGESTED: &str = "2026-11-22T17:00:00.123Z";

/// A segment of the stream `demo/items` for the table `items`.
#[derive(Clone, Debug)]
pub struct Segment {
    /// Its key and number.
    pub name: &'static str,
    /// Its files.
    pub files: usize,
    /// The rows of each.
    pub rows: usize,
    /// `_environment` of its rows.
    pub environment: &'static str,
    /// Columns beside those that each table has: name and type.
    pub more: Vec<(&'static str, &'static str)>,
}

impl Segment {
    /// Two files of three rows.
    pub fn new(name: &'static str) -> Self {
        Self { name, files: 2, rows: 3, environment: "prod", more: Vec::new() }
    }

    /// Its columns, in order.
    ///
    /// # Panics
    /// When a type is none.
    pub fn columns(&self) -> Vec<TableColumn> {
        let own = ["_source_system", "_environment", "_stream", "_batch_id", "_segment", "record"];
        let own = own.map(|name| (name, "string"));
        let all = [("_ingested_at", "timestamp")].into_iter().chain(own).chain(self.more.iter().copied());
        let all: Vec<Value> = all.map(|(name, kind)| json!({ "name": name, "type": kind })).collect();
        serde_json::from_value(all.into()).expect("these are columns")
    }

    /// Writes its files and says what a table learns of them.
    pub async fn land(&self, lakehouse: &Lakehouse) -> TableAppend {
        let mut files = Vec::new();
        for number in 1..=self.files {
            files.push(self.file(lakehouse, number).await);
        }
        TableAppend {
            app: "bronzegate/0f8e/demo/items".to_owned(),
            txn: 1,
            columns: self.columns(),
            files,
            id: None,
            seen: -1,
            committed_at: INGESTED.parse().expect("a time"),
            stream: "demo/items".to_owned(),
            segment: self.name.to_owned(),
        }
    }

    async fn file(&self, lakehouse: &Lakehouse, number: usize) -> TableFile {
        let hex = format!(
            "{:08x}",
            self.name
                .bytes()
                .chain(self.environment.bytes())
                .fold(7_u32, |sum, byte| { sum.wrapping_mul(31).wrapping_add(byte.into()) })
        );
        let path =
            format!("items/demo/items/ingest_date=2026-11-22/{}-p{number:05}-{hex}.parquet", self.name);
        let row = |row: usize| {
            let mut members = json!({
                "_ingested_at": INGESTED, "_source_system": "demo", "_environment": self.environment,
                "_stream": "items", "_batch_id": "20261122170000", "_segment": self.name,
                "record": format!(r#"{{"id":"{}-{number}-{row}","it's":"\\"}}"#, self.name),
            });
            for (name, _) in &self.more {
                members[*name] = Value::Null;
            }
            members
        };
        let rows: Vec<Value> = (0..self.rows).map(row).collect();
        let sql = |kind: &str| if kind == "long" { "bigint".to_owned() } else { kind.to_owned() };
        let columns: Vec<Value> = self
            .columns()
            .iter()
            .map(|column| json!({ "name": column.name, "type": sql(&column.kind.to_string()) }))
            .collect();
        let bytes = lakehouse.write(&path, &columns.into(), &rows.into()).await;
        let stats = json!({
            "numRecords": self.rows,
            "minValues": { "_environment": self.environment, "_ingested_at": INGESTED },
            "maxValues": { "_environment": self.environment, "_ingested_at": INGESTED },
        });
        TableFile { path, bytes, records: self.rows as u64, stats: stats.to_string() }
    }
}
