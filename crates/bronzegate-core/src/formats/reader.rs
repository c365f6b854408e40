//! One door for each body format.

use bytes::Bytes;

use super::csv::CsvSplitter;
use super::error::SplitError;
use super::json::{Shaper, Splitter, Wanted};
use super::page_body::PageBody;
use super::record_chunk::RecordChunk;
use super::xml::XmlReader;
use crate::config::Csv;

/// Reads one body, or one file of a packed one: chunks go in, whole records come out.
pub(crate) enum Reader {
    Json(Box<Splitter>),
    Shaped(Box<Shaper>),
    Csv(Box<CsvSplitter>),
    Xml(Box<XmlReader>),
}

impl Reader {
    /// Reads JSON, or lines of it.
    pub(crate) fn json(wanted: &Wanted) -> Self {
        if Shaper::is_needed(wanted) {
            Self::Shaped(Box::new(Shaper::new(wanted)))
        } else {
            Self::Json(Box::new(Splitter::new(wanted)))
        }
    }

    /// Reads CSV; `may_be_empty` says whether a body without a header row is a page.
    pub(crate) fn csv(form: &Csv, may_be_empty: bool) -> Self {
        Self::Csv(Box::new(CsvSplitter::new(form, may_be_empty)))
    }

    /// Reads XML whose records are the elements that these names lead to; elements of the names of `lists` are lists.
    pub(crate) fn xml(wanted: &Wanted, records: Vec<String>, lists: &[String]) -> Self {
        Self::Xml(Box::new(XmlReader::new(wanted, records, lists)))
    }

    /// Takes the next chunk; what is whole by then is added to `out`, as far as it is enough for one piece:
    /// then [`go_on`](Self::go_on) has the rest, and is to be asked before the next chunk.
    ///
    /// # Errors
    /// At the first byte that the format does not allow.
    pub(crate) fn push(&mut self, chunk: Bytes, out: &mut Vec<RecordChunk>) -> Result<(), SplitError> {
        match self {
            Self::Json(splitter) => splitter.push(chunk, out),
            Self::Shaped(shaper) => shaper.push(chunk, out),
            Self::Csv(splitter) => splitter.push(chunk, out),
            Self::Xml(reader) => reader.push(chunk, out),
        }
    }

    /// Adds what else is whole in the last chunk to `out`, as [`push`](Self::push) does; `false` when there
    /// was nothing.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub(crate) fn go_on(&mut self, out: &mut Vec<RecordChunk>) -> Result<bool, SplitError> {
        match self {
            // Its records are slices of the chunk, so they are bounded by it.
            Self::Json(_) | Self::Xml(_) => Ok(false),
            Self::Shaped(shaper) => shaper.go_on(out),
            Self::Csv(splitter) => splitter.go_on(out),
        }
    }

    /// What is wanted of the body beside its records, as far as it came before them: only JSON that is split as it is
    /// tells that early.
    pub(crate) fn values_so_far(&self) -> Vec<Option<Vec<u8>>> {
        match self {
            Self::Json(splitter) => splitter.values_so_far(),
            Self::Shaped(_) | Self::Csv(_) | Self::Xml(_) => Vec::new(),
        }
    }

    /// Ends the body: what it held beside its records.
    ///
    /// # Errors
    /// When it ends too early.
    pub(crate) fn finish(self, out: &mut Vec<RecordChunk>) -> Result<PageBody, SplitError> {
        match self {
            Self::Json(splitter) => splitter.finish(out),
            Self::Shaped(shaper) => shaper.finish(out),
            Self::Csv(splitter) => splitter.finish(out),
            Self::Xml(reader) => reader.finish(out),
        }
    }
}
