//! What a part is made of: a page's records become rows, rows become the bytes of a part.

mod compress;
mod ndjson;
mod part_content;
mod part_format;

pub(crate) use ndjson::{Encoder, PageTail};
pub(crate) use part_content::PartContent;
pub(crate) use part_format::PartFormat;
