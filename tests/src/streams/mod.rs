//! Streams of the demo API that several tests read, with their settings in a source file.

pub mod changes;
pub mod exports;
pub mod items;
