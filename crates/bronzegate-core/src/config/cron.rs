//! The five-field cron that means the same on every platform.
//!
//! Days of the week are names: 1 is Monday in one platform's cron and Sunday in another's. Day of
//! month and day of week are not both restricted: one platform refuses it, others read "or".

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, DateTime};

const FORM: &str = "five fields: minute hour day-of-month month day-of-week, such as \"30 2 * * MON-FRI\"";
const DAY_NAMES: &str =
    "days of the week by name (MON, TUE, … SUN): platforms do not agree on what their numbers mean";
const BOTH_DAYS: &str =
    "either a day of month or a day of week, the other *: platforms do not agree on what both mean";
const MINUTE: &str = "a minute from 0 to 59, *, a-b, a list or a step such as */15";
const HOUR: &str = "an hour from 0 to 23, *, a-b, a list or a step such as */6";
const DAY: &str = "a day of month from 1 to 31, *, a-b, a list or a step";
const MONTH: &str = "a month from 1 to 12 or JAN to DEC, *, a-b, a list or a step";

const DAYS: [&str; 7] = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];
const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

/// An expression of five fields: the minutes at which something is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    text: String,
    minutes: Set,
    hours: Set,
    days: Set,
    months: Set,
    weekdays: Set,
}

/// Numbers below 64, a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Set(u64);

impl FromStr for Cron {
    /// The form that is accepted.
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields[..] else {
            return Err(FORM);
        };
        let cron = Self {
            text: text.to_owned(),
            minutes: field(minute, 0, 59, &[]).ok_or(MINUTE)?,
            hours: field(hour, 0, 23, &[]).ok_or(HOUR)?,
            days: field(day, 1, 31, &[]).ok_or(DAY)?,
            months: field(month, 1, 12, &MONTHS).ok_or(MONTH)?,
            weekdays: named_field(weekday).ok_or(DAY_NAMES)?,
        };
        if day != "*" && weekday != "*" {
            return Err(BOTH_DAYS);
        }
        Ok(cron)
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Cron {
    /// The times of a day, on the clock of wherever the expression is meant for.
    pub(super) fn times_of(&self, date: Date) -> impl Iterator<Item = DateTime> {
        let weekday = date.weekday().to_monday_zero_offset();
        let [day, month] = [date.day(), date.month()];
        let on = self.days.has(day) && self.months.has(month) && self.weekdays.has(weekday);
        let hours = if on { self.hours } else { Set::default() };
        let minutes = self.minutes;
        hours.iter().flat_map(move |hour| minutes.iter().map(move |minute| date.at(hour, minute, 0, 0)))
    }
}

impl Set {
    fn has(self, number: i8) -> bool {
        self.0 >> number & 1 == 1
    }

    fn iter(self) -> impl Iterator<Item = i8> {
        (0..64).filter(move |number| self.has(*number))
    }
}

/// A list of `*`, values and ranges, each with a step or without. Names stand for the numbers from
/// `least` on.
fn field(text: &str, least: u32, most: u32, names: &[&str]) -> Option<Set> {
    values(text, least, most, &|text| number(text, least, most).or_else(|| Some(named(text, names)? + least)))
}

/// The days of the week, which have names only.
fn named_field(text: &str) -> Option<Set> {
    values(text, 0, 6, &|text| named(text, &DAYS))
}

fn values(text: &str, least: u32, most: u32, value: &dyn Fn(&str) -> Option<u32>) -> Option<Set> {
    let mut set = Set::default();
    for item in text.split(',') {
        let (range, step) = item.split_once('/').map_or((item, None), |(range, step)| (range, Some(step)));
        let every = step.map_or(Some(1), |step| number(step, 1, 59))?;
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (least, most),
            Some((from, to)) => Some((value(from)?, value(to)?)).filter(|(from, to)| from < to)?,
            None if step.is_none() => (value(range)?, value(range)?),
            None => return None,
        };
        let numbers = (from..=to).step_by(usize::try_from(every).ok()?);
        set.0 |= numbers.fold(0, |bits, number| bits | 1 << number);
    }
    Some(set)
}

fn number(text: &str, from: u32, to: u32) -> Option<u32> {
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| is_plain && (from..=to).contains(number))
}

fn named(text: &str, names: &[&str]) -> Option<u32> {
    names.iter().position(|name| *name == text).and_then(|index| u32::try_from(index).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_what_means_the_same_everywhere() {
        for text in [
            "30 2 * * MON-FRI",
            "*/15 * * * *",
            "0 6,18 * * *",
            "0 0 1 * *",
            "0 0 1 JAN,JUL *",
            "0 8-18/2 * * MON,WED",
            "0 0 * 1-6 SUN",
        ] {
            assert_eq!(text.parse::<Cron>().map(|cron| cron.to_string()).as_deref(), Ok(text));
        }
    }

    #[test]
    fn refuses_what_does_not_with_the_reason() {
        for (text, want) in [
            ("", FORM),
            ("* * * *", FORM),
            ("0 0 2 * * MON", FORM),
            ("@daily", FORM),
            ("60 * * * *", MINUTE),
            ("5/10 * * * *", MINUTE),
            ("*/0 * * * *", MINUTE),
            ("0 24 * * *", HOUR),
            ("0 0 0 * *", DAY),
            ("0 0 L * *", DAY),
            ("0 0 * 13 *", MONTH),
            ("0 0 * * 1", DAY_NAMES),
            ("0 0 * * 1-5", DAY_NAMES),
            ("0 0 * * mon", DAY_NAMES),
            ("0 0 * * FRI-MON", DAY_NAMES),
            ("0 0 * * ?", DAY_NAMES),
            ("0 0 1 * MON", BOTH_DAYS),
        ] {
            assert_eq!(text.parse::<Cron>(), Err(want), "{text}");
        }
    }

    #[test]
    fn a_day_has_the_times_of_all_items_in_order_and_another_day_none() {
        let times = |text: &str, date: &str| -> Vec<String> {
            let cron: Cron = text.parse().unwrap();
            cron.times_of(date.parse().unwrap())
                .map(|time| time.time().strftime("%H:%M").to_string())
                .collect()
        };
        // 2026-11-22 is a Sunday.
        assert_eq!(
            times("*/20,5 8-12/4 * * *", "2026-11-22"),
            ["08:00", "08:05", "08:20", "08:40", "12:00", "12:05", "12:20", "12:40"]
        );
        assert_eq!(times("0 0 * * SAT,SUN", "2026-11-22"), ["00:00"]);
        assert_eq!(times("0 0 * * MON-FRI", "2026-11-22"), [""; 0]);
        assert_eq!(times("0 0 22 JAN-NOV *", "2026-11-22"), ["00:00"]);
        assert_eq!(times("0 0 22 DEC *", "2026-11-22"), [""; 0]);
        assert_eq!(times("0 0 31 * *", "2026-11-22"), [""; 0]);
        assert_eq!(times("59 23 */7 */11 *", "2026-12-29"), ["23:59"]);
    }
}
