//! The rows of one row group as columns of values and levels.

use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, Int32Type, Int64Type};
use parquet::errors::Result;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use serde_json::{Map, Value};

use super::row::{Add, Remove, Row, Texts};
use crate::actions::{Protocol, Txn};

/// One leaf: the levels of each row, and the values that are there.
#[derive(Debug, Default)]
struct Column<T> {
    definitions: Vec<i16>,
    repetitions: Vec<i16>,
    values: Vec<T>,
}

impl<T> Column<T> {
    fn null(&mut self, level: i16) {
        self.definitions.push(level);
        self.repetitions.push(0);
    }

    /// A value that may be missing; `level` is that of its group.
    fn put(&mut self, level: i16, value: Option<T>) {
        self.null(level + i16::from(value.is_some()));
        self.values.extend(value);
    }

    fn entry(&mut self, is_first: bool, level: i16, value: Option<T>) {
        self.definitions.push(level + i16::from(value.is_some()));
        self.repetitions.push(i16::from(!is_first));
        self.values.extend(value);
    }
}

type Text = Column<ByteArray>;

/// A map: its keys and its values.
#[derive(Debug, Default)]
struct Pairs {
    keys: Text,
    values: Text,
}

impl Pairs {
    fn null(&mut self, level: i16) {
        self.keys.null(level);
        self.values.null(level);
    }

    /// A map that may be missing; `level` is that of its group. Returns the bytes of its texts.
    fn put(&mut self, level: i16, entries: Option<&Texts>) -> usize {
        let Some(entries) = entries else {
            self.null(level);
            return 0;
        };
        if entries.is_empty() {
            self.null(level + 1);
        }
        let mut bytes = 0;
        for (number, (key, value)) in entries.iter().enumerate() {
            let value = value.as_str();
            bytes += key.len() + value.map_or(0, str::len);
            // The key is required within its entry, so its level is the entry's own.
            self.keys.entry(number == 0, level + 1, Some(bytes_of(key)));
            self.values.entry(number == 0, level + 2, value.map(bytes_of));
        }
        bytes
    }
}

fn bytes_of(text: &str) -> ByteArray {
    text.as_bytes().to_vec().into()
}

/// Columns in the order of the file's schema.
#[derive(Debug, Default)]
pub(super) struct RowGroup {
    rows: usize,
    bytes: usize,
    versions: [Column<i32>; 2],
    /// id, name, description.
    names: [Text; 3],
    provider: Text,
    options: Pairs,
    schema: Text,
    partitions: Text,
    configuration: Pairs,
    created: Column<i64>,
    app: Text,
    /// version, lastUpdated.
    txn: [Column<i64>; 2],
    add_path: Text,
    add_values: Pairs,
    /// size, modificationTime.
    add_numbers: [Column<i64>; 2],
    add_change: Column<bool>,
    add_stats: Text,
    add_tags: Pairs,
    remove_path: Text,
    remove_time: Column<i64>,
    /// dataChange, extendedFileMetadata.
    remove_flags: [Column<bool>; 2],
    remove_values: Pairs,
    remove_size: Column<i64>,
}

impl RowGroup {
    pub(super) fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The bytes of its values, about.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn push(&mut self, row: &Row) {
        // Levels take two bytes each in some thirty columns.
        const LEVELS: usize = 128;
        self.rows += 1;
        self.bytes += LEVELS;
        let (mut protocol, mut metadata, mut txn, mut add, mut remove) = (None, None, None, None, None);
        match row {
            Row::Protocol(found) => protocol = Some(found),
            Row::Metadata(found) => metadata = Some(found),
            Row::Txn(found) => txn = Some(found),
            Row::Add(found) => add = Some(found),
            Row::Remove(found) => remove = Some(found),
        }
        self.protocol(protocol);
        self.metadata(metadata);
        self.txn(txn);
        self.add(add);
        self.remove(remove);
    }

    fn protocol(&mut self, protocol: Option<&Protocol>) {
        let level = i16::from(protocol.is_some());
        let [reader, writer] = &mut self.versions;
        reader.put(level, protocol.map(|found| found.min_reader_version));
        writer.put(level, protocol.map(|found| found.min_writer_version));
    }

    fn metadata(&mut self, metadata: Option<&Map<String, Value>>) {
        let level = i16::from(metadata.is_some());
        let member = |name: &str| metadata.and_then(|found| found.get(name));
        let text = |name: &str| member(name).and_then(Value::as_str);
        for (column, name) in self.names.iter_mut().zip(["id", "name", "description"]) {
            column.put(level, text(name).map(bytes_of));
        }
        let format = member("format").and_then(Value::as_object);
        let within = level + i16::from(format.is_some());
        let provider = format.and_then(|format| format.get("provider")).and_then(Value::as_str);
        self.provider.put(within, provider.map(bytes_of));
        self.options.put(within, format.and_then(|format| format.get("options")).and_then(Value::as_object));
        self.schema.put(level, text("schemaString").map(bytes_of));
        match member("partitionColumns").and_then(Value::as_array) {
            None => self.partitions.null(level),
            Some(names) if names.is_empty() => self.partitions.null(level + 1),
            Some(names) => {
                for (number, name) in names.iter().enumerate() {
                    self.partitions.entry(number == 0, level + 2, name.as_str().map(bytes_of));
                }
            }
        }
        self.configuration.put(level, member("configuration").and_then(Value::as_object));
        self.created.put(level, member("createdTime").and_then(Value::as_i64));
        self.bytes += text("schemaString").map_or(0, str::len);
    }

    fn txn(&mut self, txn: Option<&Txn>) {
        let level = i16::from(txn.is_some());
        self.app.put(level, txn.map(|found| bytes_of(&found.app_id)));
        let [version, updated] = &mut self.txn;
        version.put(level, txn.map(|found| found.version));
        updated.put(level, txn.and_then(|found| found.last_updated));
        self.bytes += txn.map_or(0, |found| found.app_id.len());
    }

    fn add(&mut self, add: Option<&Add>) {
        let level = i16::from(add.is_some());
        self.add_path.put(level, add.map(|found| bytes_of(&found.path)));
        self.bytes += self.add_values.put(level, add.map(|found| &found.partition_values));
        let [size, modified] = &mut self.add_numbers;
        size.put(level, add.map(|found| found.size));
        modified.put(level, add.map(|found| found.modification_time));
        self.add_change.put(level, add.map(|found| found.data_change));
        let stats = add.and_then(|found| found.stats.as_deref());
        self.add_stats.put(level, stats.map(bytes_of));
        self.bytes += self.add_tags.put(level, add.and_then(|found| found.tags.as_ref()));
        self.bytes += stats.map_or(0, str::len) + add.map_or(0, |found| found.path.len());
    }

    fn remove(&mut self, remove: Option<&Remove>) {
        let level = i16::from(remove.is_some());
        self.remove_path.put(level, remove.map(|found| bytes_of(&found.path)));
        self.remove_time.put(level, remove.and_then(|found| found.deletion_timestamp));
        let [change, extended] = &mut self.remove_flags;
        change.put(level, remove.map(|found| found.data_change));
        extended.put(level, remove.and_then(|found| found.extended_file_metadata));
        self.bytes += self.remove_values.put(level, remove.and_then(|found| found.partition_values.as_ref()));
        self.remove_size.put(level, remove.and_then(|found| found.size));
        self.bytes += remove.map_or(0, |found| found.path.len());
    }

    /// Writes all of it as one row group.
    pub(super) fn write<W: std::io::Write + Send>(self, file: &mut SerializedFileWriter<W>) -> Result<()> {
        let mut group = file.next_row_group()?;
        let to = &mut group;
        flat::<Int32Type, _>(to, self.versions)?;
        flat::<ByteArrayType, _>(to, self.names)?;
        flat::<ByteArrayType, _>(to, [self.provider])?;
        pairs(to, self.options)?;
        flat::<ByteArrayType, _>(to, [self.schema])?;
        nested(to, self.partitions)?;
        pairs(to, self.configuration)?;
        flat::<Int64Type, _>(to, [self.created])?;
        flat::<ByteArrayType, _>(to, [self.app])?;
        flat::<Int64Type, _>(to, self.txn)?;
        flat::<ByteArrayType, _>(to, [self.add_path])?;
        pairs(to, self.add_values)?;
        flat::<Int64Type, _>(to, self.add_numbers)?;
        flat::<BoolType, _>(to, [self.add_change])?;
        flat::<ByteArrayType, _>(to, [self.add_stats])?;
        pairs(to, self.add_tags)?;
        flat::<ByteArrayType, _>(to, [self.remove_path])?;
        flat::<Int64Type, _>(to, [self.remove_time])?;
        flat::<BoolType, _>(to, self.remove_flags)?;
        pairs(to, self.remove_values)?;
        flat::<Int64Type, _>(to, [self.remove_size])?;
        group.close().map(drop)
    }
}

fn flat<T: DataType, W: std::io::Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    columns: impl IntoIterator<Item = Column<T::T>>,
) -> Result<()> {
    for column in columns {
        write::<T, W>(group, &column, false)?;
    }
    Ok(())
}

fn nested<W: std::io::Write + Send>(group: &mut SerializedRowGroupWriter<'_, W>, column: Text) -> Result<()> {
    write::<ByteArrayType, W>(group, &column, true)
}

fn pairs<W: std::io::Write + Send>(group: &mut SerializedRowGroupWriter<'_, W>, pairs: Pairs) -> Result<()> {
    nested(group, pairs.keys)?;
    nested(group, pairs.values)
}

fn write<T: DataType, W: std::io::Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    column: &Column<T::T>,
    repeats: bool,
) -> Result<()> {
    let Some(mut writer) = group.next_column()? else {
        return Err(parquet::errors::ParquetError::General("the schema has too few columns".to_owned()));
    };
    let repetitions = repeats.then_some(&column.repetitions[..]);
    writer.typed::<T>().write_batch(&column.values, Some(&column.definitions), repetitions)?;
    writer.close()
}
