//! `incremental`: only what is new, and windows of time.
//!
//! ```yaml
//! incremental:
//!   cursor: updatedAt                  # a path in the record; a list: the first that says something
//!   empty: "0001-01-01T00:00:00Z"      # values that say there is no cursor
//!   format: rfc3339                    # rfc2822 | dotnet | date | epoch_s | epoch_ms | epoch_us | integer | text, or a pattern
//!   request_format: "%Y-%m-%d %H:%M"   # how requests write it; as the first of `format` without it
//!   timezone: America/Chicago          # of times without an offset; a warning until it is stated
//!   request_timezone: Europe/Berlin    # of times without an offset in requests; `timezone` without it
//!   from: { query: updated_after }     # or {{ window.from }} in a template
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
use super::cursor_format::{CursorFormat, CursorFormats, FormatText, NEEDS_TIME};
use super::pointer::Pointer;
use super::problem::{At, Draft, Report};
use super::read::{OneOrMany, Slot};
use super::request_unit::RequestUnit;
use super::template::TemplateText;
use super::timezone::{Timezone, TimezoneText};
use super::units::Period;
use crate::window::{WindowStep, has_offset, parse_local_time, parse_time};

/// How a stream is asked for a range of its records, and how far it has been read.
#[derive(Clone, Debug, PartialEq)]
pub struct Incremental {
    /// Where a record holds its cursor.
    pub cursor: CursorAt,
    /// How a cursor is written in records, and remembered.
    pub format: CursorFormats,
    /// How a cursor is written in requests.
    pub request_format: CursorFormat,
    /// What times are of that carry no offset, in records.
    pub timezone: Timezone,
    /// The same in requests.
    pub request_timezone: Timezone,
    /// Where the beginning of what is wanted goes; `None` when only templates say it.
    pub from: Option<Target>,
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

/// Only what is new: where records hold their cursor, and where requests say from and to where.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Incremental")]
pub(super) struct IncrementalSpec {
    /// Where a record holds its cursor: `updatedAt`, `meta.changed`. Of a list, the first that is not absent, null or
    /// empty.
    cursor: Slot<OneOrMany<Pointer>>,
    /// Values of the cursor that say that there is none: `0001-01-01T00:00:00Z`.
    empty: Option<Slot<OneOrMany<TemplateText>>>,
    /// How a cursor is written in records, and in requests unless `request_format` says another way. Of a list, the first
    /// that can read a value counts.
    format: Slot<OneOrMany<FormatText>>,
    /// How a cursor is written in requests; default the first of `format`.
    request_format: Option<Slot<FormatText>>,
    /// What times are of that carry no offset, in records and in requests: `America/Chicago`, `+05:30`; default UTC, with
    /// a warning.
    timezone: Option<Slot<TimezoneText>>,
    /// What times are of that carry no offset, in requests alone; default `timezone`.
    request_timezone: Option<Slot<TimezoneText>>,
    /// Where the beginning of what is wanted goes; or `{{ window.from }}` in a template.
    from: Option<Slot<Target>>,
    /// Whether the API answers only what is later than `from`: it is asked from one unit earlier; default false.
    from_exclusive: Option<Slot<bool>>,
    /// Where its end goes; or `{{ window.to }}` in a template. Open ended without either.
    to: Option<Slot<Target>>,
    /// The API answers the whole day, hour, minute or second that `to` names: it is asked up to the one before.
    to_inclusive: Option<Slot<RequestUnit>>,
    /// How long after its time a record may still appear: a run ends that much before its time, and a window is loaded
    /// that much after its end; default 0.
    settle: Option<Slot<Period>>,
    /// Where the first run begins; without it at the oldest record.
    start: Option<Slot<TemplateText>>,
    /// How far behind the cursor a run begins, for records that appear late; what it meets again is written again.
    /// The cursor is the newest record or the beginning of the last window, whichever is later.
    lookback: Option<Slot<Period>>,
    /// Split what is due into windows of this length; needs an end.
    window: Option<Slot<StepText>>,
    /// Halve a window whose response says so; needs `window`.
    split_when: Option<Slot<ConditionSpec>>,
    /// The shortest window that is still halved; default 1m.
    min_window: Option<Slot<Period>>,
    /// What a record is known by: those at the newest cursor are written again only if they have changed. `id`
    key: Option<Slot<Pointer>>,
    /// What becomes of a record whose cursor is absent, null or empty; default error.
    missing: Option<Slot<Missing>>,
}

/// The length of windows, not read yet.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, with = "String", extend("pattern" = "^[0-9]+(m|h|d|w|mo|y)$"))]
struct StepText(WindowStep);

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
        if self.from.is_none() && !used.from {
            let draft = Draft::new("nothing in the request says from where");
            report.add(at, draft.accepted("from: { query: … }, or {{ window.from }} in a template"));
        }
        let bounded = self.to.is_some() || used.to;
        let cursor = CursorAt::read(&self.cursor, self.empty.as_ref(), report);
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
        }
        self.needs(bounded, used, at, report);
        let (format, request_format) = (format?, request_format?);
        let timezone = Timezone::resolve(self.timezone.as_ref(), &format, report);
        let request_timezone =
            Timezone::of_request(self.request_timezone.as_ref(), &timezone, &request_format, report);
        let period =
            |slot: &Option<Slot<Period>>| slot.as_ref().and_then(Slot::cloned).map(|Period(time)| time);
        let split_when = self.split_when.as_ref().and_then(Slot::get).map(|spec| spec.resolve(report));
        Some(Incremental {
            cursor: cursor?,
            start: self.start(format.first(), report),
            format,
            request_format,
            timezone,
            request_timezone,
            from,
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

    /// What means nothing to cursors that are no times.
    fn fits(&self, format: &CursorFormat, used: Used, report: &Report) {
        if format.is_time() {
            return;
        }
        if let Some(exclusive) = self.from_exclusive.as_ref().filter(|_| *format == CursorFormat::Text) {
            report.say(
                exclusive.at(),
                "needs a format that can be counted back: no text comes just before another",
            );
        }
        let given = [
            self.to.as_ref().map(Slot::at),
            self.lookback.as_ref().map(Slot::at),
            self.settle.as_ref().map(Slot::at),
            self.window.as_ref().map(Slot::at),
            self.split_when.as_ref().map(Slot::at),
            self.min_window.as_ref().map(Slot::at),
        ];
        for at in given.into_iter().flatten() {
            report.say(at, NEEDS_TIME);
        }
        if used.to {
            report
                .say(self.format.at(), "{{ window.to }} needs a format of time: there is no end to ask for");
        }
    }

    /// Windows that are shorter than what the formats tell apart: they would begin where they end.
    fn can_tell(&self, format: &CursorFormats, request_format: &CursorFormat, report: &Report) {
        let of_records = format.coarsest();
        let (key, coarser) = if request_format.resolution_ns() > of_records.resolution_ns() {
            ("request_format", request_format)
        } else {
            ("format", of_records)
        };
        let unit = Duration::from_nanos(coarser.resolution_ns().try_into().unwrap_or(u64::MAX));
        let (name, unit_name) = (coarser.name(), coarser.unit_name());
        let window = self.window.as_ref().and_then(|slot| Some((slot, slot.get()?.0.at_least())));
        let min = self.min_window.as_ref().and_then(|slot| Some((slot, slot.get()?.0)));
        let too_short = [
            window.filter(|(_, length)| *length < unit).map(|(slot, _)| ("window", slot.at())),
            min.filter(|(_, length)| *length < unit).map(|(slot, _)| ("min_window", slot.at())),
        ];
        for (what, at) in too_short.into_iter().flatten() {
            let what = format!("a {what} is no shorter than what `{key}: {name}` tells apart, {unit_name}");
            report.say(at, &what);
        }
    }

    fn needs(&self, bounded: bool, used: Used, at: &At, report: &Report) {
        if let Some(window) = self.window.as_ref().filter(|_| !bounded) {
            let draft = Draft::new("windows need an end in the request");
            report.add(window.at(), draft.accepted("to: { query: … }, or {{ window.to }} in a template"));
        }
        if let Some(split) = self.split_when.as_ref().filter(|_| self.window.is_none()) {
            report.add(split.at(), Draft::new("split_when needs window").accepted("window: 1d beside it"));
        }
        if let Some(min) = self.min_window.as_ref().filter(|_| self.split_when.is_none()) {
            report.say(min.at(), "min_window needs split_when beside it");
        }
        if self.start.is_none() && (used.from || self.window.is_some()) {
            let what = if used.from {
                "{{ window.from }} has no value in the first run"
            } else {
                "windows need a first one"
            };
            report.add(
                at,
                Draft::new(what).accepted("start: 2024-01-01T00:00:00Z, or where the records begin"),
            );
        }
        for slot in [&self.from, &self.to].into_iter().flatten() {
            if slot.get() == Some(&Target::Url) {
                let draft = Draft::new("url is for a cursor that is the next URL");
                report.add(slot.at(), draft.accepted("{ query: … }, { header: … } or { body: … }"));
            }
        }
    }

    fn is_local(&self) -> bool {
        let timezone = self.timezone.as_ref().and_then(Slot::get);
        timezone.is_some_and(TimezoneText::is_local)
    }

    fn start(&self, format: &CursorFormat, report: &Report) -> Option<Start> {
        let slot = self.start.as_ref()?;
        let TemplateText(text) = slot.get()?;
        let refuse = |accepted: &str| {
            report.add(slot.at(), Draft::refused(accepted).value(text));
            None
        };
        match format {
            CursorFormat::Text => Some(Start::Value(text.clone())),
            CursorFormat::Integer if is_integer(text) => Some(Start::Value(text.clone())),
            CursorFormat::Integer => refuse("a whole number"),
            _ if self.is_local() && has_offset(text) => {
                refuse("a time of `timezone`, without an offset (2024-01-01T00:00:00) or a date (2024-01-01)")
            }
            _ => match parse_time(text).or_else(|| self.is_local().then(|| parse_local_time(text)).flatten())
            {
                Some(time) if format.tells(time) => Some(Start::Time(time)),
                Some(_) => refuse("an instant that the format can tell: whole days, minutes, seconds or milliseconds"),
                None => refuse("an instant (2024-01-01T00:00:00Z) or a date (2024-01-01)"),
            },
        }
    }
}

/// Where a stream's `incremental` writes the window, if it has one.
pub(super) fn window_targets(incremental: Option<&Slot<IncrementalSpec>>) -> Vec<(Target, At)> {
    let targets = incremental.and_then(Slot::get).into_iter().flat_map(IncrementalSpec::targets);
    targets.map(|(target, at)| (target.clone(), at.clone())).collect()
}

fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}
