//! Publishing: from a committed segment to what readers see.

mod publication;
mod publisher;
mod settler;
mod stores;
#[cfg(test)]
mod tests;

pub use publisher::Publisher;
pub use settler::Settler;
pub use stores::Stores;
