//! The current time: moved by lengths of time, in a form. A request says the time that its run is for.

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::cursor::format_word;
use super::part::Part;
use super::refused::{Result, refuse};
use crate::tree::Node;

/// A length of time. Months are those of the calendar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Length {
    months: i64,
    seconds: i64,
}

/// How a time is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// In one of Airbyte's formats.
    Format(String),
    /// In a way that no format says; the time itself is known.
    Otherwise,
}

/// Now, and so long before or after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    moved: Length,
    form: Form,
}

impl Length {
    pub(super) fn days(days: i64) -> Self {
        Self { months: 0, seconds: days.saturating_mul(86_400) }
    }

    /// `P1M`, `PT4H`; `None` where it is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let span = text.parse::<Span>().ok()?;
        let months = i64::from(span.get_years()) * 12 + i64::from(span.get_months());
        let rest = span.years(0).months(0);
        let seconds = rest.total((jiff::Unit::Second, jiff::SpanRelativeTo::days_are_24_hours())).ok()?;
        // A part of a second becomes a whole one.
        let seconds = if seconds < 0.0 { seconds.floor() } else { seconds.ceil() };
        Some(Self { months, seconds: seconds as i64 })
    }

    pub(super) fn negative(self) -> Self {
        Self { months: self.months.saturating_neg(), seconds: self.seconds.saturating_neg() }
    }

    /// Its seconds, where there are any and a calendar has no say; a part of a second counts as one.
    pub(super) fn whole_seconds(self) -> Option<i64> {
        (self.months == 0 && self.seconds > 0).then_some(self.seconds)
    }

    fn plus(self, other: Self) -> Self {
        Self {
            months: self.months.saturating_add(other.months),
            seconds: self.seconds.saturating_add(other.seconds),
        }
    }
}

impl Moment {
    /// `now_utc()`.
    pub(super) fn now() -> Self {
        Self::of("%Y-%m-%d %H:%M:%S.%f+00:00")
    }

    /// `today_utc()`.
    pub(super) fn today() -> Self {
        Self::of("%Y-%m-%d")
    }

    fn of(format: &str) -> Self {
        Self { moved: Length::default(), form: Form::Format(format.to_owned()) }
    }

    #[must_use]
    pub(super) fn moved(self, by: Length) -> Self {
        Self { moved: self.moved.plus(by), ..self }
    }

    #[must_use]
    pub(super) fn written(self, format: &str) -> Self {
        Self { form: Form::Format(format.to_owned()), ..self }
    }

    #[must_use]
    pub(super) fn written_otherwise(self) -> Self {
        Self { form: Form::Otherwise, ..self }
    }

    /// Whether it is written as a number.
    pub(super) fn is_number(&self) -> bool {
        matches!(&self.form, Form::Format(format) if format.starts_with("%s") || matches!(format.as_str(), "%ms" | "%epoch_microseconds"))
    }

    /// The seconds before now; `None` where it is later, or where months have no number of seconds.
    pub(super) fn seconds_ago(&self) -> Option<u64> {
        let is_past = self.moved.months == 0 && self.moved.seconds <= 0;
        is_past.then_some(self.moved.seconds.unsigned_abs())
    }

    pub(super) fn is_later(&self) -> bool {
        self.moved.months >= 0 && self.moved.seconds >= 0
    }

    /// The instant, where now is this one.
    pub(super) fn at(&self, now: Timestamp) -> Option<Timestamp> {
        let span = Span::new().try_months(self.moved.months).ok()?.try_seconds(self.moved.seconds).ok()?;
        Some(now.to_zoned(TimeZone::UTC).checked_add(span).ok()?.timestamp())
    }

    /// The function of a template that moves the time; `None` where one of them does not do.
    fn add(&self) -> Option<String> {
        let signed = |amount: i64, unit: &str| Some(format!(" | add(\"{amount}{unit}\")"));
        match self.moved {
            Length { months: 0, seconds: 0 } => Some(String::new()),
            Length { months: 0, seconds } if seconds % 86_400 == 0 => signed(seconds / 86_400, "d"),
            Length { months: 0, seconds } => signed(seconds, "s"),
            Length { months, seconds: 0 } => signed(months, "mo"),
            Length { .. } => None,
        }
    }
}

impl Part<'_> {
    /// A moment as a template.
    pub(super) fn run_time(&mut self, moment: &Moment, what: &str, at: &Node) -> Result<Option<String>> {
        let refused = |why: &str| refuse("the current time in a request", format!("{what} {why}"), at);
        let Form::Format(format) = &moment.form else {
            return refused("holds the current time in a way that no template writes");
        };
        let Some(add) = moment.add() else {
            return refused("holds the current time, moved by months and by days");
        };
        let written = match format.as_str() {
            "%s" => "epoch".to_owned(),
            "%ms" => "epoch_ms".to_owned(),
            format if format.starts_with("%s") || format == "%epoch_microseconds" => {
                return refused("holds the current time as a fraction of seconds");
            }
            format => {
                let pattern = format.replace("%_ms", "%3f").replace("%f", "%6f");
                if jiff::fmt::strtime::format(&pattern, &Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC))
                    .is_err()
                    || pattern.contains('"')
                {
                    return refused("holds the current time in a format that no template writes");
                }
                format!("date(\"{pattern}\")")
            }
        };
        // A stream's requests write all times in one format: what that leaves out is gone.
        let own = self.window_format.iter().chain(&self.formats).map(|format| format_word(format));
        if !is_of_days(format) && own.into_iter().any(|word| is_of_days(&word)) {
            return refused("holds the current time, finer than the stream's own times");
        }
        self.rewrite("the current time: the time that the run is for");
        Ok(Some(format!("{{{{ run.time{add} | {written} }}}}")))
    }
}

/// Whether a format says no time of the day.
fn is_of_days(format: &str) -> bool {
    let finer = ["%H", "%I", "%M", "%S", "%T", "%R", "%X", "%c", "%s", "%ms", "%f", "%epoch_microseconds"];
    let words = ["rfc3339", "epoch_s", "epoch_ms", "epoch_us"];
    !words.contains(&format) && !finer.iter().any(|finer| format.contains(finer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_those_of_the_calendar() {
        let now: Timestamp = "2026-03-31T12:00:00Z".parse().unwrap();
        for (length, expected) in [
            ("P1M", "2026-02-28T12:00:00Z"),
            ("P1Y", "2025-03-31T12:00:00Z"),
            ("P30D", "2026-03-01T12:00:00Z"),
            ("PT1H", "2026-03-31T11:00:00Z"),
        ] {
            let back = Length::parse(length).unwrap().negative();
            let moment = Moment::now().moved(back);
            assert_eq!(moment.at(now).unwrap().to_string(), expected, "{length}");
        }
        assert_eq!(Length::parse("a month"), None);
        for (length, seconds) in
            [("P180DT1S", Some(15_552_001)), ("PT0.1S", Some(1)), ("PT0M", None), ("P1MT1S", None)]
        {
            assert_eq!(Length::parse(length).unwrap().whole_seconds(), seconds, "{length}");
        }
        let far = Length { months: i64::MAX, seconds: i64::MIN };
        assert_eq!(Moment::now().moved(far).moved(far).at(now), None);
    }

    #[test]
    fn formats_without_a_time_of_the_day_are_told_from_others() {
        for (format, is) in [
            ("%Y-%m-%d", true),
            ("date", true),
            ("%d/%m/%Y", true),
            ("rfc3339", false),
            ("%Y%m%d%H", false),
            ("%s", false),
        ] {
            assert_eq!(is_of_days(format), is, "{format}");
        }
    }
}
