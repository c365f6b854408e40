//! Where the next run of a stream begins, branch by branch: the marks of its partitions, and those of branches
//! that a rule has left out.

use std::collections::{HashMap, HashSet};

use jiff::SignedDuration;

use super::window::cut;
use crate::config::{CursorFormat, Incremental, Partitions, Start, Stream};
use crate::cursor::{
    BranchProgress, CursorState, CursorValue, Mark, NotACursor, PartitionMark, PartitionMarks, Verbatim,
};
use crate::error::{Error, ErrorKind};
use crate::window::EARLIEST;

/// What the file says of a stream whose runs follow each other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sequence<'a> {
    /// How it is asked for a range of its records.
    pub incremental: &'a Incremental,
    /// Its partitions.
    pub partitions: &'a Partitions,
    /// Whether its requests are repeated for the records of a parent.
    pub has_parent: bool,
    /// Tells whether the file is the one that the newest commit was made with.
    pub fingerprint: &'a str,
}

/// The complete run before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Before<'a> {
    /// Its state.
    pub(super) cursor: &'a CursorState,
    /// The source file has not changed since.
    pub(super) is_same_file: bool,
    /// What follows is for a later event: what a rule left out of this one is asked for again.
    pub(super) is_new_event: bool,
}

/// What a run begins with, and what somebody should know of it.
pub(super) struct Begun {
    /// From where it asks, `to` and `more` are still to be found.
    pub(super) cursor: CursorState,
    pub(super) told: Vec<String>,
}

impl<'a> Sequence<'a> {
    /// Of a stream; `None` where it has no `incremental`.
    pub(crate) fn of(stream: &'a Stream, fingerprint: &'a str) -> Option<Self> {
        let incremental = stream.incremental.as_ref()?;
        let (partitions, has_parent) = (&stream.partitions, stream.parent.is_some());
        Some(Self { incremental, partitions, has_parent, fingerprint })
    }

    /// The names of the partitions in the log are those of the file.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] otherwise: no mark would say anything of the file's partitions.
    pub(super) fn check_names(&self, cursor: &CursorState) -> Result<(), Error> {
        let Some(marks) = &cursor.partitions else { return Ok(()) };
        if self.partitions.names().eq(marks.names.iter().map(String::as_str)) {
            return Ok(());
        }
        let names = self.partitions.names().collect::<Vec<_>>().join(", ");
        let cause = format!(
            "the partitions of the source file are called [{names}], those of the log [{}]: the log does not say how \
             far these have been read. Take the former names again, or give the stream another name: it is then read \
             from `start`",
            marks.names.join(", ")
        );
        Err(Error::new(ErrorKind::Config, cause))
    }

    /// A run that was cut, as the file has its partitions now: what is gone keeps its mark. One that begins `again` reads
    /// all of the others.
    ///
    /// # Errors
    /// [`ErrorKind::Store`] when partitions have changed places among a parent's branches: some would be left out.
    pub(crate) fn resumed(&self, mut cursor: CursorState, again: bool) -> Result<CursorState, Error> {
        let Some(marks) = &mut cursor.partitions else { return Ok(cursor) };
        let mut places = Vec::new();
        for mark in marks.marks.iter_mut().filter(|mark| mark.progress == BranchProgress::Due) {
            match self.partitions.place(&mark.values) {
                Some(place) => places.push(place),
                None => mark.progress = BranchProgress::Removed,
            }
        }
        if again {
            self.add_partitions(&mut cursor)?;
        } else if self.has_parent && !places.is_sorted() {
            let cause = "the partitions of the source file are in another order than when the run was begun; `run \
                         --restart` begins it again";
            return Err(Error::new(ErrorKind::Store, cause));
        }
        Ok(cursor)
    }

    /// Adds the partitions that the file has by now to a run that begins again: they begin at `start`.
    fn add_partitions(&self, cursor: &mut CursorState) -> Result<(), Error> {
        let known = start(self.incremental);
        let from = self.begins(known.as_ref())?;
        let Some(marks) = cursor.partitions.as_mut().filter(|marks| !marks.are_shared()) else {
            return Ok(());
        };
        let added = (0..self.partitions.count().min(PartitionMarks::MOST as u64))
            .map(|nth| self.partitions.combination(nth))
            .filter(|values| marks.of(values).is_none())
            .map(|values| PartitionMark {
                values,
                from: from.clone(),
                known: known.clone(),
                ..PartitionMark::default()
            });
        let added: Vec<_> = added.take(PartitionMarks::MOST.saturating_sub(marks.marks.len())).collect();
        if !added.is_empty() {
            marks.marks.extend(added);
            self.begin_at_the_oldest(cursor)?;
        }
        Ok(())
    }

    /// What the first run begins with.
    pub(super) fn first(&self) -> Result<Option<Begun>, Error> {
        let known = start(self.incremental);
        let from = self.begins(known.as_ref())?;
        self.begun(CursorState { from, known, ..CursorState::default() }, None)
    }

    /// What follows a complete run: the next window, or what is due at a later event. `None` where every branch is left
    /// out.
    pub(super) fn after(&self, before: Before<'_>) -> Result<Option<Begun>, Error> {
        let (known, reached) = before.cursor.common(self.incremental).map_err(|error| unreadable(&error))?;
        let within = before.cursor.more;
        let from = if within { reached } else { self.begins(known.as_ref())? };
        let mut skipped = before.cursor.skipped.clone();
        for group in &mut skipped {
            if !within {
                group.from = self.begins(group.known.as_ref())?;
            }
            if before.is_new_event {
                group.branches.iter_mut().for_each(|branch| branch.progress = BranchProgress::Due);
            }
        }
        self.begun(CursorState { from, known, skipped, ..CursorState::default() }, Some(before))
    }

    /// Gives each partition its mark, as far as they are not too many, and begins where the first branch does.
    fn begun(&self, mut cursor: CursorState, before: Option<Before<'_>>) -> Result<Option<Begun>, Error> {
        let mut told = Vec::new();
        let names: Vec<String> = self.partitions.names().map(str::to_owned).collect();
        let own = before.and_then(|before| before.cursor.partitions.as_ref());
        let own = own.filter(|marks| !marks.are_shared());
        if self.partitions.count() > PartitionMarks::MOST as u64 {
            if let Some(own) = own {
                self.share(&mut cursor, own, &mut told)?;
            }
            cursor.partitions = Some(PartitionMarks { names, marks: Vec::new() });
        } else if !names.is_empty() {
            cursor.known = match (own, before) {
                (Some(_), Some(before)) => before.cursor.known.clone(),
                (None, Some(before)) => self.of_a_common_log(&cursor, before.is_same_file, &mut told),
                (_, None) => None,
            };
            let marks = self.marks(own.zip(before), cursor.known.as_ref(), &mut told)?;
            cursor.known = match own {
                Some(own) => self.forgotten(own, cursor.known.as_ref(), &marks)?,
                None => None,
            };
            cursor.partitions = Some(PartitionMarks { names, marks });
        }
        Ok(self.begin_at_the_oldest(&mut cursor)?.then_some(Begun { cursor, told }))
    }

    /// Where partitions begin whose log has one mark for all. It does not say which partitions there were, so
    /// each is taken for one of them, unless its cursors say nothing of another's.
    fn of_a_common_log(
        &self,
        cursor: &CursorState,
        is_same_file: bool,
        told: &mut Vec<String>,
    ) -> Option<Mark> {
        let is_time = self.incremental.format.is_time();
        let known = cursor.known.clone()?;
        let at = &known.cursor.text;
        if !is_time {
            told.push(format!(
                "the log has one mark, {at}, which says nothing of single partitions: each is read from `start`, and what \
                 is in bronze comes again"
            ));
            return None;
        }
        if !is_same_file {
            told.push(format!(
                "the log has one mark for all partitions, {at}, and the source file has changed since: a partition that \
                 was added meanwhile is read from there on; `backfill` loads what lies before"
            ));
        }
        Some(known)
    }

    /// The marks of the file's partitions in its order, and then those of removed ones as far as there is room.
    fn marks(
        &self,
        before: Option<(&PartitionMarks, Before<'_>)>,
        unknown: Option<&Mark>,
        told: &mut Vec<String>,
    ) -> Result<Vec<PartitionMark>, Error> {
        let (before, goes_on) = before.unzip();
        let goes_on = goes_on.filter(|before| before.cursor.more);
        let known: HashMap<&[String], &PartitionMark> =
            before.iter().flat_map(|before| &before.marks).map(|mark| (&mark.values[..], mark)).collect();
        let first = start(self.incremental);
        // A number of one partition says nothing of another's.
        let unknown = unknown.filter(|_| self.incremental.format.is_time());
        let mut marks = Vec::new();
        let mut added = 0;
        for values in (0..self.partitions.count()).map(|nth| self.partitions.combination(nth)) {
            let mark = match known.get(&values[..]) {
                // From window to window it goes on where it is.
                Some(mark) if goes_on.is_some() && mark.progress != BranchProgress::Removed => {
                    let is_new_event = goes_on.is_some_and(|before| before.is_new_event);
                    let progress = if is_new_event { BranchProgress::Due } else { mark.progress };
                    PartitionMark { progress, ..(*mark).clone() }
                }
                Some(mark) => {
                    let from = self.begins(mark.known.as_ref())?;
                    PartitionMark { from, progress: BranchProgress::Due, ..(*mark).clone() }
                }
                None => {
                    added += u64::from(before.is_some());
                    let known = unknown.or(first.as_ref()).cloned();
                    let from = self.begins(known.as_ref())?;
                    PartitionMark { values, from, known, ..PartitionMark::default() }
                }
            };
            marks.push(mark);
        }
        if let Some(unknown) = unknown.filter(|_| added > 0) {
            told.push(format!(
                "{added} partitions are none of the {} whose marks are kept, so they may have been read before: they are \
                 read from {} on; `backfill` loads what lies before",
                PartitionMarks::MOST,
                unknown.cursor.text
            ));
        }
        let room = PartitionMarks::MOST - marks.len();
        let removed = before.iter().flat_map(|before| &before.marks);
        let removed = removed.filter(|mark| self.partitions.place(&mark.values).is_none()).take(room);
        marks.extend(removed.map(|mark| PartitionMark { progress: BranchProgress::Removed, ..mark.clone() }));
        Ok(marks)
    }

    /// The oldest of the marks for which there was no room, now or before.
    fn forgotten(
        &self,
        before: &PartitionMarks,
        already: Option<&Mark>,
        kept: &[PartitionMark],
    ) -> Result<Option<Mark>, Error> {
        let kept: HashSet<&[String]> = kept.iter().map(|mark| &mark.values[..]).collect();
        let dropped = before.marks.iter().filter(|mark| !kept.contains(&mark.values[..]));
        let marks = dropped.filter_map(|mark| mark.known.as_ref()).chain(already);
        Ok(self.oldest(marks)?.map(|mark| Mark::at(mark.cursor.clone())))
    }

    /// Goes from marks of their own over to one for all: the oldest.
    fn share(
        &self,
        cursor: &mut CursorState,
        own: &PartitionMarks,
        told: &mut Vec<String>,
    ) -> Result<(), Error> {
        let is_begun = own.marks.iter().all(|mark| mark.known.is_some());
        let marks = own.marks.iter().filter_map(|mark| mark.known.as_ref());
        let oldest = if is_begun { self.oldest(marks)? } else { None };
        cursor.known = oldest.map(|mark| Mark::at(mark.cursor.clone()));
        cursor.from = self.begins(cursor.known.as_ref())?;
        let at = cursor.known.as_ref().map_or("the oldest record", |known| &known.cursor.text);
        told.push(format!(
            "more than {} partitions share one mark, which is now the oldest of theirs, {at}: what the others have after it comes again",
            PartitionMarks::MOST
        ));
        Ok(())
    }

    /// The run asks from where the first of its branches begins; whether there is one.
    fn begin_at_the_oldest(&self, cursor: &mut CursorState) -> Result<bool, Error> {
        let own = cursor.partitions.as_ref().filter(|partitions| !partitions.are_shared());
        let is_away = |values: &[String]| {
            let mark = own.and_then(|own| own.of(values));
            mark.is_some_and(|mark| mark.progress == BranchProgress::Removed)
        };
        let marks = own.iter().flat_map(|own| &own.marks);
        let marks = marks.filter(|mark| mark.progress == BranchProgress::Due).map(|mark| &mark.from);
        let skipped = cursor.skipped.iter().filter(|group| group.is_due() && !is_away(&group.partition));
        let common = own.is_none().then_some(&cursor.from);
        let mut oldest: Option<(&Option<Verbatim>, Option<CursorValue>)> = None;
        for from in common.into_iter().chain(marks).chain(skipped.map(|group| &group.from)) {
            let value = from.as_ref().map(|from| self.read(from)).transpose()?;
            let is_older = oldest.as_ref().is_none_or(|(_, oldest)| match (&value, oldest) {
                (Some(value), Some(oldest)) => value.is_before(oldest),
                (value, oldest) => value.is_none() && oldest.is_some(),
            });
            if is_older {
                oldest = Some((from, value));
            }
        }
        let Some(from) = oldest.map(|(from, _)| from.clone()) else { return Ok(false) };
        let is_shared = own.is_none();
        let others = std::mem::replace(&mut cursor.from, from);
        cursor.begins = others.filter(|others| is_shared && Some(others) != cursor.from.as_ref());
        Ok(true)
    }

    /// The oldest of some marks.
    fn oldest<'m>(&self, marks: impl Iterator<Item = &'m Mark>) -> Result<Option<&'m Mark>, Error> {
        let mut oldest: Option<(&Mark, CursorValue)> = None;
        for mark in marks {
            let value = self.read(&mark.cursor)?;
            if oldest.as_ref().is_none_or(|(_, oldest)| value.is_before(oldest)) {
                oldest = Some((mark, value));
            }
        }
        Ok(oldest.map(|(mark, _)| mark))
    }

    /// Where the requests of branches begin that have been read up to a mark; `None` at the oldest record.
    pub(super) fn begins(&self, known: Option<&Mark>) -> Result<Option<Verbatim>, Error> {
        let Some(known) = known else { return Ok(None) };
        let format = &self.incremental.format;
        let Some(read_until) = self.read(&known.cursor)?.time() else {
            return Ok(Some(known.cursor.clone()));
        };
        let lookback = SignedDuration::try_from(self.incremental.lookback).unwrap_or_default();
        // Nothing is wanted from before the beginning; a `start` that was set later opens no gap.
        let earliest = match self.incremental.start {
            Some(Start::Time(time)) => time.min(read_until),
            _ => EARLIEST.min(read_until),
        };
        let from = cut(read_until.checked_sub(lookback).unwrap_or(earliest).max(earliest), format);
        Ok(Some(CursorValue::of_time(format, from).verbatim().clone()))
    }

    pub(super) fn read(&self, cursor: &Verbatim) -> Result<CursorValue, Error> {
        CursorValue::of(&self.incremental.format, cursor.clone()).map_err(|error| {
            let cause = format!("the committed cursor {:?} {error}, which `format` asks for", cursor.text);
            Error::new(ErrorKind::Store, cause)
        })
    }
}

/// Where the first run begins.
pub(super) fn start(incremental: &Incremental) -> Option<Mark> {
    Some(Mark::at(match incremental.start.clone()? {
        Start::Time(time) => CursorValue::of_time(&incremental.format, time).verbatim().clone(),
        Start::Value(text) => Verbatim { text, bare: *incremental.format.first() == CursorFormat::Integer },
    }))
}

fn unreadable(error: &NotACursor) -> Error {
    Error::new(ErrorKind::Store, format!("a committed cursor {error}, which `format` asks for"))
}
