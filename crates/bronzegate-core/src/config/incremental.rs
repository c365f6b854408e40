//! `incremental`: only what is new, and windows of time.
//!
//! ```yaml
//! incremental:
//!   cursor: updatedAt                  # a path in the record; a list: the first that says something
//!   windows_only: true                 # in place of `cursor`, of records that carry no time
//!   empty: "0001-01-01T00:00:00Z"      # values that say there is no cursor
//!   format: rfc3339                    # rfc2822 | dotnet | date | epoch_s | epoch_ms | epoch_us | integer | text, or a pattern
//!   request_format: "%Y-%m-%d %H:%M"   # how requests write it; as the first of `format` without it
//!   timezone: America/Chicago          # of times without an offset; a warning until it is stated
//!   request_timezone: Europe/Berlin    # of times without an offset in requests; `timezone` without it
//!   from: { query: updated_after }     # or {{ window.from }} in a template; without either everything is asked for
//!   order: descending                  # without `from`: pages end at the first that has nothing new
//!   from_exclusive: true               # the API answers what is later than `from`, not what is at it
//!   to: { query: updated_before }      # or {{ window.to }}; without either, open ended
//!   to_inclusive: day                  # the API's answer holds the whole day that its end names
//!   settle: 10m                        # records may appear so late: a run ends that much before its time
//!   start: 2024-01-01
//!   lookback: 5m
//!   window: 1d
//!   split_when: { at: { body: total }, over: 10000 }
//!   min_window: 15m
//!   key: id
//!   missing: skip                      # a record whose cursor is absent, null or empty: error | keep | skip
//! ```

use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use super::address::Target;
use super::condition::{Condition, ConditionSpec};
use super::cursor_at::CursorAt;
use super::cursor_format::{CursorFormat, CursorFormats, FormatText};
use super::pointer::Pointer;
use super::problem::{At, Report};
use super::read::{OneOrMany, Slot};
use super::request_unit::RequestUnit;
use super::template::TemplateText;
use super::timezone::{Timezone, TimezoneText};
use super::units::Period;
use crate::window::WindowStep;

/// How a stream is asked for a range of its records, and how far it has been read.
#[derive(Clone, Debug, PartialEq)]
pub struct Incremental {
    /// Where a record holds its cursor; nowhere with `windows_only`.
    pub cursor: CursorAt,
    /// Whether records carry no time, so that windows are loaded whole.
    pub windows_only: bool,
    /// How a cursor is written in records, and remembered.
    pub format: CursorFormats,
    /// How a cursor is written in requests.
    pub request_format: CursorFormat,
    /// What times are of that carry no offset, in records.
    pub timezone: Timezone,
    /// The same in requests.
    pub request_timezone: Timezone,
    /// Where the beginning of what is wanted goes; `None` when only templates say it, or nothing does.
    pub from: Option<Target>,
    /// Whether requests say from where, by [`from`](Self::from) or a template. Else the API cannot filter, and what
    /// has been read is left out on this side.
    pub is_asked_from: bool,
    /// Whether the newest records come first, so that pages end where all that follows has been read.
    pub is_descending: bool,
    /// Whether the API leaves out records at the beginning itself, so that it is asked from a unit earlier.
    pub from_exclusive: bool,
    /// Where its end goes; `None` when only templates say it, or nothing does.
    pub to: Option<Target>,
    /// Whether requests carry an end, by [`to`](Self::to) or a template.
    pub bounded: bool,
    /// The unit that `to` names, where the answer holds all of it.
    pub to_inclusive: Option<RequestUnit>,
    /// Where the first run begins; at the oldest record without it.
    pub start: Option<Start>,
    /// How long after its time a record may still appear (0): what is younger is left to a later run.
    pub settle: Duration,
    /// How far behind its cursor a run begins, for records that appear late (0).
    pub lookback: Duration,
    /// The length of the windows that what is due is split into.
    pub window: Option<WindowStep>,
    /// What a response says when its window holds more than the API gives out.
    pub split_when: Option<Condition>,
    /// The shortest window that is still halved (1m).
    pub min_window: Duration,
    /// What a record is known by: those at the cursor are written again only if they have changed.
    pub key: Option<Pointer>,
    /// What becomes of a record without the cursor (error).
    pub missing: Missing,
}

/// Where a stream's first run begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// An instant.
    Time(Timestamp),
    /// A whole number or a text, as the file writes it.
    Value(String),
}

/// What becomes of a record without the cursor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Missing {
    /// It fails the run.
    #[default]
    Error,
    /// It is written; each run that meets it writes it again.
    Keep,
    /// It is left out, and counted in a warning.
    Skip,
}

/// In which order an API answers its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum RecordOrder {
    /// The newest first.
    Descending,
}

/// Only what is new: where records hold their cursor, and where requests say from and to where.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Incremental")]
pub(super) struct IncrementalSpec {
    /// Where a record holds its cursor: `updatedAt`, `meta.changed`. Of a list, the first that is not absent, null or
    /// empty. Needed unless `windows_only` says that records carry no time.
    pub(super) cursor: Option<Slot<OneOrMany<Pointer>>>,
    /// Records carry no time: each window is loaded once it has ended, and those that `lookback` reaches again whenever a
    /// new one has; default false.
    pub(super) windows_only: Option<Slot<bool>>,
    /// Values of the cursor that say that there is none: `0001-01-01T00:00:00Z`.
    pub(super) empty: Option<Slot<OneOrMany<TemplateText>>>,
    /// How a cursor is written in records, and in requests unless `request_format` says another way. Of a list, the first
    /// that can read a value counts.
    pub(super) format: Slot<OneOrMany<FormatText>>,
    /// How a cursor is written in requests; default the first of `format`.
    pub(super) request_format: Option<Slot<FormatText>>,
    /// What times are of that carry no offset, in records and in requests: `America/Chicago`, `+05:30`; default UTC, with
    /// a warning.
    pub(super) timezone: Option<Slot<TimezoneText>>,
    /// What times are of that carry no offset, in requests alone; default `timezone`.
    pub(super) request_timezone: Option<Slot<TimezoneText>>,
    /// Where the beginning of what is wanted goes; or `{{ window.from }}` in a template. Without either the API is asked
    /// for everything, and what is older than what has been read is left out.
    pub(super) from: Option<Slot<Target>>,
    /// The API answers the newest records first: without `from`, pages end at the first of which all records are older
    /// than what has been read.
    pub(super) order: Option<Slot<RecordOrder>>,
    /// Whether the API answers only what is later than `from`: it is asked from one unit earlier; default false.
    pub(super) from_exclusive: Option<Slot<bool>>,
    /// Where its end goes; or `{{ window.to }}` in a template. Open ended without either.
    pub(super) to: Option<Slot<Target>>,
    /// The API answers the whole day, hour, minute or second that `to` names: it is asked up to the one before.
    pub(super) to_inclusive: Option<Slot<RequestUnit>>,
    /// How long after its time a record may still appear: a run ends that much before its time, and a window is loaded
    /// that much after its end; default 0.
    pub(super) settle: Option<Slot<Period>>,
    /// Where the first run begins; without it at the oldest record.
    pub(super) start: Option<Slot<TemplateText>>,
    /// How far behind the cursor a run begins, for records that appear late; what it meets again is written again.
    /// The cursor is the newest record or the beginning of the last window, whichever is later.
    pub(super) lookback: Option<Slot<Period>>,
    /// Split what is due into windows of this length; needs an end.
    pub(super) window: Option<Slot<StepText>>,
    /// Halve a window whose response says so; needs `window`.
    pub(super) split_when: Option<Slot<ConditionSpec>>,
    /// The shortest window that is still halved; default 1m.
    pub(super) min_window: Option<Slot<Period>>,
    /// What a record is known by: those at the newest cursor are written again only if they have changed. `id`
    pub(super) key: Option<Slot<Pointer>>,
    /// What becomes of a record whose cursor is absent, null or empty; default error.
    pub(super) missing: Option<Slot<Missing>>,
}

/// The length of windows, not read yet.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, with = "String", extend("pattern" = "^[0-9]+(m|h|d|w|mo|y)$"))]
pub(super) struct StepText(pub(super) WindowStep);

impl TryFrom<String> for StepText {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self).map_err(|_| "a length of windows: 15m, 6h, 1d, 1w, 1mo or 1y")
    }
}

/// The names that templates of the request use.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Used {
    pub(super) from: bool,
    pub(super) to: bool,
}

impl Used {
    /// The names that either uses.
    pub(super) fn or(self, other: Self) -> Self {
        Self { from: self.from || other.from, to: self.to || other.to }
    }
}

/// The shortest window that is still halved, unless the file says another.
const MIN_WINDOW: Duration = Duration::from_mins(1);

impl IncrementalSpec {
    /// Checks the keys against each other and against the templates of the request.
    pub(super) fn resolve(&self, used: Used, at: &At, report: &Report) -> Option<Incremental> {
        let from = self.from.as_ref().and_then(Slot::cloned);
        let to = self.to.as_ref().and_then(Slot::cloned);
        let is_asked_from = self.from.is_some() || used.from;
        if !is_asked_from {
            self.unfiltered(report);
        }
        self.ordered(is_asked_from, report);
        let bounded = self.to.is_some() || used.to;
        let windows_only = self.windows_only.as_ref().is_some_and(|slot| slot.get() == Some(&true));
        let cursor = match &self.cursor {
            Some(members) => CursorAt::read(members, self.empty.as_ref(), report),
            None => Some(CursorAt::none()),
        };
        let format = CursorFormats::read(&self.format, report);
        let request_format =
            format.as_ref().and_then(|format| format.of_request(self.request_format.as_ref(), report));
        if let (Some(format), Some(request_format)) = (&format, &request_format) {
            self.fits(format.first(), used, report);
            if let Some(to_inclusive) = &self.to_inclusive {
                RequestUnit::fits(to_inclusive, request_format, bounded, report);
            }
            if format.is_time() {
                self.can_tell(format, request_format, report);
            }
            self.whole_windows(format, request_format, (used, bounded), at, report);
        }
        self.needs(bounded || windows_only, used, at, report);
        let (format, request_format) = (format?, request_format?);
        let timezone = Timezone::resolve(self.timezone.as_ref(), &format, report);
        let request_timezone =
            Timezone::of_request(self.request_timezone.as_ref(), &timezone, &request_format, report);
        let period =
            |slot: &Option<Slot<Period>>| slot.as_ref().and_then(Slot::cloned).map(|Period(time)| time);
        let split_when = self.split_when.as_ref().and_then(Slot::get).map(|spec| spec.resolve(report));
        Some(Incremental {
            cursor: cursor?,
            windows_only,
            start: self.start(format.first(), report),
            format,
            request_format,
            timezone,
            request_timezone,
            from,
            is_asked_from,
            is_descending: self.order.is_some(),
            from_exclusive: self.from_exclusive.as_ref().and_then(Slot::cloned).unwrap_or_default(),
            to,
            bounded,
            to_inclusive: self.to_inclusive.as_ref().and_then(Slot::cloned),
            settle: period(&self.settle).unwrap_or_default(),
            lookback: period(&self.lookback).unwrap_or_default(),
            window: self.window.as_ref().and_then(Slot::cloned).map(|StepText(step)| step),
            split_when: split_when.flatten(),
            min_window: period(&self.min_window).unwrap_or(MIN_WINDOW),
            key: self.key.as_ref().and_then(Slot::cloned),
            missing: self.missing.as_ref().and_then(Slot::cloned).unwrap_or_default(),
        })
    }

    /// The places of `from` and `to`, for the checks between settings.
    fn targets(&self) -> impl Iterator<Item = (&Target, &At)> {
        [&self.from, &self.to].into_iter().flatten().filter_map(|slot| Some((slot.get()?, slot.at())))
    }
}

/// Where a stream's `incremental` writes the window, if it has one.
pub(super) fn window_targets(incremental: Option<&Slot<IncrementalSpec>>) -> Vec<(Target, At)> {
    let targets = incremental.and_then(Slot::get).into_iter().flat_map(IncrementalSpec::targets);
    targets.map(|(target, at)| (target.clone(), at.clone())).collect()
}
