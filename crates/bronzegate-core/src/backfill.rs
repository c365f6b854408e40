//! Backfills: a stretch of time cut into windows, and which of them are to be loaded, by the clock and
//! the commit log. The command line and the dispatcher share it, so that they agree on what is due.

use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;

use crate::bronze::{CommitLog, CommitName, CommitRecord, Publisher, RunId, RunKind, SegmentStatus, Settler};
use crate::config::Incremental;
use crate::error::{Error, ErrorKind, Result};
use crate::plan;
use crate::report::RunReport;
use crate::window::{TimeWindow, WindowStep};

/// The most windows of one backfill: more is a slip in the length.
const MOST: usize = 100_000;

/// Commit records that are read at the same time.
const AT_ONCE: usize = 16;

/// A window and how far it is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedWindow {
    /// The window.
    pub window: TimeWindow,
    /// How far it is loaded.
    pub state: WindowState,
}

/// How far a window is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowState {
    /// Nothing of it is committed.
    Due,
    /// A part of it is committed.
    Partial,
    /// All of it is committed.
    Committed,
    /// It ends after now, or so shortly before that records may still appear: it is not loaded yet.
    NotOver,
}

impl WindowState {
    /// The state's name in reports and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Partial => "partial",
            Self::Committed => "already_committed",
            Self::NotOver => "not_over",
        }
    }
}

/// As which revision the windows are loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loading {
    /// As this one.
    Revision(u32),
    /// As a new one, unless the newest that any of the windows has is not whole: then as that.
    Again,
}

/// The windows of a backfill in order of time, and what is known of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackfillPlan {
    /// The revision that they are loaded as.
    pub revision: u32,
    /// The windows.
    pub windows: Vec<PlannedWindow>,
    /// Committed windows with other bounds that overlap what is due: their records are loaded twice.
    pub overlapping: usize,
    /// What the stream's own runs have loaded, if what is due overlaps it: its records are loaded twice.
    pub scheduled: Option<TimeWindow>,
}

impl BackfillPlan {
    /// Reads the log, where there is one.
    ///
    /// The names of the commits are listed once, and a record is read for each window that has one. A
    /// window that is skipped as committed is one that a reader sees: unless this is only a look,
    /// what dead runs have committed and not published is published.
    ///
    /// # Errors
    /// [`ErrorKind::Store`] when the log cannot be read.
    pub async fn new(
        incremental: Option<&Incremental>,
        publisher: Option<&Publisher>,
        windows: &[TimeWindow],
        loading: Loading,
        now: Timestamp,
        only_a_look: bool,
    ) -> Result<Self> {
        let log = publisher.map(Publisher::log);
        let (known, scheduled) = match log {
            Some(log) => {
                let names = log.names().await?;
                let scheduled = scheduled(log, &names, incremental).await?;
                (Known::of(names, windows), scheduled)
            }
            None => (Known::default(), None),
        };
        let settler = publisher.filter(|_| !only_a_look).map(Settler::new);
        let now = plan::settled(incremental, now);
        let mut planner = Planner { log, settler, windows, known, scheduled, now };
        let last = planner.known.newest.keys().map(|(_, revision)| *revision).max().unwrap_or(0);
        match loading {
            Loading::Revision(revision) => planner.plan(revision).await,
            Loading::Again if last == 1 => planner.plan(2).await,
            Loading::Again => {
                let plan = planner.plan(last.max(1)).await?;
                if plan.due().next().is_some() { Ok(plan) } else { planner.plan(last + 1).await }
            }
        }
    }

    /// The windows that are to be loaded.
    pub fn due(&self) -> impl Iterator<Item = TimeWindow> {
        let is_due =
            |planned: &&PlannedWindow| matches!(planned.state, WindowState::Due | WindowState::Partial);
        self.windows.iter().filter(is_due).map(|planned| planned.window)
    }

    /// How many windows are in this state.
    pub fn count(&self, state: WindowState) -> usize {
        self.windows.iter().filter(|planned| planned.state == state).count()
    }
}

/// Cuts a stretch of time into windows; without a step it is one.
///
/// # Errors
/// [`ErrorKind::Config`] for too many windows.
pub fn windows(span: TimeWindow, step: Option<WindowStep>) -> Result<Vec<TimeWindow>> {
    let windows: Vec<_> = match step {
        Some(step) => span.split(step).take(MOST + 1).collect(),
        None => vec![span],
    };
    if windows.len() > MOST {
        let cause = format!("{span} has more than {MOST} windows of that length: take a longer one");
        return Err(Error::new(ErrorKind::Config, cause));
    }
    Ok(windows)
}

/// Those of a backfill's windows that are over, for as long as the stream's records need to appear. The others are
/// left to a later backfill: committed now, what comes into them later would never be loaded.
///
/// # Errors
/// [`ErrorKind::Config`] when none is.
pub fn over<'w>(
    incremental: Option<&Incremental>,
    windows: &'w [TimeWindow],
    now: Timestamp,
) -> Result<&'w [TimeWindow]> {
    let settled = plan::settled(incremental, now);
    match windows.partition_point(|window| window.is_over(settled)) {
        0 => {
            let when = plan::when(incremental);
            let cause = format!(
                "no window of the backfill is over at {now:.0}: a window is loaded {when} it has ended; \
                 take shorter ones, or an earlier end"
            );
            Err(Error::new(ErrorKind::Config, cause))
        }
        count => Ok(&windows[..count]),
    }
}

/// What the stream's own runs have loaded; `None` without one. `names` are those of its log, in order.
///
/// # Errors
/// [`ErrorKind::Store`] when the log cannot be read.
pub async fn scheduled(
    log: &CommitLog,
    names: &[CommitName],
    incremental: Option<&Incremental>,
) -> Result<Option<TimeWindow>> {
    let of_sequence = |name: &&CommitName| name.id.kind() == RunKind::Sequence;
    let mut runs = names.iter().filter(of_sequence);
    let (Some(incremental), Some(first)) = (incremental, runs.next()) else { return Ok(None) };
    let newest = runs.next_back().unwrap_or(first);
    let [first, newest] = [first, newest].map(|name| (name.id.to_string(), name.segment));
    let first = log.get(&first.0, first.1).await?;
    let newest = log.get(&newest.0, newest.1).await?;
    Ok(first.zip(newest).and_then(|(first, newest)| plan::covered(incremental, &first, &newest)))
}

/// What somebody should know before windows are loaded that share records with the stream's own runs.
pub fn twice(scheduled: TimeWindow) -> String {
    let to = scheduled.to();
    format!("loaded by scheduled runs up to {to:.0}: what these windows share with them comes twice")
}

/// Whether a window failed as the others would: for a reason that is not its own.
pub fn stops_the_others(report: &RunReport) -> bool {
    report.error.as_ref().is_some_and(|error| {
        error.is_quota || matches!(error.kind, ErrorKind::Config | ErrorKind::Auth | ErrorKind::Store)
    })
}

/// What the names of commits tell.
#[derive(Default)]
struct Known {
    /// The newest segment of each revision of the windows.
    newest: BTreeMap<(TimeWindow, u32), u32>,
    /// Windows with other bounds.
    others: BTreeSet<TimeWindow>,
}

impl Known {
    fn of(names: Vec<CommitName>, windows: &[TimeWindow]) -> Self {
        let mut known = Self::default();
        for name in names {
            let RunId::Window { from, to, revision } = name.id else { continue };
            let Ok(window) = TimeWindow::new(from, to) else { continue };
            if windows.binary_search(&window).is_ok() {
                known.newest.insert((window, revision), name.segment);
            } else {
                known.others.insert(window);
            }
        }
        known
    }
}

struct Planner<'a> {
    log: Option<&'a CommitLog>,
    settler: Option<Settler<'a>>,
    windows: &'a [TimeWindow],
    known: Known,
    scheduled: Option<TimeWindow>,
    now: Timestamp,
}

impl Planner<'_> {
    async fn plan(&mut self, revision: u32) -> Result<BackfillPlan> {
        let mut states = self.states(revision).await?;
        let windows = self.windows.iter().map(|&window| {
            let state = if window.is_over(self.now) {
                states.remove(&window).unwrap_or(WindowState::Due)
            } else {
                WindowState::NotOver
            };
            PlannedWindow { window, state }
        });
        let mut plan = BackfillPlan { revision, windows: windows.collect(), overlapping: 0, scheduled: None };
        // Another revision is asked for in order to load records twice.
        if revision == 1 {
            let due: Vec<_> = plan.due().collect();
            plan.overlapping = self.known.others.iter().filter(|other| overlaps(other, &due)).count();
            plan.scheduled = self.scheduled.filter(|scheduled| overlaps(scheduled, &due));
        }
        Ok(plan)
    }

    /// How far the windows are loaded that have a commit of this revision.
    async fn states(&mut self, revision: u32) -> Result<BTreeMap<TimeWindow, WindowState>> {
        let Some(log) = self.log else { return Ok(BTreeMap::new()) };
        let committed = self.known.newest.iter().filter(|((_, of), _)| *of == revision);
        let read = committed.map(|((window, _), segment)| read(log, *window, revision, *segment));
        let read: Vec<_> = read.collect();
        let mut records = futures::stream::iter(read).buffered(AT_ONCE);
        let mut states = BTreeMap::new();
        while let Some((window, record)) = records.try_next().await? {
            let Some(record) = record else { continue };
            if let Some(settler) = &mut self.settler {
                settler.settle(&record).await?;
            }
            let state = match record.status {
                SegmentStatus::Complete => WindowState::Committed,
                SegmentStatus::Partial => WindowState::Partial,
            };
            states.insert(window, state);
        }
        Ok(states)
    }
}

async fn read(
    log: &CommitLog,
    window: TimeWindow,
    revision: u32,
    segment: u32,
) -> Result<(TimeWindow, Option<CommitRecord>)> {
    let key = RunId::Window { from: window.from(), to: window.to(), revision }.to_string();
    Ok((window, log.get(&key, segment).await?))
}

/// Whether a window shares an instant with one of these, which are in order of time and disjoint.
pub(crate) fn overlaps(window: &TimeWindow, of: &[TimeWindow]) -> bool {
    let first = of.partition_point(|one| one.to() <= window.from());
    of.get(first).is_some_and(|one| one.from() < window.to())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(from: &str, to: &str) -> TimeWindow {
        let [from, to] = [from, to].map(|text| crate::window::parse_instant(text).unwrap());
        TimeWindow::new(from, to).unwrap()
    }

    fn days() -> Vec<TimeWindow> {
        windows(window("2026-11-26", "2026-11-29"), Some("1d".parse().unwrap())).unwrap()
    }

    #[tokio::test]
    async fn a_window_is_due_from_the_instant_at_which_it_ends() {
        for (now, due) in [
            ("2026-11-26T23:59:59.999999999Z", 0),
            ("2026-11-27T00:00:00Z", 1),
            ("2026-11-27T12:00:00Z", 1),
            ("2026-11-29T00:00:00Z", 3),
        ] {
            let now = now.parse().unwrap();
            let first = Loading::Revision(1);
            let plan = BackfillPlan::new(None, None, &days(), first, now, true).await.unwrap();
            assert_eq!((plan.due().count(), plan.count(WindowState::NotOver)), (due, 3 - due), "{now}");
            assert_eq!(over(None, &days(), now).map_or(0, <[_]>::len), due);
        }
        let error = over(None, &days(), "2026-11-26T12:00:00Z".parse().unwrap()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
    }

    #[test]
    fn a_window_overlaps_what_it_shares_an_instant_with() {
        let due = [window("2026-01-01", "2026-01-02"), window("2026-01-05", "2026-01-06")];
        for (from, to, shares) in [
            ("2025-12-31", "2026-01-01", false),
            ("2025-12-01", "2026-02-01", true),
            ("2026-01-01T06:00:00Z", "2026-01-01T07:00:00Z", true),
            ("2026-01-02", "2026-01-05", false),
            ("2026-01-04", "2026-01-05T00:00:01Z", true),
            ("2026-01-06", "2026-01-07", false),
        ] {
            assert_eq!(overlaps(&window(from, to), &due), shares, "{from}");
        }
    }

    #[test]
    fn a_slip_in_the_length_is_refused() {
        let error = windows(window("1026-01-01", "2026-01-01"), Some("1m".parse().unwrap())).unwrap_err();
        assert!(error.to_string().contains("more than 100000 windows"), "{error}");
        assert_eq!(windows(window("2026-01-01", "2026-01-02"), None).unwrap().len(), 1);
    }
}
