//! JSON and newline-delimited JSON: the splitter, 64 bytes at a time.

#![expect(clippy::inline_always, reason = "only what is inlined is compiled for each kind of processor")]

mod alone;
mod block;
mod checked;
mod ending;
mod grammar;
mod in_lists;
mod lexer;
mod nesting;
mod records;
mod renamed;
mod rows;
mod scalar;
mod shaper;
mod splitter;
mod values;
mod wanted;
mod wanted_values;

pub use alone::records_of;
pub(crate) use renamed::{might_hold_one_of, rename_clashes};
pub(crate) use shaper::Shaper;
pub(crate) use splitter::Splitter;
pub(crate) use values::values;
pub(crate) use wanted::{RecordsAt, Wanted, WantedColumns};
