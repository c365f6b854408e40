//! The branches that are yet to begin, in order: each parent with each partition.

use std::collections::VecDeque;
use std::sync::Arc;

use super::next_branch::Begin;
use super::parent_queue::ParentQueue;
use super::parent_reader::ParentReader;
use super::stream_state::{BranchState, NextBranch, StreamState};
use super::warnings::Warnings;
use crate::error::Error;
use crate::extract::page::StreamContext;
use crate::extract::paging::{Branch, BranchId, PageState};

/// The branches that are yet to begin.
#[derive(Debug)]
pub(crate) struct BranchQueue {
    context: Arc<StreamContext>,
    /// Those that an earlier segment has begun.
    resumed: VecDeque<BranchState>,
    /// The place of the next partition.
    partition: u64,
    /// The partition that a saved state names is none of the file's.
    is_foreign: bool,
    parents: Option<ParentQueue>,
    is_done: bool,
}

impl BranchQueue {
    /// The branches after a state. Needs a tokio runtime where there are parents.
    pub(crate) fn new(context: Arc<StreamContext>, state: StreamState) -> Self {
        let StreamState { branches, next, .. } = state;
        let is_done = next == NextBranch::Done;
        let (partition, place) = match next {
            NextBranch::At { partition, parent } => (context.stream.partitions.place(&partition), parent),
            NextBranch::First | NextBranch::Done => (Some(0), None),
        };
        let parents = match (&context.stream.parent, &context.parent) {
            (Some(parent), Some(above)) if !is_done => {
                let place = place.map(|place| *place).unwrap_or_default();
                let goes_on = partition.is_some_and(|place| place > 0);
                let reader = ParentReader::start(
                    (above.clone(), context.changed.clone()),
                    parent.clone(),
                    place.clone(),
                );
                Some(ParentQueue::new(reader, place, goes_on))
            }
            _ => None,
        };
        Self {
            context,
            resumed: branches.into(),
            partition: partition.unwrap_or_default(),
            is_foreign: partition.is_none(),
            parents,
            is_done,
        }
    }

    /// Whether all have begun.
    pub(crate) fn is_done(&self) -> bool {
        self.is_done && self.resumed.is_empty()
    }

    /// The next one. Nothing is lost when the future is dropped.
    pub(crate) async fn next(&mut self) -> Begin {
        if let Some(BranchState { id, page }) = self.resumed.pop_front() {
            return self.ready(id, Some(page));
        }
        loop {
            match self.upcoming().await {
                Ok(id) => {
                    let begin = self.ready(id, None);
                    // Its mark lies after what the run asks for, or a rule has left it out before.
                    let is_asked = |branch: &Branch| self.context.asked.asked(branch).is_some();
                    if !matches!(&begin, Begin::Branch(branch, _) if !is_asked(branch)) {
                        return begin;
                    }
                }
                Err(other) => return other,
            }
        }
    }

    /// The next one that has not begun.
    async fn upcoming(&mut self) -> Result<BranchId, Begin> {
        if self.is_done {
            return Err(Begin::Done);
        }
        let parent = match &mut self.parents {
            None => Vec::new(),
            Some(parents) => match parents.current().await {
                Ok(Some(parent)) => parent,
                Ok(None) => {
                    self.is_done = true;
                    return Err(Begin::Done);
                }
                Err(other) => return Err(other),
            },
        };
        let partitions = &self.context.stream.partitions;
        let partition = if self.is_foreign { Vec::new() } else { partitions.combination(self.partition) };
        self.partition += 1;
        if self.partition == partitions.count() {
            self.partition = 0;
            match &mut self.parents {
                None => self.is_done = true,
                Some(parents) => parents.has_begun(),
            }
        }
        Ok(BranchId { partition, parent })
    }

    /// The state before the stream's first page, for looking without writing; `None` without parents.
    ///
    /// # Errors
    /// When the parents cannot be read.
    pub(crate) async fn first(
        context: &Arc<StreamContext>,
    ) -> Result<Option<(Arc<Branch>, PageState)>, Error> {
        match Self::new(context.clone(), StreamState::default()).next().await {
            Begin::Branch(branch, state) => Ok(Some((branch, *state))),
            Begin::Done | Begin::Stopped { .. } => Ok(None),
            Begin::Failed(error) => Err(error),
        }
    }

    /// What was found since it was last asked.
    pub(crate) fn take_notes(&mut self) -> Warnings {
        self.parents.as_mut().map(|parents| std::mem::take(&mut parents.notes)).unwrap_or_default()
    }

    fn ready(&self, id: BranchId, page: Option<PageState>) -> Begin {
        match Branch::new(&self.context.stream, id) {
            Ok(branch) => {
                let page = page.unwrap_or_else(|| self.context.first());
                Begin::Branch(Arc::new(branch), Box::new(page))
            }
            Err(error) => Begin::Failed(error),
        }
    }

    /// Where it is, with the branches of an earlier segment that have not begun again.
    pub(crate) fn state(&self) -> (Vec<BranchState>, NextBranch) {
        let next = if self.is_done {
            NextBranch::Done
        } else {
            NextBranch::At {
                partition: self.context.stream.partitions.combination(self.partition),
                parent: self.parents.as_ref().map(|parents| Box::new(parents.place())),
            }
        };
        (self.resumed.iter().cloned().collect(), next)
    }
}
