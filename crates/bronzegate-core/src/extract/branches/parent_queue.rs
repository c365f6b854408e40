//! The parents that are gone through, one after the other, and how far that has come.

use std::collections::{HashSet, VecDeque};

use super::next_branch::Begin;
use super::parent_reader::{ParentPage, ParentReader, Parents, StoppedAt};
use super::stream_state::ParentPlace;
use super::warnings::Warnings;
use crate::extract::paging::hasher;

/// Parents that are remembered, to notice that one comes again.
const REMEMBERED: usize = 1 << 16;

/// The parents that are gone through.
#[derive(Debug)]
pub(crate) struct ParentQueue {
    reader: ParentReader,
    page: Option<Box<ParentPage>>,
    place: ParentPlace,
    /// Tells which parents of the page have begun: the sum of their hashes.
    begun: u128,
    /// The parent whose partitions begin.
    current: Option<Vec<String>>,
    /// The page that comes first was gone through in part by an earlier segment.
    is_resumed: bool,
    known: Known,
    pub(crate) notes: Warnings,
}

/// Hashes of the newest parents.
#[derive(Debug, Default)]
struct Known {
    hashes: HashSet<u64>,
    newest: VecDeque<u64>,
}

impl ParentQueue {
    /// Begins at the place where they are read from; `goes_on` where partitions of its last parent are still to begin.
    pub(crate) fn new(reader: ParentReader, place: ParentPlace, goes_on: bool) -> Self {
        Self {
            reader,
            page: None,
            // A sum that cannot be read is that of no page, so its page is gone through again.
            begun: u128::from_str_radix(&place.begun, 16).unwrap_or_default(),
            current: goes_on.then(|| place.last.clone()),
            is_resumed: place.passed > 0,
            place,
            known: Known::default(),
            notes: Warnings::default(),
        }
    }

    /// The parent whose partitions begin; `None` when there are no more. Nothing is lost when the future is
    /// dropped.
    pub(crate) async fn current(&mut self) -> Result<Option<Vec<String>>, Begin> {
        loop {
            if let Some(current) = &self.current {
                return Ok(Some(current.clone()));
            }
            let next = self.page.as_ref().and_then(|page| page.values.get(self.place.passed as usize));
            if let Some(values) = next {
                self.place.passed += 1;
                self.place.last.clone_from(values);
                self.begun = self.begun.wrapping_add(hash(values));
                self.notes.again += u64::from(self.known.has(hash(values) as u64));
                self.current = Some(values.clone());
                continue;
            }
            match self.reader.next().await {
                Parents::Page(page) => self.turn(page),
                Parents::End(notes) => {
                    self.notes.add_above(*notes);
                    return Ok(None);
                }
                Parents::Stopped(at) => {
                    let StoppedAt { place, has_submitted, is_waiting, notes } = *at;
                    self.notes.add_above(notes);
                    self.stop_at(place);
                    return Err(Begin::Stopped { has_submitted, is_waiting });
                }
                Parents::Failed(error) => return Err(Begin::Failed(error)),
            }
        }
    }

    /// The partitions of the current parent have all begun.
    pub(crate) fn has_begun(&mut self) {
        self.current = None;
    }

    /// How far they have been gone through.
    pub(crate) fn place(&self) -> ParentPlace {
        ParentPlace { begun: format!("{:032x}", self.begun), ..self.place.clone() }
    }

    /// The parents end here: after all pages, or before the first, of which some have begun.
    fn stop_at(&mut self, place: ParentPlace) {
        self.page = None;
        if self.is_resumed && place.window == self.place.window {
            self.place.before = place.before;
        } else {
            (self.place, self.begun) = (place, 0);
        }
    }

    /// Goes on to a page; of the first, those that an earlier segment has begun are passed.
    fn turn(&mut self, mut page: Box<ParentPage>) {
        let mut passed = 0;
        if std::mem::take(&mut self.is_resumed) {
            let begun = self.place.passed as usize;
            match found(&page.values, begun, self.begun) {
                Some(at) => {
                    passed = begun;
                    // What has come in front of them since is gone through after them.
                    page.values[..at + begun].rotate_left(at);
                    self.notes.has_changed |= at > 0;
                }
                None => self.notes.has_changed = true,
            }
        }
        self.notes.add_above(std::mem::take(&mut page.notes));
        let last = std::mem::take(&mut self.place.last);
        self.begun = page.values[..passed].iter().fold(0, |sum, values| sum.wrapping_add(hash(values)));
        self.place = ParentPlace { passed: passed as u64, last, ..page.place.clone() };
        self.page = Some(page);
    }
}

impl Known {
    /// Whether a parent has come before; from now on it has.
    fn has(&mut self, hash: u64) -> bool {
        if !self.hashes.insert(hash) {
            return true;
        }
        self.newest.push_back(hash);
        if self.newest.len() > REMEMBERED
            && let Some(oldest) = self.newest.pop_front()
        {
            self.hashes.remove(&oldest);
        }
        false
    }
}

fn hash(values: &[String]) -> u128 {
    hasher(values).digest128()
}

/// Where the parents that have begun are in their page, in whatever order: so many in a row with that sum of
/// hashes. The API may have changed the page since. Where they are not found in a row, some of them or
/// others may be gone or in between, and the whole page is gone through again: a record twice is
/// better than one lost.
fn found(page: &[Vec<String>], begun: usize, sum: u128) -> Option<usize> {
    let hashes: Vec<u128> = page.iter().map(|values| hash(values)).collect();
    let mut found = hashes.get(..begun)?.iter().fold(0_u128, |sum, hash| sum.wrapping_add(*hash));
    let mut at = 0;
    while found != sum {
        found = found.wrapping_sub(*hashes.get(at)?).wrapping_add(*hashes.get(at + begun)?);
        at += 1;
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(ids: &[&str]) -> Vec<Vec<String>> {
        ids.iter().map(|&id| vec![id.to_owned()]).collect()
    }

    #[test]
    fn only_parents_that_have_begun_are_passed_however_their_page_has_changed() {
        let sum = page(&["1", "2"]).iter().fold(0_u128, |sum, values| sum.wrapping_add(hash(values)));
        for (ids, want) in [
            (&["1", "2", "3"][..], Some(0)),
            (&["2", "1", "3"], Some(0)),
            (&["0", "1", "2", "3"], Some(1)),
            (&["3", "4", "2", "1"], Some(2)),
            (&["4", "1", "3", "2"], None),
            (&["2", "3"], None),
            (&["1", "3"], None),
            (&["1", "1", "2"], Some(1)),
            (&["2"], None),
            (&[], None),
        ] {
            assert_eq!(found(&page(ids), 2, sum), want, "{ids:?}");
        }
    }

    #[test]
    fn a_parent_that_comes_again_is_noticed_among_the_newest() {
        let mut known = Known::default();
        assert!(!known.has(7) && known.has(7));
        for hash in 0..REMEMBERED as u64 {
            known.has(hash + 100);
        }
        assert!(!known.has(7), "the oldest are forgotten");
        assert!(known.hashes.len() <= REMEMBERED && known.newest.len() <= REMEMBERED);
    }
}
