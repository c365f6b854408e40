//! One Parquet file while it grows: a row group at a time, column after column.

use std::mem;

use bytes::Bytes;
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FixedLenByteArray, FixedLenByteArrayType,
    Int32Type, Int64Type,
};
use parquet::errors::{ParquetError, Result};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};

use super::cell;
use super::json::{members, text};
use super::listed::{Finder, Listed};
use super::rows::{Row, Rows};
use super::schema::{From, TableFormat};
use super::stats::FileStats;
use crate::config::ColumnType;

/// Values that are handed to Parquet at a time.
const BATCH: usize = 1_024;

/// A file that is being written.
pub(super) struct ParquetPart {
    format: TableFormat,
    file: SerializedFileWriter<Vec<u8>>,
    finder: Finder,
    stats: FileStats,
}

type RowGroup<'a> = SerializedRowGroupWriter<'a, Vec<u8>>;

impl ParquetPart {
    pub(super) fn new(format: TableFormat) -> Result<Self> {
        let (schema, properties) = format.parquet();
        let file = SerializedFileWriter::new(Vec::new(), schema, properties)?;
        let stats = FileStats { nulls: vec![0; format.columns().len()], ..FileStats::default() };
        let finder = Finder::new(format.listed());
        Ok(Self { format, file, finder, stats })
    }

    /// Writes rows as one row group, and returns what is to be stored by now.
    pub(super) fn write(&mut self, rows: &Bytes) -> Result<Bytes> {
        let Self { format, file, finder, stats } = self;
        let count = Rows::of(rows).inspect(|row| stats.arrived(row.ingested_at)).count();
        stats.records += count as u64;
        let mut listed = finder.find(Rows::of(rows), count);
        let mut group = file.next_row_group()?;
        for (nth, source) in format.sources().enumerate() {
            let column = Column { group: &mut group, rows, format };
            let filled = match source {
                From::Time => column.fill::<Int64Type>(|_, row| Some(row.ingested_at)),
                From::Constant(number) => {
                    let constant = ByteArray::from(format.constant(number));
                    column.fill::<ByteArrayType>(|_, _| Some(constant.clone()))
                }
                From::Parent(number) => column.parent(&format.parents()[number]),
                From::Record => {
                    column.fill::<ByteArrayType>(|_, row| Some(rows.slice_ref(row.record).into()))
                }
                From::Listed(number) => column.listed(number, &mut listed),
                From::Rescued => column.fill::<ByteArrayType>(|nth, _| {
                    Some(listed.rescued(nth, format.listed())?.into_bytes().into())
                }),
            };
            stats.nulls[nth] += count as u64 - filled?;
        }
        group.close()?;
        self.taken()
    }

    /// Ends the file, and returns the rest of what is to be stored, and Delta's statistics.
    pub(super) fn finish(mut self) -> Result<(Bytes, String)> {
        self.file.finish()?;
        let stats = self.stats.to_json(self.format.columns(), self.format.constants());
        Ok((self.taken()?, stats))
    }

    fn taken(&mut self) -> Result<Bytes> {
        self.file.flush()?;
        Ok(mem::take(self.file.inner_mut()).into())
    }
}

/// A column that is to be filled with the values of a row group.
struct Column<'a, 'g> {
    group: &'a mut RowGroup<'g>,
    rows: &'a Bytes,
    format: &'a TableFormat,
}

impl Column<'_, '_> {
    /// Writes the column, and returns how many values it has that are not null.
    fn fill<T: DataType>(self, mut value: impl FnMut(usize, Row<'_>) -> Option<T::T>) -> Result<u64> {
        let none_left = || ParquetError::General("the row group has no further column".to_owned());
        let mut column = self.group.next_column()?.ok_or_else(none_left)?;
        let (mut values, mut levels) = (Vec::with_capacity(BATCH), Vec::with_capacity(BATCH));
        let mut filled = 0;
        let mut rows = Rows::of(self.rows).enumerate();
        loop {
            for (nth, row) in rows.by_ref().take(BATCH) {
                let value = value(nth, row);
                levels.push(i16::from(value.is_some()));
                values.extend(value);
            }
            if levels.is_empty() {
                break;
            }
            column.typed::<T>().write_batch(&values, Some(&levels), None)?;
            filled += values.len() as u64;
            values.clear();
            levels.clear();
        }
        column.close()?;
        Ok(filled)
    }

    /// The column of a member of the parent. Rows that follow each other have as a rule the same parent.
    fn parent(self, member: &str) -> Result<u64> {
        let mut last: Option<(Vec<u8>, Option<ByteArray>)> = None;
        self.fill::<ByteArrayType>(|_, row| match &last {
            Some((parents, value)) if parents == row.parents => value.clone(),
            _ => {
                let value = parent_value(row.parents, member).map(ByteArray::from);
                last = Some((row.parents.to_vec(), value.clone()));
                value
            }
        })
    }

    /// The column of a listed member.
    fn listed(self, number: usize, listed: &mut Listed) -> Result<u64> {
        match self.format.listed()[number].kind {
            ColumnType::String => self.cells::<ByteArrayType>(number, listed, |json| {
                Some(cell::string(json)?.into_owned().into_bytes().into())
            }),
            ColumnType::Long => self.cells::<Int64Type>(number, listed, cell::long),
            ColumnType::Double => self.cells::<DoubleType>(number, listed, cell::floating),
            ColumnType::Boolean => self.cells::<BoolType>(number, listed, cell::boolean),
            ColumnType::Date => self.cells::<Int32Type>(number, listed, cell::date),
            ColumnType::Timestamp => self.cells::<Int64Type>(number, listed, cell::timestamp),
            ColumnType::Decimal { precision: precision @ ..=9, scale } => {
                self.cells::<Int32Type>(number, listed, |json| {
                    cell::decimal(json, precision, scale)?.try_into().ok()
                })
            }
            ColumnType::Decimal { precision: precision @ 10..=18, scale } => {
                self.cells::<Int64Type>(number, listed, |json| {
                    cell::decimal(json, precision, scale)?.try_into().ok()
                })
            }
            ColumnType::Decimal { precision, scale } => {
                self.cells::<FixedLenByteArrayType>(number, listed, |json| {
                    let unscaled = cell::decimal(json, precision, scale)?;
                    Some(FixedLenByteArray::from(unscaled.to_be_bytes().to_vec()))
                })
            }
        }
    }

    fn cells<T: DataType>(
        self,
        number: usize,
        listed: &mut Listed,
        value: impl Fn(&[u8]) -> Option<T::T>,
    ) -> Result<u64> {
        self.fill::<T>(|nth, row| {
            let fitting = value(&row.record[listed.value(nth, number)?]);
            if fitting.is_none() {
                listed.misfit(nth, number);
            }
            fitting
        })
    }
}

/// The text of a parent's member; its JSON where it is no string.
fn parent_value(parents: &[u8], member: &str) -> Option<Vec<u8>> {
    let object = [b"{", parents.strip_prefix(b",").unwrap_or(parents), b"}"].concat();
    let found =
        members(&object).find(|found| text(&object[found.name.clone()]).as_deref() == Some(member))?;
    match &object[found.value] {
        b"null" => None,
        json => Some(cell::string(json)?.into_owned().into_bytes()),
    }
}
