//! Where tables are in the tests, and the segments that are appended to them.

use std::path::Path;
use std::sync::Arc;

use bronzegate_azure::TransportOptions;
use bronzegate_core::bronze::{BronzeStore, ColumnType, LocalStore, TableAppend, TableColumn, TableFile};
use bronzegate_core::clock::{Clock as _, SystemClock};
use bronzegate_delta::DeltaTables;
use serde_json::json;
use tempfile::TempDir;

use super::peer::{DeltaPeer, PeerRoot, Row};
use crate::azure::{Azurite, TokenEndpoints};
use crate::moto;

/// The table of the tests.
pub const TABLE: &str = "bronze";

/// A root of tables.
pub struct Place {
    /// Its name in messages.
    pub name: &'static str,
    /// The store of the root.
    pub store: Arc<dyn BronzeStore>,
    /// The root as the peer finds it.
    pub root: PeerRoot,
    /// For the peer's files.
    scratch: TempDir,
    /// What the store lives by.
    _tokens: Option<TokenEndpoints>,
}

/// The columns of the segments.
pub fn columns() -> Vec<TableColumn> {
    ["_stream", "_segment", "record"]
        .map(|name| TableColumn { name: name.to_owned(), kind: ColumnType::String })
        .to_vec()
}

impl Place {
    /// A folder.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn folder() -> Self {
        let scratch = tempfile::tempdir().expect("a folder");
        let tables = scratch.path().join("tables");
        let store = Arc::new(LocalStore::open(&tables).expect("it opens"));
        Self { name: "folder", store, root: PeerRoot::folder(&tables), scratch, _tokens: None }
    }

    /// A prefix of a bucket of moto's, which is made.
    ///
    /// # Panics
    /// When moto does not start.
    pub async fn s3(bucket: &str) -> Self {
        moto::bucket(bucket).await;
        let store = moto::connect(moto::port()).await.store(&format!("s3://{bucket}/lake/tables"));
        let store = store.expect("it opens");
        let scratch = tempfile::tempdir().expect("a folder");
        Self { name: "S3", store, root: PeerRoot::s3(bucket, "lake/tables"), scratch, _tokens: None }
    }

    /// A folder of a container of Azurite's, which is made.
    ///
    /// # Panics
    /// When Azurite does not start.
    pub async fn azure() -> Self {
        let (azurite, tokens) = (Azurite::shared(), TokenEndpoints::start().await);
        let azure = azurite.connect(&tokens, azurite.endpoint(), &TransportOptions::default());
        let container = azurite.container().await;
        let store = azure.store(&format!("abfss://{container}@lake.dfs.core.windows.net/tables"));
        let store = store.expect("it opens");
        let root = PeerRoot::azure(azurite, &container, "tables");
        let scratch = tempfile::tempdir().expect("a folder");
        Self { name: "Azure", store, root, scratch, _tokens: Some(tokens) }
    }

    /// Tables in it.
    pub fn tables(&self) -> DeltaTables {
        DeltaTables::new(Arc::clone(&self.store), Arc::new(SystemClock::default()))
    }

    /// For files of a test.
    pub fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    /// The rows of a segment.
    pub fn rows(stream: &str, number: i64) -> Vec<Row> {
        let row = |nth: u32| {
            let record = json!({"id": nth, "segment": number, "text": "\u{e4} \\ \"", "n": 1.50}).to_string();
            [stream.to_owned(), format!("seq-{number}.s0001"), record]
        };
        (0..3).map(row).collect()
    }

    /// A segment whose one file is complete at its place, as after the first step of publishing.
    ///
    /// # Panics
    /// When it cannot be written.
    pub async fn segment(&self, peer: &mut DeltaPeer, table: &str, stream: &str, number: i64) -> TableAppend {
        let rows = Self::rows(stream, number);
        let local = self.scratch.path().join(format!("{stream}-{number}.parquet"));
        peer.ask("file", json!({"path": local, "rows": rows})).await.expect("a file is written");
        let content = std::fs::read(&local).expect("it is there");
        let bytes = content.len() as u64;
        let path =
            format!("{table}/shop/{stream}/ingest_date=2026-11-29/{number}-s0001-p00001-1f2e3d4c.parquet");
        self.store.put_new(&path, content.into()).await.expect("it is put");
        let constant = json!({"_stream": stream, "_segment": format!("seq-{number}.s0001")});
        let stats = json!({"numRecords": rows.len(), "minValues": constant, "maxValues": constant,
                           "nullCount": {"_stream": 0, "_segment": 0, "record": 0}});
        let records = rows.len() as u64;
        TableAppend {
            app: format!("bronzegate/a-target/shop/{stream}"),
            txn: number << 20 | 1,
            columns: columns(),
            files: vec![TableFile { path, bytes, records, stats: stats.to_string() }],
            id: None,
            seen: -1,
            committed_at: SystemClock::default().now(),
            stream: format!("shop/{stream}"),
            segment: format!("seq-{number}.s0001"),
        }
    }
}
