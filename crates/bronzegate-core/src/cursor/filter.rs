//! Which records of a page belong to the run, and how far the run has read.
//!
//! A page counts only when it is kept: what an attempt that failed late had shown is forgotten.

use std::collections::BTreeSet;

use jiff::Timestamp;
use xxhash_rust::xxh3::xxh3_128_with_seed;

use super::bounds::Bounds;
use super::branch_ranges::{BranchKey, BranchRanges};
use super::member::{member, names};
use super::observed::{Observed, Wanted};
use super::state::{CursorState, Mark};
use super::value::{CursorValue, Order, unquoted};
use crate::config::{CursorAt, Incremental, Missing, Pointer};
use crate::error::{Error, ErrorKind};
use crate::formats::{RecordChunk, Span};
use crate::redact::{line, printable};

/// The longest list of members that a message shows.
const LONGEST_SHOWN: usize = 200;

/// Records that were left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LeftOut {
    /// Outside of the bounds.
    pub outside: u64,
    /// Without a cursor.
    pub without: u64,
    /// In bronze already.
    pub known: u64,
}

/// Lets the records of one run through.
#[derive(Debug)]
pub(crate) struct CursorFilter {
    settings: Incremental,
    ranges: BranchRanges,
    tracks: Vec<Track>,
    wanted: Wanted,
    /// The place of the track by which the page's records are judged.
    judging: usize,
    /// The place of the track that moves with them.
    moving: usize,
    /// Hashes in the tracks' newest.
    held: usize,
    kept: Seen,
    page: Seen,
    fault: Option<Error>,
    /// The number of the last record on its page, counted from 1.
    record_number: u64,
    /// Tells the records of the page's branch from those of others.
    branch: u64,
}

/// How far the branches of one range have been read.
#[derive(Clone, Debug)]
struct Track {
    bounds: Bounds,
    known: Option<Tied>,
    newest: Option<Tied>,
}

/// What a page, and what came before it, have shown.
#[derive(Clone, Debug, Default)]
struct Seen {
    newest: Option<Tied>,
    left_out: LeftOut,
    /// Records without a cursor that were written.
    kept_without: u64,
    observed: Observed,
}

/// A cursor, and the hashes of the records that have it; `None` when there are too many to keep.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Tied {
    cursor: CursorValue,
    versions: Option<BTreeSet<u128>>,
}

/// What becomes of a record.
enum Fate {
    Write,
    LeaveOut,
}

impl CursorFilter {
    /// A filter for branches that all have these bounds, and of which nothing is known.
    pub(crate) fn within(settings: &Incremental, bounds: Bounds) -> Self {
        let track = Track { bounds: bounds.clone(), known: None, newest: None };
        Self::with(settings, &bounds.clone(), BranchRanges::one(bounds), vec![track])
    }

    /// A filter for one segment of a run with this state.
    ///
    /// # Errors
    /// [`ErrorKind::Store`] when a mark does not fit the stream's format.
    pub(crate) fn of(
        settings: &Incremental,
        state: &CursorState,
        ranges: BranchRanges,
    ) -> Result<Self, Error> {
        let read = |mark: Option<&Mark>| mark.map(|mark| Tied::read(settings, mark)).transpose();
        let mut tracks = Vec::new();
        for (place, range) in ranges.all().iter().enumerate() {
            let known = read(range.known.as_ref())?;
            let newest = read(state.newest_at(place))?.or_else(|| known.clone());
            tracks.push(Track { bounds: range.bounds.clone(), known, newest });
        }
        let whole = state.bounds_from(settings, state.from.as_ref(), None).map_err(|error| {
            Error::new(ErrorKind::Store, format!("a committed cursor {error}, which `format` asks for"))
        })?;
        Ok(Self::with(settings, &whole, ranges, tracks))
    }

    fn with(settings: &Incremental, whole: &Bounds, ranges: BranchRanges, tracks: Vec<Track>) -> Self {
        Self {
            settings: settings.clone(),
            wanted: Wanted::new(settings, whole),
            held: tracks.iter().filter_map(|track| track.newest.as_ref()).map(Tied::held).sum(),
            ranges,
            tracks,
            judging: 0,
            moving: 0,
            kept: Seen::default(),
            page: Seen::default(),
            fault: None,
            record_number: 0,
            branch: 0,
        }
    }

    /// A page of a branch begins, or begins again.
    pub(crate) fn begin(&mut self, branch: BranchKey<'_>) {
        self.judging = self.ranges.place(branch).unwrap_or_default();
        self.moving = self.ranges.home(branch).unwrap_or(self.judging);
        self.branch = branch.seed;
        self.page = Seen { newest: self.tracks[self.moving].newest.clone(), ..self.kept.clone() };
        self.fault = None;
        self.record_number = 0;
    }

    /// Takes out the records that do not belong to the run.
    pub(crate) fn sift(&mut self, mut piece: RecordChunk) -> RecordChunk {
        let RecordChunk { bytes, spans, .. } = &mut piece;
        spans.retain(|&Span { start, end, .. }| {
            self.record_number += 1;
            match self.judge(&bytes[start as usize..end as usize]) {
                Ok(Fate::Write) => true,
                Ok(Fate::LeaveOut) => false,
                Err(error) => {
                    self.fault.get_or_insert(error);
                    false
                }
            }
        });
        piece
    }

    /// The page is good.
    ///
    /// # Errors
    /// [`ErrorKind::Data`] for its first record whose cursor or key cannot be read.
    pub(crate) fn keep(&mut self) -> Result<(), Error> {
        self.fault.take().map_or(Ok(()), Err)?;
        self.kept = std::mem::take(&mut self.page);
        let newest = self.kept.newest.take();
        let held = |tied: &Option<Tied>| tied.as_ref().map_or(0, Tied::held);
        let before = std::mem::replace(&mut self.tracks[self.moving].newest, newest);
        self.held = self.held - held(&before) + held(&self.tracks[self.moving].newest);
        while self.held > Mark::ALL_VERSIONS {
            let newest = self.tracks.iter_mut().filter_map(|track| track.newest.as_mut());
            let Some(largest) = newest.max_by_key(|newest| newest.held()) else { break };
            self.held -= largest.held();
            largest.versions = None;
        }
        Ok(())
    }

    /// How far the branches of each range have been read, in the order of the ranges.
    pub(crate) fn newest(&self) -> impl Iterator<Item = Option<Mark>> {
        self.tracks.iter().map(|track| track.newest.as_ref().map(Tied::mark))
    }

    /// What somebody should know of where the records lie.
    ///
    /// # Errors
    /// [`ErrorKind::Data`] where all of them lie outside of what was asked, and another unit would put them inside.
    pub(crate) fn judged(&self) -> Result<Option<String>, Error> {
        self.kept.observed.judge(&self.wanted)
    }

    /// The oldest record's time.
    pub(crate) fn oldest(&self) -> Option<Timestamp> {
        self.kept.observed.oldest()
    }

    /// A time without an offset, where the file does not say what it is of.
    pub(crate) fn local_time(&self) -> Option<&str> {
        self.kept.observed.naive()
    }

    /// Whether the records were in order of their cursors.
    pub(crate) fn is_rising(&self) -> bool {
        self.kept.observed.is_rising()
    }

    /// How many records without a cursor were written.
    pub(crate) fn kept_without(&self) -> u64 {
        self.kept.kept_without
    }

    /// Whether all records lie so far outside that [`judged`](Self::judged) reports it.
    pub(crate) fn is_all_far(&self) -> bool {
        self.kept.observed.is_all_far()
    }

    /// What was left out.
    pub(crate) fn left_out(&self) -> LeftOut {
        self.kept.left_out
    }

    fn judge(&mut self, record: &[u8]) -> Result<Fate, Error> {
        let at = &self.settings.cursor;
        let Some(json) = cursor_of(record, at) else {
            return match self.settings.missing {
                Missing::Keep => {
                    self.page.kept_without += 1;
                    Ok(Fate::Write)
                }
                Missing::Skip => {
                    self.page.left_out.without += 1;
                    Ok(Fate::LeaveOut)
                }
                Missing::Error => Err(self.bad(&format!(
                    "has no cursor at `{at}`: does `incremental.cursor` name the API's member? {}. Where single \
                     records have none, `missing: keep` writes them in every run that meets them, and `missing: \
                     skip` leaves them out permanently",
                    told(record)
                ))),
            };
        };
        let (order, carries_offset) =
            CursorValue::in_record(&self.settings.format, json).map_err(|error| {
                let looks = self.wanted.looks_like(json).unwrap_or_default();
                let value = printable(json, LONGEST_SHOWN);
                self.bad(&format!("has a cursor at `{at}` that {error}: it is {value}{looks}"))
            })?;
        if self.settings.timezone.zone().is_some() && carries_offset {
            return Err(self.bad(&format!(
                "has a cursor at `{at}` that carries an offset: `timezone` is for times without one; leave it out, or write \
                 `request_timezone` where requests alone are in local time"
            )));
        }
        self.page.observed.see(&self.wanted, json, &order, carries_offset);
        let bounds = &self.tracks[self.judging].bounds;
        let below = bounds.from.as_ref().is_some_and(|from| order < *from.order());
        let beyond = bounds.to.as_ref().is_some_and(|to| order >= *to.order());
        if below || beyond {
            self.page.left_out.outside += 1;
            return Ok(Fate::LeaveOut);
        }
        self.compare(record, json, order)
    }

    /// Compares a record's cursor with the newest; at the cursor that earlier runs have reached, its
    /// bytes tell whether they have written it.
    fn compare(&mut self, record: &[u8], json: &str, order: Order) -> Result<Fate, Error> {
        let is_at = |known: &Tied| *known.cursor.order() == order;
        let at_known = self.tracks[self.judging].known.as_ref().is_some_and(is_at);
        let newest = self.page.newest.as_ref().map(|newest| order.cmp(newest.cursor.order()));
        if !at_known && newest.is_some_and(std::cmp::Ordering::is_lt) {
            return Ok(Fate::Write);
        }
        let version = self.version(record)?;
        let is_known = |known: &Tied| {
            known.versions.as_ref().zip(version).is_some_and(|(known, version)| known.contains(&version))
        };
        if at_known && self.tracks[self.judging].known.as_ref().is_some_and(is_known) {
            self.page.left_out.known += 1;
            return Ok(Fate::LeaveOut);
        }
        match &mut self.page.newest {
            Some(newest) if order == *newest.cursor.order() => newest.add(version),
            Some(newest) if order < *newest.cursor.order() => {}
            newest => {
                let mut tied =
                    Tied { cursor: CursorValue::read(json, order), versions: Some(BTreeSet::new()) };
                tied.add(version);
                *newest = Some(tied);
            }
        }
        Ok(Fate::Write)
    }

    /// What tells a record from others with its cursor: all of its bytes, its key among them, because
    /// a record may change again while its cursor stays the same.
    fn version(&self, record: &[u8]) -> Result<Option<u128>, Error> {
        let Some(at) = &self.settings.key else { return Ok(None) };
        given(record, at).ok_or_else(|| {
            self.bad(&format!(
                "has no key at `{at}`: does `incremental.key` name the API's member? {}",
                told(record)
            ))
        })?;
        Ok(Some(xxh3_128_with_seed(record, self.branch)))
    }

    fn bad(&self, what: &str) -> Error {
        Error::new(ErrorKind::Data, format!("record {} {what}", self.record_number))
    }
}

/// A member's JSON text; `None` where it says nothing: absent, null, or empty, as in a table's row.
fn given<'r>(record: &'r [u8], at: &Pointer) -> Option<&'r str> {
    member(record, at.tokens()).filter(|json| !matches!(*json, "null" | "\"\""))
}

/// The JSON text of a record's cursor; `None` where it has none.
pub(crate) fn cursor_of<'r>(record: &'r [u8], at: &CursorAt) -> Option<&'r str> {
    let is_empty = |json: &str| {
        !at.empty_values().is_empty() && unquoted(json).is_some_and(|text| at.is_empty_value(&text))
    };
    at.members().iter().filter_map(|member| given(record, member)).find(|json| !is_empty(json))
}

/// A record's members, for messages.
fn told(record: &[u8]) -> String {
    match names(record).as_slice() {
        [] => "The record has no members".to_owned(),
        names => format!("The record's are: {}", printable(&names.join(", "), LONGEST_SHOWN)),
    }
}

impl Tied {
    fn read(settings: &Incremental, mark: &Mark) -> Result<Self, Error> {
        let cursor = CursorValue::of(&settings.format, mark.cursor.clone()).map_err(|error| {
            let cause = format!(
                "the committed cursor `{}` {error}, which `format` asks for",
                line(&mark.cursor.text)
            );
            Error::new(ErrorKind::Store, cause)
        })?;
        let versions = mark.versions.iter().filter_map(|hex| u128::from_str_radix(hex, 16).ok());
        Ok(Self { cursor, versions: (!mark.more).then(|| versions.collect()) })
    }

    fn held(&self) -> usize {
        self.versions.as_ref().map_or(0, BTreeSet::len)
    }

    fn add(&mut self, version: Option<u128>) {
        if let (Some(versions), Some(version)) = (&mut self.versions, version) {
            versions.insert(version);
            if versions.len() > Mark::VERSIONS {
                self.versions = None;
            }
        }
    }

    fn mark(&self) -> Mark {
        let versions = self.versions.iter().flatten().map(|hash| format!("{hash:032x}")).collect();
        Mark { cursor: self.cursor.verbatim().clone(), versions, more: self.versions.is_none() }
    }
}
