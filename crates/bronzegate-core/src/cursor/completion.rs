//! How the marks of partitions and skipped branches move: noted while a run goes on, moved when it is complete.

use std::cmp::Ordering;

use super::partition_marks::{BranchProgress, PartitionMark, SkippedBranch, SkippedBranches};
use super::state::{CursorState, Mark};
use super::value::{CursorValue, NotACursor, Verbatim};
use crate::config::Incremental;

/// A branch that has ended in a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EndedBranch {
    /// The values of its partition.
    pub partition: Vec<String>,
    /// A hash of all its values.
    pub id: u128,
    /// A rule has left it out; else all its pages have come.
    pub is_skipped: bool,
}

impl CursorState {
    /// Notes which branches have ended; `by_parent` says that a partition has a branch for each parent. Returns
    /// how many were left out whose mark there is no room for.
    pub(crate) fn note(&mut self, ended: &[EndedBranch], by_parent: bool) -> u64 {
        let mut lost = 0;
        for branch in ended {
            let name = SkippedBranches::name(branch.id);
            let progress = if branch.is_skipped { BranchProgress::Skipped } else { BranchProgress::Finished };
            let entries = self.skipped.iter_mut().flat_map(|group| &mut group.branches);
            if let Some(entry) = entries.into_iter().find(|entry| entry.branch == name) {
                entry.progress = progress;
            } else if let Some(mark) = self.own_mark(&branch.partition).filter(|_| !by_parent) {
                mark.progress = progress;
            } else if branch.is_skipped {
                lost += u64::from(!self.keep_mark(branch, name));
            }
        }
        lost
    }

    /// The state after a complete run: the marks of what it has read move, the others stay. Returns how many
    /// branches that were left out before have not come again: their parents are gone.
    ///
    /// # Errors
    /// [`NotACursor`] when a value does not fit the format.
    pub(crate) fn completed(
        mut self,
        settings: &Incremental,
        by_parent: bool,
    ) -> Result<(Self, u64), NotACursor> {
        let mut partitions = self.partitions.take();
        for mark in partitions.iter_mut().flat_map(|partitions| &mut partitions.marks) {
            let has_come = match mark.progress {
                BranchProgress::Finished => true,
                BranchProgress::Due => by_parent,
                BranchProgress::Skipped | BranchProgress::Removed => false,
            };
            if has_come && !self.is_ahead(settings, mark.from.as_ref())? {
                mark.known = self.position_of(mark.newest.take().as_ref().or(mark.known.as_ref()));
                mark.from = self.to.clone().filter(|_| self.more);
            }
            mark.newest = None;
            mark.progress = self.next_progress(mark.progress);
        }
        match &partitions {
            Some(own) if !own.are_shared() => self.newest = newest(settings, &own.marks)?,
            _ if self.is_ahead(settings, self.common_from())? => self.newest = None,
            _ => {}
        }
        self.partitions = partitions;
        let gone = self.move_skipped(settings)?;
        self.hold_hashes();
        Ok((self, gone))
    }

    /// How far the branches without a mark of their own have been read once the run is complete, and where
    /// their requests begin if more is due.
    ///
    /// # Errors
    /// [`NotACursor`] when a value does not fit the format.
    pub(crate) fn common(
        &self,
        settings: &Incremental,
    ) -> Result<(Option<Mark>, Option<Verbatim>), NotACursor> {
        if self.is_ahead(settings, self.common_from())? {
            return Ok((self.known.clone(), self.common_from().cloned()));
        }
        Ok((self.position(), self.to.clone()))
    }

    /// Forgets how far the run has read, for one that begins at its first page again.
    pub(crate) fn begin_anew(&mut self) {
        self.newest = None;
        for mark in self.partitions.iter_mut().flat_map(|partitions| &mut partitions.marks) {
            mark.newest = None;
            mark.progress.begin_anew();
        }
        for branch in self.skipped.iter_mut().flat_map(|group| &mut group.branches) {
            branch.progress.begin_anew();
        }
    }

    /// Moves the marks of skipped branches that have been read since, as far as they are not up to the others.
    fn move_skipped(&mut self, settings: &Incremental) -> Result<u64, NotACursor> {
        let (mut gone, mut kept) = (0, Vec::new());
        for group in std::mem::take(&mut self.skipped) {
            let is_away = self.is_ahead(settings, group.from.as_ref())? || self.is_removed(&group.partition);
            let (mut waiting, mut caught_up) = (Vec::new(), Vec::new());
            for branch in group.branches {
                match branch.progress {
                    BranchProgress::Finished => caught_up.push(branch.with(BranchProgress::Due)),
                    BranchProgress::Due if !is_away => gone += 1,
                    progress => waiting.push(branch.with(self.next_progress(progress))),
                }
            }
            // The others may be ahead of this window: until it has come to where they are, it stays apart.
            if self.more && !caught_up.is_empty() && self.are_others_beyond(settings, &group.partition)? {
                let (partition, from) = (group.partition.clone(), self.to.clone());
                let known = from.clone().map(Mark::at);
                kept.push(SkippedBranches { partition, from, known, branches: caught_up });
            }
            if !waiting.is_empty() {
                kept.push(SkippedBranches { branches: waiting, ..group });
            }
        }
        self.skipped = kept;
        Ok(gone)
    }

    /// Whether the other branches of a partition begin after the end of this window.
    fn are_others_beyond(&self, settings: &Incremental, partition: &[String]) -> Result<bool, NotACursor> {
        let own = self.partitions.as_ref().and_then(|partitions| partitions.of(partition));
        let from = own.map_or_else(|| self.common_from(), |mark| mark.from.as_ref());
        Ok(self.against_end(settings, from)?.is_some_and(Ordering::is_gt))
    }

    fn is_removed(&self, partition: &[String]) -> bool {
        let own = self.partitions.as_ref().and_then(|partitions| partitions.of(partition));
        own.is_some_and(|mark| mark.progress == BranchProgress::Removed)
    }

    /// What becomes of a progress when a run is complete: what was left out is asked for again by the next event,
    /// not by the next window of this one.
    fn next_progress(&self, progress: BranchProgress) -> BranchProgress {
        match progress {
            BranchProgress::Skipped if self.more => BranchProgress::Skipped,
            BranchProgress::Removed => BranchProgress::Removed,
            _ => BranchProgress::Due,
        }
    }

    fn own_mark(&mut self, values: &[String]) -> Option<&mut PartitionMark> {
        self.partitions.as_mut()?.marks.iter_mut().find(|mark| mark.values == values)
    }

    /// Keeps the mark that a branch had before the run, if there is room.
    fn keep_mark(&mut self, branch: &EndedBranch, name: String) -> bool {
        let count: usize = self.skipped.iter().map(|group| group.branches.len()).sum();
        if count >= SkippedBranches::MOST {
            return false;
        }
        let partition = branch.partition.clone();
        let (from, known) = match self.own_mark(&partition) {
            Some(mark) => (mark.from.clone(), mark.known.clone()),
            None => (self.common_from().cloned(), self.known.clone()),
        };
        let held: usize = self.skipped.iter().filter_map(|group| group.known.as_ref()).map(Mark::held).sum();
        let skipped = SkippedBranch { branch: name, progress: BranchProgress::Skipped };
        let like = |group: &&mut SkippedBranches| {
            group.partition == partition && group.from == from && group.known == known
        };
        if let Some(group) = self.skipped.iter_mut().find(like) {
            group.branches.push(skipped);
        } else {
            let branches = vec![skipped];
            // What is then not known of the records at the mark is written once more.
            let known = known.map(|mark| match held + mark.held() {
                ..=Mark::ALL_VERSIONS => mark,
                _ => Mark::at(mark.cursor),
            });
            self.skipped.push(SkippedBranches { partition, from, known, branches });
        }
        true
    }

    /// Lets go of hashes beyond what all marks together may hold, those of the largest marks first: records at
    /// their cursors are written once more.
    fn hold_hashes(&mut self) {
        let marks = self.partitions.iter_mut().flat_map(|partitions| &mut partitions.marks);
        let marks = marks.filter_map(|mark| mark.known.as_mut());
        let skipped = self.skipped.iter_mut().filter_map(|group| group.known.as_mut());
        let mut marks: Vec<&mut Mark> = marks.chain(skipped).collect();
        marks.sort_by_key(|mark| std::cmp::Reverse(mark.held()));
        let mut count: usize = marks.iter().map(|mark| mark.held()).sum();
        for mark in marks {
            if count <= Mark::ALL_VERSIONS {
                break;
            }
            count -= mark.held();
            mark.versions.clear();
        }
    }
}

impl BranchProgress {
    fn begin_anew(&mut self) {
        if *self == Self::Finished {
            *self = Self::Due;
        }
    }
}

impl SkippedBranch {
    fn with(self, progress: BranchProgress) -> Self {
        Self { progress, ..self }
    }
}

/// The newest of the marks, without hashes: for reports.
fn newest(settings: &Incremental, marks: &[PartitionMark]) -> Result<Option<Mark>, NotACursor> {
    let cursors = marks.iter().filter_map(|mark| Some(mark.known.as_ref()?.cursor.clone()));
    let values = cursors.map(|cursor| CursorValue::of(&settings.format, cursor));
    let mut newest: Option<CursorValue> = None;
    for value in values {
        let value = value?;
        if newest.as_ref().is_none_or(|newest| newest.order() < value.order()) {
            newest = Some(value);
        }
    }
    Ok(newest.map(|value| Mark::at(value.verbatim().clone())))
}
