//! One live line a stream on the terminal, and none when nobody looks.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bronzegate_core::clock::Clock;
use bronzegate_core::report::{Counts, RunReport};
use bronzegate_core::run::Stats;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::human;

/// How often the lines are drawn again.
const PERIOD: Duration = Duration::from_millis(100);

/// The lines' place on standard error; logs go between them when they share it.
pub(crate) fn place(visible: bool) -> MultiProgress {
    let target = if visible { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    MultiProgress::with_draw_target(target)
}

/// A bar below the lines that counts windows up to their number.
pub(crate) fn total(place: &MultiProgress, windows: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("  {bar:30} {pos}/{len} windows  {elapsed} passed, {eta} left");
    let bar = ProgressBar::new(windows as u64).with_style(style.expect("the template is a constant"));
    place.add(bar)
}

/// The line of one stream.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    bar: ProgressBar,
    stats: Arc<Stats>,
    clock: Arc<dyn Clock>,
    /// When what the line is about began, and what had been counted by then.
    began: Arc<Mutex<(Duration, Counts)>>,
}

impl Line {
    /// Adds a line below the others.
    pub(crate) fn new(place: &MultiProgress, name: String, stats: Arc<Stats>, clock: Arc<dyn Clock>) -> Self {
        let style = ProgressStyle::with_template("{spinner} {prefix}  {wide_msg}");
        let bar = ProgressBar::new_spinner().with_style(style.expect("the template is a constant"));
        let bar = place.add(bar.with_prefix(name));
        let began = Arc::new(Mutex::new((clock.elapsed(), stats.counts())));
        Self { bar, stats, clock, began }
    }

    /// Names what the line is about from now on, and counts again.
    pub(crate) fn begin(&self, name: String) {
        self.bar.set_prefix(name);
        *self.began.lock().expect("no holder of this lock panics") =
            (self.clock.elapsed(), self.stats.counts());
    }

    /// Says how the stream ended.
    pub(crate) fn end(&self, report: &RunReport) {
        self.bar.abandon_with_message(report.status.as_str());
    }

    /// Takes the line away.
    pub(crate) fn remove(&self) {
        self.bar.finish_and_clear();
    }

    fn draw(&self) {
        if !self.bar.is_finished() {
            let (began, before) = *self.began.lock().expect("no holder of this lock panics");
            let passed = self.clock.elapsed().saturating_sub(began);
            let counts = since(self.stats.counts(), before);
            let shown = message(counts, self.stats.expected(), self.stats.is_waiting(), passed);
            self.bar.set_message(shown);
            self.bar.tick();
        }
    }
}

/// Draws the lines, and the bar below them, until it is dropped.
pub(crate) async fn draw(
    place: &MultiProgress,
    lines: &[Line],
    total: Option<&ProgressBar>,
) -> std::convert::Infallible {
    if place.is_hidden() {
        return std::future::pending().await;
    }
    let mut time = tokio::time::interval(PERIOD);
    loop {
        time.tick().await;
        lines.iter().for_each(Line::draw);
        total.into_iter().for_each(ProgressBar::tick);
    }
}

/// What a line shows, counted since its stream or window began.
fn since(counts: Counts, before: Counts) -> Counts {
    Counts {
        records: counts.records.saturating_sub(before.records),
        bytes: counts.bytes.saturating_sub(before.bytes),
        pages: counts.pages.saturating_sub(before.pages),
        retries: counts.retries.saturating_sub(before.retries),
        ..counts
    }
}

fn message(counts: Counts, expected: Option<u64>, waiting: bool, passed: Duration) -> String {
    let rate = counts.records as f64 / passed.as_secs_f64().max(0.001);
    let records = match expected {
        Some(expected) => {
            format!("{} of {}", human::count(counts.records), human::counted(expected, "record"))
        }
        None => human::counted(counts.records, "record"),
    };
    let left = expected.map(|expected| expected.saturating_sub(counts.records)).filter(|left| *left > 0);
    let rate = rate as u64;
    // First what has come, then when the rest will have: a narrow terminal cuts off the end.
    let mut parts = vec![records];
    if let Some(left) = left.filter(|_| rate > 0) {
        parts.push(format!("{} left", human::duration(Duration::from_secs(left.div_ceil(rate)))));
    }
    parts.extend([
        human::bytes(counts.bytes),
        format!("{}/s", human::count(rate)),
        human::counted(counts.pages, "page"),
    ]);
    if counts.retries > 0 {
        let noun = if counts.retries == 1 { "retry" } else { "retries" };
        parts.push(format!("{} {noun}", human::count(counts.retries)));
    }
    if waiting {
        parts.push("waiting for the rate limit".to_owned());
    }
    parts.join("  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_what_has_come_how_fast_and_what_it_waits_for() {
        let mut counts = Counts { records: 2400, bytes: 3_565_158, pages: 24, ..Counts::default() };
        let passed = Duration::from_secs(2);
        insta::assert_snapshot!(message(counts, None, false, passed),
            @"2,400 records  3.4 MiB  1,200/s  24 pages");
        counts.retries = 1;
        insta::assert_snapshot!(message(counts, None, true, passed),
            @"2,400 records  3.4 MiB  1,200/s  24 pages  1 retry  waiting for the rate limit");
        insta::assert_snapshot!(message(Counts::default(), None, false, Duration::ZERO),
            @"0 records  0 B  0/s  0 pages");
        insta::assert_snapshot!(message(counts, Some(10_000), false, passed),
            @"2,400 of 10,000 records  7.0s left  3.4 MiB  1,200/s  24 pages  1 retry");
        insta::assert_snapshot!(message(Counts::default(), Some(10), false, passed), @"0 of 10 records  0 B  0/s  0 pages");
    }
}
