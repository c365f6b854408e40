//! Faults: the rules, and the decision which of them fires.

mod book;
mod rule;

pub use rule::{BadGzip, Fault, FaultKind, Framing, InvalidJson, When, WrongShape};

pub(crate) use book::{Asked, Book, Moment};
