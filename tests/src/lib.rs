//! What the integration tests share: a bench to run streams on, the command line as processes, stores
//! that fail, and the clouds as they can be had on one machine.

pub mod aws;
pub mod azure;
mod bench;
pub mod changes;
pub mod command;
pub mod contract;
mod faulty;
pub mod lambda;
pub mod moto;
pub mod proxy;
pub mod terraform;

pub use bench::{
    Bench, SCHEDULED, SEED, TOKEN, expected, failure, lines, one_stream, parts, request, test_clock,
};
pub use faulty::{Failing, FaultyStore};
