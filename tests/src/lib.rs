//! What the integration tests share: a bench to run streams on, the command line as processes, and
//! stores that fail.

mod bench;
pub mod changes;
pub mod command;
pub mod contract;
mod faulty;

pub use bench::{
    Bench, SCHEDULED, SEED, TOKEN, expected, failure, lines, one_stream, parts, request, test_clock,
};
pub use faulty::{Failing, FaultyStore};
