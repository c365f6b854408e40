//! What the integration tests share: a bench to run streams on.

mod bench;

pub use bench::{Bench, SCHEDULED, TOKEN, lines, parts};
