//! A timer: what the Functions host fires, for all streams of one schedule.
//!
//! The host's timers know UTC only on Linux plans, and six-field NCRONTAB expressions. An expression is
//! made from the minutes and hours in UTC at which the schedule can be due; it may fire more often than
//! the schedule is due (another offset of the time zone, a day that is not meant), and
//! [`Timer::due`] tells when it really is.

use std::collections::BTreeSet;

use bronzegate_core::bronze::Checksum;
use bronzegate_core::config::Schedule;
use jiff::{SignedDuration, Timestamp};

/// A timer of the function app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timer {
    /// The function's name: `ingest_timer_every_hour`.
    pub function: String,
    /// When the host fires it: seconds, minutes, hours, day of month, month, day of week, in UTC.
    pub expression: String,
    schedule: Schedule,
}

/// Days over which the times of day are collected: a year has every offset of a time zone.
const YEAR: i64 = 366;
/// How late the host may fire a timer whose state it does not tell.
const LATE: SignedDuration = SignedDuration::from_mins(5);
/// How early the host's clock may be.
const EARLY: SignedDuration = SignedDuration::from_secs(15);
/// The most characters of a name.
const LONGEST_NAME: usize = 60;
/// When the years of times begin; one of them has a 29 February.
const SAMPLED: [&str; 2] = ["2026-01-01T00:00:00Z", "2028-01-01T00:00:00Z"];

impl Timer {
    /// The timer of a schedule.
    pub fn of(schedule: &Schedule) -> Self {
        Self {
            function: named(&slug(&schedule.to_string())),
            expression: expression(schedule),
            schedule: schedule.clone(),
        }
    }

    /// Whether it is the timer of this schedule.
    pub fn is_of(&self, schedule: &Schedule) -> bool {
        self.schedule == *schedule
    }

    /// The time of the run that a firing stands for; `None` when it is none of the schedule's times.
    ///
    /// `expected` is when the host meant to fire, by its schedule status. A host that was away fires once,
    /// later, for all it has missed: the run's time is then the last that was missed.
    pub fn due(&self, expected: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
        let now = now.checked_add(EARLY).unwrap_or(now);
        let since = expected.filter(|expected| *expected <= now);
        let since = since.unwrap_or_else(|| now.checked_sub(LATE).unwrap_or(now));
        self.schedule.last_until(now).filter(|due| *due >= since)
    }
}

/// A function's name. Azure allows 127 characters; a long one is cut, and ends with a hash of all of it.
fn named(slug: &str) -> String {
    let name = format!("ingest_timer_{slug}");
    if name.len() <= LONGEST_NAME {
        return name;
    }
    let hash = &Checksum::of(slug.as_bytes())[..8];
    format!("{}_{hash}", name[..LONGEST_NAME - 9].trim_end_matches('_'))
}

/// The minutes and hours of the day in UTC at which the schedule can be due. Where they are not all that
/// the two fields together say, the timer fires in vain now and then.
fn expression(schedule: &Schedule) -> String {
    let (mut minutes, mut hours) = (BTreeSet::new(), BTreeSet::new());
    for begin in SAMPLED {
        let begin: Timestamp = begin.parse().expect("this is an instant");
        for time in schedule.occurrences(begin, begin + SignedDuration::from_hours(24 * YEAR)) {
            let minute_of_day = time.as_second().div_euclid(60).rem_euclid(24 * 60) as usize;
            minutes.insert(minute_of_day % 60);
            hours.insert(minute_of_day / 60);
        }
    }
    // A day that does not exist is never due, and a timer must have some expression.
    if minutes.is_empty() {
        (minutes, hours) = (BTreeSet::from([0]), BTreeSet::from([0]));
    }
    format!("0 {} {} * * *", field(&minutes, 60), field(&hours, 24))
}

/// A field of an expression: everything, steps from the beginning, or a list.
fn field(values: &BTreeSet<usize>, count: usize) -> String {
    let all: Vec<_> = values.iter().copied().collect();
    let step = count / all.len();
    if all.len() == count {
        return "*".to_owned();
    }
    if all.len() > 1 && count.is_multiple_of(step) && all == (0..count).step_by(step).collect::<Vec<_>>() {
        return format!("*/{step}");
    }
    all.iter().map(usize::to_string).collect::<Vec<_>>().join(",")
}

/// A schedule as a function's name has it: letters, digits and underscores, each schedule another.
fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars() {
        match c {
            'a'..='z' | '0'..='9' => slug.push(c),
            'A'..='Z' => slug.push(c.to_ascii_lowercase()),
            '*' => slug.push_str("any"),
            '/' => slug.push_str("_per_"),
            '-' => slug.push_str("_to_"),
            ',' => slug.push_str("_and_"),
            '+' => slug.push_str("_plus_"),
            _ => slug.push('_'),
        }
    }
    let words: Vec<_> = slug.split('_').filter(|word| !word.is_empty()).collect();
    words.join("_")
}

#[cfg(test)]
mod tests {
    use bronzegate_core::config;

    use super::*;

    fn timer(schedule: &str) -> Timer {
        let text = format!(
            "source: x\nbase_url: https://x.example\nstreams: {{ s: {{ path: /p, records: i, schedule: {{ {schedule} }} }} }}"
        );
        let source = config::parse("x.yaml", &text).unwrap_or_else(|problems| panic!("{problems}"));
        Timer::of(source.streams[0].schedule.as_ref().unwrap())
    }

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_schedule_is_an_expression_in_utc_and_a_name() {
        for (schedule, function, expression) in [
            ("every: 1h", "ingest_timer_every_hour", "0 0 * * * *"),
            ("every: 15m", "ingest_timer_every_15_minutes", "0 */15 * * * *"),
            ("every: 6h", "ingest_timer_every_6_hours", "0 0 */6 * * *"),
            ("every: 1d", "ingest_timer_every_day", "0 0 0 * * *"),
            ("cron: '30 12 29 2 *'", "ingest_timer_30_12_29_2_any_utc", "0 30 12 * * *"),
            (
                "every: 90m",
                "ingest_timer_every_90_minutes",
                "0 */30 0,1,3,4,6,7,9,10,12,13,15,16,18,19,21,22 * * *",
            ),
            ("cron: '30 2 * * MON-FRI'", "ingest_timer_30_2_any_any_mon_to_fri_utc", "0 30 2 * * *"),
            (
                "cron: '30 2 * * MON-FRI', timezone: Europe/Berlin",
                "ingest_timer_30_2_any_any_mon_to_fri_europe_per_berlin",
                "0 30 0,1 * * *",
            ),
            (
                "cron: '0 9 * * *', timezone: Asia/Kolkata",
                "ingest_timer_0_9_any_any_any_asia_per_kolkata",
                "0 30 3 * * *",
            ),
        ] {
            let timer = timer(schedule);
            assert_eq!(
                (timer.function.as_str(), timer.expression.as_str()),
                (function, expression),
                "{schedule}"
            );
        }
    }

    #[test]
    fn a_long_name_is_cut_and_still_its_own() {
        let every_minute = |last: u8| {
            let minutes = (0..last).map(|minute| minute.to_string()).collect::<Vec<_>>().join(",");
            timer(&format!("cron: '{minutes} 2 * * *', timezone: America/Argentina/ComodRivadavia")).function
        };
        let names = [every_minute(40), every_minute(41)];
        assert_ne!(names[0], names[1]);
        for name in &names {
            assert!(name.len() <= LONGEST_NAME && name.starts_with("ingest_timer_0_and_1_and_2_"), "{name}");
        }
    }

    #[test]
    fn only_the_firing_at_the_schedule_s_own_time_is_due() {
        let nightly = timer("cron: '30 2 * * MON-FRI', timezone: Europe/Berlin");
        // In winter Berlin is an hour ahead of UTC, in summer two: of two firings a day one is meant.
        for (fired, due) in [
            ("2026-01-14T00:30:00Z", None),
            ("2026-01-14T01:30:00Z", Some("2026-01-14T01:30:00Z")),
            ("2026-07-15T00:30:00Z", Some("2026-07-15T00:30:00Z")),
            ("2026-07-15T01:30:00Z", None),
            ("2026-07-18T00:30:00Z", None),
        ] {
            let now = time(fired) + SignedDuration::from_millis(40);
            assert_eq!(nightly.due(Some(time(fired)), now), due.map(time), "{fired}");
            assert_eq!(nightly.due(None, now), due.map(time), "{fired} without a status");
        }
    }

    #[test]
    fn a_host_that_was_away_stands_for_the_last_time_it_missed() {
        let hourly = timer("every: 1h");
        let missed = Some(time("2026-11-22T17:00:00Z"));
        assert_eq!(hourly.due(missed, time("2026-11-22T19:12:00Z")), Some(time("2026-11-22T19:00:00Z")));
        // A clock that is a little early means the time that is about to be.
        assert_eq!(hourly.due(missed, time("2026-11-22T16:59:59.7Z")), missed);
        // Nobody says when it was meant, and it is none of its times.
        assert_eq!(hourly.due(None, time("2026-11-22T17:12:00Z")), None);
    }
}
