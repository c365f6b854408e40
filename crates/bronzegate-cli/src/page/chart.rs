//! The geometry of a timeline: a slot a run, in the order of time, and some for what is missing. Windows that
//! were due together are one run, as thresholds have it.
//!
//! A chart is as many units wide as it has slots and 100 high; the browser stretches it to the page.

use std::time::Duration;

use bronzegate_core::breach::Threshold;
use bronzegate_core::config::Expect;
use bronzegate_core::health::{Entry, Gap, LoggedRun, StreamHealth};
use serde::Serialize;

use super::row::gap_text;
use super::text;
use crate::human;

/// The fewest slots of a chart, so that a single run is a bar and no wall.
const LEAST_SLOTS: usize = 40;

/// A longer stretch of missing runs takes no more slots than this.
const MOST_MISSING: u64 = 12;

/// Bars beyond so many times the median are cut, or all others could not be told from 0.
const BEYOND: f64 = 8.0;

/// One timeline.
#[derive(Debug, Serialize)]
pub(super) struct Chart {
    name: &'static str,
    slots: usize,
    #[serde(skip)]
    filled: usize,
    /// What the upper edge stands for.
    top: String,
    /// Some bars are higher than the chart.
    is_cut: bool,
    bars: Vec<Bar>,
    gaps: Vec<Band>,
    /// The path of the threshold's line.
    limit: String,
    limit_text: String,
    /// What somebody who does not see the chart is told.
    summary: String,
}

#[derive(Debug, Serialize)]
struct Bar {
    x: usize,
    y: f64,
    height: f64,
    class: &'static str,
    title: String,
}

#[derive(Debug, Serialize)]
struct Band {
    x: usize,
    width: usize,
    title: String,
}

/// What a chart shows of each run.
struct Measure {
    name: &'static str,
    value: fn(&Due<'_>) -> f64,
    shown: fn(f64) -> String,
    thresholds: &'static [Threshold],
    /// What the run may not be below, or beyond.
    limit: fn(&Due<'_>, &Expect) -> Option<f64>,
    /// What it may not be beyond, besides.
    most: fn(&Expect) -> Option<f64>,
}

/// A run: the windows that were due at one time.
struct Due<'a>(Vec<&'a LoggedRun>);

/// A run, or a stretch of missing ones.
enum Slot<'a> {
    Due(Due<'a>),
    Gap(&'a Gap),
}

const RECORDS: Measure = Measure {
    name: "Records",
    value: |due| due.records() as f64,
    shown: |value| human::count(value as u64),
    thresholds: &[Threshold::MinRecords, Threshold::MaxRecords, Threshold::RecordsRatio],
    limit: |run, expect| {
        let ratio = expect.records_ratio.unwrap_or(Expect::RECORDS_RATIO);
        let last = run.last();
        let usual = last.usual_records.filter(|_| expect.judges_records(last.is_sparse));
        let usual = usual.map(|usual| usual * ratio);
        let least = expect.min_records.map(|min| min as f64);
        usual.into_iter().chain(least).reduce(f64::max)
    },
    most: |expect| expect.max_records.map(|max| max as f64),
};

const DURATION: Measure = Measure {
    name: "Duration",
    value: |due| due.duration_ms() as f64,
    shown: |value| human::duration(Duration::from_millis(value as u64)),
    thresholds: &[Threshold::DurationRatio],
    limit: |run, expect| {
        let usual = run.last().usual_duration_ms.filter(|_| expect.judges_duration(run.duration_ms()))?;
        Some(usual * expect.duration_ratio.unwrap_or(Expect::DURATION_RATIO))
    },
    most: |_| None,
};

const ERRORS: Measure = Measure {
    name: "Failed requests",
    value: |due| due.error_rate().unwrap_or(0.0),
    shown: |value| text::percent(Some(value)),
    thresholds: &[Threshold::ErrorRate],
    limit: |_, expect| Some(expect.error_rate.unwrap_or(Expect::ERROR_RATE)),
    most: |_| None,
};

/// The timelines of a stream; none without a run.
pub(super) fn charts(health: &StreamHealth) -> Vec<Chart> {
    let entries = health.entries();
    if entries.is_empty() {
        return Vec::new();
    }
    let (slots, expect) = (slots(&entries), &health.expect);
    let least = [
        Some(format!("{} of the usual", expect.records_ratio.unwrap_or(Expect::RECORDS_RATIO))),
        expect.min_records.map(human::count),
    ];
    let least = format!("at least {}", least.into_iter().flatten().collect::<Vec<_>>().join(" and "));
    let most = expect.max_records.map(|max| format!(", at most {}", human::count(max))).unwrap_or_default();
    let longest = expect.duration_ratio.unwrap_or(Expect::DURATION_RATIO);
    let rate = expect.error_rate.unwrap_or(Expect::ERROR_RATE);
    vec![
        chart(&RECORDS, &slots, expect, format!("{least}{most}")),
        chart(&DURATION, &slots, expect, format!("at most {longest} times the usual")),
        chart(&ERRORS, &slots, expect, format!("at most {}", text::percent(Some(rate)))),
    ]
}

impl Chart {
    /// The part of its width that the slots fill, in percent.
    pub(super) fn used(&self) -> usize {
        100 * self.filled / self.slots
    }
}

/// Runs that were due at the same time are one.
fn slots<'a>(entries: &[Entry<'a>]) -> Vec<Slot<'a>> {
    let mut slots: Vec<Slot<'a>> = Vec::new();
    for entry in entries {
        match (*entry, slots.last_mut()) {
            (Entry::Gap(gap), _) => slots.push(Slot::Gap(gap)),
            (Entry::Run(run), Some(Slot::Due(due))) if due.last().scheduled_time == run.scheduled_time => {
                due.0.push(run);
            }
            (Entry::Run(run), _) => slots.push(Slot::Due(Due(vec![run]))),
        }
    }
    slots
}

impl Due<'_> {
    /// The one that the ratios of all are compared with.
    fn last(&self) -> &LoggedRun {
        self.0.last().expect("there is a run")
    }

    fn records(&self) -> u64 {
        self.0.iter().map(|run| run.counts.records).sum()
    }

    fn duration_ms(&self) -> u64 {
        self.0.iter().map(|run| run.duration_ms).sum()
    }

    /// The highest of them, since each is compared with the threshold on its own.
    fn error_rate(&self) -> Option<f64> {
        self.0.iter().filter_map(|run| run.error_rate).reduce(f64::max)
    }
}

fn chart(measure: &Measure, slots: &[Slot<'_>], expect: &Expect, limit_text: String) -> Chart {
    let runs = || slots.iter().filter_map(|slot| if let Slot::Due(due) = slot { Some(due) } else { None });
    let values: Vec<f64> = runs().map(measure.value).collect();
    let limits = runs().filter_map(|run| (measure.limit)(run, expect));
    let top = top(&values, limits.fold(0.0, f64::max));
    let highest = values.iter().copied().fold(0.0, f64::max);
    let height = |value: f64| if top > 0.0 { (100.0 * value / top).min(100.0) } else { 0.0 };
    // One that lies above the chart would only make the bars small.
    let most = (measure.most)(expect).filter(|most| *most <= top);
    let (mut bars, mut gaps, mut limit, mut x) = (Vec::new(), Vec::new(), String::new(), 0);
    for slot in slots {
        let run = match slot {
            Slot::Due(due) => due,
            Slot::Gap(gap) => {
                let width = gap.missing.min(MOST_MISSING) as usize;
                gaps.push(Band { x, width, title: gap_text(gap) });
                x += width;
                continue;
            }
        };
        // What is 0 is still a run.
        let bar = rounded(height((measure.value)(run)).max(1.0));
        let class = class(run, measure.thresholds);
        bars.push(Bar { x, y: rounded(100.0 - bar), height: bar, class, title: run_title(run) });
        let lines = (measure.limit)(run, expect).into_iter().chain(most);
        limit.extend(lines.map(|value| format!("M{x} {}h1", rounded(100.0 - height(value)))));
        x += 1;
    }
    let marked = bars.iter().filter(|bar| bar.class == MARKED).count();
    Chart {
        name: measure.name,
        slots: x.max(LEAST_SLOTS),
        filled: x,
        top: (measure.shown)(top),
        is_cut: highest > top,
        summary: format!(
            "{} of {}: up to {}, {marked} marked, {limit_text}",
            measure.name,
            human::counted(values.len() as u64, "run"),
            (measure.shown)(highest)
        ),
        bars,
        gaps,
        limit,
        limit_text,
    }
}

/// What the upper edge stands for: the highest value, or less where one stands far out.
fn top(values: &[f64], limit: f64) -> f64 {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| *value > 0.0).collect();
    sorted.sort_by(f64::total_cmp);
    let Some(highest) = sorted.last().copied() else { return limit };
    let median = sorted[sorted.len() / 2];
    let highest = highest.max(limit);
    if highest > BEYOND * median { BEYOND * median } else { highest }
}

const MARKED: &str = "marked";

fn class(due: &Due<'_>, thresholds: &[Threshold]) -> &'static str {
    let mut breaches = due.0.iter().flat_map(|run| &run.breaches);
    let is_breached = breaches.any(|breach| thresholds.contains(&breach.threshold));
    match (is_breached, due.0.iter().all(|run| run.is_complete())) {
        (true, _) => MARKED,
        (false, true) => "run",
        (false, false) => "cut",
    }
}

fn rounded(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

fn run_title(due: &Due<'_>) -> String {
    let (first, last) = (&due.0[0].key, &due.last().key);
    let mut parts = vec![
        text::time(due.last().scheduled_time),
        if first == last { first.clone() } else { format!("{first} to {last}") },
        human::counted(due.records(), "record"),
        human::duration(Duration::from_millis(due.duration_ms())),
        format!("{} of requests failed", text::percent(due.error_rate())),
    ];
    if due.0.iter().any(|run| !run.is_complete()) {
        parts.push("partial".to_owned());
    }
    parts.extend(due.0.iter().flat_map(|run| &run.breaches).map(ToString::to_string));
    parts.join(" · ")
}
