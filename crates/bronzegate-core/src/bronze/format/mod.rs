//! What a part is made of: a page's records become rows, rows become the bytes of a part.

mod compress;
mod encoder;
mod line_content;
mod ndjson;
mod part_content;
mod part_format;
mod table;

pub(crate) use encoder::{Encoder, PageTail};
pub(crate) use part_content::PartContent;
pub(crate) use part_format::PartFormat;
pub use table::draft_columns;
pub(crate) use table::{TableFormat, push_line, table_columns};
