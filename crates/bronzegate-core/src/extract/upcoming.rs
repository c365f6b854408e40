//! The branches that are yet to begin, in order: each parent with each partition.

use std::collections::VecDeque;
use std::sync::Arc;

use super::branch::{Branch, BranchId};
use super::notes::Notes;
use super::origin::Origin;
use super::passing::Passing;
use super::state::PageState;
use super::walk_state::{BranchState, NextBranch, WalkState};
use crate::error::Error;

/// What begins next.
#[derive(Debug)]
pub(super) enum Begin {
    /// A branch, at this state.
    Branch(Arc<Branch>, Box<PageState>),
    /// Nothing: all have begun.
    Done,
    /// Nothing: the parents' time was up, or a stop was asked for.
    Stopped {
        /// An export job of theirs was submitted.
        has_submitted: bool,
        /// An export job of theirs, which an earlier segment has submitted, goes on.
        is_waiting: bool,
    },
    /// The parents cannot be read, or the saved state does not fit.
    Failed(Error),
}

/// The branches that are yet to begin.
#[derive(Debug)]
pub(super) struct Upcoming {
    origin: Arc<Origin>,
    /// Those that an earlier segment has begun.
    resumed: VecDeque<BranchState>,
    /// The place of the next partition.
    partition: u64,
    /// The partition that a saved state names is none of the file's.
    is_foreign: bool,
    parents: Option<Passing>,
    is_done: bool,
}

impl Upcoming {
    /// The branches behind a state. Needs a tokio runtime where there are parents.
    pub(super) fn new(origin: Arc<Origin>, state: WalkState) -> Self {
        let WalkState { branches, next, .. } = state;
        let is_done = next == NextBranch::Done;
        let (partition, place) = match next {
            NextBranch::At { partition, parent } => (origin.stream.partitions.place(&partition), parent),
            NextBranch::First | NextBranch::Done => (Some(0), None),
        };
        let parents = match (&origin.stream.parent, &origin.parent) {
            (Some(parent), Some(above)) if !is_done => {
                let place = place.map(|place| *place).unwrap_or_default();
                let goes_on = partition.is_some_and(|place| place > 0);
                Some(Passing::new(above.clone(), parent.clone(), place, goes_on))
            }
            _ => None,
        };
        Self {
            origin,
            resumed: branches.into(),
            partition: partition.unwrap_or_default(),
            is_foreign: partition.is_none(),
            parents,
            is_done,
        }
    }

    /// Whether all have begun.
    pub(super) fn is_done(&self) -> bool {
        self.is_done && self.resumed.is_empty()
    }

    /// The next one. Nothing is lost when the future is dropped.
    pub(super) async fn next(&mut self) -> Begin {
        if let Some(BranchState { id, page }) = self.resumed.pop_front() {
            return self.ready(id, Some(page));
        }
        if self.is_done {
            return Begin::Done;
        }
        let parent = match &mut self.parents {
            None => Vec::new(),
            Some(parents) => match parents.current().await {
                Ok(Some(parent)) => parent,
                Ok(None) => {
                    self.is_done = true;
                    return Begin::Done;
                }
                Err(other) => return other,
            },
        };
        let partitions = &self.origin.stream.partitions;
        let partition = if self.is_foreign { Vec::new() } else { partitions.combination(self.partition) };
        self.partition += 1;
        if self.partition == partitions.count() {
            self.partition = 0;
            match &mut self.parents {
                None => self.is_done = true,
                Some(parents) => parents.has_begun(),
            }
        }
        self.ready(BranchId { partition, parent }, None)
    }

    /// What was found since it was last asked.
    pub(super) fn take_notes(&mut self) -> Notes {
        self.parents.as_mut().map(|parents| std::mem::take(&mut parents.notes)).unwrap_or_default()
    }

    fn ready(&self, id: BranchId, page: Option<PageState>) -> Begin {
        match Branch::new(&self.origin.stream, id) {
            Ok(branch) => {
                let page = page.unwrap_or_else(|| self.origin.first());
                Begin::Branch(Arc::new(branch), Box::new(page))
            }
            Err(error) => Begin::Failed(error),
        }
    }

    /// Where it is, with the branches of an earlier segment that have not begun again.
    pub(super) fn state(&self) -> (Vec<BranchState>, NextBranch) {
        let next = if self.is_done {
            NextBranch::Done
        } else {
            NextBranch::At {
                partition: self.origin.stream.partitions.combination(self.partition),
                parent: self.parents.as_ref().map(|parents| Box::new(parents.place())),
            }
        };
        (self.resumed.iter().cloned().collect(), next)
    }
}
