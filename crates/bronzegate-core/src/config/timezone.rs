//! `timezone`: what times are of that carry no offset.

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Deserialize;

use super::cursor_format::{CursorFormat, CursorFormats};
use super::incremental::Incremental;
use super::problem::Report;
use super::read::Slot;
use crate::local_time::Zone;

/// What times are of that carry no offset, in records and in requests alike.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Timezone {
    /// The file does not say; they are read as UTC, with a warning.
    #[default]
    Unstated,
    /// UTC.
    Utc,
    /// What clocks in this zone show.
    Local(Zone),
}

/// An IANA name, or an offset such as `+05:30`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, with = "String")]
pub(super) struct TimezoneText(Timezone);

impl TryFrom<String> for TimezoneText {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if ["UTC", "Etc/UTC", "+00:00"].contains(&text.as_str()) {
            return Ok(Self(Timezone::Utc));
        }
        let zone = Zone::parse(&text).map(|zone| Self(Timezone::Local(zone)));
        zone.ok_or("a time zone: America/Chicago, +05:30 or UTC")
    }
}

impl TimezoneText {
    pub(super) fn is_local(&self) -> bool {
        self.0.zone().is_some()
    }
}

impl Timezone {
    /// The zone, unless it is UTC.
    pub fn zone(&self) -> Option<&Zone> {
        match self {
            Self::Local(zone) => Some(zone),
            Self::Unstated | Self::Utc => None,
        }
    }

    /// Reads it for records whose times may be local.
    pub(super) fn resolve(
        slot: Option<&Slot<TimezoneText>>,
        formats: &CursorFormats,
        report: &Report,
    ) -> Self {
        let Some(slot) = slot else { return Self::Unstated };
        // In UTC a local time and an instant are the same.
        let is_local = slot.get().is_some_and(TimezoneText::is_local);
        let mut may_be_local = formats.all().map(CursorFormat::may_be_local);
        if !(if is_local { may_be_local.all(|is| is) } else { may_be_local.any(|is| is) }) {
            report.say(
                slot.at(),
                "is of times without an offset: needs `format: rfc3339`, `format: date` or a pattern without %z; \
                 `request_timezone` is for requests alone",
            );
        }
        slot.get().map(|TimezoneText(zone)| zone.clone()).unwrap_or_default()
    }

    /// Reads it for requests; of records it is `records`.
    pub(super) fn of_request(
        slot: Option<&Slot<TimezoneText>>,
        records: &Self,
        format: &CursorFormat,
        report: &Report,
    ) -> Self {
        let may_be_local = format.may_be_local();
        match slot {
            Some(slot) if !may_be_local => {
                let name = format.name();
                report.say(
                    slot.at(),
                    format!("is of times without an offset, and requests write `{name}`, which needs none"),
                );
                Self::Unstated
            }
            Some(slot) => slot.get().map(|TimezoneText(zone)| zone.clone()).unwrap_or_default(),
            None if may_be_local => records.clone(),
            None => Self::Unstated,
        }
    }
}

impl Incremental {
    /// The unit in nanoseconds in which windows are cut: the coarser of what records and requests tell apart.
    pub fn coarser_ns(&self) -> i128 {
        self.format.resolution_ns().max(self.request_format.resolution_ns())
    }

    /// The instant without what records and requests cannot both tell.
    pub fn cut_coarser(&self, time: Timestamp) -> Timestamp {
        let unit = self.coarser_ns();
        Timestamp::from_nanosecond(time.as_nanosecond().div_euclid(unit) * unit).unwrap_or(time)
    }

    /// The cursor up to which everything that there will be is there, as far as the file knows.
    pub fn settled(&self, now: Timestamp) -> Timestamp {
        let settle = SignedDuration::try_from(self.settle).unwrap_or(SignedDuration::MAX);
        let settled = now.checked_sub(settle).unwrap_or(Timestamp::MIN);
        self.timezone.zone().map_or(settled, |zone| zone.earliest_to_come(settled))
    }

    /// The cursor up to which there may be something by now.
    pub fn reached(&self, now: Timestamp) -> Timestamp {
        self.timezone.zone().map_or(now, |zone| zone.latest_so_far(now))
    }
}
