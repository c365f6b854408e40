//! What parts are called.

use crate::bronze::layout::{Layout, TableParts};
use crate::bronze::run_id::RunKey;
use crate::bronze::store::StagingArea;

/// What the parts of a segment are called.
#[derive(Clone, Debug)]
pub(crate) struct PartNaming {
    /// The stream's paths.
    pub layout: Layout,
    /// The run.
    pub key: RunKey,
    /// The run's segment, counted from 1.
    pub segment: u32,
    /// Where the parts are a table's.
    pub table: Option<TableParts>,
}

impl PartNaming {
    /// The path of a part. `extension` comes without its dot.
    pub(super) fn path(&self, part: u32, extension: &str) -> String {
        let Self { layout, key, segment, table } = self;
        match table {
            Some(table) => layout.table_part(table, key, *segment, part, extension),
            None => layout.part(key, *segment, part, extension),
        }
    }

    /// Whose uploads they are.
    pub(super) fn staging(&self) -> StagingArea {
        let Self { layout, key, segment, table } = self;
        let area = layout.staging(&key.key, *segment);
        match table {
            Some(table) => StagingArea { stream: layout.staging_of(&table.target), ..area },
            None => area,
        }
    }

    /// The folder of the parts.
    pub(super) fn folder(&self) -> String {
        let folder = self.layout.parts(self.key.scheduled);
        self.table.as_ref().map_or(folder.clone(), |table| format!("{}/{folder}", table.name))
    }
}
