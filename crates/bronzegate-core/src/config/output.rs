//! `output`: the form of the parts that are written.
//!
//! ```yaml
//! output: { compression: zstd, max_part_bytes: 128MiB }
//! output: { table: bronze_api_data }              # rows of a table instead of NDJSON files
//! ```

use schemars::JsonSchema;
use serde::Deserialize;

use super::name::Name;
use super::problem::{Draft, Report};
use super::read::Slot;
use super::table_output::{self, ColumnSpec, TableCompression, TableOutput};
use super::units::Size;

/// The form of a stream's parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// How NDJSON parts are compressed (not at all).
    pub compression: Compression,
    /// The size at which the next part begins, in bytes as stored, after compression (128 MiB).
    pub max_part_bytes: u64,
    /// The table that the records become rows of; without it they become lines of NDJSON files.
    pub table: Option<TableOutput>,
}

/// How NDJSON parts are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// Plain NDJSON.
    #[default]
    None,
    /// Gzip (RFC 1952).
    Gzip,
    /// Zstandard (RFC 8878).
    Zstd,
}

/// 1 KiB, small enough for tests to roll parts.
const SMALLEST: u64 = 1 << 10;
/// 5 GiB, the largest object S3 takes in one put.
const LARGEST: u64 = 5 << 30;

impl Default for Output {
    fn default() -> Self {
        Self { compression: Compression::None, max_part_bytes: 128 << 20, table: None }
    }
}

/// The form of the parts that are written.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Output")]
pub(super) struct OutputSpec {
    /// The table that the records become rows of; default NDJSON files.
    table: Option<Slot<Name>>,
    /// Members of the records that get columns of their own beside `record`; default none.
    columns: Option<Slot<Vec<Slot<ColumnSpec>>>>,
    /// How parts are compressed; default none for files, zstd for a table.
    compression: Option<Slot<CompressionWord>>,
    /// The size at which the next part begins; default 128MiB.
    max_part_bytes: Option<Slot<Size>>,
}

/// How parts are compressed: gzip is for files, snappy for tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Compression")]
enum CompressionWord {
    /// Not at all.
    None,
    /// Gzip (RFC 1952), for files.
    Gzip,
    /// Snappy, for tables.
    Snappy,
    /// Zstandard (RFC 8878).
    Zstd,
}

impl OutputSpec {
    /// Checks what stands at one place, as far as the other place cannot change what it means.
    pub(super) fn check(&self, report: &Report) {
        self.part_size(report);
        table_output::columns(self.columns.as_ref(), report);
    }

    /// Merges by key, the first given wins.
    pub(super) fn resolve(specs: &[&Self], report: &Report) -> Output {
        let mut output = Output::default();
        for spec in specs.iter().rev() {
            if let Some(bytes) = spec.part_size(report) {
                output.max_part_bytes = bytes;
            }
        }
        let table = specs.iter().find_map(|spec| spec.table.as_ref());
        let columns = specs.iter().find_map(|spec| spec.columns.as_ref());
        let compression = specs.iter().find_map(|spec| spec.compression.as_ref());
        if let (None, Some(columns)) = (table, columns) {
            report.say(columns.at(), "has no meaning without `table`: files hold the records as they are");
        }
        let word = compression.and_then(|slot| Some((slot, slot.cloned()?)));
        output.compression = match word {
            Some((_, CompressionWord::Gzip)) => Compression::Gzip,
            Some((_, CompressionWord::Zstd)) => Compression::Zstd,
            Some((_, CompressionWord::None)) | None => Compression::None,
            Some((slot, CompressionWord::Snappy)) => {
                if table.is_none() {
                    let draft = Draft::new("is for tables").value("snappy");
                    report.add(slot.at(), draft.accepted("none, gzip or zstd"));
                }
                Compression::None
            }
        };
        let Some(name) = table.and_then(Slot::get) else { return output };
        let compression = match word {
            Some((_, CompressionWord::None)) => TableCompression::None,
            Some((_, CompressionWord::Snappy)) => TableCompression::Snappy,
            Some((_, CompressionWord::Zstd)) | None => TableCompression::Zstd,
            Some((slot, CompressionWord::Gzip)) => {
                let draft = Draft::new("is for files").value("gzip");
                report.add(slot.at(), draft.accepted("none, snappy or zstd"));
                TableCompression::Zstd
            }
        };
        let columns = table_output::columns(columns, report);
        output.compression = Compression::None;
        output.table = Some(TableOutput { name: name.as_str().to_owned(), columns, compression });
        output
    }

    fn part_size(&self, report: &Report) -> Option<u64> {
        let slot = self.max_part_bytes.as_ref()?;
        let Size(bytes) = *slot.get()?;
        let is_accepted = (SMALLEST..=LARGEST).contains(&bytes);
        if !is_accepted {
            report.add(slot.at(), Draft::refused("a size from 1KiB to 5GiB"));
        }
        is_accepted.then_some(bytes)
    }
}
