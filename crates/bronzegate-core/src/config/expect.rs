//! `expect`: what a healthy run brings. A breach is a warning, never a failure.
//!
//! ```yaml
//! expect: { min_records: 100, max_records: 1000000 }
//! expect: { records_ratio: 0.8, duration_ratio: 3, error_rate: 1% }
//! ```

use schemars::JsonSchema;
use serde::Deserialize;

use super::problem::{Draft, Report};
use super::read::Slot;
use crate::breach::{Breach, Threshold};

/// What a healthy run of a stream brings. Where a ratio or the rate is not stated, its default is
/// looked at with some patience: short runs and single failures are never found unhealthy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expect {
    /// The least number of records of one run.
    pub min_records: Option<u64>,
    /// The greatest number of records of one run.
    pub max_records: Option<u64>,
    /// The least number of records against the mean of the last complete runs.
    pub records_ratio: Option<f64>,
    /// The longest duration against the mean of the last complete runs.
    pub duration_ratio: Option<f64>,
    /// The most requests that may fail, in percent of all.
    pub error_rate: Option<f64>,
}

/// What was measured of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Measured {
    /// Its records.
    pub records: u64,
    /// Its time in milliseconds.
    pub duration_ms: u64,
    /// Its records against the mean of the last complete runs, where there were any.
    pub records_ratio: Option<f64>,
    /// Its time against the mean of the last complete runs, where there were any.
    pub duration_ratio: Option<f64>,
    /// Whether the records of an incremental stream are too few, or those of too few runs, to say what is
    /// usual.
    pub is_sparse: bool,
}

impl Expect {
    /// `records_ratio` unless the file says another.
    pub const RECORDS_RATIO: f64 = 0.5;
    /// `duration_ratio` unless the file says another.
    pub const DURATION_RATIO: f64 = 2.0;
    /// `error_rate` in percent unless the file says another.
    pub const ERROR_RATE: f64 = 5.0;

    /// Runs shorter than this have no usual time; a `duration_ratio` that is stated holds for them too.
    const SHORT_MS: u64 = 1000;

    /// The thresholds that a complete run breaches, but for the error rate.
    pub fn breaches(&self, run: &Measured) -> Vec<Breach> {
        let breach = |threshold, value, limit, is_default| Breach { threshold, value, limit, is_default };
        let mut breaches = Vec::new();
        if let Some(min) = self.min_records.filter(|min| run.records < *min) {
            breaches.push(breach(Threshold::MinRecords, run.records as f64, min as f64, false));
        }
        if let Some(max) = self.max_records.filter(|max| run.records > *max) {
            breaches.push(breach(Threshold::MaxRecords, run.records as f64, max as f64, false));
        }
        let least = self.records_ratio.unwrap_or(Self::RECORDS_RATIO);
        let judged = self.judges_records(run.is_sparse);
        if let Some(ratio) = run.records_ratio.filter(|ratio| judged && *ratio < least) {
            breaches.push(breach(Threshold::RecordsRatio, ratio, least, self.records_ratio.is_none()));
        }
        let most = self.duration_ratio.unwrap_or(Self::DURATION_RATIO);
        let judged = self.judges_duration(run.duration_ms);
        if let Some(ratio) = run.duration_ratio.filter(|ratio| judged && *ratio > most) {
            breaches.push(breach(Threshold::DurationRatio, ratio, most, self.duration_ratio.is_none()));
        }
        breaches
    }

    /// Whether a run is compared with the usual number of records.
    pub fn judges_records(&self, is_sparse: bool) -> bool {
        self.records_ratio.is_some() || !is_sparse
    }

    /// Whether a run of so many milliseconds is compared with the usual time.
    pub fn judges_duration(&self, milliseconds: u64) -> bool {
        self.duration_ratio.is_some() || milliseconds >= Self::SHORT_MS
    }

    /// The error rate, where it is higher than it may be. One failure alone, which the next attempt made
    /// good, is none unless the file states a rate.
    pub fn failing(&self, requests: u64, failed: u64) -> Option<Breach> {
        let limit = self.error_rate.unwrap_or(Self::ERROR_RATE);
        let value = error_rate(requests, failed)?;
        let judged = self.error_rate.is_some() || failed > 1;
        let is_default = self.error_rate.is_none();
        (judged && value > limit).then_some(Breach {
            threshold: Threshold::ErrorRate,
            value,
            limit,
            is_default,
        })
    }
}

/// Failed requests in percent of all; `None` without a request.
pub fn error_rate(requests: u64, failed: u64) -> Option<f64> {
    (requests > 0).then(|| 100.0 * failed as f64 / requests as f64)
}

/// What a healthy run brings; a breach is a warning in the report, the run still commits.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Expect")]
pub(super) struct ExpectSpec {
    /// The least number of records of one run.
    min_records: Option<Slot<u64>>,
    /// The greatest number of records of one run.
    max_records: Option<Slot<u64>>,
    /// The least number of records against the mean of the last complete runs; default 0.5.
    #[schemars(range(min = 0))]
    records_ratio: Option<Slot<f64>>,
    /// The longest duration against the mean of the last complete runs; default 2.
    #[schemars(extend("exclusiveMinimum" = 0))]
    duration_ratio: Option<Slot<f64>>,
    /// The most requests that may fail, as a share of all: 5%, which is the default.
    error_rate: Option<Slot<Percent>>,
}

/// A share such as 5% or 0.5%.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, with = "String", extend("pattern" = "^[0-9]+(\\.[0-9]+)?%$"))]
struct Percent(f64);

impl TryFrom<String> for Percent {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let plain = |text: &&str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let percent = text.strip_suffix('%').filter(plain).and_then(|text| text.parse().ok());
        percent.filter(|percent| (0.0..=100.0).contains(percent)).map(Self).ok_or("a share from 0% to 100%")
    }
}

impl ExpectSpec {
    pub(super) fn resolve(&self, report: &Report) -> Expect {
        let [min_records, max_records] =
            [&self.min_records, &self.max_records].map(|slot| slot.as_ref().and_then(Slot::cloned));
        if let (Some(min), Some(max), Some(slot)) = (min_records, max_records, &self.max_records)
            && max < min
        {
            report.add(slot.at(), Draft::refused("max_records is not below min_records").value(max));
        }
        Expect {
            min_records,
            max_records,
            records_ratio: checked(self.records_ratio.as_ref(), report, "a number from 0 on", |ratio| {
                ratio >= 0.0
            }),
            duration_ratio: checked(self.duration_ratio.as_ref(), report, "a number above 0", |ratio| {
                ratio > 0.0
            }),
            error_rate: self.error_rate.as_ref().and_then(Slot::cloned).map(|Percent(percent)| percent),
        }
    }
}

fn checked(
    slot: Option<&Slot<f64>>,
    report: &Report,
    accepted: &str,
    is_right: fn(f64) -> bool,
) -> Option<f64> {
    let slot = slot?;
    let number = slot.cloned()?;
    if !(number.is_finite() && is_right(number)) {
        report.add(slot.at(), Draft::refused(accepted).value(number));
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(expect: &Expect, run: Measured) -> Vec<&'static str> {
        expect.breaches(&run).iter().map(|breach| breach.threshold.as_str()).collect()
    }

    #[test]
    fn each_threshold_is_breached_beyond_its_limit_and_not_at_it() {
        let stated = Expect {
            min_records: Some(10),
            max_records: Some(20),
            records_ratio: Some(0.8),
            duration_ratio: Some(3.0),
            error_rate: Some(1.0),
        };
        let run = |records, records_ratio, duration_ratio| Measured {
            records,
            duration_ms: 5,
            records_ratio: Some(records_ratio),
            duration_ratio: Some(duration_ratio),
            is_sparse: true,
        };
        assert_eq!(found(&stated, run(10, 0.8, 3.0)), [""; 0]);
        assert_eq!(found(&stated, run(20, 0.8, 3.0)), [""; 0]);
        assert_eq!(found(&stated, run(9, 0.79, 3.01)), ["min_records", "records_ratio", "duration_ratio"]);
        assert_eq!(found(&stated, run(21, 2.0, 0.1)), ["max_records"]);
        assert_eq!(stated.failing(100, 1), None);
        assert_eq!(stated.failing(99, 1).map(|breach| breach.limit), Some(1.0));
    }

    #[test]
    fn defaults_are_patient_with_short_runs_and_single_failures() {
        let usual = Expect::default();
        let run = |records_ratio, duration_ratio, duration_ms| Measured {
            records: 1,
            duration_ms,
            records_ratio,
            duration_ratio,
            is_sparse: false,
        };
        assert_eq!(found(&usual, run(None, None, 60_000)), [""; 0]);
        assert_eq!(found(&usual, run(Some(0.5), Some(2.0), 60_000)), [""; 0]);
        assert_eq!(found(&usual, run(Some(0.49), Some(2.1), 999)), ["records_ratio"]);
        assert_eq!(found(&usual, run(Some(1.0), Some(2.1), 1000)), ["duration_ratio"]);
        let sparse = Measured { is_sparse: true, ..run(Some(0.0), None, 5) };
        assert_eq!(found(&usual, sparse), [""; 0]);
        assert_eq!((usual.failing(0, 0), usual.failing(2, 1), usual.failing(40, 2)), (None, None, None));
        assert_eq!(usual.failing(39, 2).map(|breach| breach.limit), Some(5.0));
    }

    #[test]
    fn a_share_has_its_percent_sign() {
        let read = |text: &str| Percent::try_from(text.to_owned()).ok();
        assert_eq!(
            (read("5%"), read("0.5%"), read("100%")),
            (Some(Percent(5.0)), Some(Percent(0.5)), Some(Percent(100.0)))
        );
        for text in ["5", "%", "-1%", "101%", "1e1%", "inf%", "5 %"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
