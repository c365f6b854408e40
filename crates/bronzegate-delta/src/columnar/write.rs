//! A classic checkpoint (PROTOCOL.md, "Checkpoint Schema"), in row groups of bounded size.
//!
//! Every reader reads it: PLAIN values without dictionaries, compressed with Snappy as the reference implementation does.

use std::io::Write;
use std::sync::Arc;

use bronzegate_core::bronze::Checksum;
use bytes::Bytes;
use parquet::basic::{Compression, Encoding};
use parquet::errors::Result;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::TypePtr;

use super::bridge::Bridge;
use super::row::Row;
use super::row_group::RowGroup;
use super::stored_file::why;
use crate::log::LogError;

/// The columns, in the order in which [`RowGroup`] fills them.
const SCHEMA: &str = "message root {
  optional group protocol { optional int32 minReaderVersion; optional int32 minWriterVersion; }
  optional group metaData {
    optional binary id (STRING); optional binary name (STRING); optional binary description (STRING);
    optional group format {
      optional binary provider (STRING);
      optional group options (MAP) { repeated group key_value {
        required binary key (STRING); optional binary value (STRING); } }
    }
    optional binary schemaString (STRING);
    optional group partitionColumns (LIST) { repeated group list { optional binary element (STRING); } }
    optional group configuration (MAP) { repeated group key_value {
      required binary key (STRING); optional binary value (STRING); } }
    optional int64 createdTime;
  }
  optional group txn { optional binary appId (STRING); optional int64 version; optional int64 lastUpdated; }
  optional group add {
    optional binary path (STRING);
    optional group partitionValues (MAP) { repeated group key_value {
      required binary key (STRING); optional binary value (STRING); } }
    optional int64 size; optional int64 modificationTime; optional boolean dataChange;
    optional binary stats (STRING);
    optional group tags (MAP) { repeated group key_value {
      required binary key (STRING); optional binary value (STRING); } }
  }
  optional group remove {
    optional binary path (STRING); optional int64 deletionTimestamp; optional boolean dataChange;
    optional boolean extendedFileMetadata;
    optional group partitionValues (MAP) { repeated group key_value {
      required binary key (STRING); optional binary value (STRING); } }
    optional int64 size;
  }
}";

/// Bytes of values that a row group has, before they are compressed.
const ROW_GROUP: usize = 4 << 20;

/// What a file is, as a receipt says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) bytes: u64,
    pub(crate) checksum: String,
}

/// Writes rows.
pub(crate) struct CheckpointWriter {
    file: SerializedFileWriter<Pieces>,
    rows: RowGroup,
    path: String,
}

impl CheckpointWriter {
    pub(crate) fn new(bridge: &Bridge, path: &str) -> std::result::Result<Self, LogError> {
        let pieces = Pieces {
            bridge: bridge.clone(),
            path: path.to_owned(),
            held: Vec::new(),
            written: 0,
            checksum: Checksum::default(),
        };
        let file =
            schema().and_then(|schema| SerializedFileWriter::new(pieces, schema, Arc::new(properties())));
        let file = file.map_err(|error| why(path, error))?;
        Ok(Self { file, rows: RowGroup::default(), path: path.to_owned() })
    }

    pub(crate) fn write(&mut self, row: &Row) -> std::result::Result<(), LogError> {
        self.rows.push(row);
        if self.rows.bytes() >= ROW_GROUP { self.flush() } else { Ok(()) }
    }

    /// Writes what is left, and the footer.
    pub(crate) fn finish(mut self) -> std::result::Result<Written, LogError> {
        self.flush()?;
        self.file.finish().map_err(|error| why(&self.path, error))?;
        let pieces = self.file.inner();
        Ok(Written { bytes: pieces.written, checksum: pieces.checksum.to_hex() })
    }

    fn flush(&mut self) -> std::result::Result<(), LogError> {
        let rows = std::mem::take(&mut self.rows);
        if rows.is_empty() {
            return Ok(());
        }
        rows.write(&mut self.file).map_err(|error| why(&self.path, error))
    }
}

fn schema() -> Result<TypePtr> {
    parse_message_type(SCHEMA).map(Arc::new)
}

fn properties() -> WriterProperties {
    WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_dictionary_enabled(false)
        .set_encoding(Encoding::PLAIN)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true)
        .set_max_row_group_row_count(None)
        .set_created_by(format!("bronzegate version {}", env!("CARGO_PKG_VERSION")))
        .build()
}

/// Gathers what the library writes into pieces that are worth a call.
#[derive(Debug)]
struct Pieces {
    bridge: Bridge,
    path: String,
    held: Vec<u8>,
    written: u64,
    checksum: Checksum,
}

/// The size of a piece.
const PIECE: usize = 1 << 20;

impl Write for Pieces {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        self.held.extend_from_slice(buffer);
        if self.held.len() >= PIECE {
            self.flush()?;
        }
        Ok(buffer.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        if self.held.is_empty() {
            return Ok(());
        }
        let piece = Bytes::from(std::mem::take(&mut self.held));
        self.checksum.update(&piece);
        self.written += piece.len() as u64;
        self.bridge.write(&self.path, piece).map_err(std::io::Error::other)
    }
}
