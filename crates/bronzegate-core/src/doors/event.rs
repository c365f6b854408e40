//! Events: what a trigger asks for, once its platform's envelope is off.
//!
//! ```json
//! { "source": "hubspot", "stream": "contacts", "scheduled_time": "2026-11-22T17:00:00Z" }
//! { "source": "hubspot", "streams": ["contacts", "deals"], "scheduled_time": "2026-11-22T17:00:00Z" }
//! { "source": "hubspot", "stream": "contacts", "window": { "from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z" } }
//! { "source": "hubspot", "stream": "contacts", "backfill": { "from": "2026-01-01", "to": "2026-02-01", "window": "1d" } }
//! ```
//! `from` and `to` are RFC 3339 instants, or dates, which begin at midnight UTC.

use std::collections::BTreeSet;
use std::fmt;
use std::num::NonZeroU32;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::config::{LEAST_SHARE, NAME_FORM, is_name, is_rate_share};
use crate::error::{Error, ErrorKind};
use crate::window::{TimeWindow, WindowStep, parse_time};

/// A backfill's and a window's share of the source's rate limit unless its event says another: the
/// schedule keeps the other half.
pub const BACKFILL_SHARE: f64 = 0.5;

/// What a trigger asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The source's name.
    pub source: String,
    /// The streams' names, each once; without any, every stream of the source.
    pub streams: Vec<String>,
    /// What is to be done.
    pub action: Action,
    /// The part of the source's rate limit that it may use: see [`is_rate_share`].
    pub rate_share: f64,
}

/// What an event asks to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// A run of what is due.
    Run {
        /// The time it was scheduled for.
        scheduled_time: Option<Timestamp>,
    },
    /// A run of one window.
    Window {
        /// The window.
        window: TimeWindow,
        /// 1, or the number of the loading when a window is loaded again.
        revision: NonZeroU32,
    },
    /// The runs of many windows.
    Backfill(Backfill),
}

/// A stretch of time to be loaded window by window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backfill {
    /// All of it.
    pub span: TimeWindow,
    /// How long its windows are; without it, as the stream's `incremental.window` says, else one.
    pub step: Option<WindowStep>,
    /// The revision of its windows.
    pub revision: NonZeroU32,
    /// Asks for the list of windows, to be run by that many workers at a time, instead of running them.
    pub list_for: Option<NonZeroU32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EventSpec {
    source: String,
    stream: Option<String>,
    streams: Option<Vec<String>>,
    scheduled_time: Option<String>,
    window: Option<WindowSpec>,
    backfill: Option<BackfillSpec>,
    rate_share: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WindowSpec {
    from: String,
    to: String,
    revision: Option<NonZeroU32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BackfillSpec {
    from: String,
    to: String,
    window: Option<String>,
    revision: Option<NonZeroU32>,
    list_for: Option<NonZeroU32>,
}

impl Event {
    /// Reads an event's JSON.
    ///
    /// # Errors
    /// [`ErrorKind::Config`], naming the member that is wrong.
    pub fn parse(event: &Value) -> Result<Self, Error> {
        // serde would read an array as a struct.
        if !event.is_object() {
            return Err(wrong("it is not a JSON object"));
        }
        let spec = EventSpec::deserialize(event).map_err(wrong)?;
        named("source", &spec.source)?;
        let streams = streams(spec.stream, spec.streams)?;
        let action = match (spec.scheduled_time, spec.window, spec.backfill) {
            (time, None, None) => {
                Action::Run { scheduled_time: time.map(|time| instant("scheduled_time", &time)).transpose()? }
            }
            (None, Some(WindowSpec { from, to, revision }), None) => {
                Action::Window { window: span("window", &from, &to)?, revision: first(revision) }
            }
            (None, None, Some(backfill)) => Action::Backfill(backfill.read()?),
            _ => {
                return Err(wrong(
                    "`scheduled_time`, `window` and `backfill` exclude one another".to_owned(),
                ));
            }
        };
        if streams.len() != 1 && !matches!(action, Action::Run { .. }) {
            return Err(wrong("a window or a backfill is for one stream: name it in `stream`"));
        }
        let usual = if matches!(action, Action::Run { .. }) { 1.0 } else { BACKFILL_SHARE };
        let rate_share = spec.rate_share.unwrap_or(usual);
        if !is_rate_share(rate_share) {
            return Err(wrong(format!("`rate_share` is {rate_share}; it is from {LEAST_SHARE} to 1")));
        }
        Ok(Self { source: spec.source, streams, action, rate_share })
    }

    /// The event's stream, if it is for exactly one.
    pub fn only(&self) -> Option<&str> {
        match self.streams.as_slice() {
            [stream] => Some(stream),
            _ => None,
        }
    }

    /// The same as a run that is due then, on a whole second, if it is a run and says no time.
    #[must_use]
    pub fn due(mut self, time: Option<Timestamp>) -> Self {
        if let (Action::Run { scheduled_time: scheduled @ None }, Some(time)) = (&mut self.action, time) {
            *scheduled = Timestamp::from_second(time.as_second()).ok();
        }
        self
    }

    /// The event's JSON, which [`parse`](Self::parse) reads.
    pub fn to_json(&self) -> Value {
        let mut event = json!({ "source": self.source });
        match self.streams.as_slice() {
            [] => {}
            [stream] => event["stream"] = json!(stream),
            streams => event["streams"] = json!(streams),
        }
        match &self.action {
            Action::Run { scheduled_time: Some(time) } => event["scheduled_time"] = json!(time),
            Action::Run { scheduled_time: None } => {}
            Action::Window { window, revision } => {
                event["window"] = json!({ "from": window.from(), "to": window.to() });
                if revision.get() > 1 {
                    event["window"]["revision"] = json!(revision);
                }
            }
            Action::Backfill(Backfill { span, step, revision, list_for }) => {
                let mut backfill = json!({ "from": span.from(), "to": span.to() });
                if let Some(step) = step {
                    backfill["window"] = json!(step.to_string());
                }
                if revision.get() > 1 {
                    backfill["revision"] = json!(revision);
                }
                if let Some(workers) = list_for {
                    backfill["list_for"] = json!(workers);
                }
                event["backfill"] = backfill;
            }
        }
        if !matches!(self.action, Action::Run { .. }) || self.rate_share < 1.0 {
            event["rate_share"] = json!(self.rate_share);
        }
        event
    }
}

/// The share of one worker of many, which divide a share among themselves.
///
/// # Errors
/// [`ErrorKind::Config`] when it is too small to be one.
pub fn divided(rate_share: f64, workers: NonZeroU32) -> Result<f64, Error> {
    let share = rate_share / f64::from(workers.get());
    if is_rate_share(share) {
        return Ok(share);
    }
    Err(Error::new(
        ErrorKind::Config,
        format!(
            "a rate share of {rate_share} divided among {workers} workers is less than {LEAST_SHARE} for each: take fewer"
        ),
    ))
}

impl BackfillSpec {
    fn read(self) -> Result<Backfill, Error> {
        let step = self.window.map(|text| {
            text.parse().map_err(|error| wrong(format!("`backfill.window` is `{text}`: {error}")))
        });
        Ok(Backfill {
            span: span("backfill", &self.from, &self.to)?,
            step: step.transpose()?,
            revision: first(self.revision),
            list_for: self.list_for,
        })
    }
}

fn first(revision: Option<NonZeroU32>) -> NonZeroU32 {
    revision.unwrap_or(NonZeroU32::MIN)
}

/// One stream by its name, or several by theirs.
fn streams(one: Option<String>, several: Option<Vec<String>>) -> Result<Vec<String>, Error> {
    let (member, streams) = match (one, several) {
        (Some(_), Some(_)) => return Err(wrong("`stream` and `streams` exclude one another")),
        (Some(stream), None) => ("stream", vec![stream]),
        (None, Some(streams)) if streams.is_empty() => {
            return Err(wrong("`streams` is empty; leave it out for every stream of the source"));
        }
        (None, several) => ("streams", several.unwrap_or_default()),
    };
    let mut seen = BTreeSet::new();
    for stream in &streams {
        named(member, stream)?;
        if !seen.insert(stream) {
            return Err(wrong(format!("`streams` names `{stream}` twice")));
        }
    }
    Ok(streams)
}

fn named(member: &str, value: &str) -> Result<(), Error> {
    if is_name(value) { Ok(()) } else { Err(wrong(format!("`{member}` is `{value}`: {NAME_FORM}"))) }
}

fn span(member: &str, from: &str, to: &str) -> Result<TimeWindow, Error> {
    let from = instant(&format!("{member}.from"), from)?;
    let to = instant(&format!("{member}.to"), to)?;
    TimeWindow::new(from, to).map_err(|error| wrong(format!("`{member}`: {error}")))
}

fn instant(member: &str, text: &str) -> Result<Timestamp, Error> {
    parse_time(text).ok_or_else(|| {
        wrong(format!(
            "`{member}` is `{text}`: write an instant (2026-11-22T17:00:00Z) or a date (2026-11-22) of the years 1 to 9999"
        ))
    })
}

fn wrong(cause: impl fmt::Display) -> Error {
    Error::new(ErrorKind::Config, format!("the event cannot be read: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(event: &Value) -> Result<Event, String> {
        Event::parse(event).map_err(|error| {
            assert_eq!(error.kind(), ErrorKind::Config);
            error.to_string()
        })
    }

    #[test]
    fn every_event_is_read_and_written_back() {
        for event in [
            json!({"source": "hubspot"}),
            json!({"source": "hubspot", "stream": "contacts", "rate_share": 0.5}),
            json!({"source": "hubspot", "streams": ["deals", "contacts"], "scheduled_time": "2026-11-22T17:00:00Z"}),
            json!({"source": "hubspot", "stream": "contacts", "scheduled_time": "2026-11-22T17:00:00Z"}),
            json!({"source": "hubspot", "stream": "contacts", "rate_share": 0.125,
                "window": {"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z", "revision": 2}}),
            json!({"source": "hubspot", "stream": "contacts", "rate_share": 0.5,
                "backfill": {"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z", "window": "1d", "list_for": 4}}),
        ] {
            assert_eq!(parse(&event).unwrap().to_json(), event);
        }
    }

    #[test]
    fn times_are_any_instant_and_dates_begin_at_midnight_utc() {
        let backfill = |from: &str, to: &str| {
            parse(&json!({"source": "s", "stream": "t", "backfill": {"from": from, "to": to}}))
        };
        let dates = backfill("2026-01-01", "2026-02-01").unwrap();
        assert_eq!(dates, backfill("2026-01-01T01:00:00+01:00", "2026-02-01T00:00:00Z").unwrap());
        assert!((dates.rate_share - BACKFILL_SHARE).abs() < f64::EPSILON);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (event, message) in [
            (json!({}), "missing field `source`"),
            (json!(["s"]), "it is not a JSON object"),
            (json!("x"), "it is not a JSON object"),
            (json!({"source": "Hub Spot"}), "`source` is `Hub Spot`: "),
            (json!({"source": "s", "stream": "../x"}), "`stream` is `../x`: "),
            (
                json!({"source": "s", "steam": "t"}),
                "unknown field `steam`, expected one of `source`, `stream`",
            ),
            (json!({"source": "s", "stream": "t", "streams": ["u"]}), "`stream` and `streams` exclude"),
            (json!({"source": "s", "streams": []}), "`streams` is empty; leave it out"),
            (json!({"source": "s", "streams": ["t", "u", "t"]}), "`streams` names `t` twice"),
            (json!({"source": "s", "streams": ["t", "../u"]}), "`streams` is `../u`: "),
            (
                json!({"source": "s", "streams": ["t", "u"], "window": {"from": "2026-01-01", "to": "2026-01-02"}}),
                "a window or a backfill is for one stream: name it in `stream`",
            ),
            (
                json!({"source": "s", "scheduled_time": "soon"}),
                "`scheduled_time` is `soon`: write an instant",
            ),
            (json!({"source": "s", "scheduled_time": "-000001-01-01T00:00:00Z"}), "of the years 1 to 9999"),
            (
                json!({"source": "s", "stream": "t", "window": {"from": "-000001-01-01T00:00:00Z", "to": "2026-01-02"}}),
                "`window.from` is `-000001-01-01T00:00:00Z`: write an instant",
            ),
            (
                json!({"source": "s", "stream": "t", "backfill": {"from": "0000-12-31", "to": "2026-01-02"}}),
                "`backfill.from` is `0000-12-31`: write an instant",
            ),
            (
                json!({"source": "s", "window": {"from": "2026-01-01", "to": "2026-01-02"}}),
                "name it in `stream`",
            ),
            (
                json!({"source": "s", "stream": "t", "window": {"from": "2026-01-02", "to": "2026-01-02"}}),
                "`window`: the window from 2026-01-02T00:00:00Z to 2026-01-02T00:00:00Z is empty",
            ),
            (
                json!({"source": "s", "stream": "t", "backfill": {"from": "2026-01-01", "to": "2026-01-02", "window": "1x"}}),
                "`backfill.window` is `1x`: a length of windows is written 15m",
            ),
            (
                json!({"source": "s", "stream": "t", "scheduled_time": "2026-01-01", "window": {"from": "2026-01-01", "to": "2026-01-02"}}),
                "exclude one another",
            ),
            (json!({"source": "s", "rate_share": 0}), "`rate_share` is 0; it is from 0.0001 to 1"),
            (
                json!({"source": "s", "rate_share": 1e-12}),
                "`rate_share` is 0.000000000001; it is from 0.0001 to 1",
            ),
            (json!({"source": "s", "rate_share": 1.5}), "`rate_share` is 1.5; it is from 0.0001 to 1"),
        ] {
            let error = parse(&event).unwrap_err();
            assert!(error.contains(message), "{event}: {error}");
        }
    }
}
