//! `output`: the form of the parts that are written.
//!
//! ```yaml
//! output: { compression: zstd, max_part_bytes: 128MiB }
//! ```

use schemars::JsonSchema;
use serde::Deserialize;

use super::problem::{Draft, Report};
use super::read::Slot;
use super::units::Size;

/// The form of a stream's parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// How parts are compressed (not at all).
    pub compression: Compression,
    /// The size at which the next part begins, in bytes as stored, after compression (128 MiB).
    pub max_part_bytes: u64,
}

/// How parts are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
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
        Self { compression: Compression::None, max_part_bytes: 128 << 20 }
    }
}

/// The form of the parts that are written.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Output")]
pub(super) struct OutputSpec {
    /// How parts are compressed; default none.
    compression: Option<Slot<Compression>>,
    /// The size at which the next part begins; default 128MiB.
    max_part_bytes: Option<Slot<Size>>,
}

impl OutputSpec {
    /// Merges by key, the first given wins.
    pub(super) fn resolve(specs: &[&Self], report: &Report) -> Output {
        let mut output = Output::default();
        for spec in specs.iter().rev() {
            if let Some(compression) = spec.compression.as_ref().and_then(Slot::get) {
                output.compression = *compression;
            }
            let Some(slot) = &spec.max_part_bytes else {
                continue;
            };
            match slot.get() {
                Some(Size(bytes @ SMALLEST..=LARGEST)) => output.max_part_bytes = *bytes,
                Some(_) => report.add(slot.at(), Draft::refused("a size from 1KiB to 5GiB")),
                None => {}
            }
        }
        output
    }
}
