//! JSON and newline-delimited JSON: the splitter, 64 bytes at a time.

mod grammar;
mod lexer;
mod nesting;
mod records;
mod scalar;
mod splitter;
mod token_starts;
mod values;
mod wanted_values;

pub(crate) use splitter::Splitter;
pub(crate) use values::values;
pub(crate) use wanted_values::{RecordsAt, Wanted};
