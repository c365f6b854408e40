//! Records: deterministic from seed, shape and position, written straight into byte buffers.

mod digits;
mod draw;
mod expected;
mod markup;
mod recipe;
mod shape;
mod table;
mod template;
mod wide;

pub use expected::{Expected, expected};
pub use markup::xml_record;
pub use recipe::record;
pub use shape::Shape;
pub use table::{csv_record, csv_record_of, row_record_of, value_record_of};

pub(crate) use draw::mix;
pub(crate) use markup::{element, write_element};
pub(crate) use recipe::Recipe;
pub(crate) use table::Table;
