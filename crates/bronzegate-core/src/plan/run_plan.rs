//! Keys and segments: what a request leads to, given the newest commits.

use std::collections::BTreeMap;

use jiff::{Timestamp, Unit};

use crate::bronze::{CommitRecord, HistoryEntry, KnownPaging, Layout, RunId, RunKey, RunKind, SegmentStatus};
use crate::cursor::{ChangedParents, CursorState, SyncState};
use crate::error::{Error, ErrorKind};
use crate::extract::{Carried, StreamState, TableColumns};
use crate::report::Counts;
use crate::window::TimeWindow;

/// What is asked of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunRequest {
    /// What is due.
    Scheduled {
        /// The time the run was scheduled for; it makes the run's key. Absent when somebody runs the
        /// stream by hand: then the newest run is resumed if it is partial, and else the run's
        /// time is now.
        at: Option<Timestamp>,
    },
    /// What is due, where a run that cannot be resumed blocks the stream: its cursor has expired, or its
    /// job is lost. The newest run must be partial; it begins again, as the next segment of its key, and
    /// what its earlier segments have committed comes again.
    Restart {
        /// As of [`Scheduled`](Self::Scheduled).
        at: Option<Timestamp>,
    },
    /// One window.
    Window {
        /// The window.
        window: TimeWindow,
        /// 1, or the number of the loading when the window is loaded again.
        revision: u32,
    },
}

impl RunRequest {
    /// The kind of run that it leads to, on a stream with or without a cursor.
    pub fn kind(self, incremental: bool) -> RunKind {
        match self {
            Self::Scheduled { .. } | Self::Restart { .. } if incremental => RunKind::Sequence,
            Self::Scheduled { .. } | Self::Restart { .. } => RunKind::At,
            Self::Window { .. } => RunKind::Window,
        }
    }

    /// What is asked for once a segment is committed: a run begins again only once.
    #[must_use]
    pub fn going_on(self) -> Self {
        match self {
            Self::Restart { at } => Self::Scheduled { at },
            other => other,
        }
    }
}

/// What a run does.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum RunPlan {
    /// Nothing: the key is committed.
    AlreadyCommitted(Box<CommitRecord>),
    /// It writes a segment.
    Segment(Box<Segment>),
}

/// The segment that a run writes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Segment {
    /// The run's key.
    pub key: RunKey,
    /// The segment's number, counted from 1.
    pub number: u32,
    /// Where the segment before it ended; `None` for the first, and where the run begins again.
    pub state: Option<StreamState>,
    /// Whether pages that earlier segments have committed are asked for again.
    pub repeats: bool,
    /// What the segments before it counted.
    pub counts_before: Counts,
    /// The time they took, in milliseconds.
    pub duration_before_ms: u64,
    /// The last complete runs, for the health ratios.
    pub history: Vec<HistoryEntry>,
    /// What is asked for and how far earlier segments have read; `None` in a snapshot.
    pub cursor: Option<CursorState>,
    /// Which parents are asked for, where only those are that have changed.
    pub parents: Option<ChangedParents>,
    /// The token that it asks with, where the API gives one for each run.
    pub sync: Option<SyncState>,
    /// What earlier runs have found out about how pages lead to each other.
    pub paging: BTreeMap<String, KnownPaging>,
    /// What somebody should know of where the run begins.
    pub told: Vec<String>,
    /// The columns of the tables before it.
    pub columns: Option<TableColumns>,
}

impl Segment {
    /// Whether it is of a window's run.
    pub(crate) fn is_window(&self) -> bool {
        matches!(self.key.key.parse(), Ok(RunId::Window { .. }))
    }

    /// Whether it is of the first run of an incremental stream.
    pub(crate) fn is_first_run(&self) -> bool {
        self.key.key == RunId::Sequence(1).to_string()
    }

    /// Whether nothing is due, which is committed all the same.
    pub(crate) fn is_empty(&self) -> bool {
        let parents = self.parents.as_ref().map(|parents| &parents.cursor);
        self.cursor.as_ref().or(parents).is_some_and(CursorState::is_empty)
    }

    /// The token that it asks with.
    pub(crate) fn token(&self) -> Option<Carried> {
        self.sync.as_ref()?.sent.as_ref().map(Carried::from)
    }

    /// Whether there is something that the API may not know any more: where an earlier segment has ended, or a token.
    pub(crate) fn may_begin_anew(&self) -> bool {
        self.state.is_some() || self.token().is_some()
    }

    /// Begins the run again: the same window from its first page, as if nothing of it were committed.
    pub(crate) fn begin_anew(&mut self) {
        let state = self.state.take();
        self.repeats |= state.is_some_and(|state| state.pages > 0);
        let parents = self.parents.as_mut().map(|parents| &mut parents.cursor);
        self.cursor.as_mut().into_iter().chain(parents).for_each(CursorState::begin_anew);
    }

    /// Where it begins, for reports.
    pub(crate) fn cursor_in(&self) -> Option<String> {
        let cursor = self.cursor.as_ref().or(self.parents.as_ref().map(|parents| &parents.cursor));
        let known = cursor.and_then(|cursor| Some(&cursor.known.as_ref()?.cursor));
        let from = known.or(cursor.and_then(|cursor| cursor.from.as_ref()));
        from.map(|from| from.text.clone()).or_else(|| self.state.as_ref()?.shown())
    }
}

/// The key of the run that a request asks for; `newest` is the stream's newest commit.
///
/// # Errors
/// [`ErrorKind::Store`] when the newest commit's key is not one.
pub(crate) fn key(
    request: RunRequest,
    newest: Option<&CommitRecord>,
    now: Timestamp,
) -> Result<RunKey, Error> {
    let at = match request {
        RunRequest::Scheduled { at } | RunRequest::Restart { at } => at,
        RunRequest::Window { window, revision } => {
            let id = RunId::Window { from: window.from(), to: window.to(), revision };
            return Ok(RunKey::of(id, now.round(Unit::Second).unwrap_or(now)));
        }
    };
    match (at, newest) {
        (Some(scheduled), _) => Ok(RunKey::at(scheduled)),
        (None, Some(newest)) if newest.status == SegmentStatus::Partial => {
            let id: RunId = newest.key.parse().map_err(|error| Error::new(ErrorKind::Store, error))?;
            Ok(RunKey::of(id, newest.scheduled_time))
        }
        (None, _) => Ok(RunKey::at(now.round(Unit::Second).unwrap_or(now))),
    }
}

/// The plan for a key; `committed` is its newest segment, `newest` the stream's newest commit, and
/// `cursor` what a run that begins asks for.
///
/// # Errors
/// [`ErrorKind::Store`] when the saved page state cannot be read.
pub(crate) fn plan(
    key: RunKey,
    committed: Option<CommitRecord>,
    newest: Option<&CommitRecord>,
    cursor: Option<CursorState>,
) -> Result<RunPlan, Error> {
    let history = newest.map(|record| record.history.clone()).unwrap_or_default();
    let Some(committed) = committed else {
        return Ok(RunPlan::Segment(Box::new(Segment {
            key,
            number: 1,
            state: None,
            repeats: false,
            counts_before: Counts::default(),
            duration_before_ms: 0,
            history,
            cursor,
            parents: None,
            sync: None,
            paging: newest.map(|record| record.paging.clone()).unwrap_or_default(),
            told: Vec::new(),
            columns: newest.and_then(|record| record.columns.clone()),
        })));
    };
    // A window's event has no time of its own, and another event may have begun the run of a sequence:
    // folder and batch stay those its first segment chose.
    let key = RunKey { scheduled: committed.scheduled_time, batch_id: committed.batch_id.clone(), ..key };
    let Some(state) = committed.page_state.clone() else {
        return Ok(RunPlan::AlreadyCommitted(Box::new(committed)));
    };
    let unreadable = |error: &dyn std::fmt::Display| {
        let CommitRecord { key, segment, .. } = &committed;
        Error::new(
            ErrorKind::Store,
            format!("the page state of commit {key}.s{segment:04} cannot be read: {error}"),
        )
    };
    let state = serde_json::from_value(state).map_err(|error| unreadable(&error))?;
    let number =
        committed.segment.checked_add(1).ok_or_else(|| unreadable(&"no segment can come after it"))?;
    Ok(RunPlan::Segment(Box::new(Segment {
        key,
        number,
        state: Some(state),
        repeats: false,
        counts_before: committed.total_counts,
        duration_before_ms: committed.total_duration_ms,
        history: committed.history,
        cursor: committed.cursor,
        parents: committed.parents,
        sync: committed.sync,
        paging: committed.paging,
        told: Vec::new(),
        columns: committed.columns,
    })))
}

/// Lets a segment pass whose names will be read back. A commit whose name is not is one that nothing sees, and a
/// run that asks for pages must not find that out at its end.
///
/// # Errors
/// [`ErrorKind::Config`], naming the key.
pub(crate) fn names_read_back(layout: &Layout, segment: &Segment) -> Result<(), Error> {
    let Segment { key, number, .. } = segment;
    let commit = layout.parse_commit(&layout.commit(&key.key, *number));
    let part = layout.parse_part(&layout.part(key, *number, 1, "ndjson"));
    if commit.is_some() && commit == part {
        return Ok(());
    }
    let cause =
        format!("the run's key {} is none that could be read back: take another time or revision", key.key);
    Err(Error::new(ErrorKind::Config, cause))
}

/// The plan of a run that is to begin again, made of the one that would continue with it.
///
/// # Errors
/// [`ErrorKind::Config`] unless that continues with a run.
pub(crate) fn restart(plan: RunPlan) -> Result<RunPlan, Error> {
    match plan {
        RunPlan::Segment(mut segment) if segment.state.is_some() => {
            segment.begin_anew();
            Ok(RunPlan::Segment(segment))
        }
        _ => Err(Error::new(ErrorKind::Config, "there is no partial run to begin again; nothing was done")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::{BranchId, BranchState, NextBranch, PageState, Position};

    fn commit(key: &str, segment: u32, partial: bool) -> CommitRecord {
        let time: Timestamp = "2026-11-22T17:00:00Z".parse().unwrap();
        let page = PageState::first(Position::Offset(40), 0);
        let branches = vec![BranchState { id: BranchId::default(), page }];
        let state = StreamState { branches, next: NextBranch::Done, pages: 2 };
        CommitRecord {
            format: CommitRecord::FORMAT,
            source: "s".to_owned(),
            stream: "t".to_owned(),
            key: key.to_owned(),
            segment,
            batch_id: "20261122170000".to_owned(),
            scheduled_time: time,
            status: if partial { SegmentStatus::Partial } else { SegmentStatus::Complete },
            parts: Vec::new(),
            window: None,
            cursor_in: None,
            cursor_out: None,
            page_state: partial.then(|| serde_json::to_value(state).unwrap()),
            cursor: None,
            parents: None,
            sync: None,
            table: None,
            counts: Counts::default(),
            total_counts: Counts { records: 40, ..Counts::default() },
            started_at: time,
            finished_at: time,
            duration_ms: 5,
            total_duration_ms: 9,
            history: Vec::new(),
            warnings: Vec::new(),
            may_lack: false,
            branch_members: Vec::new(),
            paging: BTreeMap::new(),
            columns: None,
            mended: None,
            engine_version: String::new(),
            config_fingerprint: String::new(),
            environment: String::new(),
        }
    }

    #[test]
    fn the_event_names_the_key_and_the_same_instant_is_the_same_key() {
        let now = Timestamp::UNIX_EPOCH;
        for time in ["2026-11-22T17:00:00Z", "2026-11-22T18:00:00+01:00"] {
            let request = RunRequest::Scheduled { at: Some(time.parse().unwrap()) };
            assert_eq!(key(request, None, now).unwrap().key, "at-20261122T170000Z");
        }
    }

    #[test]
    fn a_run_by_hand_goes_on_with_a_partial_one_and_else_is_now() {
        let now: Timestamp = "2026-11-23T08:00:00.4Z".parse().unwrap();
        let by_hand = RunRequest::Scheduled { at: None };
        let partial = commit("at-20261122T170000Z", 1, true);
        assert_eq!(key(by_hand, Some(&partial), now).unwrap().key, "at-20261122T170000Z");
        let complete = commit("at-20261122T170000Z", 1, false);
        assert_eq!(key(by_hand, Some(&complete), now).unwrap().key, "at-20261123T080000Z");
        assert_eq!(key(by_hand, None, now).unwrap().key, "at-20261123T080000Z");
    }

    #[test]
    fn a_complete_key_is_done_and_a_partial_one_goes_on_behind_its_state() {
        let at = RunKey::at("2026-11-22T17:00:00Z".parse().unwrap());
        let done = plan(at.clone(), Some(commit("at-20261122T170000Z", 2, false)), None, None).unwrap();
        assert!(matches!(done, RunPlan::AlreadyCommitted(record) if record.segment == 2));
        let RunPlan::Segment(next) =
            plan(at.clone(), Some(commit("at-20261122T170000Z", 2, true)), None, None).unwrap()
        else {
            panic!("a partial key is resumed");
        };
        assert_eq!((next.number, next.counts_before.records, next.duration_before_ms), (3, 40, 9));
        assert_eq!(next.state.unwrap().branches[0].page.position, Position::Offset(40));
        // Another event, scheduled for another time, has begun the run.
        let other = RunKey::of(RunId::Sequence(3), "2026-11-23T17:00:00Z".parse().unwrap());
        let Ok(RunPlan::Segment(next)) = plan(other, Some(commit("seq-3", 1, true)), None, None) else {
            panic!("a partial key is resumed");
        };
        assert_eq!(next.key.batch_id, "20261122170000", "all its segments are one batch");
        let RunPlan::Segment(first) = plan(at, None, None, None).unwrap() else { panic!("a new key begins") };
        assert_eq!((first.number, first.state), (1, None));
    }

    #[test]
    fn a_segment_whose_names_could_not_be_read_back_is_not_begun() {
        let layout = Layout::new("s", "t");
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = time("2026-11-22T17:00:00Z");
        let window = |revision| RunId::Window { from: time("2026-01-01T00:00:00Z"), to: now, revision };
        let names = |key: RunKey| {
            let Ok(RunPlan::Segment(segment)) = plan(key, None, None, None) else {
                panic!("a new key begins")
            };
            names_read_back(&layout, &segment).map_err(|error| error.kind())
        };
        for id in [RunId::At(now), RunId::Sequence(1), window(1), window(7)] {
            assert_eq!(names(RunKey::of(id, now)), Ok(()), "{id}");
        }
        for (id, due) in [
            (RunId::At(time("-000001-01-01T00:00:00Z")), time("-000001-01-01T00:00:00Z")),
            (RunId::Sequence(1), time("-000001-01-01T00:00:00Z")),
            (RunId::Sequence(u64::MAX), now),
            (window(u32::MAX), now),
        ] {
            assert_eq!(names(RunKey::of(id, due)), Err(ErrorKind::Config), "{id}");
        }
        let mut last = commit("seq-3", u32::MAX, true);
        last.key = "seq-3".to_owned();
        let error = plan(RunKey::of(RunId::Sequence(3), now), Some(last), None, None).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Store);
    }

    #[test]
    fn only_a_partial_run_begins_anew_as_its_next_segment() {
        let at = RunKey::at("2026-11-22T17:00:00Z".parse().unwrap());
        let planned = |committed| plan(at.clone(), committed, None, None).unwrap();
        let partial = planned(Some(commit("at-20261122T170000Z", 2, true)));
        let Ok(RunPlan::Segment(anew)) = restart(partial) else { panic!("a partial run begins again") };
        assert_eq!((anew.number, &anew.state, anew.repeats), (3, &None, true));
        assert_eq!(anew.counts_before.records, 40, "what is committed stays");
        for committed in [None, Some(commit("at-20261122T170000Z", 2, false))] {
            assert_eq!(restart(planned(committed)).unwrap_err().kind(), ErrorKind::Config);
        }
    }
}
