//! Tables in their simplest honest form: a create-only log of appends in a store, as a Delta log is one.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use bronzegate_core::bronze::{
    Appended, BronzeStore, BronzeTable, Created, StoreError, TableAppend, TableColumn, TableError, TableKind,
    TableState, Tables,
};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use serde_json::{Value, json};

/// A root of such tables.
#[derive(Clone, Debug)]
pub struct LogTables {
    store: Arc<dyn BronzeStore>,
    refuses: Option<String>,
    refuses_appends: Option<String>,
    most_files: Option<u32>,
}

#[derive(Debug)]
struct LogTable {
    name: String,
    root: LogTables,
}

impl LogTables {
    /// Tables in a store.
    pub fn new(store: Arc<dyn BronzeStore>) -> Self {
        Self { store, refuses: None, refuses_appends: None, most_files: None }
    }

    /// Tables whose transactions take so many files.
    #[must_use]
    pub fn with_most_files(self, most_files: u32) -> Self {
        Self { most_files: Some(most_files), ..self }
    }

    /// Tables that refuse every append, for this reason.
    #[must_use]
    pub fn refusing(self, reason: &str) -> Self {
        Self { refuses: Some(reason.to_owned()), ..self.refusing_appends(reason) }
    }

    /// Tables that have become ones that refuse, for this reason, after they were looked at.
    #[must_use]
    pub fn refusing_appends(self, reason: &str) -> Self {
        Self { refuses_appends: Some(reason.to_owned()), ..self }
    }
}

impl Tables for LogTables {
    fn location(&self) -> String {
        self.store.location()
    }

    fn kind(&self) -> TableKind {
        TableKind::Delta
    }

    fn most_files(&self) -> Option<u32> {
        self.most_files
    }

    fn parts(&self) -> Arc<dyn BronzeStore> {
        self.store.clone()
    }

    fn table(&self, name: &str) -> Arc<dyn BronzeTable> {
        Arc::new(LogTable { name: name.to_owned(), root: self.clone() })
    }
}

impl LogTable {
    fn refused(&self, reason: Option<&String>) -> Result<(), TableError> {
        let refused =
            |reason: &String| TableError::Refused { table: self.name.clone(), reason: reason.clone() };
        reason.map_or(Ok(()), |reason| Err(refused(reason)))
    }

    async fn entries(&self) -> Result<Vec<Value>, StoreError> {
        let mut entries = Vec::new();
        for path in self.root.store.list(&format!("{}/_log", self.name)).await? {
            let text = self.root.store.get(&path).await?.unwrap_or_default();
            entries
                .push(serde_json::from_slice(&text).map_err(|error| StoreError::io("read", &path, error))?);
        }
        Ok(entries)
    }

    fn found(entries: &[Value], append: &TableAppend) -> Option<Appended> {
        let has = |entry: &Value| {
            entry["app"] == append.app.as_str() && entry["txn"].as_i64().is_some_and(|txn| txn >= append.txn)
        };
        let version = entries.iter().position(has)?;
        Some(Appended {
            table_id: None,
            version: i64::try_from(version).ok(),
            rows: rows(append),
            now: false,
        })
    }
}

fn rows(append: &TableAppend) -> u64 {
    append.files.iter().map(|file| file.records).sum()
}

#[async_trait]
impl BronzeTable for LogTable {
    async fn look(&self, _columns: &[TableColumn]) -> Result<TableState, TableError> {
        self.refused(self.root.refuses.as_ref())?;
        let version = i64::try_from(self.entries().await?.len()).unwrap_or(i64::MAX) - 1;
        Ok(TableState { id: (version >= 0).then(|| self.name.clone()), version, ..TableState::default() })
    }

    async fn append(&self, append: &TableAppend) -> Result<Appended, TableError> {
        self.refused(self.root.refuses_appends.as_ref())?;
        loop {
            let entries = self.entries().await?;
            if let Some(appended) = Self::found(&entries, append) {
                return Ok(appended);
            }
            let files: Vec<_> = append.files.iter().map(|file| file.path.as_str()).collect();
            let entry =
                json!({ "app": append.app, "txn": append.txn, "files": files, "segment": append.segment });
            let path = format!("{}/_log/{:020}.json", self.name, entries.len());
            if self.root.store.put_new(&path, entry.to_string().into()).await? == Created::Yes {
                return Ok(Appended {
                    table_id: None,
                    version: i64::try_from(entries.len()).ok(),
                    rows: rows(append),
                    now: true,
                });
            }
        }
    }

    async fn find(&self, append: &TableAppend) -> Result<Option<Appended>, TableError> {
        Ok(Self::found(&self.entries().await?, append))
    }

    async fn maintain(&self, _version: i64) {}
}

/// A row of such a table: its segment and its record.
pub type LoggedRow = (String, String);

/// The rows of a table whose root is a folder, in the order of the log.
///
/// # Panics
/// When a file that the log names is not there, or no Parquet file.
pub fn logged_rows(root: &Path, table: &str) -> Vec<LoggedRow> {
    let Ok(log) = std::fs::read_dir(root.join(table).join("_log")) else { return Vec::new() };
    let mut log: Vec<_> = log.map(|entry| entry.expect("readable").path()).collect();
    log.sort();
    let mut rows = Vec::new();
    for entry in log {
        let entry: Value = serde_json::from_slice(&std::fs::read(entry).expect("readable")).expect("JSON");
        for file in entry["files"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let file = std::fs::File::open(root.join(file)).expect("the log names files that are there");
            let reader = SerializedFileReader::new(file).expect("it is a Parquet file");
            for row in reader.get_row_iter(None).expect("it has rows") {
                let text = |name: &str, row: &parquet::record::Row| {
                    let value = row.get_column_iter().find(|(column, _)| *column == name);
                    let Some((_, parquet::record::Field::Str(text))) = value else {
                        panic!("{name} is text")
                    };
                    text.clone()
                };
                let row = row.expect("a row is readable");
                rows.push((text("_segment", &row), text("record", &row)));
            }
        }
    }
    rows
}
