//! How a timeline answers, where it is not as a reader would like it.

use crate::timeline::TimeFormat;
use jiff::{
    Timestamp,
    tz::{Offset, TimeZone},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Describes how an API with a timeline is particular; in JSON every member may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Manner {
    /// Both ends of a request name a whole unit of time, and all of it belongs to the answer: `endDate=2026-11-22` means
    /// the end of that day. Records are stored finer than that.
    pub whole: Option<Grain>,
    /// Ends of a request carry no offset and are local times of this zone; records are compared as instants. Of two
    /// instants that a local time may be, it is the earlier, unless `later` says otherwise.
    pub zone: Option<String>,
    /// It is the later one.
    pub later: bool,
    /// Ends of a request name days: the answer begins after the day that the first lies in, and ends before the day that the
    /// second lies in.
    pub between_days: bool,
    /// How long after its time a record can be seen first; needs a server on another clock.
    #[serde(with = "optional")]
    pub late: Option<Duration>,
    /// What a request gets that does not say from where: the time up to its end, or up to the newest record.
    #[serde(with = "optional")]
    pub by_default_the_last: Option<Duration>,
    /// Rows are sums: the answer is one record without a time, with the sum of this member over all that would belong to
    /// it.
    pub sum_of: Option<String>,
}

/// Names a unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grain {
    /// A second.
    Second,
    /// A minute.
    Minute,
    /// An hour.
    Hour,
    /// A day in UTC.
    Day,
}

impl Grain {
    fn length(self) -> Duration {
        Duration::from_secs(match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::Hour => 3_600,
            Self::Day => 86_400,
        })
    }

    /// The unit that a time lies in, [from, to), in the unit of the format.
    fn around(self, time: i128, format: TimeFormat) -> Option<(i128, i128)> {
        let unit = format.of(self.length()).filter(|unit| *unit > 0)?;
        let from = time.div_euclid(unit) * unit;
        Some((from, from + unit))
    }
}

impl Manner {
    /// What a request means by its ends, both in the unit of the format; the end is not part of it. `newest` is the
    /// newest record's time.
    pub(crate) fn means(
        &self,
        (from, to): (Option<i128>, Option<i128>),
        newest: Option<i128>,
        format: TimeFormat,
    ) -> (Option<i128>, Option<i128>) {
        let [from, to] = [from, to].map(|end| end.map(|end| self.instant(end).unwrap_or(end)));
        let around =
            |time: Option<i128>| self.whole.zip(time).and_then(|(grain, time)| grain.around(time, format));
        let (from, to) =
            (around(from).map_or(from, |(from, _)| Some(from)), around(to).map_or(to, |(_, to)| Some(to)));
        let (from, to) = if self.between_days {
            let day = |time: Option<i128>| time.and_then(|time| Grain::Day.around(time, format));
            (day(from).map(|(_, to)| to), day(to).map(|(from, _)| from))
        } else {
            (from, to)
        };
        let last = self.by_default_the_last.and_then(|last| format.of(last)).zip(to.or(newest));
        (from.or_else(|| last.map(|(last, end)| end - last)), to)
    }

    /// The instant of a local time that was read as one in UTC, in nanoseconds.
    fn instant(&self, wall: i128) -> Option<i128> {
        let zone = TimeZone::get(self.zone.as_ref()?).ok()?;
        let wall = Offset::UTC.to_datetime(Timestamp::from_nanosecond(wall).ok()?);
        let two = zone.to_ambiguous_timestamp(wall);
        let one = if self.later { two.later() } else { two.earlier() };
        Some(one.ok()?.as_nanosecond())
    }
}

mod optional {
    use serde::{Deserialize, Deserializer, Serializer};
    use std::time::Duration;

    #[expect(clippy::ref_option, reason = "serde hands the field on like this")]
    pub(super) fn serialize<S: Serializer>(value: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => crate::duration::serialize(value, to),
            None => to.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
        #[derive(Deserialize)]
        struct Written(#[serde(with = "crate::duration")] Duration);
        Ok(Option::<Written>::deserialize(from)?.map(|Written(value)| value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_may_name_a_whole_unit_and_a_missing_beginning_the_last_of_them() {
        let day = 86_400;
        let whole = Manner { whole: Some(Grain::Day), ..Manner::default() };
        let means = |manner: &Manner, asked| manner.means(asked, Some(9 * day + 5), TimeFormat::EpochS);
        assert_eq!(means(&whole, (Some(day + 7), Some(2 * day))), (Some(day), Some(3 * day)));
        assert_eq!(means(&whole, (None, None)), (None, None));
        let week = Duration::from_hours(168);
        let recent = Manner { by_default_the_last: Some(week), ..Manner::default() };
        assert_eq!(means(&recent, (None, None)), (Some(2 * day + 5), None));
        assert_eq!(means(&recent, (None, Some(8 * day))), (Some(day), Some(8 * day)));
        assert_eq!(means(&recent, (Some(3), None)), (Some(3), None));
    }

    #[test]
    fn it_is_written_with_units() {
        let json = r#"{"whole":"day","late":"10m"}"#;
        let manner: Manner = serde_json::from_str(json).unwrap();
        assert_eq!((manner.whole, manner.late), (Some(Grain::Day), Some(Duration::from_mins(10))));
        assert_eq!(serde_json::from_str::<Manner>(&serde_json::to_string(&manner).unwrap()).unwrap(), manner);
    }
}
