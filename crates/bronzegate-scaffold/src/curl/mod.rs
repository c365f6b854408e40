//! A curl line, as browsers and API documentation give it: read, never executed.

mod flags;
mod parse;

pub use parse::{CurlError, parse};
