//! The columns of a table, and what their values are made of.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as PhysicalType, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr};
use parquet::schema::types::{ColumnPath, Type, TypePtr};

use crate::bronze::table::TableColumn;
use crate::config::{
    ColumnType, ListedColumn, METADATA_COLUMNS, RECORD, RESCUED, TableCompression, TableOutput,
};

/// What the parts of a segment are made of, where they are files of a table.
#[derive(Clone)]
pub(crate) struct TableFormat(Arc<Inner>);

struct Inner {
    columns: Vec<TableColumn>,
    constants: Vec<String>,
    parents: Vec<String>,
    listed: Vec<ListedColumn>,
    schema: TypePtr,
    properties: WriterPropertiesPtr,
}

/// What a column's values come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// The time of the page.
    Time,
    /// The value that all rows of a segment have, by number.
    Constant(usize),
    /// The member of the page's parent, by number.
    Parent(usize),
    /// The record's own bytes.
    Record,
    /// The listed member, by number.
    Listed(usize),
    /// The names of members whose values did not fit.
    Rescued,
}

/// All columns of a table that a stream writes, in order. `parents` are the names of the members that come from a
/// parent.
pub(crate) fn table_columns(output: &TableOutput, parents: &[String]) -> Vec<TableColumn> {
    let column = |name: &str, kind| TableColumn { name: name.to_owned(), kind };
    let [time, constants @ ..] = METADATA_COLUMNS;
    let mut columns = vec![column(time, ColumnType::Timestamp)];
    columns.extend(constants.iter().map(|name| column(name, ColumnType::String)));
    columns.extend(parents.iter().map(|name| column(name, ColumnType::String)));
    columns.push(column(RECORD, ColumnType::String));
    columns.extend(output.columns.iter().map(|listed| column(&listed.name, listed.kind)));
    if !output.columns.is_empty() {
        columns.push(column(RESCUED, ColumnType::String));
    }
    columns
}

impl TableFormat {
    /// The format of a segment. `constants` are the values of the metadata columns after the time.
    ///
    /// # Errors
    /// When Parquet refuses a column.
    pub(crate) fn new(
        output: &TableOutput,
        constants: [&str; METADATA_COLUMNS.len() - 1],
        parents: Vec<String>,
    ) -> Result<Self, ParquetError> {
        let columns = table_columns(output, &parents);
        let fields = columns.iter().map(|column| field(column).map(Arc::new));
        let schema =
            Type::group_type_builder("schema").with_fields(fields.collect::<Result<_, _>>()?).build()?;
        let properties = properties(output, &columns)?;
        Ok(Self(Arc::new(Inner {
            columns,
            constants: constants.map(str::to_owned).into(),
            parents,
            listed: output.columns.clone(),
            schema: Arc::new(schema),
            properties: Arc::new(properties),
        })))
    }

    /// All columns, in order.
    pub(crate) fn columns(&self) -> &[TableColumn] {
        &self.0.columns
    }

    /// Where the values of each column come from, in order.
    pub(super) fn sources(&self) -> impl Iterator<Item = From> + use<> {
        let Inner { constants, parents, listed, .. } = &*self.0;
        let rescued = (!listed.is_empty()).then_some(From::Rescued);
        std::iter::once(From::Time)
            .chain((0..constants.len()).map(From::Constant))
            .chain((0..parents.len()).map(From::Parent))
            .chain([From::Record])
            .chain((0..listed.len()).map(From::Listed))
            .chain(rescued)
    }

    pub(super) fn constants(&self) -> &[String] {
        &self.0.constants
    }

    /// A constant's bytes.
    pub(super) fn constant(&self, number: usize) -> Bytes {
        Bytes::copy_from_slice(self.0.constants[number].as_bytes())
    }

    pub(super) fn parents(&self) -> &[String] {
        &self.0.parents
    }

    pub(super) fn listed(&self) -> &[ListedColumn] {
        &self.0.listed
    }

    pub(super) fn parquet(&self) -> (TypePtr, WriterPropertiesPtr) {
        (self.0.schema.clone(), self.0.properties.clone())
    }
}

/// A column in the words of Parquet, as Spark writes it.
fn field(column: &TableColumn) -> Result<Type, ParquetError> {
    let (physical, logical) = match column.kind {
        ColumnType::String => (PhysicalType::BYTE_ARRAY, Some(LogicalType::String)),
        ColumnType::Long => (PhysicalType::INT64, None),
        ColumnType::Double => (PhysicalType::DOUBLE, None),
        ColumnType::Boolean => (PhysicalType::BOOLEAN, None),
        ColumnType::Date => (PhysicalType::INT32, Some(LogicalType::Date)),
        ColumnType::Timestamp => (PhysicalType::INT64, Some(LogicalType::timestamp(true, TimeUnit::MICROS))),
        ColumnType::Decimal { precision, scale } => {
            let physical = match precision {
                ..=9 => PhysicalType::INT32,
                10..=18 => PhysicalType::INT64,
                _ => PhysicalType::FIXED_LEN_BYTE_ARRAY,
            };
            (physical, Some(LogicalType::decimal(i32::from(scale), i32::from(precision))))
        }
    };
    let mut field = Type::primitive_type_builder(&column.name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical);
    if let ColumnType::Decimal { precision, scale } = column.kind {
        field = field.with_precision(i32::from(precision)).with_scale(i32::from(scale));
        if physical == PhysicalType::FIXED_LEN_BYTE_ARRAY {
            field = field.with_length(DECIMAL_BYTES);
        }
    }
    field.build()
}

/// The bytes of a decimal that is too long for an integer: 38 digits have a place.
const DECIMAL_BYTES: i32 = 16;

fn properties(output: &TableOutput, columns: &[TableColumn]) -> Result<WriterProperties, ParquetError> {
    let compression = match output.compression {
        TableCompression::None => Compression::UNCOMPRESSED,
        TableCompression::Snappy => Compression::SNAPPY,
        TableCompression::Zstd => Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?),
    };
    let mut properties = WriterProperties::builder()
        .set_created_by(concat!("bronzegate version ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(compression)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_statistics_truncate_length(Some(64))
        .set_offset_index_disabled(true);
    for column in columns.iter().filter(|column| column.kind == ColumnType::String) {
        let path = ColumnPath::new(vec![column.name.clone()]);
        if column.name == RECORD {
            // No record is like another: a dictionary would be given up after a megabyte, and bounds say nothing.
            properties = properties
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_statistics_enabled(path, EnabledStatistics::None);
        }
    }
    Ok(properties.build())
}

/// More costs time out of proportion for text like this.
const ZSTD_LEVEL: i32 = 1;

impl PartialEq for TableFormat {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for TableFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableFormat").field("columns", &self.0.columns).finish_non_exhaustive()
    }
}
