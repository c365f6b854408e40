//! Databricks for tests, played to the letter of its REST API over TLS: tokens, secret scopes, Unity Catalog, and SQL
//! statements, which delta-rs carries out on a folder.

mod lakehouse;
mod played;
mod segment;

pub use lakehouse::Lakehouse;
pub use played::{Call, Fault, PlayedDatabricks};
pub use segment::Segment;
