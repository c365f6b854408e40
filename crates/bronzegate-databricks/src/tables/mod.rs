//! A schema of Unity Catalog as tables.

mod catalog;
mod copy;
mod schema_name;
mod stored;
mod table;
#[expect(clippy::module_inception, reason = "the port's own word")]
mod tables;

pub(crate) use schema_name::SchemaName;
pub use tables::DatabricksTables;
