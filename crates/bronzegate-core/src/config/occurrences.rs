//! When a schedule is due: the instants that follow from `schedule` alone.

use std::fmt;

use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use super::cron::Cron;
use super::schedule::Schedule;

/// How far ahead and back a next or last occurrence is looked for: 29 February comes after 8 years at most.
const DAYS: [i64; 4] = [1, 32, 366, 9 * 366];

impl Schedule {
    /// The instants in [from, to) at which the stream is due, the oldest first.
    ///
    /// `every` counts from midnight UTC. A cron expression is read on the clock of its time zone, as
    /// Amazon EventBridge Scheduler does: a time that clocks leave out in spring is left out, one that
    /// they show twice in autumn is due once, the first time.
    pub fn occurrences(&self, from: Timestamp, to: Timestamp) -> Box<dyn Iterator<Item = Timestamp> + '_> {
        match self {
            Self::Every(period) => {
                let period = i64::try_from(period.as_secs()).unwrap_or(i64::MAX).max(1);
                Box::new(multiples(period, from, to))
            }
            Self::Cron { cron, timezone } => Box::new(at_clock_times(cron, timezone, from, to)),
        }
    }

    /// The first instant after `time` at which the stream is due; none where the expression names no
    /// day that exists.
    pub fn next_after(&self, time: Timestamp) -> Option<Timestamp> {
        let from = time.checked_add(1.nanosecond()).ok()?;
        DAYS.into_iter().find_map(|days| self.occurrences(from, moved(from, days)).next())
    }

    /// The last instant at which the stream was due, `time` included.
    pub fn last_until(&self, time: Timestamp) -> Option<Timestamp> {
        let to = time.checked_add(1.nanosecond()).ok()?;
        DAYS.into_iter().find_map(|days| self.occurrences(moved(to, -days), to).last())
    }
}

/// As somebody would say it: `every 6 hours`, `30 2 * * MON-FRI (Europe/Berlin)`.
impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Every(period) => {
                let minutes = period.as_secs() / 60;
                match minutes {
                    1440 => f.write_str("every day"),
                    60 => f.write_str("every hour"),
                    minutes if minutes.is_multiple_of(60) => write!(f, "every {} hours", minutes / 60),
                    1 => f.write_str("every minute"),
                    minutes => write!(f, "every {minutes} minutes"),
                }
            }
            Self::Cron { cron, timezone } => {
                write!(f, "{cron} ({})", timezone.iana_name().unwrap_or("UTC"))
            }
        }
    }
}

fn moved(time: Timestamp, days: i64) -> Timestamp {
    let end = if days < 0 { Timestamp::MIN } else { Timestamp::MAX };
    time.checked_add(SignedDuration::from_hours(24 * days)).unwrap_or(end)
}

/// The multiples of a number of seconds since 1970, which is midnight UTC.
fn multiples(period: i64, from: Timestamp, to: Timestamp) -> impl Iterator<Item = Timestamp> {
    let begun = i64::from(from.subsec_nanosecond() > 0);
    let first = (from.as_second() + begun + period - 1).div_euclid(period) * period;
    let all = std::iter::successors(Some(first), move |second| second.checked_add(period));
    all.map_while(|second| Timestamp::from_second(second).ok()).take_while(move |time| *time < to)
}

fn at_clock_times(
    cron: &Cron,
    timezone: &TimeZone,
    from: Timestamp,
    to: Timestamp,
) -> impl Iterator<Item = Timestamp> {
    let last = timezone.to_datetime(to).date();
    let first = timezone.to_datetime(from).date();
    let days = std::iter::successors(Some(first), |date| date.tomorrow().ok());
    let times = days.take_while(move |date| *date <= last).flat_map(|date| cron.times_of(date));
    let instants = times.filter_map(|time| {
        let instant = timezone.to_ambiguous_timestamp(time);
        let left_out = matches!(instant.offset(), AmbiguousOffset::Gap { .. });
        if left_out { None } else { instant.earlier().ok() }
    });
    instants.filter(move |time| (from..to).contains(time))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn cron(text: &str, zone: &str) -> Schedule {
        Schedule::Cron { cron: text.parse().unwrap(), timezone: TimeZone::get(zone).unwrap() }
    }

    fn every(minutes: u64) -> Schedule {
        Schedule::Every(Duration::from_secs(60 * minutes))
    }

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn due(schedule: &Schedule, from: &str, to: &str) -> Vec<String> {
        schedule.occurrences(time(from), time(to)).map(|time| time.to_string()).collect()
    }

    #[test]
    fn every_counts_from_midnight_utc_and_the_end_is_not_in_it() {
        assert_eq!(
            due(&every(360), "2026-11-22T00:00:00Z", "2026-11-22T12:00:00Z"),
            ["2026-11-22T00:00:00Z", "2026-11-22T06:00:00Z"]
        );
        assert_eq!(
            due(&every(90), "2026-11-22T22:00:00.5Z", "2026-11-23T01:30:01Z"),
            ["2026-11-22T22:30:00Z", "2026-11-23T00:00:00Z", "2026-11-23T01:30:00Z"]
        );
        assert_eq!(due(&every(5), "2026-11-22T00:00:00Z", "2026-11-22T00:00:00Z"), [""; 0]);
    }

    #[test]
    fn a_cron_expression_is_read_on_the_clock_of_its_zone() {
        let weekdays = cron("30 2 * * MON-FRI", "Europe/Berlin");
        assert_eq!(
            due(&weekdays, "2026-11-20T00:00:00Z", "2026-11-24T00:00:00Z"),
            ["2026-11-20T01:30:00Z", "2026-11-23T01:30:00Z"]
        );
        // Kiritimati is 14 hours ahead: its Monday begins on Sunday in UTC.
        let monday = cron("0 1 * * MON", "Pacific/Kiritimati");
        assert_eq!(due(&monday, "2026-11-21T00:00:00Z", "2026-11-28T00:00:00Z"), ["2026-11-22T11:00:00Z"]);
    }

    #[test]
    fn a_time_that_clocks_leave_out_is_left_out_and_one_shown_twice_is_due_once() {
        let nightly = cron("30 2 * * *", "Europe/Berlin");
        assert_eq!(
            due(&nightly, "2026-03-28T00:00:00Z", "2026-03-31T00:00:00Z"),
            ["2026-03-28T01:30:00Z", "2026-03-30T00:30:00Z"],
            "there is no 02:30 on 29 March 2026"
        );
        assert_eq!(
            due(&nightly, "2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z"),
            ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"],
            "02:30 comes twice on 25 October 2026"
        );
        let hourly = cron("0 * * * *", "Europe/Berlin");
        assert_eq!(
            due(&hourly, "2026-10-24T23:00:00Z", "2026-10-25T03:00:00Z"),
            ["2026-10-24T23:00:00Z", "2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z"]
        );
    }

    #[test]
    fn the_next_and_the_last_are_found_however_far_and_not_where_there_is_none() {
        let leap_day = cron("0 12 29 FEB *", "UTC");
        let at = |schedule: &Schedule, now: &str| {
            (
                schedule.last_until(time(now)).map(|time| time.to_string()),
                schedule.next_after(time(now)).map(|time| time.to_string()),
            )
        };
        let both = |last: &str, next: &str| (Some(last.to_owned()), Some(next.to_owned()));
        assert_eq!(
            at(&leap_day, "2026-11-22T00:00:00Z"),
            both("2024-02-29T12:00:00Z", "2028-02-29T12:00:00Z")
        );
        assert_eq!(
            at(&leap_day, "2024-02-29T12:00:00Z"),
            both("2024-02-29T12:00:00Z", "2028-02-29T12:00:00Z")
        );
        assert_eq!(
            at(&leap_day, "2096-03-01T00:00:00Z"),
            both("2096-02-29T12:00:00Z", "2104-02-29T12:00:00Z")
        );
        assert_eq!(
            at(&every(60), "2026-11-22T17:00:00Z"),
            both("2026-11-22T17:00:00Z", "2026-11-22T18:00:00Z")
        );
        assert_eq!(at(&cron("0 0 30 FEB *", "UTC"), "2026-11-22T00:00:00Z"), (None, None));
    }

    #[test]
    fn a_schedule_is_told_as_a_person_would() {
        let told = [every(1), every(15), every(60), every(90), every(360), every(1440)]
            .map(|schedule| schedule.to_string());
        assert_eq!(
            told,
            [
                "every minute",
                "every 15 minutes",
                "every hour",
                "every 90 minutes",
                "every 6 hours",
                "every day"
            ]
        );
        assert_eq!(cron("30 2 * * MON-FRI", "Europe/Berlin").to_string(), "30 2 * * MON-FRI (Europe/Berlin)");
    }
}
