//! Local times: what clocks on the wall of a time zone show.
//!
//! A cursor without an offset is ordered, remembered and cut into windows as it is written. Here such a civil time is kept
//! as the instant that it would be in UTC. Clocks go back once a year in many zones: an hour of civil time comes twice then,
//! and one is left out in spring. So what is still to come may lie before what has been, and an API that reads what it is
//! asked as an instant has two, or none, for one civil time.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// How far clocks go back or forward at most: by a day, where a zone changed sides of the date line.
const FARTHEST: SignedDuration = SignedDuration::from_hours(26);

/// A time zone that is not UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

impl Zone {
    /// A zone by its IANA name, or its offset such as `+05:30`.
    pub fn parse(text: &str) -> Option<Self> {
        let zone = if text.starts_with(['+', '-']) {
            let &[_, h, hh, b':', m, mm] = text.as_bytes() else { return None };
            let number = |tens: u8, ones: u8| {
                let is_number = tens.is_ascii_digit() && ones.is_ascii_digit();
                is_number.then(|| i32::from(tens - b'0') * 10 + i32::from(ones - b'0'))
            };
            let (hours, minutes) = (number(h, hh)?, number(m, mm).filter(|minutes| *minutes < 60)?);
            let seconds = (hours * 60 + minutes) * 60 * if text.starts_with('-') { -1 } else { 1 };
            TimeZone::fixed(Offset::from_seconds(seconds).ok().filter(|_| hours <= 14)?)
        } else {
            TimeZone::get(text).ok()?
        };
        Some(Self { name: text.to_owned(), zone })
    }

    /// As the file names it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The earliest civil time that is still to come, which is not that of now before clocks go back: everything before
    /// it has been.
    pub fn earliest_to_come(&self, now: Timestamp) -> Timestamp {
        let first = self.changes(now, plus(now, FARTHEST)).map(|[_, after]| after);
        first.chain([self.civil(now)]).min().unwrap_or(now)
    }

    /// The end of the civil times that have been, which is not that of now after clocks went back.
    pub fn latest_so_far(&self, now: Timestamp) -> Timestamp {
        let last = self.changes(plus(now, -FARTHEST), now).map(|[before, _]| before);
        last.chain([self.civil(now)]).max().unwrap_or(now)
    }

    /// From where an API is asked to have everything that is not before a civil time, whichever instant it reads it as.
    pub fn ask_from(&self, time: Timestamp) -> Timestamp {
        match self.at(time) {
            Place::Once => time,
            // Its first instant comes twice as well; the second before comes once.
            Place::Twice { from, .. } => plus(from, SignedDuration::from_secs(-1)),
            Place::Never { to } => to,
        }
    }

    /// Up to where an API is asked to have everything before a civil time, whichever instant it reads it as.
    pub fn ask_to(&self, time: Timestamp) -> Timestamp {
        match self.at(time) {
            Place::Once => time,
            Place::Twice { to, .. } | Place::Never { to } => to,
        }
    }

    /// The civil time of an instant.
    pub fn civil(&self, time: Timestamp) -> Timestamp {
        civil(time, self.zone.to_offset(time))
    }

    /// The instant of a civil time; of two the earlier, and of one that clocks leave out the one behind.
    pub fn instant(&self, time: Timestamp) -> Timestamp {
        let wall = civil_time(time);
        self.zone.to_ambiguous_timestamp(wall).compatible().unwrap_or(time)
    }

    /// What clocks show when they are changed between two instants, both included: at the end of the old time, and from
    /// then on.
    fn changes(&self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = [Timestamp; 2]> {
        let nanosecond = SignedDuration::from_nanos(1);
        let changes = self.zone.following(plus(from, -nanosecond));
        changes.take_while(move |change| change.timestamp() <= to).map(move |change| {
            let at = change.timestamp();
            [civil(at, self.zone.to_offset(plus(at, -nanosecond))), civil(at, change.offset())]
        })
    }

    /// How often a civil time comes.
    fn at(&self, time: Timestamp) -> Place {
        let offsets = match self.zone.to_ambiguous_timestamp(civil_time(time)).offset() {
            AmbiguousOffset::Unambiguous { .. } => return Place::Once,
            AmbiguousOffset::Gap { before, after } | AmbiguousOffset::Fold { before, after } => {
                [before, after]
            }
        };
        // The change lies between the two instants that the civil time may be.
        let [earlier, later] = [offsets[0].max(offsets[1]), offsets[0].min(offsets[1])]
            .map(|offset| civil(time, offset.negate()));
        let Some([old, new]) = self.changes(earlier, later).next() else { return Place::Once };
        if new < old { Place::Twice { from: new, to: old } } else { Place::Never { to: new } }
    }
}

/// How often a civil time comes.
enum Place {
    Once,
    /// It is in a range that comes twice.
    Twice {
        from: Timestamp,
        to: Timestamp,
    },
    /// Clocks leave it out, and go on here.
    Never {
        to: Timestamp,
    },
}

/// A civil time, without an offset.
pub(crate) fn civil_time(time: Timestamp) -> DateTime {
    Offset::UTC.to_datetime(time)
}

/// What a clock with this offset shows at an instant.
fn civil(time: Timestamp, offset: Offset) -> Timestamp {
    plus(time, SignedDuration::from_secs(offset.seconds().into()))
}

fn plus(time: Timestamp, span: SignedDuration) -> Timestamp {
    let limit = if span.is_negative() { Timestamp::MIN } else { Timestamp::MAX };
    time.checked_add(span).unwrap_or(limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An instant, and a civil time, which is written like one in UTC.
    fn time(text: &str) -> Timestamp {
        format!("{text}Z").parse().unwrap()
    }

    #[test]
    fn before_clocks_go_back_an_hour_is_still_to_come() {
        let chicago = Zone::parse("America/Chicago").unwrap();
        // From CDT (-5) to CST (-6) at 07:00 UTC.
        for (now, to_come, so_far) in [
            ("2026-11-01T00:30:00", "2026-10-31T19:30:00", "2026-10-31T19:30:00"),
            ("2026-11-01T05:59:59", "2026-11-01T00:59:59", "2026-11-01T00:59:59"),
            ("2026-11-01T06:30:00", "2026-11-01T01:00:00", "2026-11-01T01:30:00"),
            ("2026-11-01T06:59:59", "2026-11-01T01:00:00", "2026-11-01T01:59:59"),
            ("2026-11-01T07:00:00", "2026-11-01T01:00:00", "2026-11-01T02:00:00"),
            ("2026-11-01T07:30:00", "2026-11-01T01:30:00", "2026-11-01T02:00:00"),
            ("2026-11-01T08:00:00", "2026-11-01T02:00:00", "2026-11-01T02:00:00"),
            ("2026-03-08T07:59:59", "2026-03-08T01:59:59", "2026-03-08T01:59:59"),
            ("2026-03-08T08:00:00", "2026-03-08T03:00:00", "2026-03-08T03:00:00"),
        ] {
            assert_eq!(chicago.earliest_to_come(time(now)), time(to_come), "{now}");
            assert_eq!(chicago.latest_so_far(time(now)), time(so_far), "{now}");
        }
    }

    #[test]
    fn an_hour_that_comes_twice_is_asked_for_whole_and_one_that_never_comes_not_at_all() {
        let chicago = Zone::parse("America/Chicago").unwrap();
        for (civil, from, to) in [
            ("2026-11-01T00:59:59", "2026-11-01T00:59:59", "2026-11-01T00:59:59"),
            ("2026-11-01T01:00:00", "2026-11-01T00:59:59", "2026-11-01T02:00:00"),
            ("2026-11-01T01:59:59.9", "2026-11-01T00:59:59", "2026-11-01T02:00:00"),
            ("2026-11-01T02:00:00", "2026-11-01T02:00:00", "2026-11-01T02:00:00"),
            ("2026-03-08T01:59:59", "2026-03-08T01:59:59", "2026-03-08T01:59:59"),
            ("2026-03-08T02:00:00", "2026-03-08T03:00:00", "2026-03-08T03:00:00"),
            ("2026-03-08T02:59:59", "2026-03-08T03:00:00", "2026-03-08T03:00:00"),
            ("2026-03-08T03:00:00", "2026-03-08T03:00:00", "2026-03-08T03:00:00"),
        ] {
            let asked = [chicago.ask_from(time(civil)), chicago.ask_to(time(civil))];
            assert_eq!(asked, [time(from), time(to)], "{civil}");
        }
        // Half an hour, south of the equator.
        let lord_howe = Zone::parse("Australia/Lord_Howe").unwrap();
        assert_eq!(lord_howe.ask_from(time("2026-04-05T01:45:00")), time("2026-04-05T01:29:59"));
        assert_eq!(lord_howe.ask_to(time("2026-10-04T02:10:00")), time("2026-10-04T02:30:00"));
    }

    #[test]
    fn a_zone_is_a_name_or_an_offset() {
        let now = time("2026-11-22T17:00:00");
        for (text, civil) in [
            ("Europe/Berlin", "2026-11-22T18:00:00"),
            ("+05:30", "2026-11-22T22:30:00"),
            ("-11:00", "2026-11-22T06:00:00"),
            ("+14:00", "2026-11-23T07:00:00"),
        ] {
            assert_eq!(Zone::parse(text).unwrap().earliest_to_come(now), time(civil), "{text}");
        }
        for text in
            ["", "Berlin", "+5", "+0530", "+05:60", "+15:00", "+5:300", "-0a:00", "+é:30", "++5:30", "+-5:30"]
        {
            assert_eq!(Zone::parse(text), None, "{text}");
        }
    }
}
