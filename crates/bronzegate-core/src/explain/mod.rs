//! What a stream's source file says, in plain English, and the first requests that it leads to. Nothing is sent, no
//! secret is read, and no log is looked at: it is what the first run would do.

mod credential;
mod explanation;
mod requests;
mod shown;
mod words;

pub use explanation::{Explanation, ShownRequest};

#[cfg(test)]
mod tests;
