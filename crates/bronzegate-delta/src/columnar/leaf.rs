//! One column of a checkpoint: where it is in the file's schema, and its values row by row.

use std::sync::Arc;

use parquet::basic::{Repetition, Type as Physical};
use parquet::column::page::PageReader;
use parquet::column::reader::ColumnReaderImpl;
use parquet::data_type::{BoolType, ByteArrayType, DataType, Int32Type, Int64Type};
use parquet::errors::{ParquetError, Result};
use parquet::schema::types::{ColumnDescPtr, SchemaDescriptor, Type};

/// Where a leaf is.
#[derive(Clone, Debug)]
pub(crate) struct Leaf {
    /// Its number in the file.
    pub(crate) index: usize,
    /// Its name without the words that writers choose: `add.path`, `metaData.partitionColumns[]`, `add.tags{key}`.
    pub(crate) name: Arc<str>,
    /// From this definition level on, an entry of its list or map is there; `None` for one that has neither.
    entry_level: Option<i16>,
}

/// The leaves of a file in wanted groups. Those that repeat others in another form are left out.
pub(crate) fn leaves(schema: &SchemaDescriptor, wanted: impl Fn(&str) -> bool) -> Vec<Leaf> {
    let mut found = Vec::new();
    for (index, column) in schema.columns().iter().enumerate() {
        let parts = column.path().parts();
        let repeats = parts.get(1).is_some_and(|field| field.ends_with("_parsed"));
        if !repeats && parts.first().is_some_and(|group| wanted(group)) {
            found.push(leaf(index, parts, schema.root_schema()));
        }
    }
    found
}

fn leaf(index: usize, parts: &[String], root: &Type) -> Leaf {
    let (mut node, mut level, mut repeated) = (root, 0, None);
    for (depth, part) in parts.iter().enumerate() {
        let next = node.is_group().then(|| node.get_fields().iter().find(|field| field.name() == part));
        let Some(Some(next)) = next else { break };
        node = next;
        if node.get_basic_info().has_repetition() {
            match node.get_basic_info().repetition() {
                Repetition::REQUIRED => {}
                Repetition::OPTIONAL => level += 1,
                Repetition::REPEATED => {
                    level += 1;
                    repeated.get_or_insert((depth, level));
                }
            }
        }
    }
    let Some((depth, entry_level)) = repeated else {
        return Leaf { index, name: parts.join(".").into(), entry_level: None };
    };
    let last = parts.last().map_or("", String::as_str);
    let is_entry = parts.len() == depth + 2 && ["key", "value"].contains(&last);
    let suffix = if is_entry { format!("{{{last}}}") } else { "[]".to_owned() };
    let name = format!("{}{suffix}", parts[..depth].join("."));
    Leaf { index, name: name.into(), entry_level: Some(entry_level) }
}

/// A value of a leaf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    Number(i64),
    Flag(bool),
}

/// What a row has in a leaf.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Slot {
    /// Whether the list or map is there, even if it is empty. Of other leaves, whether the value is there.
    pub(crate) is_there: bool,
    /// Its value, or the entries of its list or map, which may be null.
    pub(crate) values: Vec<Option<Value>>,
}

/// Reads one leaf of one row group.
pub(crate) struct LeafReader {
    reader: Typed,
    max_level: i16,
    entry_level: Option<i16>,
}

enum Typed {
    Text(ColumnReaderImpl<ByteArrayType>),
    Int32(ColumnReaderImpl<Int32Type>),
    Int64(ColumnReaderImpl<Int64Type>),
    Flag(ColumnReaderImpl<BoolType>),
}

impl LeafReader {
    pub(crate) fn new(leaf: &Leaf, column: ColumnDescPtr, pages: Box<dyn PageReader>) -> Result<Self> {
        if column.max_rep_level() > 1 {
            return Err(unexpected(&leaf.name, "lists within lists"));
        }
        let max_level = column.max_def_level();
        let reader = match column.physical_type() {
            Physical::BYTE_ARRAY => Typed::Text(ColumnReaderImpl::new(column, pages)),
            Physical::INT32 => Typed::Int32(ColumnReaderImpl::new(column, pages)),
            Physical::INT64 => Typed::Int64(ColumnReaderImpl::new(column, pages)),
            Physical::BOOLEAN => Typed::Flag(ColumnReaderImpl::new(column, pages)),
            other => return Err(unexpected(&leaf.name, &format!("the type {other}"))),
        };
        Ok(Self { reader, max_level, entry_level: leaf.entry_level })
    }

    /// What the next rows have, at most so many.
    pub(crate) fn read(&mut self, rows: usize) -> Result<Vec<Slot>> {
        let (max, entry) = (self.max_level, self.entry_level);
        match &mut self.reader {
            Typed::Text(reader) => slots(reader, rows, max, entry, |value| {
                let text = std::str::from_utf8(value.data());
                let text = text.map_err(|_| ParquetError::General("a text is no UTF-8".to_owned()))?;
                Ok(Value::Text(text.to_owned()))
            }),
            Typed::Int32(reader) => {
                slots(reader, rows, max, entry, |value| Ok(Value::Number(i64::from(value))))
            }
            Typed::Int64(reader) => slots(reader, rows, max, entry, |value| Ok(Value::Number(value))),
            Typed::Flag(reader) => slots(reader, rows, max, entry, |value| Ok(Value::Flag(value))),
        }
    }
}

fn unexpected(name: &str, what: &str) -> ParquetError {
    ParquetError::General(format!("its column {name} has {what}"))
}

/// Reads rows and puts their levels and values together (Dremel's encoding, as Parquet has it).
fn slots<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    rows: usize,
    max_level: i16,
    entry_level: Option<i16>,
    value: impl Fn(T::T) -> Result<Value>,
) -> Result<Vec<Slot>> {
    let (mut definitions, mut repetitions, mut values) = (Vec::new(), Vec::new(), Vec::new());
    let (records, found, levels) =
        reader.read_records(rows, Some(&mut definitions), Some(&mut repetitions), &mut values)?;
    if max_level == 0 {
        definitions = vec![0; levels];
    }
    if entry_level.is_none() {
        repetitions = vec![0; levels];
    }
    if definitions.len() != levels || repetitions.len() != levels || values.len() != found {
        return Err(ParquetError::General("a page's levels do not fit its values".to_owned()));
    }
    let mut values = values.into_iter();
    let mut slots: Vec<Slot> = Vec::with_capacity(records);
    for (definition, repetition) in definitions.into_iter().zip(repetitions) {
        if repetition == 0 {
            slots.push(Slot::default());
        }
        let slot =
            slots.last_mut().ok_or_else(|| ParquetError::General("a page begins within a row".to_owned()))?;
        let is_value = definition == max_level;
        slot.is_there = definition >= entry_level.map_or(max_level, |level| level - 1);
        if is_value {
            let next = values.next();
            slot.values.push(Some(value(
                next.ok_or_else(|| ParquetError::General("a value is missing".to_owned()))?,
            )?));
        } else if entry_level.is_some_and(|level| definition >= level) {
            slot.values.push(None);
        }
    }
    Ok(slots)
}
