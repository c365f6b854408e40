//! Parts: encoded lines into staged uploads, compressed, checksummed and rolled.

mod open;
mod parts;
mod roller;
#[cfg(test)]
mod tests;

pub(crate) use parts::{PartNaming, Parts};
