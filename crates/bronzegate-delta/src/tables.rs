//! The port to tables, for a folder of Delta tables in any store.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bronzegate_core::bronze::{
    Appended, BronzeStore, BronzeTable, TableAppend, TableColumn, TableError, TableKind, TableState, Tables,
};
use bronzegate_core::clock::Clock;

use crate::append::Publish;
use crate::checkpoint::Maintenance;
use crate::gate;
use crate::log::{Snapshot, replay};

/// Delta tables below one root, each in the folder of its name.
#[derive(Clone, Debug)]
pub struct DeltaTables {
    store: Arc<dyn BronzeStore>,
    clock: Arc<dyn Clock>,
    /// The version of each table from which on a checkpoint is due, so that most calls of
    /// [`maintain`](BronzeTable::maintain) ask nothing.
    due: Arc<Mutex<HashMap<String, i64>>>,
}

impl DeltaTables {
    /// Tables below a store's root. The log of a table and its files are in the same store.
    pub fn new(store: Arc<dyn BronzeStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, due: Arc::default() }
    }
}

/// The tables in a folder of a store: what programs make of a setting that names a place.
pub fn folder_tables(store: Arc<dyn BronzeStore>, clock: Arc<dyn Clock>) -> Arc<dyn Tables> {
    Arc::new(DeltaTables::new(store, clock))
}

impl Tables for DeltaTables {
    fn location(&self) -> String {
        self.store.location()
    }

    fn kind(&self) -> TableKind {
        TableKind::Delta
    }

    fn parts(&self) -> Arc<dyn BronzeStore> {
        Arc::clone(&self.store)
    }

    fn table(&self, name: &str) -> Arc<dyn BronzeTable> {
        Arc::new(DeltaTable { name: name.to_owned(), tables: self.clone() })
    }
}

/// One table.
#[derive(Debug)]
struct DeltaTable {
    name: String,
    tables: DeltaTables,
}

impl DeltaTable {
    fn note(&self, due: i64) {
        let mut known = self.tables.due.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(self.name.clone(), due);
    }

    fn due(&self) -> Option<i64> {
        self.tables.due.lock().unwrap_or_else(PoisonError::into_inner).get(&self.name).copied()
    }
}

#[async_trait]
impl BronzeTable for DeltaTable {
    async fn look(&self, columns: &[TableColumn]) -> Result<TableState, TableError> {
        let snapshot = replay(&*self.tables.store, &*self.tables.clock, &self.name, None).await;
        let Some(snapshot) = snapshot.map_err(|error| error.of(&self.name))? else {
            return Ok(TableState { version: -1, ..TableState::default() });
        };
        let refused = |reason| TableError::Refused { table: self.name.clone(), reason };
        gate::check(&snapshot, columns).map_err(refused)?;
        Ok(described(&snapshot))
    }

    async fn append(&self, append: &TableAppend) -> Result<Appended, TableError> {
        let (store, clock) = (&*self.tables.store, &*self.tables.clock);
        let (appended, due) = Publish { store, clock, table: &self.name, append }.run().await?;
        self.note(due);
        Ok(appended)
    }

    async fn find(&self, append: &TableAppend) -> Result<Option<Appended>, TableError> {
        let (store, clock) = (&*self.tables.store, &*self.tables.clock);
        Publish { store, clock, table: &self.name, append }.find().await
    }

    async fn maintain(&self, version: i64) {
        if self.due().is_some_and(|due| version < due) {
            return;
        }
        let (store, clock) = (&*self.tables.store, &*self.tables.clock);
        let due = Maintenance { store, clock, table: &self.name }.run().await;
        self.note(due.unwrap_or_else(|| version.saturating_add(WAIT)));
    }
}

/// Versions after which a table is looked at again that gets no checkpoint from us.
const WAIT: i64 = 10;

fn described(snapshot: &Snapshot) -> TableState {
    let protocol = &snapshot.protocol;
    let mut notes = vec![format!("protocol {}/{}", protocol.min_reader_version, protocol.min_writer_version)];
    let features: Vec<_> = protocol.features().collect();
    if !features.is_empty() {
        notes.push(format!("features {}", features.join(", ")));
    }
    if !snapshot.metadata.partition_columns.is_empty() {
        notes.push(format!("partitioned by {}", snapshot.metadata.partition_columns.join(", ")));
    }
    match &snapshot.listing.checkpoint {
        Some(checkpoint) => notes.push(format!("checkpoint at version {}", checkpoint.version)),
        None => notes.push("no checkpoint".to_owned()),
    }
    let columns = snapshot.metadata.schema.fields();
    TableState {
        id: Some(snapshot.metadata.id.clone()),
        version: snapshot.version(),
        columns: columns.map(|field| (field.name().to_owned(), field.kind().to_owned())).collect(),
        notes,
    }
}
