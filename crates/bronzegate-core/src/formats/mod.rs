//! Body formats: body bytes in, verbatim record slices out, each the moment it is complete.
//!
//! A body is scanned once, as it arrives. What belongs to no record (cursors, totals, flags) is
//! kept only where the source file asks for it, so memory does not grow with the page.
//! A page is good only if all of it is valid: RFC 8259 JSON in UTF-8, nested at most 512 deep (`json/`);
//! or RFC 4180 CSV in UTF-8, whose rows become records here (`csv/`); or XML in UTF-8, which is read as JSON (`xml/`).

mod byte_order_mark;
mod csv;
mod error;
mod json;
mod page_body;
mod prefix;
mod reader;
mod record_chunk;
#[cfg(test)]
mod tests;
mod transcoder;
mod utf8;
mod xml;

pub(crate) use error::{SplitError, SplitErrorKind};
pub use json::records_of;
pub(crate) use json::{RecordsAt, Wanted, WantedColumns, might_hold_one_of, rename_clashes, values};
pub(crate) use page_body::{Form, PageBody, RecordsFound};
pub(crate) use prefix::Prefix;
pub(crate) use reader::Reader;
pub(crate) use record_chunk::{RecordChunk, Span};
pub(crate) use transcoder::Transcoder;
