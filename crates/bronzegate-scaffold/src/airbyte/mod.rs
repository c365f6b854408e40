//! Airbyte's low-code manifests, component versions 0 to 6, as source files.
//!
//! References and parameters are resolved as Airbyte does it, and what depends on the configuration alone is folded. What a
//! run decides has to reduce to a place, a condition or a template of source files, or to one of the named rewrites; else the
//! stream is refused. Nothing is guessed.

mod auth;
mod bodies;
mod branches;
mod conditions;
mod cursor;
mod files;
mod functions;
mod import;
mod jinja;
mod login;
mod moments;
mod next_pages;
mod oauth;
mod operators;
mod pages;
mod part;
mod pieces;
mod places;
mod refused;
mod requests;
mod resolve;
mod rules;
mod selector;
mod settings;
mod stops;
mod stream;
mod templates;
mod term;
#[cfg(test)]
mod tests;
mod transformations;

pub use cursor::ClientSide;
pub(crate) use files::stream_name;
pub use import::{Options, import};
