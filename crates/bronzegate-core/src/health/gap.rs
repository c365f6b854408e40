//! Scheduled runs that are missing from the log.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::config::Schedule;

/// Scheduled runs, one after the other, of which none is in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// When the first of them was due.
    pub from: Timestamp,
    /// When the last of them was due.
    pub to: Timestamp,
    /// How many they are.
    pub missing: u64,
    /// The later run of an incremental stream that fetched what they would have; a snapshot that was not
    /// taken is lost.
    pub made_up_by: Option<String>,
    /// The run that was in flight when they were due, so that they were skipped: they are not missed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub during: Option<String>,
}

impl Gap {
    /// What they are called in tables.
    pub fn status(&self) -> &'static str {
        if self.during.is_some() { "skipped" } else { "missing" }
    }
}

/// What is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Search<'a> {
    pub(super) schedule: &'a Schedule,
    /// The first instant at which a run may have been due.
    pub(super) from: Timestamp,
    /// The first instant at which a run that was due may still be under way.
    pub(super) to: Timestamp,
    /// How far a run's time may be from that of the schedule.
    pub(super) tolerance: Duration,
    /// A run of the stream brings whole UTC days, and further ones on the same day commit nothing.
    pub(super) by_day: bool,
    /// When runs were in flight, sorted, with their keys.
    pub(super) busy: &'a [Busy],
}

/// A run that was in flight.
#[derive(Clone, Debug)]
pub(super) struct Busy {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) key: String,
}

impl Search<'_> {
    /// The scheduled runs without one of these times, which are sorted.
    ///
    /// A run belongs to the occurrence that is nearest to it, if that is near enough: a run by hand
    /// stands in for a scheduled one.
    pub(super) fn gaps(&self, times: &[Timestamp]) -> Vec<Gap> {
        let mut gaps: Vec<Gap> = Vec::new();
        let mut before = self.schedule.last_until(just_before(self.from));
        let mut counted: Option<Timestamp> = None;
        let mut occurrences = self.schedule.occurrences(self.from, Timestamp::MAX).peekable();
        while let Some(due) = occurrences.next().filter(|due| *due < self.to) {
            let next = occurrences.peek().copied();
            let nearest = self.nearest(before.replace(due), due, next);
            let another = self.by_day && counted.is_some_and(|counted| day(counted) == day(due));
            counted = Some(due);
            if another || any(times, nearest) {
                continue;
            }
            let during = self.busy.iter().find(|busy| (busy.from..busy.to).contains(&due));
            let during = during.map(|busy| busy.key.clone());
            match gaps.last_mut() {
                Some(gap) if gap.during == during && !any(times, (gap.to, due)) => {
                    gap.to = due;
                    gap.missing += 1;
                }
                _ => gaps.push(Gap { from: due, to: due, missing: 1, made_up_by: None, during }),
            }
        }
        gaps
    }

    /// The stretch of time whose runs belong to an occurrence between these two.
    fn nearest(
        &self,
        before: Option<Timestamp>,
        due: Timestamp,
        next: Option<Timestamp>,
    ) -> (Timestamp, Timestamp) {
        let tolerance = SignedDuration::try_from(self.tolerance).unwrap_or(SignedDuration::MAX);
        let half = |a: Timestamp, b: Timestamp| (b.duration_since(a) / 2).min(tolerance);
        let early = before.map_or(tolerance, |before| half(before, due));
        let late = next.map_or(tolerance, |next| half(due, next));
        (due.checked_sub(early).unwrap_or(Timestamp::MIN), due.checked_add(late).unwrap_or(Timestamp::MAX))
    }
}

fn just_before(time: Timestamp) -> Timestamp {
    time.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(Timestamp::MIN)
}

/// The day of a time in UTC.
pub(super) fn day(time: Timestamp) -> jiff::civil::Date {
    time.to_zoned(TimeZone::UTC).date()
}

/// Whether one of the sorted times is in [from, to).
fn any(times: &[Timestamp], (from, to): (Timestamp, Timestamp)) -> bool {
    times.get(times.partition_point(|time| *time < from)).is_some_and(|time| *time < to)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        format!("2026-11-{text}:00Z").parse().unwrap()
    }

    fn gaps(schedule: &Schedule, span: [&str; 2], by_day: bool, runs: &[&str]) -> Vec<String> {
        let [from, to] = span.map(time);
        let runs: Vec<_> = runs.iter().map(|run| time(run)).collect();
        let busy = Busy { from: time("25T10:00"), to: time("25T12:30"), key: "seq-7".to_owned() };
        let search = Search { schedule, from, to, tolerance: Duration::from_mins(10), by_day, busy: &[busy] };
        let told = |gap: &Gap| {
            let during = gap.during.as_ref().map(|key| format!(" during {key}")).unwrap_or_default();
            format!("{}+{}{during}", gap.from.strftime("%dT%H:%M"), gap.missing)
        };
        search.gaps(&runs).iter().map(told).collect()
    }

    fn hourly() -> Schedule {
        Schedule::Every(Duration::from_hours(1))
    }

    #[test]
    fn a_run_that_is_not_there_is_missing_and_neighbours_are_one_gap() {
        let span = ["22T10:00", "22T16:00"];
        assert_eq!(
            gaps(&hourly(), span, false, &["22T10:00", "22T13:00", "22T15:00"]),
            ["22T11:00+2", "22T14:00+1"]
        );
        assert_eq!(gaps(&hourly(), span, false, &[]), ["22T10:00+6"]);
        assert_eq!(gaps(&hourly(), ["22T10:01", "22T11:00"], false, &[]), [""; 0]);
    }

    #[test]
    fn a_run_near_its_time_is_not_missing_and_one_between_two_divides_a_gap() {
        let span = ["22T10:00", "22T13:00"];
        assert_eq!(gaps(&hourly(), span, false, &["22T09:52", "22T11:09", "22T12:00"]), [""; 0]);
        assert_eq!(gaps(&hourly(), span, false, &["22T10:00", "22T11:30"]), ["22T11:00+1", "22T12:00+1"]);
        // Every five minutes, a run is never nearer than half of that.
        let often = Schedule::Every(Duration::from_mins(5));
        assert_eq!(gaps(&often, ["22T10:00", "22T10:15"], false, &["22T10:02", "22T10:13"]), ["22T10:05+2"]);
    }

    #[test]
    fn of_a_stream_that_brings_whole_days_one_run_a_day_is_expected() {
        let six_hours = Schedule::Every(Duration::from_hours(6));
        assert_eq!(
            gaps(&six_hours, ["20T00:00", "24T00:00"], true, &["20T00:00", "22T00:00"]),
            ["21T00:00+1", "23T00:00+1"]
        );
    }

    #[test]
    fn what_was_due_while_a_run_was_in_flight_is_a_gap_of_its_own() {
        assert_eq!(
            gaps(&hourly(), ["25T08:00", "25T15:00"], false, &["25T08:00", "25T14:00"]),
            ["25T09:00+1", "25T10:00+3 during seq-7", "25T13:00+1"]
        );
    }

    #[test]
    fn a_weekend_is_no_gap_where_the_schedule_has_none() {
        let weekdays = Schedule::Cron { cron: "30 2 * * MON-FRI".parse().unwrap(), timezone: TimeZone::UTC };
        assert_eq!(
            gaps(&weekdays, ["19T00:00", "25T00:00"], false, &["19T02:30", "20T02:30", "24T02:30"]),
            ["23T02:30+1"]
        );
    }
}
