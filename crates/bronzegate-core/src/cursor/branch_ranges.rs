//! What a run asks of each branch: partitions and skipped branches have marks of their own.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::bounds::Bounds;
use super::partition_marks::BranchProgress;
use super::state::{CursorState, Mark};
use super::value::{CursorValue, NotACursor, Verbatim};
use crate::config::Incremental;

/// What tells a branch from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BranchKey<'a> {
    /// The values of its partition.
    pub partition: &'a [String],
    /// A hash of all its values.
    pub id: u128,
    /// The seed of its records' hashes; 0 for the only branch.
    pub seed: u64,
}

impl BranchKey<'_> {
    /// The only branch of a stream.
    pub(crate) const ONLY: Self = Self { partition: &[], id: 0, seed: 0 };
}

/// What is asked of some branches alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BranchRange {
    /// Where requests begin; `None` at the oldest record.
    pub from: Option<Verbatim>,
    /// How far earlier runs have read.
    pub known: Option<Mark>,
    /// The cursors of the records that belong to it.
    pub bounds: Bounds,
    /// Whether the run asks for them: they are not ahead of its end, and not left out before.
    pub is_asked: bool,
}

/// The ranges of all branches.
#[derive(Clone, Debug, Default)]
pub(crate) struct BranchRanges {
    ranges: Vec<BranchRange>,
    /// Where partitions have marks of their own: the place of the range of each.
    partitions: Option<HashMap<Vec<String>, usize>>,
    skipped: HashMap<u128, usize>,
}

impl BranchRanges {
    /// The ranges of a run with this state.
    ///
    /// # Errors
    /// [`NotACursor`] when a value does not fit the format.
    pub(crate) fn of(state: &CursorState, settings: &Incremental) -> Result<Self, NotACursor> {
        let range = |from: &Option<Verbatim>, known: &Option<Mark>, progress| {
            state.range(settings, from.as_ref(), known.as_ref(), progress)
        };
        let own = state.partitions.as_ref().filter(|partitions| !partitions.are_shared());
        let mut found = Self { partitions: own.map(|_| HashMap::new()), ..Self::default() };
        if let (Some(own), Some(places)) = (own, &mut found.partitions) {
            for (place, mark) in own.marks.iter().enumerate() {
                found.ranges.push(range(&mark.from, &mark.known, mark.progress)?);
                places.insert(mark.values.clone(), place);
            }
        } else {
            let from = state.common_from().cloned();
            found.ranges.push(range(&from, &state.known, BranchProgress::Due)?);
        }
        for group in &state.skipped {
            // Branches of a group may be at different points of the run.
            for branch in &group.branches {
                let Ok(id) = u128::from_str_radix(&branch.branch, 16) else { continue };
                found.skipped.insert(id, found.ranges.len());
                found.ranges.push(range(&group.from, &group.known, branch.progress)?);
            }
        }
        Ok(found)
    }

    /// One range for all branches.
    pub(crate) fn one(bounds: Bounds) -> Self {
        let range = BranchRange { from: None, known: None, bounds, is_asked: true };
        Self { ranges: vec![range], ..Self::default() }
    }

    /// All ranges.
    pub(crate) fn all(&self) -> &[BranchRange] {
        &self.ranges
    }

    /// The place of the range that a branch is asked for; `None` for a partition that the run does not know.
    pub(crate) fn place(&self, key: BranchKey<'_>) -> Option<usize> {
        self.skipped.get(&key.id).copied().or_else(|| self.home(key))
    }

    /// The place of the range whose mark moves with the branch's records: that of its partition.
    pub(crate) fn home(&self, key: BranchKey<'_>) -> Option<usize> {
        self.partitions.as_ref().map_or(Some(0), |places| places.get(key.partition).copied())
    }

    /// What is asked of a branch; `None` when the run does not ask for it.
    pub(crate) fn asked(&self, key: BranchKey<'_>) -> Option<&BranchRange> {
        self.ranges.get(self.place(key)?).filter(|range| range.is_asked)
    }

    /// Whether the state remembers of this very branch how far it has been read.
    pub(crate) fn remembers(&self, key: BranchKey<'_>, is_partition: bool) -> bool {
        self.skipped.contains_key(&key.id) || is_partition && self.partitions.is_some()
    }
}

impl CursorState {
    /// What is asked of branches that have been read as far as `known`.
    fn range(
        &self,
        settings: &Incremental,
        from: Option<&Verbatim>,
        known: Option<&Mark>,
        progress: BranchProgress,
    ) -> Result<BranchRange, NotACursor> {
        let is_ahead = self.is_ahead(settings, from)?;
        Ok(BranchRange {
            from: from.cloned(),
            known: known.cloned(),
            bounds: self.bounds_from(settings, from, known)?,
            is_asked: !is_ahead && progress == BranchProgress::Due,
        })
    }

    /// Where the branches begin that have no mark of their own.
    pub(super) fn common_from(&self) -> Option<&Verbatim> {
        self.begins.as_ref().or(self.from.as_ref())
    }

    /// Whether what begins there begins only at the run's end, or later.
    pub(super) fn is_ahead(
        &self,
        settings: &Incremental,
        from: Option<&Verbatim>,
    ) -> Result<bool, NotACursor> {
        Ok(self.against_end(settings, from)?.is_some_and(Ordering::is_ge))
    }

    /// How a beginning lies to the run's end; `None` where one of them is open.
    pub(super) fn against_end(
        &self,
        settings: &Incremental,
        from: Option<&Verbatim>,
    ) -> Result<Option<Ordering>, NotACursor> {
        let read = |verbatim: &Verbatim| CursorValue::of(&settings.format, verbatim.clone());
        let (Some(from), Some(to)) = (from, &self.to) else { return Ok(None) };
        Ok(Some(read(from)?.order().cmp(read(to)?.order())))
    }
}
