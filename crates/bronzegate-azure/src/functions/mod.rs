//! The function app: which functions there are, and the files that tell the Functions host of them.

mod app;
mod files;
mod timer;

pub use app::{App, Due};
pub use files::{HOST, HTTP, ITEM, POISON, QUEUE, REQUEST, RESPONSE, TIMER, WATCH, WORK, write_differences};
pub use timer::Timer;
