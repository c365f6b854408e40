//! Looking without writing: one request to see what is found where, or a few records as they are.

mod absent;
mod answer;
mod cursors;
mod density;
mod first_page;
mod further;
mod look;
mod preamble;

pub use answer::Answer;
pub use look::{Finding, Probe};
