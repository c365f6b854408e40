//! All pages of a stream: its partitions and parents, several at a time, handed on in order.

mod branch_pages;
mod branch_queue;
mod length;
mod next_branch;
mod only_page;
mod parent_queue;
mod parent_reader;
mod parent_values;
mod parent_windows;
mod second_look;
mod stream_pages;
mod stream_state;
mod warnings;

pub(crate) use branch_queue::BranchQueue;
pub(crate) use only_page::{Led, only_page, page_zero};
pub(crate) use stream_pages::{StreamPages, holds_secret};
pub(crate) use stream_state::StreamState;
#[cfg(test)]
pub(crate) use stream_state::{BranchState, NextBranch};
