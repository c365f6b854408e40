//! The health of one stream in a stretch of time.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::gap::{Busy, Gap, Search};
use super::logged_run::LoggedRun;
use crate::bronze::{CommitRecord, LastError, NOTED_AFTER, PAUSE, SegmentStatus, TablePublished};
use crate::clock::later;
use crate::config::{Expect, Schedule, Stream};

/// What is asked of the log.
#[derive(Clone, Copy, Debug)]
pub struct Period {
    /// Runs that were due before are left out.
    pub since: Option<Timestamp>,
    /// Runs that were due then or later are left out.
    pub until: Option<Timestamp>,
    /// How long after its time a scheduled run may be committed before it is missing, and how far its
    /// time may be from that of the schedule.
    pub grace: Duration,
    /// The time of the question.
    pub now: Timestamp,
}

impl Period {
    /// From when on the runs must be known, [from the log](crate::bronze::CommitLog::since): a run that was due a
    /// little before the period may stand in for a scheduled one in it. `None` for all.
    pub fn read_from(&self) -> Option<Timestamp> {
        let grace = SignedDuration::try_from(self.grace).unwrap_or(SignedDuration::MAX);
        self.since.map(|since| since.checked_sub(grace).unwrap_or(Timestamp::MIN))
    }
}

/// What the log says of a stream, compared with its settings.
#[derive(Clone, Debug)]
pub struct StreamHealth {
    /// The source's name.
    pub source: String,
    /// The stream's name.
    pub stream: String,
    /// When it runs; `None` without a schedule, or without its source file.
    pub schedule: Option<Schedule>,
    /// What is expected of it; the defaults without its source file.
    pub expect: Expect,
    /// The runs of the schedule and by hand, from the oldest to the newest.
    pub runs: Vec<LoggedRun>,
    /// The windows of backfills, from the oldest to the newest.
    pub windows: Vec<LoggedRun>,
    /// Scheduled runs that are missing, from the oldest to the newest.
    pub gaps: Vec<Gap>,
    /// It has a schedule, and has never committed a run.
    pub never_ran: bool,
    /// The last failure, if it was in the period.
    pub last_error: Option<LastError>,
    /// What of its past is not loaded, because `start` was moved earlier.
    pub not_loaded: Option<String>,
    /// When the newest segment of all was committed.
    committed: Option<Timestamp>,
}

/// A run, or a stretch of missing ones.
#[derive(Clone, Copy, Debug)]
pub enum Entry<'a> {
    /// A run of the schedule or by hand.
    Run(&'a LoggedRun),
    /// Missing runs.
    Gap(&'a Gap),
}

impl StreamHealth {
    /// What a log says; `settings` are the stream's, where its source file can be read. `records` are the log's
    /// from [`Period::read_from`] on, and at least one older one if there is any.
    ///
    /// Missing runs are looked for from the first run on that the log knows, by the schedule as it is now:
    /// the log does not keep what was scheduled before.
    pub fn new(
        [source, stream]: [&str; 2],
        records: Vec<CommitRecord>,
        settings: Option<&Stream>,
        period: &Period,
    ) -> Self {
        let expect = settings.map(|settings| settings.expect.clone()).unwrap_or_default();
        // That somebody has set the state does not say that the stream runs again.
        let runs = records.iter().filter(|record| record.mended.is_none());
        let committed = runs.map(|record| record.finished_at).max();
        let all = LoggedRun::all(records, &expect);
        let (windows, mut runs): (Vec<_>, Vec<_>) = all.into_iter().partition(LoggedRun::is_window);
        runs.sort_by_key(|run| run.scheduled_time);
        let gaps = settings.map(|settings| gaps(settings, &runs, period)).unwrap_or_default();
        let schedule = settings.and_then(|settings| settings.schedule.clone());
        let asked = |run: &LoggedRun| {
            let due = run.scheduled_time;
            period.since.is_none_or(|since| since <= due) && period.until.is_none_or(|until| due < until)
        };
        let never_ran = schedule.is_some() && runs.is_empty();
        let mut health = Self {
            source: source.to_owned(),
            stream: stream.to_owned(),
            schedule,
            expect,
            runs,
            windows,
            gaps,
            never_ran,
            last_error: None,
            not_loaded: None,
            committed,
        };
        health.runs.retain(asked);
        health.windows.retain(asked);
        health
    }

    /// Adds what tables have of the runs, by key.
    #[must_use]
    pub fn with_published(mut self, published: &[(String, TablePublished)]) -> Self {
        for (key, published) in published {
            for run in self.runs.iter_mut().chain(&mut self.windows).filter(|run| run.key == *key) {
                run.note_published(published);
            }
        }
        self
    }

    /// The same with the failure that is noted beside the log.
    #[must_use]
    pub fn with_error(mut self, error: Option<LastError>, period: &Period) -> Self {
        let asked = |error: &LastError| {
            period.since.is_none_or(|since| since <= error.at)
                && period.until.is_none_or(|until| error.at < until)
        };
        self.last_error = error.filter(asked);
        self
    }

    /// The same with what [`earlier_start`](super::earlier_start()) has found.
    #[must_use]
    pub fn with_not_loaded(self, not_loaded: Option<String>) -> Self {
        Self { not_loaded, ..self }
    }

    /// The last failure, unless a later commit says that the stream has got over it.
    pub fn open_error(&self) -> Option<&LastError> {
        let is_open = |error: &&LastError| self.committed.is_none_or(|committed| committed < error.at);
        self.last_error.as_ref().filter(is_open)
    }

    /// Runs and gaps, from the oldest to the newest.
    pub fn entries(&self) -> Vec<Entry<'_>> {
        let runs = self.runs.iter().map(|run| (run.scheduled_time, Entry::Run(run)));
        let gaps = self.gaps.iter().map(|gap| (gap.from, Entry::Gap(gap)));
        let mut entries: Vec<_> = runs.chain(gaps).collect();
        entries.sort_by_key(|(time, _)| *time);
        entries.into_iter().map(|(_, entry)| entry).collect()
    }

    /// How many runs and windows are marked: they breach a threshold, or are cut.
    pub fn marked(&self) -> usize {
        self.runs.iter().chain(&self.windows).filter(|run| run.is_marked()).count()
    }

    /// How many scheduled runs are missing.
    pub fn missing(&self) -> u64 {
        self.gaps.iter().filter(|gap| gap.during.is_none()).map(|gap| gap.missing).sum()
    }

    /// Whether there is nothing that somebody should look at.
    pub fn is_healthy(&self) -> bool {
        let is_whole = self.missing() == 0 && !self.never_ran && self.not_loaded.is_none();
        self.marked() == 0 && is_whole && self.open_error().is_none()
    }
}

/// The scheduled runs that are missing; `runs` are those that are known, sorted.
fn gaps(settings: &Stream, runs: &[LoggedRun], period: &Period) -> Vec<Gap> {
    let Some(schedule) = &settings.schedule else { return Vec::new() };
    // Without any run, nobody knows since when there should be some.
    let known = runs.first().map(|run| run.scheduled_time);
    let Some(from) =
        known.map_or(period.since, |known| Some(period.since.map_or(known, |since| since.max(known))))
    else {
        return Vec::new();
    };
    let grace = SignedDuration::try_from(period.grace).unwrap_or(SignedDuration::MAX);
    let judged = period.now.checked_sub(grace).unwrap_or(Timestamp::MIN);
    // Runs from before the period may be known or not; none of them counts.
    let is_known = |run: &&LoggedRun| period.read_from().is_none_or(|from| run.scheduled_time >= from);
    let busy: Vec<_> = runs.iter().filter(is_known).flat_map(busy).collect();
    let search = Search {
        schedule,
        busy: &busy,
        from,
        to: period.until.map_or(judged, |until| until.min(judged)),
        tolerance: period.grace,
        by_day: settings.incremental.as_ref().is_some_and(|incremental| incremental.format.are_days()),
    };
    let times: Vec<_> = runs.iter().map(|run| run.scheduled_time).collect();
    let mut gaps = search.gaps(&times);
    if settings.incremental.is_some() {
        for gap in &mut gaps {
            let later = |run: &&LoggedRun| run.scheduled_time > gap.to && run.is_complete();
            gap.made_up_by = runs.iter().find(later).map(|run| run.key.clone());
        }
    }
    gaps
}

/// When events of others were skipped for a run: from when each of its segments was noted as in flight until the note
/// was over.
fn busy(run: &LoggedRun) -> impl Iterator<Item = Busy> + '_ {
    run.segments.iter().filter_map(|segment| {
        let from = later(segment.started_at, NOTED_AFTER);
        let is_partial = segment.status == SegmentStatus::Partial;
        let to = if is_partial { later(segment.finished_at, PAUSE) } else { segment.finished_at };
        (from < to).then(|| Busy { from, to, key: run.key.clone() })
    })
}
