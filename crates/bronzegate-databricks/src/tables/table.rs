//! One table: looked at before a run, made ready and loaded after its commit.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bronzegate_core::bronze::{
    Appended, BronzeTable, StoreError, TableAppend, TableColumn, TableError, TableState,
};

use super::catalog::TableInfo;
use super::copy::Copy;
use super::stored::{in_sql, lacking};
use super::tables::Shared;
use crate::sql::{StatementError, identifier};
use crate::workspace::CallError;

/// How often a table is made ready: others may change it at the same time.
const ROUNDS: u32 = 3;
/// The wait after a round that failed.
const PAUSE: Duration = Duration::from_secs(2);

/// A table of Unity Catalog.
#[derive(Debug)]
pub(super) struct Table {
    shared: Arc<Shared>,
    name: String,
    /// `main.bronze.orders`.
    full_name: String,
}

/// What a table is at a time.
enum Found {
    Absent,
    There { info: TableInfo, lacks: Vec<TableColumn> },
}

impl Table {
    pub(super) fn new(shared: Arc<Shared>, name: &str) -> Self {
        let full_name = shared.schema.full(name);
        Self { shared, name: name.to_owned(), full_name }
    }

    async fn found(&self, columns: &[TableColumn]) -> Result<Found, TableError> {
        let info = self.shared.catalog.table(&self.full_name).await;
        let Some(info) = info.map_err(|error| self.unread(error))? else { return Ok(Found::Absent) };
        let lacks = lacking(&info, columns).map_err(|reason| self.refused(reason))?;
        Ok(Found::There { info, lacks })
    }

    /// Creates the table, or adds the columns that it lacks.
    async fn make_ready(&self, columns: &[TableColumn]) -> Result<(), TableError> {
        let quoted = self.shared.schema.quoted(&self.name);
        let mut why = String::new();
        for _ in 0..ROUNDS {
            let sql = match self.found(columns).await? {
                Found::There { lacks, .. } if lacks.is_empty() => return Ok(()),
                Found::There { lacks, .. } => {
                    format!("ALTER TABLE {quoted} ADD COLUMNS ({})", listed(&lacks))
                }
                Found::Absent => {
                    format!("CREATE TABLE IF NOT EXISTS {quoted} ({}) USING DELTA", listed(columns))
                }
            };
            match self.shared.statements.run(&sql, &[]).await {
                Ok(_) => "the catalog does not show it yet".clone_into(&mut why),
                // Another run may have done it meanwhile, which the next look tells.
                Err(error @ (StatementError::Failed(_) | StatementError::Unknown(_))) => {
                    why = error.to_string();
                    self.shared.workspace.service().clock().sleep(PAUSE).await;
                }
                Err(StatementError::Call(error)) => return Err(self.unread(error)),
            }
        }
        if let Found::There { lacks, .. } = self.found(columns).await?
            && lacks.is_empty()
        {
            return Ok(());
        }
        let needs = "the identity needs USE CATALOG, USE SCHEMA and CREATE TABLE, or MODIFY on the table";
        Err(self.refused(format!("it cannot be made or changed: {why}; {needs}")))
    }

    fn refused(&self, reason: String) -> TableError {
        TableError::Refused { table: self.full_name.clone(), reason }
    }

    fn unread(&self, error: CallError) -> TableError {
        match error {
            CallError::Refused(refusal) => {
                let needs = || "the identity needs USE CATALOG, USE SCHEMA, SELECT and MODIFY".to_owned();
                self.refused(refusal.advising(needs).to_string())
            }
            error => StoreError::io("read", self.full_name.clone(), error).into(),
        }
    }
}

#[async_trait]
impl BronzeTable for Table {
    async fn look(&self, columns: &[TableColumn]) -> Result<TableState, TableError> {
        match self.found(columns).await? {
            Found::There { info, lacks } => {
                let kind = info.table_type.unwrap_or_default();
                let mut notes = vec![format!("{kind} table of Unity Catalog, loaded by COPY INTO")];
                notes.extend(lacks.iter().map(|column| format!("the first append adds `{}`", column.name)));
                Ok(TableState {
                    id: info.table_id,
                    // Its versions are Databricks' own, and cost a warehouse to ask for.
                    version: 0,
                    columns: info.columns.into_iter().map(|column| (column.name, column.type_text)).collect(),
                    notes,
                })
            }
            Found::Absent => {
                let schema = self.shared.schema.to_string();
                let is_there = self.shared.catalog.has_schema(&schema).await;
                if !is_there.map_err(|error| self.unread(error))? {
                    return Err(self.refused(format!(
                        "the schema {schema} is not there, or the identity lacks USE CATALOG or USE SCHEMA"
                    )));
                }
                let notes = vec!["it is not there yet: the first append creates it".to_owned()];
                Ok(TableState { version: -1, notes, ..TableState::default() })
            }
        }
    }

    async fn append(&self, append: &TableAppend) -> Result<Appended, TableError> {
        if append.files.is_empty() {
            return Ok(Appended { table_id: None, version: None, rows: 0, now: true });
        }
        self.make_ready(&append.columns).await?;
        Copy::new(&self.shared, &self.name, append).load().await
    }

    async fn find(&self, append: &TableAppend) -> Result<Option<Appended>, TableError> {
        match self.found(&append.columns).await? {
            Found::Absent => Ok(None),
            Found::There { .. } => Copy::new(&self.shared, &self.name, append).loaded_before().await,
        }
    }

    /// Databricks maintains its tables itself (predictive optimization, or a job of their owner).
    async fn maintain(&self, _: i64) {}
}

/// Columns as a list of SQL, each with its type.
fn listed(columns: &[TableColumn]) -> String {
    let column = |column: &TableColumn| format!("{} {}", identifier(&column.name), in_sql(column));
    columns.iter().map(column).collect::<Vec<_>>().join(", ")
}
