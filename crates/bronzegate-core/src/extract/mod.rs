//! Extraction: what the next request is, and what a response holds.

pub mod splitter;
