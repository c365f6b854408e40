//! Parts: encoded lines into staged uploads, compressed, checksummed and rolled.

mod naming;
mod open;
mod roller;
mod segment_parts;
#[cfg(test)]
mod tests;

pub(crate) use naming::PartNaming;
pub(crate) use segment_parts::Parts;
