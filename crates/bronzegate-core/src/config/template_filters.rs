//! The functions of templates: `{{ window.from | add("-1d") | date("%Y/%m/%d") }}`.
//!
//! | function | gives |
//! |---|---|
//! | `date(pattern)` | a time by a pattern of strftime's, on the clock of requests |
//! | `epoch`, `epoch_ms` | its seconds or milliseconds since 1970 |
//! | `add("-1d")` | the time that much later or earlier, written as requests write it |
//! | `join(",")` | a list as one text |
//! | `json` | the value as JSON; see `template_json` |
//! | `base64`, `urlencode` | the text, encoded |
//! | `default("x")` | the value, or this where it is absent or empty |
//!
//! Texts are cut by `[:10]`, as in Python.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use minijinja::Environment;
use minijinja::value::{Value, ValueKind};

use super::cursor_format::CursorFormat;
use super::spelling;
use super::template::{Scope, invalid};
use super::template_json::json;
use crate::local_time::Zone;

/// How the functions read times.
#[derive(Clone, Debug)]
pub(super) enum Times {
    /// The template is only tried, with values that are none of the API's: what is no time is taken for one.
    Tried,
    /// As requests write them.
    Asked(Arc<(CursorFormat, Option<Zone>)>),
    /// The stream has no times of its own: RFC 3339.
    Plain,
}

impl Times {
    /// Those of a request.
    pub(super) fn of(scope: &Scope<'_>) -> Self {
        match scope.clock {
            Some(clock) => Self::Asked(Arc::new((clock.format.clone(), clock.zone.cloned()))),
            None => Self::Plain,
        }
    }

    /// A time as requests show it: local times as the instants that they would be in UTC.
    fn read(&self, text: &str) -> Result<Timestamp, minijinja::Error> {
        let format = match self {
            Self::Asked(clock) => &clock.0,
            Self::Tried | Self::Plain => &CursorFormat::Rfc3339,
        };
        let read = spelling::read(format, text).or_else(|| spelling::instant(text));
        match (read, self) {
            (Some(time), _) => Ok(time),
            (None, Self::Tried) => Ok(Timestamp::UNIX_EPOCH),
            (None, _) => Err(invalid(format!(
                "a time is expected, as `{}` writes it, and {text:?} is none",
                format.name()
            ))),
        }
    }

    /// The instant that it is.
    fn instant(&self, text: &str) -> Result<Timestamp, minijinja::Error> {
        let shown = self.read(text)?;
        Ok(match self {
            Self::Asked(clock) if clock.0.may_be_local() => {
                clock.1.as_ref().map_or(shown, |zone| zone.instant(shown))
            }
            _ => shown,
        })
    }

    fn written(&self, time: Timestamp) -> String {
        match self {
            // Without an offset, as the request writes it.
            Self::Asked(clock) if clock.0 == CursorFormat::Rfc3339 && clock.1.is_some() => {
                crate::local_time::civil_time(time).to_string()
            }
            Self::Asked(clock) => spelling::written(&clock.0, time).0,
            Self::Tried | Self::Plain => time.to_string(),
        }
    }
}

/// Adds the functions, and nothing else.
pub(super) fn add_functions(environment: &mut Environment<'_>, times: Times) {
    let clock = times.clone();
    environment.add_filter("date", move |text: String, pattern: String| date(&clock, &text, &pattern));
    let clock = times.clone();
    environment.add_filter("epoch", move |text: String| {
        Ok::<_, minijinja::Error>(clock.instant(&text)?.as_second())
    });
    let clock = times.clone();
    environment.add_filter("epoch_ms", move |text: String| {
        Ok::<_, minijinja::Error>(clock.instant(&text)?.as_millisecond())
    });
    environment.add_filter("add", move |text: String, span: String| add(&times, &text, &span));
    environment.add_filter("join", |value: Value, between: String| join(&value, &between));
    environment.add_filter("json", |value: Value| json(&value));
    environment.add_filter("base64", |text: String| STANDARD.encode(text));
    environment.add_filter("urlencode", |text: String| {
        url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
    });
    environment.add_filter("default", |value: Value, other: Value| {
        let is_empty = value.is_undefined() || value.is_none() || value.as_str() == Some("");
        if is_empty { other } else { value }
    });
}

fn date(times: &Times, text: &str, pattern: &str) -> Result<String, minijinja::Error> {
    let time = times.read(text)?.to_zoned(TimeZone::UTC);
    strtime::format(pattern, &time).map_err(|error| invalid(format!("{pattern:?} is no pattern: {error}")))
}

fn add(times: &Times, text: &str, span: &str) -> Result<String, minijinja::Error> {
    let amount = parse_span(span).ok_or_else(|| {
        invalid(format!("{span:?} is no stretch of time: write -1d, 90s, 15m, 6h, 2w, 1mo or 1y"))
    })?;
    let time = times.read(text)?.to_zoned(TimeZone::UTC).checked_add(amount);
    let time = time.map_err(|_| invalid("the time lies outside of the years 1 to 9999"))?;
    Ok(times.written(time.timestamp()))
}

fn join(value: &Value, between: &str) -> Result<String, minijinja::Error> {
    if value.kind() != ValueKind::Seq {
        return Ok(value.to_string());
    }
    let items: Vec<String> = value.try_iter()?.map(|item| item.to_string()).collect();
    Ok(items.join(between))
}

/// A stretch of time with its sign: `-1d`.
fn parse_span(text: &str) -> Option<Span> {
    let (unsigned, sign) =
        text.strip_prefix('-').map_or((text.strip_prefix('+').unwrap_or(text), 1), |rest| (rest, -1));
    let digits = unsigned.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = unsigned.split_at(digits);
    let amount = number.parse::<i64>().ok()? * sign;
    let span = Span::new();
    match unit {
        "s" => span.try_seconds(amount),
        "m" => span.try_minutes(amount),
        "h" => span.try_hours(amount),
        "d" => span.try_days(amount),
        "w" => span.try_weeks(amount),
        "mo" => span.try_months(amount),
        "y" => span.try_years(amount),
        _ => return None,
    }
    .ok()
}
