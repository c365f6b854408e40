//! Exactness, tried at random: streams are read while the API fails, the store fails, runs are cut by
//! deadlines, killed, repeated and raced; in the end bronze is that of one uncut run.
//!
//! A trial follows from its seed: the [`Plan`] says what is read and what goes wrong. What two runs at
//! once do to each other is up to the machine, so a seed repeats a trial's plan, not its every step.
//!
//! How runs end before they are done, and what the difference is:
//!
//! | way | where | what is left |
//! |---|---|---|
//! | killed | processes: `bronzegate`, `bootstrap`, and `workbench torture-doomed`, which stops at a call of its store and waits for the signal | what a power cut leaves: no destructor ran, locks are let go by the operating system |
//! | dropped | the engine on a runtime of its own, whose future is dropped; its store does nothing from that moment on, and nothing of it runs once the runtime is gone | on S3 and Azure the same as a kill, since no destructor there calls the service; on a folder a *cancelled* run, whose destructors remove unfinished files and empty folders |
//!
//! So a folder's kills are those of processes alone, and dropping is tried there besides.

mod act;
mod bronze;
mod campaign;
mod doomed;
mod engine;
mod kinds;
mod lake;
mod note;
mod plan;
mod process;
mod sabotage;
mod scene;
mod stage;
mod store;
mod trial;

pub use campaign::{Campaign, Failure, Passed, Summary};
pub use doomed::{Doomed, NotDoomed};
pub use kinds::Kind;
pub use plan::Plan;
pub use sabotage::Sabotage;
pub use store::StoreKind;
pub use trial::{Tally, Violation};
