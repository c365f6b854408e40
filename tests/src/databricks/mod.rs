//! Databricks for tests, played to the letter of its REST API over TLS: tokens, secret scopes, Unity Catalog, and SQL
//! statements, which delta-rs carries out on a folder.

mod answers;
mod fault;
mod lakehouse;
mod played;
mod segment;

pub use fault::{Call, Fault};
pub use lakehouse::Lakehouse;
pub use played::PlayedDatabricks;
pub use segment::Segment;
