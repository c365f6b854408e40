//! What the integration tests share: a bench to run streams on, the command line as processes, stores
//! that fail, and the clouds as they can be had on one machine.

pub mod aws;
pub mod azure;
mod bench;
pub mod browser;
pub mod changes;
pub mod command;
pub mod contract;
pub mod exports;
mod faulty;
pub mod function_app;
pub mod functions;
pub mod items;
pub mod lambda;
mod manual;
pub mod moto;
mod outputs;
mod piped;
mod played;
pub mod proxy;
mod shifted;
pub mod terraform;
pub mod torture;
mod vault;

pub use bench::{
    Bench, SCHEDULED, SEED, TOKEN, assert_complete, expected, failure, lines, one_stream, parts, request,
    test_clock, without_metadata,
};
/// The repository's root.
///
/// # Panics
/// Never: this package is a folder of it.
pub fn repository() -> &'static std::path::Path {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("this package is a folder of the repository")
}

pub use faulty::{Failing, FaultyStore};
pub use manual::{ManualClock, Timed};
pub use played::Played;
pub use shifted::Shifted;
pub use vault::MemoryVault;
