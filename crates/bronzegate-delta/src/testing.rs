//! What the tests of this crate share: a table in a folder, and a store whose puts go wrong.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bronzegate_core::bronze::{
    Appended, BronzeStore, ByteRange, ColumnType, Created, Leftover, LocalStore, RangeRead, Receipt,
    StagedPart, StagingArea, StoreError, TableAppend, TableColumn, TableError, TableFile, Tables as _,
};
use bronzegate_core::clock::{Clock, TestClock};
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;

use crate::DeltaTables;
use crate::log::{LOG, Sought};

/// The table of the tests.
pub(crate) const TABLE: &str = "bronze";

/// What happens at one put.
pub(crate) enum Fate {
    /// It is done, and its answer is lost.
    LostAnswer,
    /// It is not done.
    Fails,
    /// These objects are put first, and those removed.
    After(Vec<(String, String)>, Vec<String>),
    /// It is done, and then replaced.
    Replaced(String),
}

/// A store in a folder, with fates for the next create-only puts.
#[derive(Debug)]
pub(crate) struct Folder {
    dir: tempfile::TempDir,
    inner: LocalStore,
    fates: Mutex<Vec<Fate>>,
}

impl std::fmt::Debug for Fate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a fate")
    }
}

/// Tables in a folder.
pub(crate) struct World {
    pub(crate) folder: Arc<Folder>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) tables: DeltaTables,
}

impl World {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let inner = LocalStore::open(dir.path()).expect("it opens");
        let folder = Arc::new(Folder { dir, inner, fates: Mutex::default() });
        let clock = Arc::new(TestClock::at("2026-11-29T12:00:00Z".parse().expect("a time")));
        let tables = DeltaTables::new(Arc::clone(&folder) as _, Arc::clone(&clock) as _);
        Self { folder, clock, tables }
    }

    pub(crate) fn fate(&self, fates: impl IntoIterator<Item = Fate>) {
        let mut coming: Vec<_> = fates.into_iter().collect();
        coming.reverse();
        *self.folder.fates.lock().expect("no holder panics") = coming;
    }

    pub(crate) async fn append(&self, append: &TableAppend) -> Result<Appended, TableError> {
        self.tables.table(TABLE).append(append).await.map(without_id)
    }

    pub(crate) async fn find(&self, append: &TableAppend) -> Result<Option<Appended>, TableError> {
        Ok(self.tables.table(TABLE).find(append).await?.map(without_id))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The lines of a version.
    pub(crate) async fn lines(&self, version: i64) -> Vec<Value> {
        let content =
            self.folder.inner.get(&log_path(&format!("{version:020}.json"))).await.expect("it reads");
        let content = content.unwrap_or_default();
        let text = String::from_utf8(content.to_vec()).expect("text");
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    /// Puts a version of another writer.
    pub(crate) async fn rival(&self, version: i64, lines: &str) {
        self.put(&format!("{version:020}.json"), lines).await;
    }

    pub(crate) async fn put(&self, name: &str, content: &str) {
        let content = Bytes::from(content.to_owned());
        self.folder.inner.put(&log_path(name), content).await.expect("it is put");
    }

    pub(crate) async fn remove(&self, name: &str) {
        self.folder.inner.remove(&log_path(name)).await.expect("it is removed");
    }

    /// The names in the log.
    pub(crate) async fn names(&self) -> Vec<String> {
        let folder = format!("{TABLE}/{LOG}/");
        let paths = self.folder.inner.list(&folder).await.expect("it lists");
        paths.iter().map(|path| path.replace(&folder, "")).collect()
    }

    /// All files that versions from 0 on add, in order.
    pub(crate) async fn added(&self) -> Vec<String> {
        let mut found = Vec::new();
        for version in 0..100 {
            for line in self.lines(version).await {
                found.extend(line["add"]["path"].as_str().map(str::to_owned));
            }
        }
        found
    }

    pub(crate) fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.dir.path().join(log_path(name))
    }
}

pub(crate) fn log_path(name: &str) -> String {
    format!("{TABLE}/{LOG}/{name}")
}

pub(crate) fn column(name: &str, kind: ColumnType) -> TableColumn {
    TableColumn { name: name.to_owned(), kind }
}

/// The n-th segment of a stream, of two files.
pub(crate) fn segment(number: i64, world: &World) -> TableAppend {
    let file = |part: u32| TableFile {
        path: format!("{TABLE}/shop/orders/ingest_date=2026-11-29/{number}-p{part}.parquet"),
        bytes: 100,
        records: 10,
        stats: r#"{"numRecords":10,"minValues":{"_stream":"orders"},"maxValues":{"_stream":"orders"}}"#
            .to_owned(),
    };
    TableAppend {
        app: "bronzegate/a-target/shop/orders".to_owned(),
        txn: number << 20 | 1,
        columns: vec![column("_stream", ColumnType::String), column("record", ColumnType::String)],
        files: vec![file(1), file(2)],
        id: None,
        seen: -1,
        committed_at: world.now(),
        stream: "shop/orders".to_owned(),
        segment: format!("seq-{number}.s0001"),
    }
}

/// What is sought of a segment.
pub(crate) fn sought(append: &TableAppend) -> Sought {
    let paths = append.files.iter().map(|file| file.path.replace(&format!("{TABLE}/"), "")).collect();
    Sought { table: TABLE.to_owned(), app: append.app.clone(), txn: append.txn, paths }
}

/// The first version of a foreign table: its protocol, its configuration and its schema's fields.
pub(crate) fn foreign(protocol: &str, configuration: &str, fields: &str, partitions: &str) -> String {
    let schema = format!(r#"{{"type":"struct","fields":[{fields}]}}"#);
    let schema = Value::String(schema);
    format!(
        r#"{{"commitInfo":{{"timestamp":1,"operation":"CREATE TABLE","inCommitTimestamp":5}}}}
{{"protocol":{protocol}}}
{{"metaData":{{"id":"foreign","format":{{"provider":"parquet","options":{{}}}},"schemaString":{schema},"partitionColumns":{partitions},"configuration":{configuration}}}}}
"#
    )
}

#[async_trait]
impl BronzeStore for Folder {
    fn location(&self) -> String {
        self.inner.location()
    }
    async fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        self.inner.list(prefix).await
    }
    async fn list_after(&self, prefix: &str, after: &str) -> Result<Vec<String>, StoreError> {
        self.inner.list_after(prefix, after).await
    }
    async fn get(&self, path: &str) -> Result<Option<Bytes>, StoreError> {
        self.inner.get(path).await
    }
    async fn get_range(&self, path: &str, range: ByteRange) -> Result<Option<RangeRead>, StoreError> {
        self.inner.get_range(path, range).await
    }
    async fn put_new(&self, path: &str, content: Bytes) -> Result<Created, StoreError> {
        let fate = self.fates.lock().expect("no holder panics").pop();
        match fate {
            None => self.inner.put_new(path, content).await,
            Some(Fate::LostAnswer) => {
                self.inner.put_new(path, content).await?;
                Err(StoreError::io("write", path, "the answer is lost"))
            }
            Some(Fate::Fails) => Err(StoreError::io("write", path, "503")),
            Some(Fate::After(puts, removes)) => {
                for (name, text) in puts {
                    self.inner.put(&log_path(&name), text.into()).await?;
                }
                for name in removes {
                    self.inner.remove(&log_path(&name)).await?;
                }
                self.inner.put_new(path, content).await
            }
            Some(Fate::Replaced(text)) => {
                let created = self.inner.put_new(path, content).await?;
                self.inner.put(path, text.into()).await?;
                Ok(created)
            }
        }
    }
    async fn put(&self, path: &str, content: Bytes) -> Result<(), StoreError> {
        self.inner.put(path, content).await
    }
    async fn remove(&self, path: &str) -> Result<(), StoreError> {
        self.inner.remove(path).await
    }
    async fn stage(&self, path: &str, run: &StagingArea) -> Result<Box<dyn StagedPart>, StoreError> {
        self.inner.stage(path, run).await
    }
    async fn publish(&self, receipt: &Receipt) -> Result<(), StoreError> {
        self.inner.publish(receipt).await
    }
    async fn abort(&self, receipt: &Receipt) -> Result<(), StoreError> {
        self.inner.abort(receipt).await
    }
    async fn leftovers(&self, stream: &str) -> Result<Vec<Box<dyn Leftover>>, StoreError> {
        self.inner.leftovers(stream).await
    }
    async fn pending(&self, stream: &str) -> Result<Vec<String>, StoreError> {
        self.inner.pending(stream).await
    }
}

/// Ids of tables are random: that there is one is checked, and the rest is compared.
fn without_id(mut appended: Appended) -> Appended {
    assert!(appended.table_id.take().is_some(), "every Delta table has an id");
    appended
}
