//! `new`: one source file from one URL. At most five requests are sent; what is found is written with what it rests on,
//! and what is not sure is a comment.

mod cursors;
mod draft;
mod explore;
mod facts;
mod file;
mod hints;
mod page;
mod paging;
mod records;
mod signals;
mod size;

pub(crate) use cursors::cursor_parameters;
pub(crate) use draft::put;
pub use draft::{Draft, Given};
pub use explore::{Choose, Explored, Outcome, explore, skeleton};
pub use records::Candidate;
