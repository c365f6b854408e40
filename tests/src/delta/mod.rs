//! Delta tables beside other readers and writers.

mod peer;
mod place;
mod rivalry;

pub use peer::{DeltaPeer, PeerRoot, READERS, Row};
pub use place::{Place, TABLE, columns};
pub use rivalry::{Rivalry, Rivals, Tally};
