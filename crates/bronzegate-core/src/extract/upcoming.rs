//! The branches that are yet to begin, in order: each parent with each partition.

use std::collections::VecDeque;
use std::sync::Arc;

use super::branch::{Branch, BranchId};
use super::origin::Origin;
use super::parents::{ParentPage, ParentReader, Parents};
use super::state::PageState;
use super::walk_state::{BranchState, NextBranch, ParentPlace, WalkState};
use crate::error::Error;

/// What begins next.
#[derive(Debug)]
pub(super) enum Begin {
    /// A branch, at this state.
    Branch(Arc<Branch>, Box<PageState>),
    /// Nothing: all have begun.
    Done,
    /// Nothing: the parents' time was up, or a stop was asked for.
    Stopped,
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

/// The parents that are gone through.
#[derive(Debug)]
struct Passing {
    reader: ParentReader,
    page: Option<Box<ParentPage>>,
    place: ParentPlace,
    /// The parent whose partitions begin.
    current: Option<Vec<String>>,
    /// The page that comes first was gone through in part by an earlier segment.
    is_resumed: bool,
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
                let reader = ParentReader::start(above.clone(), parent.clone(), place.before.clone());
                let goes_on = partition.is_some_and(|place| place > 0);
                let current = goes_on.then(|| place.last.clone());
                Some(Passing { reader, page: None, is_resumed: place.passed > 0, place, current })
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
                Some(parents) => parents.current = None,
            }
        }
        self.ready(BranchId { partition, parent }, None)
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
                parent: self.parents.as_ref().map(|parents| Box::new(parents.place.clone())),
            }
        };
        (self.resumed.iter().cloned().collect(), next)
    }
}

impl Passing {
    /// The parent whose partitions begin; `None` when there are no more.
    async fn current(&mut self) -> Result<Option<Vec<String>>, Begin> {
        loop {
            if let Some(current) = &self.current {
                return Ok(Some(current.clone()));
            }
            let next = self.page.as_ref().and_then(|page| page.values.get(self.place.passed as usize));
            if let Some(values) = next {
                self.place.passed += 1;
                self.place.last.clone_from(values);
                self.current = Some(values.clone());
                continue;
            }
            match self.reader.next().await {
                Parents::Page(page) => self.turn(page),
                Parents::End => return Ok(None),
                Parents::Stopped => return Err(Begin::Stopped),
                Parents::Failed(error) => return Err(Begin::Failed(error)),
            }
        }
    }

    /// Goes on to a page: its first parent is next, or the one behind that which an earlier segment has begun.
    fn turn(&mut self, page: Box<ParentPage>) {
        let passed = if std::mem::take(&mut self.is_resumed) {
            behind(&page.values, self.place.passed, &self.place.last)
        } else {
            0
        };
        let last = std::mem::take(&mut self.place.last);
        self.place = ParentPlace { before: page.before.clone(), passed, last };
        self.page = Some(page);
    }
}

/// How many parents of a page have begun. The API may have changed it since: then it is gone on behind the
/// last that had, and if that is gone, the whole page is, because a record twice is better than one lost.
fn behind(page: &[Vec<String>], passed: u64, last: &[String]) -> u64 {
    let expected = (passed as usize).checked_sub(1);
    if expected.and_then(|at| page.get(at)).is_some_and(|values| values == last) {
        return passed;
    }
    let found = page.iter().position(|values| values == last);
    found.map_or(0, |at| at as u64 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_changed_is_gone_on_with_behind_the_last_parent_that_had_begun() {
        let page = |ids: &[&str]| ids.iter().map(|&id| vec![id.to_owned()]).collect::<Vec<_>>();
        let last = [String::from("2")];
        for (ids, want) in [
            (&["1", "2", "3"][..], 2),
            (&["0", "1", "2", "3"], 3),
            (&["2", "3"], 1),
            (&["1", "3"], 0),
            (&["2"], 1),
            (&[], 0),
        ] {
            assert_eq!(behind(&page(ids), 2, &last), want, "{ids:?}");
        }
    }
}
