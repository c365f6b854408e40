//! What `expect` finds wrong with a run: health, not a gate.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A threshold of `expect`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Threshold {
    /// The least number of records.
    MinRecords,
    /// The greatest number of records.
    MaxRecords,
    /// Records against the mean of the last complete runs, at least.
    RecordsRatio,
    /// Duration against the mean of the last complete runs, at most.
    DurationRatio,
    /// Requests that failed, in percent of all, at most.
    ErrorRate,
}

impl Threshold {
    /// Its key in `expect`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MinRecords => "min_records",
            Self::MaxRecords => "max_records",
            Self::RecordsRatio => "records_ratio",
            Self::DurationRatio => "duration_ratio",
            Self::ErrorRate => "error_rate",
        }
    }
}

/// A threshold that a run is on the wrong side of.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Breach {
    /// The threshold.
    pub threshold: Threshold,
    /// What the run brought: records, a ratio, or percent.
    pub value: f64,
    /// What was expected, in the same unit.
    pub limit: f64,
    /// The file states no such threshold: it is the default.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_default: bool,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { threshold, value, limit, is_default } = self;
        let short = Short(*value);
        match threshold {
            Threshold::MinRecords => write!(f, "{value} records came, fewer than the {limit}")?,
            Threshold::MaxRecords => write!(f, "{value} records came, more than the {limit}")?,
            Threshold::RecordsRatio => {
                write!(f, "{short} times the usual number of records came, less than the {limit}")?;
            }
            Threshold::DurationRatio => {
                write!(f, "the run took {short} times as long as usual, more than the {limit}")?;
            }
            Threshold::ErrorRate => {
                write!(f, "{short} % of the requests failed, more than the {limit} %")?;
            }
        }
        write!(f, " of `expect.{}`", threshold.as_str())?;
        if *is_default { f.write_str(" (the default)") } else { Ok(()) }
    }
}

/// A number with two digits after the point at most.
struct Short(f64);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", (self.0 * 100.0).round() / 100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_breach_says_what_came_what_was_expected_and_where_that_is_written() {
        let told =
            |threshold, value, limit| Breach { threshold, value, limit, is_default: false }.to_string();
        insta::assert_snapshot!(told(Threshold::MinRecords, 25.0, 100.0),
            @"25 records came, fewer than the 100 of `expect.min_records`");
        insta::assert_snapshot!(told(Threshold::MaxRecords, 25.0, 10.0),
            @"25 records came, more than the 10 of `expect.max_records`");
        insta::assert_snapshot!(told(Threshold::RecordsRatio, 1.0 / 3.0, 0.5),
            @"0.33 times the usual number of records came, less than the 0.5 of `expect.records_ratio`");
        insta::assert_snapshot!(told(Threshold::DurationRatio, 3.0, 2.0),
            @"the run took 3 times as long as usual, more than the 2 of `expect.duration_ratio`");
        let default = Breach { threshold: Threshold::ErrorRate, value: 12.5, limit: 5.0, is_default: true };
        insta::assert_snapshot!(default,
            @"12.5 % of the requests failed, more than the 5 % of `expect.error_rate` (the default)");
        insta::assert_snapshot!(told(Threshold::ErrorRate, 12.5, 5.0),
            @"12.5 % of the requests failed, more than the 5 % of `expect.error_rate`");
    }
}
