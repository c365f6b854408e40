//! What the commit log keeps of a run's cursor: plain data of a fixed size.

use serde::{Deserialize, Serialize};

use super::bounds::Bounds;
use super::partition_marks::{PartitionMark, PartitionMarks, SkippedBranches};
use super::value::{CursorValue, NotACursor, Verbatim};
use crate::config::Incremental;

/// What a run asked for and how far it has read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CursorState {
    /// Where its request began; `None` at the oldest record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Verbatim>,
    /// Where it ended; `None` when it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Verbatim>,
    /// How far the runs before it had read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<Mark>,
    /// How far this one has read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<Mark>,
    /// Whether more was due after it, which the next run continues with.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
    /// The marks of the partitions, where the stream has any. `known` is then where a partition begins whose
    /// mark is not kept, and `newest` the newest of them all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partitions: Option<PartitionMarks>,
    /// Where the branches without a mark of their own begin, if not at `from`: others may begin earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begins: Option<Verbatim>,
    /// Branches that a rule has left out, with the marks that they keep.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<SkippedBranches>,
    /// Of a stream whose records carry no time: which loading of its window this is. `known` is then the end of the
    /// newest window that was loaded before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub windows: Option<LoadedWindows>,
    /// Where the stream's first run began, as long as all before it is still to be loaded; `None` where it began at
    /// the oldest record, and in the log of an earlier version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began: Option<Verbatim>,
    /// Of the first run: its oldest record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest: Option<Verbatim>,
}

impl CursorState {
    /// Whether nothing is asked for: everything is too young.
    pub fn is_empty(&self) -> bool {
        self.from.is_some() && self.from == self.to
    }

    /// How far the stream has been read once this run is complete: where the next one begins.
    ///
    /// A window after which more was due is finished, so that is its end. The last one ends at the
    /// run's time, when a record with an earlier cursor may not have appeared yet, so there it is the
    /// newest record. Where too many records share that cursor to remember them, it is the end
    /// again.
    pub fn position(&self) -> Option<Mark> {
        self.position_of(self.newest.as_ref().or(self.known.as_ref()))
    }

    /// The same of branches whose newest record is this.
    pub(super) fn position_of(&self, newest: Option<&Mark>) -> Option<Mark> {
        let end = || self.to.clone().map(Mark::at);
        match newest {
            _ if self.more || self.windows.is_some() => end(),
            Some(mark) if mark.more => end().or_else(|| Some(mark.clone())),
            mark => mark.cloned(),
        }
    }

    /// What the run brings: what it asked for, and where nothing is looked back at, nothing older than
    /// what is known.
    ///
    /// # Errors
    /// [`NotACursor`] when a value does not fit the format.
    pub fn bounds(&self, settings: &Incremental) -> Result<Bounds, NotACursor> {
        self.bounds_from(settings, self.from.as_ref(), self.known.as_ref())
    }

    /// The same of branches that are asked for from there, and have been read so far.
    pub(super) fn bounds_from(
        &self,
        settings: &Incremental,
        from: Option<&Verbatim>,
        known: Option<&Mark>,
    ) -> Result<Bounds, NotACursor> {
        let read = |verbatim: Option<&Verbatim>| {
            verbatim.map(|verbatim| CursorValue::of(&settings.format, verbatim.clone())).transpose()
        };
        let mut from = read(from)?;
        if settings.lookback.is_zero() {
            let known = read(known.map(|known| &known.cursor))?;
            // What a request cannot tell below its unit, the record can.
            from = from.into_iter().chain(known).max_by(|a, b| a.order().cmp(b.order()));
        }
        Ok(Bounds { from, to: read(self.to.as_ref())? })
    }
}

impl CursorState {
    /// How far each partition was known to be read, where each has its own mark.
    pub(crate) fn known_of_partitions(&self) -> impl Iterator<Item = &Mark> {
        self.own_marks().into_iter().flatten().filter_map(|mark| mark.known.as_ref())
    }

    /// How far the run has read the branches of a range: of a partition, or of all where none has its own.
    pub(super) fn newest_at(&self, place: usize) -> Option<&Mark> {
        match self.own_marks() {
            Some(marks) => marks.get(place)?.newest.as_ref(),
            None => self.newest.as_ref().filter(|_| place == 0),
        }
    }

    /// The state with how far the run has read, in the order of the ranges.
    #[must_use]
    pub(crate) fn with_newest(mut self, mut newest: impl Iterator<Item = Option<Mark>>) -> Self {
        match self.partitions.as_mut().filter(|partitions| !partitions.are_shared()) {
            Some(own) => {
                for (mark, newest) in own.marks.iter_mut().zip(newest) {
                    // What is known already need not stand twice.
                    mark.newest = newest.filter(|newest| Some(newest) != mark.known.as_ref());
                }
            }
            None => self.newest = newest.next().flatten(),
        }
        self
    }

    /// Whether some branches have marks of their own.
    pub(crate) fn has_marks(&self) -> bool {
        self.partitions.is_some() || self.windows.is_some() || !self.skipped.is_empty()
    }

    fn own_marks(&self) -> Option<&[PartitionMark]> {
        self.partitions.as_ref().filter(|partitions| !partitions.are_shared()).map(|own| &own.marks[..])
    }
}

/// Which loading of a window a run is, and how often those before the newest have been loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadedWindows {
    /// 1, or the number of the loading when the window is loaded again: the newest counts.
    pub revision: u32,
    /// Of the newest window that was loaded, and of those before it that may be loaded again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revisions: Vec<u32>,
}

impl LoadedWindows {
    /// Of how many windows it is remembered at most.
    pub const MOST: usize = 1_000;
}

/// A cursor, and which records that have it are in bronze.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The cursor.
    pub cursor: Verbatim,
    /// XXH3-128 of the records that have it, in hexadecimal; at most [`Mark::VERSIONS`].
    ///
    /// Earlier versions of bronzegate kept hashes of the keys alone, in `keys`. Those say nothing of what a
    /// record looked like, so they are not read: what has that cursor is written once more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<String>,
    /// There were more, and `versions` is empty.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

impl Mark {
    /// How many records that share a cursor are told apart.
    pub const VERSIONS: usize = 512;
    /// How many all marks of a state hold together.
    pub const ALL_VERSIONS: usize = 8_192;

    /// A cursor of which no record is known.
    pub fn at(cursor: Verbatim) -> Self {
        Self { cursor, versions: Vec::new(), more: false }
    }

    /// How many hashes it holds.
    pub(super) fn held(&self) -> usize {
        self.versions.len()
    }
}
