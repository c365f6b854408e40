//! One run of one stream: the straight line from a request to a report.

mod cursor;
mod engine;
mod pace;
mod record;
mod segment;
mod stream;

pub use engine::{Engine, StreamRun};
