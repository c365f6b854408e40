//! What the keys of `incremental` need from each other, and from the templates of the request.

use std::time::Duration;

use super::address::Target;
use super::cursor_format::{CursorFormat, CursorFormats, NEEDS_TIME};
use super::incremental::{IncrementalSpec, Start, Used};
use super::problem::{At, Draft, MISSING, Report};
use super::read::Slot;
use super::template::TemplateText;
use super::timezone::TimezoneText;
use crate::window::{has_offset, parse_local_time, parse_time};

impl IncrementalSpec {
    /// What needs a request that says from where.
    pub(super) fn unfiltered(&self, report: &Report) {
        let from = || Draft::new("needs a request that says from where");
        let keys = [
            self.from_exclusive.as_ref().map(Slot::at),
            self.window.as_ref().map(Slot::at),
            self.to_inclusive.as_ref().map(Slot::at),
            self.request_format.as_ref().filter(|_| self.to.is_none()).map(Slot::at),
        ];
        for at in keys.into_iter().flatten() {
            report
                .add(at, from().accepted("from: { query: … } beside it, or {{ window.from }} in a template"));
        }
    }

    /// What `order` fits to.
    pub(super) fn ordered(&self, is_asked_from: bool, report: &Report) {
        let Some(order) = &self.order else { return };
        if is_asked_from {
            report.say(order.at(), "is for an API that cannot be asked from where: leave it out, or `from`");
        }
        let members = self.cursor.as_ref().and_then(Slot::get).map_or(0, |members| members.as_slice().len());
        if members > 1 {
            report.say(order.at(), "needs a cursor of one member: the API orders by one");
        }
    }

    /// What means nothing to cursors that are no times.
    pub(super) fn fits(&self, format: &CursorFormat, used: Used, report: &Report) {
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
    pub(super) fn can_tell(&self, format: &CursorFormats, request_format: &CursorFormat, report: &Report) {
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

    pub(super) fn needs(&self, bounded: bool, used: Used, at: &At, report: &Report) {
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

    /// What records without a time need, and what means nothing to them.
    pub(super) fn whole_windows(
        &self,
        format: &CursorFormats,
        request_format: &CursorFormat,
        (used, bounded): (Used, bool),
        at: &At,
        report: &Report,
    ) {
        let Some(slot) = self.windows_only.as_ref().filter(|slot| slot.get() == Some(&true)) else {
            if self.cursor.is_none() {
                let mut at = at.clone();
                at.path.push_str(".cursor");
                report.say(&at, MISSING);
            }
            return;
        };
        if !format.is_time() {
            report.say(slot.at(), NEEDS_TIME);
        }
        if self.window.is_none() || self.start.is_none() {
            report.add(
                slot.at(),
                Draft::new("windows_only needs window and start").accepted("window: 1d, start: 2024-01-01"),
            );
        }
        // One date a request is a window of that unit.
        let length = self.window.as_ref().and_then(Slot::get).map(|step| step.0.at_least().as_nanos());
        let is_one_unit = length == u128::try_from(request_format.resolution_ns()).ok();
        if !bounded && !(used.from && is_one_unit) {
            report.add(
                slot.at(),
                Draft::new("windows need an end in the request, unless one is what {{ window.from }} names")
                    .accepted("to: { query: … }, or {{ window.to }} in a template"),
            );
        }
        let given = [
            self.cursor.as_ref().map(Slot::at),
            self.empty.as_ref().map(Slot::at),
            self.key.as_ref().map(Slot::at),
            self.missing.as_ref().map(Slot::at),
            self.order.as_ref().map(Slot::at),
            self.split_when.as_ref().map(Slot::at),
        ];
        for at in given.into_iter().flatten() {
            report.say(at, "means nothing with windows_only: records carry no time");
        }
    }

    fn is_local(&self) -> bool {
        let timezone = self.timezone.as_ref().and_then(Slot::get);
        timezone.is_some_and(TimezoneText::is_local)
    }

    pub(super) fn start(&self, format: &CursorFormat, report: &Report) -> Option<Start> {
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
                Some(_) => refuse(
                    "an instant that the format can tell: whole days, minutes, seconds or milliseconds",
                ),
                None => refuse("an instant (2024-01-01T00:00:00Z) or a date (2024-01-01)"),
            },
        }
    }
}

fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}
