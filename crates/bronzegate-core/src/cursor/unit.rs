//! Numbers that stand for times: which unit they may be in, other than the one that the file names.

use jiff::Timestamp;

use super::value::unquoted;
use crate::config::spelling::epoch;
use crate::config::{CursorFormat, CursorFormats};

/// A unit since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Seconds,
    Milliseconds,
    Microseconds,
    Nanoseconds,
}

/// Some of the units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Units(u8);

const ALL: [Unit; 4] = [Unit::Seconds, Unit::Milliseconds, Unit::Microseconds, Unit::Nanoseconds];

impl Unit {
    fn exponent(self) -> usize {
        match self {
            Self::Seconds => 9,
            Self::Milliseconds => 6,
            Self::Microseconds => 3,
            Self::Nanoseconds => 0,
        }
    }

    fn of(format: &CursorFormat) -> Option<Self> {
        match format {
            CursorFormat::EpochS => Some(Self::Seconds),
            CursorFormat::EpochMs => Some(Self::Milliseconds),
            CursorFormat::EpochUs => Some(Self::Microseconds),
            _ => None,
        }
    }

    /// The unit in which a number is a time that is likely; `None` where none is.
    pub(super) fn likely(json: &str, likely: impl Fn(Timestamp) -> bool) -> Option<Self> {
        let text = unquoted(json)?;
        ALL.into_iter().find(|unit| epoch(&text, unit.exponent()).is_some_and(&likely))
    }

    /// Its name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Seconds => "seconds since 1970",
            Self::Milliseconds => "milliseconds since 1970",
            Self::Microseconds => "microseconds since 1970",
            Self::Nanoseconds => "nanoseconds since 1970",
        }
    }

    /// What to write in the source file.
    pub(super) fn remedy(self) -> &'static str {
        match self {
            Self::Seconds => "write `format: epoch_s`",
            Self::Milliseconds => "write `format: epoch_ms`",
            Self::Microseconds => "write `format: epoch_us`",
            Self::Nanoseconds => "no `format` reads these; take another member as `cursor`",
        }
    }
}

impl Units {
    /// The units other than the format's own in which a value is a time that fits; none where the format is no
    /// number of units.
    pub(super) fn of(formats: &CursorFormats, json: &str, fits: impl Fn(Timestamp) -> bool) -> Self {
        let own: Vec<Unit> = formats.all().filter_map(Unit::of).collect();
        let Some(text) = unquoted(json).filter(|_| !own.is_empty()) else { return Self::default() };
        let others = ALL.into_iter().filter(|unit| !own.contains(unit));
        let fitting = others.filter(|unit| epoch(&text, unit.exponent()).is_some_and(&fits));
        Self(fitting.fold(0, |units, unit| units | 1 << unit as u8))
    }

    /// Whether the formats are numbers of units.
    pub(super) fn are_own(formats: &CursorFormats) -> bool {
        formats.all().any(|format| Unit::of(format).is_some())
    }

    /// Those that are among both.
    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The coarsest of them.
    pub(super) fn first(self) -> Option<Unit> {
        ALL.into_iter().find(|unit| self.0 & 1 << *unit as u8 != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_recognised_in_every_unit_but_the_one_that_is_named() {
        let in_2026 = |time: Timestamp| time.strftime("%Y").to_string() == "2026";
        for (format, json, unit) in [
            (CursorFormat::EpochMs, "1790000000", Some(Unit::Seconds)),
            (CursorFormat::EpochMs, "\"1790000000.5\"", Some(Unit::Seconds)),
            (CursorFormat::EpochS, "1790000000000", Some(Unit::Milliseconds)),
            (CursorFormat::EpochMs, "1790000000000000", Some(Unit::Microseconds)),
            (CursorFormat::EpochS, "1790000000000000000", Some(Unit::Nanoseconds)),
            (CursorFormat::EpochUs, "1790000000000", Some(Unit::Milliseconds)),
            (CursorFormat::EpochS, "1790000000", None),
            (CursorFormat::EpochMs, "7", None),
            (CursorFormat::Integer, "1790000000", None),
            (CursorFormat::Rfc3339, "1790000000", None),
        ] {
            assert_eq!(Units::of(&format.clone().into(), json, in_2026).first(), unit, "{format:?} {json}");
        }
    }
}
