//! What a part is made of: records with their metadata as lines, and how they are compressed.

mod compress;
mod ndjson;

pub(crate) use compress::{Compressor, extension};
pub(crate) use ndjson::{Encoder, PageTail};
