//! `schedule`: when a stream runs.
//!
//! ```yaml
//! schedule: { every: 1h }                                              # a divisor of an hour or a day
//! schedule: { cron: "30 2 * * MON-FRI", timezone: Europe/Berlin }
//! ```

use std::time::Duration;

use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Deserialize;

use super::cron::Cron;
use super::problem::{At, Draft, Report};
use super::read::Slot;
use super::units::Period;

/// When a stream runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// Again and again: whole minutes that divide an hour or a day.
    Every(Duration),
    /// At the times of a cron expression.
    Cron {
        /// Five fields; days of the week by name.
        cron: Cron,
        /// The time zone that it is meant in; UTC unless the file names another.
        timezone: TimeZone,
    },
}

/// When a stream runs: `every`, or `cron` with or without `timezone`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Schedule")]
pub(super) struct ScheduleSpec {
    /// Whole minutes that divide an hour or a day: 5m, 15m, 1h, 6h, 1d.
    every: Option<Slot<Period>>,
    /// Five fields: minute, hour, day of month, month, day of week (names: MON-FRI).
    cron: Option<Slot<String>>,
    /// The IANA time zone of the cron expression; default UTC.
    timezone: Option<Slot<Zone>>,
}

/// A name such as Europe/Berlin, spelled as the IANA's database does.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, with = "String", extend("pattern" = "^(UTC|[A-Za-z]+(/[A-Za-z0-9_+-]+)+)$"))]
struct Zone(TimeZone);

impl TryFrom<String> for Zone {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let known = TimeZone::get(&text).ok().filter(|zone| zone.iana_name() == Some(&text));
        known.map(Self).ok_or("UTC or an IANA time zone such as Europe/Berlin")
    }
}

const EVERY: &str = "whole minutes that divide an hour or a day, such as 5m, 15m, 1h, 6h or 1d";

impl ScheduleSpec {
    pub(super) fn resolve(&self, at: &At, report: &Report) -> Option<Schedule> {
        if let (Some(zone), None) = (&self.timezone, &self.cron) {
            report.say(zone.at(), "timezone needs cron beside it");
        }
        match (&self.every, &self.cron) {
            (Some(every), None) => {
                let Period(period) = *every.get()?;
                if !divides(period) {
                    let given = jiff::SignedDuration::try_from(period).map(|period| format!("{period:#}"));
                    let draft = Draft::refused(EVERY);
                    report.add(every.at(), given.map_or(draft.clone(), |given| draft.value(given)));
                }
                Some(Schedule::Every(period))
            }
            (None, Some(cron)) => {
                let text = cron.cloned()?;
                let accepted = |accepted| report.add(cron.at(), Draft::refused(accepted).value(&text));
                let cron = text.parse().map_err(accepted).ok()?;
                let timezone = self.timezone.as_ref().and_then(Slot::cloned);
                Some(Schedule::Cron { cron, timezone: timezone.map_or(TimeZone::UTC, |Zone(zone)| zone) })
            }
            _ => {
                report.add(
                    at,
                    Draft::new("a schedule is either every or cron")
                        .accepted("{ every: 1h } or { cron: \"30 2 * * MON-FRI\" }"),
                );
                None
            }
        }
    }
}

fn divides(period: Duration) -> bool {
    const HOUR: u64 = 3_600;
    const DAY: u64 = 86_400;
    let seconds = period.as_secs();
    period.subsec_millis() == 0
        && seconds >= 60
        && seconds.is_multiple_of(60)
        && (HOUR.is_multiple_of(seconds) || DAY.is_multiple_of(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_divides_an_hour_or_a_day() {
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        for good in [1, 5, 15, 20, 30, 60, 120, 360, 720, 1440] {
            assert!(divides(minutes(good)), "{good}m");
        }
        for bad in [7, 25, 50, 300, 2880] {
            assert!(!divides(minutes(bad)), "{bad}m");
        }
        assert!(!divides(Duration::from_secs(30)));
        assert!(!divides(Duration::from_millis(60_500)));
    }
}
