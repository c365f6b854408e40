//! The windows of a backfill: which are committed, which are to be loaded, and what that takes.

use std::collections::BTreeMap;
use std::time::Duration;

use bronzegate_core::bronze::{CommitLog, RunId, SegmentStatus, Settler};
use bronzegate_core::error::{Error, ErrorKind, Result};
use bronzegate_core::probe::Probe;
use bronzegate_core::window::{TimeWindow, WindowStep};

use crate::human;

/// A window and how far it is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Planned {
    pub(crate) window: TimeWindow,
    pub(crate) state: State,
}

impl Planned {
    pub(crate) fn to_json(self) -> serde_json::Value {
        let Self { window, state } = self;
        serde_json::json!({ "from": window.from(), "to": window.to(), "status": state.as_str() })
    }
}

/// How far a window is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    New,
    Partial,
    Committed,
}

impl State {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::New => "due",
            Self::Partial => "partial",
            Self::Committed => "already_committed",
        }
    }
}

/// The windows in order of time, and the revision that they are loaded as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) revision: u32,
    pub(crate) windows: Vec<Planned>,
}

/// The most windows of one backfill: more is a slip in the length.
const MOST: usize = 100_000;

impl Plan {
    /// Reads the log, where there is one.
    ///
    /// `again` loads everything as a new revision, unless an earlier `again` has not come to its end:
    /// then that is gone on with.
    ///
    /// A window that is passed over as committed is one that a reader sees: unless this is only a look,
    /// what dead runs have committed and not published is published.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for too many windows, [`ErrorKind::Store`] when the log cannot be read.
    pub(crate) async fn new(
        log: Option<&CommitLog>,
        span: TimeWindow,
        step: Option<WindowStep>,
        again: bool,
        only_a_look: bool,
    ) -> Result<Self> {
        let windows: Vec<_> = match step {
            Some(step) => span.split(step).take(MOST + 1).collect(),
            None => vec![span],
        };
        if windows.len() > MOST {
            let cause = format!("{span} has more than {MOST} windows of that length: take a longer one");
            return Err(Error::new(ErrorKind::Config, cause));
        }
        let newest = match log {
            Some(log) => newest_segments(log, &windows).await?,
            None => BTreeMap::new(),
        };
        let mut settler = log.filter(|_| !only_a_look).map(Settler::new);
        let mut plan = Self::of(log, settler.as_mut(), &windows, &newest, 1).await?;
        if again {
            let last = newest.keys().map(|(_, revision)| *revision).max().unwrap_or(0);
            plan = Self::of(log, settler.as_mut(), &windows, &newest, last.max(1)).await?;
            let is_whole = plan.windows.iter().all(|planned| planned.state == State::Committed);
            if last == 1 || is_whole {
                plan = Self::of(log, settler.as_mut(), &windows, &newest, last + 1).await?;
            }
        }
        Ok(plan)
    }

    async fn of(
        log: Option<&CommitLog>,
        mut settler: Option<&mut Settler<'_>>,
        windows: &[TimeWindow],
        newest: &BTreeMap<(TimeWindow, u32), u32>,
        revision: u32,
    ) -> Result<Self> {
        let mut planned = Vec::with_capacity(windows.len());
        for &window in windows {
            let state = match (log, newest.get(&(window, revision))) {
                (Some(log), Some(segment)) => {
                    state(log, settler.as_deref_mut(), window, revision, *segment).await?
                }
                _ => State::New,
            };
            planned.push(Planned { window, state });
        }
        Ok(Self { revision, windows: planned })
    }

    /// The windows that are not committed.
    pub(crate) fn due(&self) -> impl Iterator<Item = TimeWindow> {
        self.windows.iter().filter(|planned| planned.state != State::Committed).map(|planned| planned.window)
    }
}

/// The newest segment of each revision of these windows, by their names alone.
async fn newest_segments(
    log: &CommitLog,
    windows: &[TimeWindow],
) -> Result<BTreeMap<(TimeWindow, u32), u32>> {
    let mut newest = BTreeMap::new();
    for name in log.names().await? {
        let RunId::Window { from, to, revision } = name.id else { continue };
        let Ok(window) = TimeWindow::new(from, to) else { continue };
        if windows.binary_search(&window).is_ok() {
            newest.insert((window, revision), name.segment);
        }
    }
    Ok(newest)
}

async fn state(
    log: &CommitLog,
    settler: Option<&mut Settler<'_>>,
    window: TimeWindow,
    revision: u32,
    segment: u32,
) -> Result<State> {
    let key = RunId::Window { from: window.from(), to: window.to(), revision }.to_string();
    let Some(record) = log.get(&key, segment).await? else { return Ok(State::New) };
    if let Some(settler) = settler {
        settler.settle(&record).await?;
    }
    Ok(match record.status {
        SegmentStatus::Complete => State::Committed,
        SegmentStatus::Partial => State::Partial,
    })
}

/// What a probe of one window says about all of them.
pub(crate) fn estimate(
    probe: &Probe,
    took: Duration,
    due: usize,
    workers: usize,
    rate: Option<f64>,
) -> String {
    let pages = match (probe.last, probe.total) {
        (true, _) => Some(1),
        (false, Some(total)) if probe.records > 0 => Some(total.div_ceil(probe.records).max(2)),
        (false, _) => None,
    };
    let is_known = pages.is_some() && probe.branches.is_some();
    let least = pages.unwrap_or(2) * probe.branches.unwrap_or(1) * due as u64;
    let by_latency = took.as_secs_f64() * least as f64 / workers as f64;
    let by_rate = rate.map_or(0.0, |rate| least as f64 / rate);
    let seconds = by_latency.max(by_rate);
    let time = if seconds < 60.0 {
        human::counted(seconds.ceil() as u64, "second")
    } else {
        format!("{:.1} minutes", seconds / 60.0)
    };
    format!(
        "{} to load: {} {} and {} {time}, by a probe that found {} on its first page in {}",
        human::counted(due as u64, "window"),
        if is_known { "about" } else { "at least" },
        human::counted(least, "request"),
        if is_known { "about" } else { "at least" },
        human::counted(probe.records, "record"),
        human::duration(took),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probe(records: u64, last: bool, total: Option<u64>) -> Probe {
        Probe {
            stream: "s/t".to_owned(),
            url: String::new(),
            status: 200,
            records,
            found: Vec::new(),
            last,
            branches: Some(1),
            total,
        }
    }

    #[test]
    fn an_estimate_is_the_slower_of_rate_and_latency() {
        let took = Duration::from_millis(600);
        insta::assert_snapshot!(estimate(&probe(7, true, None), took, 100, 4, Some(2.0)),
            @"100 windows to load: about 100 requests and about 50 seconds, by a probe that found 7 records on its first page in 600ms");
        insta::assert_snapshot!(estimate(&probe(100, false, Some(950)), took, 100, 4, None),
            @"100 windows to load: about 1,000 requests and about 2.5 minutes, by a probe that found 100 records on its first page in 600ms");
        insta::assert_snapshot!(estimate(&probe(100, false, None), took, 1, 1, None),
            @"1 window to load: at least 2 requests and at least 2 seconds, by a probe that found 100 records on its first page in 600ms");
        let of_branches = |branches| Probe { branches, ..probe(7, true, None) };
        insta::assert_snapshot!(estimate(&of_branches(Some(3)), took, 100, 4, None),
            @"100 windows to load: about 300 requests and about 45 seconds, by a probe that found 7 records on its first page in 600ms");
        insta::assert_snapshot!(estimate(&of_branches(None), took, 100, 4, None),
            @"100 windows to load: at least 100 requests and at least 15 seconds, by a probe that found 7 records on its first page in 600ms");
    }
}
