//! Publishing: from a committed segment to what readers see.

mod bounded_tables;
mod error;
mod into_table;
mod publication;
mod publisher;
mod settler;
mod stores;
mod target_id;
#[cfg(test)]
mod tests;

pub use error::PublishError;
pub use publisher::Publisher;
pub use settler::Settler;
pub use stores::Stores;
