//! From YAML text to settings with their places: [`document`] makes a tree that knows every
//! node's line, [`de`] lets serde read it and goes on after a mistake, [`slot`] keeps the places.

mod access;
mod choice;
mod de;
mod document;
mod error;
mod literals;
mod scalar;
mod shape;
mod slot;
mod typed;
mod yaml_help;

pub(super) use de::read;
pub(super) use document::parse as document;
pub(super) use literals::refuse_unfilled;
pub(super) use shape::{Entries, Joined, OneOrMany, TextOr};
pub(super) use slot::Slot;
pub(super) use typed::TypedText;
