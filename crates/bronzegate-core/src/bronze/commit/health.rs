//! A run against the ones before it: the trailing history and its ratios.

use serde::{Deserialize, Serialize};

/// How many complete runs a history remembers.
pub const HISTORY: usize = 10;

/// A complete run as later ones remember it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// The run's key; the last one's where an event led to several, window after window.
    pub key: String,
    /// Records of all its segments, and of all windows that were due together.
    pub records: u64,
    /// Time of all of them in milliseconds.
    pub duration_ms: u64,
    /// Windows that were due together with it are still to come: it is not whole yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
    /// It is the first run of an incremental stream, or one that asked for everything, where others ask for what
    /// has changed: it brings everything there was, and is no measure for others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub first: bool,
}

/// A run against the mean of those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ratios {
    /// Its records.
    pub records: Option<f64>,
    /// Its time.
    pub duration: Option<f64>,
    /// The mean of the records before it.
    pub usual_records: Option<f64>,
    /// The mean of the times before it, in milliseconds.
    pub usual_duration_ms: Option<f64>,
    /// How many runs these means are of.
    pub runs: usize,
}

/// The history with one run more, the oldest first, not longer than [`HISTORY`].
///
/// Windows that were due together are one run of it, because how many there are differs from time to time.
#[must_use]
pub fn extend_history(history: &[HistoryEntry], mut run: HistoryEntry) -> Vec<HistoryEntry> {
    let mut entries: Vec<_> = history.iter().filter(|entry| entry.key != run.key).cloned().collect();
    if let Some(begun) = entries.pop_if(|entry| entry.more) {
        run.records = run.records.saturating_add(begun.records);
        run.duration_ms = run.duration_ms.saturating_add(begun.duration_ms);
        run.first |= begun.first;
    }
    entries.push(run);
    entries.drain(..entries.len().saturating_sub(HISTORY));
    entries
}

impl Ratios {
    /// The newest run of a history against the others; nothing without others, and while the run is
    /// not whole.
    pub fn of(history: &[HistoryEntry]) -> Self {
        let Some((run, before)) = history.split_last().filter(|(run, _)| !run.more && !run.first) else {
            return Self::default();
        };
        let before: Vec<_> = before.iter().filter(|entry| !entry.first).collect();
        let usual_records = mean(before.iter().map(|entry| entry.records));
        let usual_duration_ms = mean(before.iter().map(|entry| entry.duration_ms));
        Self {
            records: usual_records.and_then(|usual| ratio(run.records, usual)),
            duration: usual_duration_ms.and_then(|usual| ratio(run.duration_ms, usual)),
            usual_records,
            usual_duration_ms,
            runs: before.len(),
        }
    }
}

fn mean(values: impl ExactSizeIterator<Item = u64>) -> Option<f64> {
    let count = values.len() as f64;
    (count > 0.0).then(|| values.map(|value| value as f64).sum::<f64>() / count)
}

/// Where the mean is 0 there is no ratio unless the value is 0 as well, which is as usual: 1.
fn ratio(value: u64, mean: f64) -> Option<f64> {
    match (mean > 0.0, value) {
        (true, value) => Some(value as f64 / mean),
        (false, 0) => Some(1.0),
        (false, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(key: u64, records: u64, duration_ms: u64) -> HistoryEntry {
        HistoryEntry { key: format!("seq-{key}"), records, duration_ms, more: false, first: false }
    }

    fn ratios(history: &[HistoryEntry], records: u64, duration_ms: u64) -> (Option<f64>, Option<f64>) {
        let ratios = Ratios::of(&extend_history(history, entry(99, records, duration_ms)));
        (ratios.records, ratios.duration)
    }

    #[test]
    fn ratios_are_against_the_mean_and_absent_where_there_is_none() {
        let history = [entry(1, 100, 10), entry(2, 300, 30)];
        assert_eq!(ratios(&history, 100, 60), (Some(0.5), Some(3.0)));
        assert_eq!(ratios(&history, 0, 0), (Some(0.0), Some(0.0)));
        assert_eq!(ratios(&[], 5, 5), (None, None));
        assert_eq!(Ratios::of(&[]), Ratios::default());
        let empty_runs = [entry(1, 0, 0), entry(2, 0, 0)];
        assert_eq!(ratios(&empty_runs, 0, 7), (Some(1.0), None));
    }

    #[test]
    fn a_history_keeps_the_last_ten_and_each_run_once() {
        let history = (1..=12).fold(Vec::new(), |history, key| extend_history(&history, entry(key, key, 1)));
        assert_eq!(history.len(), HISTORY);
        assert_eq!((history[0].records, history[9].records), (3, 12));
        let again = extend_history(&history, entry(12, 99, 1));
        assert_eq!((again.len(), again[9].records), (HISTORY, 99));
    }

    #[test]
    fn windows_that_were_due_together_are_one_run_and_have_no_ratio_before_the_last() {
        let begun = HistoryEntry { more: true, ..entry(2, 40, 4) };
        let history = extend_history(&[entry(1, 100, 10)], begun);
        assert_eq!(Ratios::of(&history), Ratios::default());
        let history = extend_history(&history, HistoryEntry { more: true, ..entry(3, 50, 5) });
        let history = extend_history(&history, entry(4, 10, 1));
        assert_eq!(history, [entry(1, 100, 10), entry(4, 100, 10)]);
        let ratios = Ratios::of(&history);
        assert_eq!((ratios.records, ratios.duration), (Some(1.0), Some(1.0)));
        assert_eq!((ratios.usual_records, ratios.usual_duration_ms), (Some(100.0), Some(10.0)));
    }

    #[test]
    fn the_first_run_of_an_incremental_stream_is_no_measure_for_the_next() {
        let first = HistoryEntry { more: true, first: true, ..entry(1, 9000, 900) };
        let history = extend_history(&[], first);
        let history = extend_history(&history, entry(2, 1000, 100));
        assert_eq!(ratios(&history, 10, 1), (None, None));
        let history = extend_history(&history, entry(3, 10, 1));
        assert_eq!(ratios(&history, 5, 2), (Some(0.5), Some(2.0)));
    }
}
