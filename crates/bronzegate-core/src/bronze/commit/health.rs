//! A run against the ones before it: the trailing history and its ratios.

use serde::{Deserialize, Serialize};

/// How many complete runs a history remembers.
pub const HISTORY: usize = 10;

/// A complete run as later ones remember it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// The run's key.
    pub key: String,
    /// Records of all its segments.
    pub records: u64,
    /// Time of all its segments in milliseconds.
    pub duration_ms: u64,
}

/// The history with one run more, the oldest first, not longer than [`HISTORY`].
#[must_use]
pub fn extend_history(history: &[HistoryEntry], run: HistoryEntry) -> Vec<HistoryEntry> {
    let mut entries: Vec<_> = history.iter().filter(|entry| entry.key != run.key).cloned().collect();
    entries.push(run);
    entries.drain(..entries.len().saturating_sub(HISTORY));
    entries
}

/// Records against the mean of the history; `None` without history.
pub fn records_ratio(records: u64, history: &[HistoryEntry]) -> Option<f64> {
    ratio(records, history.iter().map(|entry| entry.records))
}

/// Milliseconds against the mean of the history; `None` without history.
pub fn duration_ratio(duration_ms: u64, history: &[HistoryEntry]) -> Option<f64> {
    ratio(duration_ms, history.iter().map(|entry| entry.duration_ms))
}

/// Where the mean is 0 there is no ratio unless the value is 0 as well, which is as usual: 1.
fn ratio(value: u64, history: impl ExactSizeIterator<Item = u64>) -> Option<f64> {
    let count = history.len() as f64;
    let sum: f64 = history.map(|value| value as f64).sum();
    match (sum > 0.0, value) {
        (true, value) => Some(value as f64 * count / sum),
        (false, 0) if count > 0.0 => Some(1.0),
        (false, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(key: u64, records: u64, duration_ms: u64) -> HistoryEntry {
        HistoryEntry { key: format!("seq-{key}"), records, duration_ms }
    }

    #[test]
    fn ratios_are_against_the_mean_and_absent_where_there_is_none() {
        let history = [entry(1, 100, 10), entry(2, 300, 30)];
        assert_eq!(records_ratio(100, &history), Some(0.5));
        assert_eq!(duration_ratio(60, &history), Some(3.0));
        assert_eq!(records_ratio(0, &history), Some(0.0));
        assert_eq!(records_ratio(5, &[]), None);
        assert_eq!(records_ratio(0, &[]), None);
        let empty_runs = [entry(1, 0, 0), entry(2, 0, 0)];
        assert_eq!(records_ratio(0, &empty_runs), Some(1.0));
        assert_eq!(records_ratio(7, &empty_runs), None);
    }

    #[test]
    fn a_history_keeps_the_last_ten_and_each_run_once() {
        let history = (1..=12).fold(Vec::new(), |history, key| extend_history(&history, entry(key, key, 1)));
        assert_eq!(history.len(), HISTORY);
        assert_eq!((history[0].records, history[9].records), (3, 12));
        let again = extend_history(&history, entry(12, 99, 1));
        assert_eq!((again.len(), again[9].records), (HISTORY, 99));
    }
}
