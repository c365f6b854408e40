//! What `check` says about a stream's table.

use std::fmt;

use bronzegate_core::bronze::{Layout, Publisher, Stores, TableState};
use bronzegate_core::config::{Source, Stream};
use bronzegate_core::error::{Error, Result};
use bronzegate_core::probe::Probe;
use bronzegate_core::report::Failure;
use serde::Serialize;

/// What a table is, or why a run would refuse it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct TableCheck {
    name: String,
    /// Its newest version; none where it is not there, or was not looked at.
    version: Option<i64>,
    /// Its columns with their types.
    columns: Vec<(String, String)>,
    /// What somebody should know of it.
    notes: Vec<String>,
    /// Why a run would refuse it.
    pub(super) error: Option<Failure>,
}

/// Looks at the table of a stream. Without stores, only whether there is a place for it.
pub(super) async fn look_at_table(
    has_place: bool,
    stores: Option<Stores>,
    source: &Source,
    stream: &Stream,
) -> Result<TableCheck> {
    let name = stream.output.table.as_ref().map(|table| table.name.clone()).unwrap_or_default();
    let layout = Layout::new(&source.name, &stream.name);
    let state = match stores {
        Some(stores) => Publisher::of(stores, layout, &stream.output)?.look_at_table(stream).await?,
        None if has_place => None,
        None => return Err(Publisher::no_place(&name).into()),
    };
    let TableState { version, columns, notes, .. } =
        state.unwrap_or(TableState { version: -1, ..TableState::default() });
    Ok(TableCheck { name, version: (version >= 0).then_some(version), columns, notes, error: None })
}

/// The longest text in bytes that the SQL endpoint of a Fabric Lakehouse shows: `VARCHAR(8000)`.
const LONGEST_IN_FABRIC: u64 = 8_000;

impl TableCheck {
    /// With what the records of the first page tell of it.
    pub(super) fn seen_with(mut self, probe: &Probe) -> Self {
        let longest = probe.longest_record;
        if longest > LONGEST_IN_FABRIC {
            self.notes.push(format!(
                "the first page has a record of {longest} bytes. The SQL endpoint of a Fabric Lakehouse cuts `record` after \
                 {LONGEST_IN_FABRIC}; list the members that it is to show in `columns`"
            ));
        }
        self
    }

    /// One that a run would refuse.
    pub(super) fn failed(stream: &Stream, error: &Error) -> Self {
        let name = stream.output.table.as_ref().map(|table| table.name.clone()).unwrap_or_default();
        Self { name, version: None, columns: Vec::new(), notes: Vec::new(), error: Some(error.into()) }
    }
}

impl fmt::Display for TableCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match (&self.error, self.version) {
            (Some(failure), _) => write!(f, "error: {}", failure.message)?,
            (None, Some(version)) => {
                let columns: Vec<_> =
                    self.columns.iter().map(|(name, kind)| format!("{name} {kind}")).collect();
                write!(f, "table {name}: version {version}; columns: {}", columns.join(", "))?;
            }
            (None, None) => write!(f, "table {name}: the first run creates it")?,
        }
        self.notes.iter().try_for_each(|note| write!(f, "\n    table {name}: {note}"))
    }
}
