//! What a backfill will take, by a probe of one of its windows.

use std::time::Duration;

use bronzegate_core::probe::Probe;

use crate::human;

/// What a probe of one window says about all of them.
pub(crate) fn estimate(
    probe: &Probe,
    took: Duration,
    due: usize,
    workers: usize,
    rate: Option<f64>,
) -> String {
    let pages = match (probe.last, probe.total.or(probe.expected)) {
        (true, _) => Some(1),
        (false, Some(total)) if probe.records > 0 => Some(total.div_ceil(probe.records).max(2)),
        (false, _) => None,
    };
    let is_known = pages.is_some() && probe.branches.is_some();
    let least = pages.unwrap_or(2).saturating_mul(probe.branches.unwrap_or(1)).saturating_mul(due as u64);
    // A worker without a window does nothing.
    let by_latency = took.as_secs_f64() * least as f64 / workers.min(due).max(1) as f64;
    let by_rate = rate.map_or(0.0, |rate| least as f64 / rate);
    let seconds = by_latency.max(by_rate);
    let time = if seconds < 60.0 {
        human::counted(seconds.ceil() as u64, "second")
    } else {
        format!("{:.1} minutes", seconds / 60.0)
    };
    format!(
        "{} to load: {} {} and {} {time}, by a probe that found {} on its first page in {}{}",
        human::counted(due as u64, "window"),
        if is_known { "about" } else { "at least" },
        human::counted(least, "request"),
        if is_known { "about" } else { "at least" },
        human::counted(probe.records, "record"),
        human::duration(took),
        if probe.too_large { "; the window holds more than the API gives out and will be split" } else { "" },
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
            expected: None,
            too_large: false,
            longest_record: 0,
            warnings: Vec::new(),
        }
    }

    #[test]
    fn an_estimate_is_the_slower_of_rate_and_latency() {
        let took = Duration::from_millis(600);
        insta::assert_snapshot!(estimate(&probe(7, true, None), took, 100, 4, Some(2.0)),
            @"100 windows to load: about 100 requests and about 50 seconds, by a probe that found 7 records on its first page in 600ms");
        insta::assert_snapshot!(estimate(&probe(100, false, Some(950)), took, 100, 4, None),
            @"100 windows to load: about 1,000 requests and about 2.5 minutes, by a probe that found 100 records on its first page in 600ms");
        insta::assert_snapshot!(estimate(&probe(7, true, None), took, 2, 100, None),
            @"2 windows to load: about 2 requests and about 1 second, by a probe that found 7 records on its first page in 600ms");
        insta::assert_snapshot!(estimate(&probe(100, false, None), took, 1, 1, None),
            @"1 window to load: at least 2 requests and at least 2 seconds, by a probe that found 100 records on its first page in 600ms");
        let of_branches = |branches| Probe { branches, ..probe(7, true, None) };
        insta::assert_snapshot!(estimate(&of_branches(Some(3)), took, 100, 4, None),
            @"100 windows to load: about 300 requests and about 45 seconds, by a probe that found 7 records on its first page in 600ms");
        insta::assert_snapshot!(estimate(&of_branches(None), took, 100, 4, None),
            @"100 windows to load: at least 100 requests and at least 15 seconds, by a probe that found 7 records on its first page in 600ms");
    }
    #[test]
    fn what_the_first_page_says_of_the_window_is_used_where_no_total_is_stated() {
        let took = Duration::from_millis(600);
        let dense = Probe { expected: Some(20_000), ..probe(100, false, None) };
        insta::assert_snapshot!(estimate(&dense, took, 10, 4, None),
            @"10 windows to load: about 2,000 requests and about 5.0 minutes, by a probe that found 100 records on its first page in 600ms");
        let large = Probe { too_large: true, ..probe(100, false, Some(20_000)) };
        insta::assert_snapshot!(estimate(&large, took, 10, 4, None),
            @"10 windows to load: about 2,000 requests and about 5.0 minutes, by a probe that found 100 records on its first page in 600ms; the window holds more than the API gives out and will be split");
    }
}
