//! The rows of a checkpoint's Parquet file.

use std::sync::Arc;

use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{
    ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataOptions, ParquetMetaDataReader,
    ParquetStatisticsPolicy, RowGroupMetaData,
};
use parquet::file::serialized_reader::SerializedPageReader;

use super::bridge::Bridge;
use super::cells::Cells;
use super::leaf::{Leaf, LeafReader, leaves};
use super::row::Row;
use super::stored_file::{StoredFile, why};
use crate::log::LogError;

/// Rows that are read at a time. Statistics of a file may have some ten kilobytes.
const BATCH: usize = 256;

/// Which columns are read, and what becomes of those that the protocol does not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// What tells whether and how a table is appended to: `protocol`, `metaData` and `txn`. Others are not read.
    State,
    /// All that there is. A column that is not understood is an error where it holds anything, since what is written
    /// from the rows would lack it.
    Everything,
}

impl Wanted {
    fn has(self, group: &str) -> bool {
        self == Self::Everything || ["protocol", "metaData", "txn"].contains(&group)
    }
}

/// Hands each row that has an action to `each`.
pub(crate) fn rows(
    bridge: &Bridge,
    path: &str,
    wanted: Wanted,
    mut each: impl FnMut(Row) -> std::result::Result<(), LogError>,
) -> std::result::Result<(), LogError> {
    let failed = |error| why(path, error);
    let file = StoredFile::open(bridge, path)?;
    let metadata = footer(&file).map_err(failed)?;
    let leaves = leaves(metadata.file_metadata().schema_descr(), |group| wanted.has(group));
    for group in metadata.row_groups() {
        let mut columns = Columns::open(&file, &metadata, group, &leaves).map_err(failed)?;
        while let Some(batch) = columns.batch().map_err(failed)? {
            for cells in batch {
                let row = cells.row(wanted == Wanted::Everything);
                if let Some(row) = row.map_err(|reason| LogError::damaged(path, reason))? {
                    each(row)?;
                }
            }
        }
    }
    Ok(())
}

/// The footer, without the statistics of columns, which nothing here needs.
fn footer(file: &StoredFile) -> Result<ParquetMetaData> {
    let options = ParquetMetaDataOptions::new()
        .with_column_stats_policy(ParquetStatisticsPolicy::SkipAll)
        .with_size_stats_policy(ParquetStatisticsPolicy::SkipAll)
        .with_encoding_stats_policy(ParquetStatisticsPolicy::SkipAll);
    ParquetMetaDataReader::new().with_metadata_options(Some(options)).parse_and_finish(file)
}

/// The leaves of one row group, read in step.
struct Columns {
    leaves: Vec<(Arc<str>, LeafReader)>,
    left: usize,
}

impl Columns {
    fn open(
        file: &StoredFile,
        metadata: &ParquetMetaData,
        group: &RowGroupMetaData,
        leaves: &[Leaf],
    ) -> Result<Self> {
        let rows =
            usize::try_from(group.num_rows()).map_err(|_| damaged("it has a negative number of rows"))?;
        let schema = metadata.file_metadata().schema_descr();
        let mut readers = Vec::with_capacity(leaves.len());
        for leaf in leaves {
            let chunk =
                group.columns().get(leaf.index).ok_or_else(|| damaged("a row group lacks a column"))?;
            check_place(chunk, file.size())?;
            let pages = SerializedPageReader::new(Arc::new(file.clone()), chunk, rows, None)?;
            let reader = LeafReader::new(leaf, schema.column(leaf.index), Box::new(pages))?;
            readers.push((Arc::clone(&leaf.name), reader));
        }
        Ok(Self { leaves: readers, left: rows })
    }

    /// The next rows.
    fn batch(&mut self) -> Result<Option<Vec<Cells>>> {
        let rows = self.left.min(BATCH);
        if rows == 0 || self.leaves.is_empty() {
            return Ok(None);
        }
        let mut cells: Vec<Cells> = (0..rows).map(|_| Cells::default()).collect();
        for (name, reader) in &mut self.leaves {
            let slots = reader.read(rows)?;
            if slots.len() != rows {
                let found = slots.len();
                return Err(damaged(&format!("its column {name} has {found} rows where {rows} are due")));
            }
            for (cells, slot) in cells.iter_mut().zip(slots) {
                cells.put(name, slot);
            }
        }
        self.left -= rows;
        Ok(Some(cells))
    }
}

/// The library takes the place of a column for granted.
fn check_place(chunk: &ColumnChunkMetaData, size: u64) -> Result<()> {
    let start = chunk.dictionary_page_offset().unwrap_or_else(|| chunk.data_page_offset());
    let end = start.checked_add(chunk.compressed_size());
    let is_within = start >= 0
        && chunk.compressed_size() >= 0
        && chunk.num_values() >= 0
        && end.is_some_and(|end| end as u64 <= size);
    if is_within { Ok(()) } else { Err(damaged("a column lies outside of it")) }
}

fn damaged(text: &str) -> ParquetError {
    ParquetError::General(text.to_owned())
}
