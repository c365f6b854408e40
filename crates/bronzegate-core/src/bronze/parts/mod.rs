//! Parts: encoded lines into staged uploads, compressed, checksummed and rolled.

mod compress;
mod handle;
mod open;
#[cfg(test)]
mod tests;
mod writer;

pub use handle::{PartNaming, Parts};
