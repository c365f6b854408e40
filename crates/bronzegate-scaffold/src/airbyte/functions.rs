//! Filters, functions and methods, on what is known; of what only a run knows, those that change nothing.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use super::moments::{Length, Moment};
use super::pieces::{link_target, parameter_of};
use super::term::{Root, Step, Term, UNDEFINED, shown};

pub(super) fn filter(name: &str, of: Term, arguments: &[Term]) -> Term {
    match (name, of) {
        (_, of @ Term::Unknown(_)) => of,
        ("default" | "d", of) => match (of, arguments.first()) {
            (Term::Known(Value::Null), Some(default)) => default.clone(),
            (Term::At(..), Some(default)) if !default.is_empty() => {
                Term::unknown("a default for what only a run knows")
            }
            (of, _) => of,
        },
        (_, Term::Known(value)) => known(name, &value, arguments),
        ("int", Term::Now(moment)) if moment.is_number() => Term::Now(moment.written("%s")),
        ("int" | "float", Term::Now(_)) => Term::unknown("the current time as a number"),
        ("string" | "int" | "float" | "trim", of) => of,
        ("tojson", of @ Term::At(Root::Response, _)) => Term::Quoted(Box::new(of)),
        ("regex_search", of @ Term::At(Root::Response, _)) => match arguments {
            [Term::Known(Value::String(expression)), ..] => parameter_of(expression).map_or_else(
                || {
                    Term::unknown(
                        "the filter `regex_search` with an expression that is not for one parameter",
                    )
                },
                |name| Term::Parameter(Box::new(of), name),
            ),
            _ => Term::unknown("the filter `regex_search`"),
        },
        ("last", Term::At(root, mut path)) => {
            path.push(Step::Index(-1));
            Term::At(root, path)
        }
        ("first", Term::At(root, mut path)) => {
            path.push(Step::Index(0));
            Term::At(root, path)
        }
        ("length" | "count", Term::At(Root::Response, path)) => {
            let root = if path.is_empty() { Root::PageCount } else { Root::Length };
            Term::At(root, path)
        }
        ("base64encode", of @ Term::Text(_)) => Term::Written(Box::new(of), BASE64.to_owned()),
        ("base64encode" | "urlencode" | "tojson", Term::Secret(_)) => {
            Term::unknown(format!("the filter `{name}` on a secret"))
        }
        (name, _) => Term::unknown(format!("the filter `{name}` at run time")),
    }
}

fn known(name: &str, value: &Value, arguments: &[Term]) -> Term {
    let text = || shown(value);
    let first = || match arguments.first() {
        Some(Term::Known(value)) => shown(value),
        _ => String::new(),
    };
    let result: Value = match name {
        "string" => text().into(),
        "int" => text().parse::<f64>().map_or(0, |number| number as i64).into(),
        "float" => text().parse::<f64>().unwrap_or(0.0).into(),
        "lower" => text().to_lowercase().into(),
        "upper" => text().to_uppercase().into(),
        "trim" => text().trim().into(),
        "tojson" => value.to_string().into(),
        "length" | "count" => match value {
            Value::Array(items) => items.len().into(),
            Value::Object(members) => members.len().into(),
            _ => text().chars().count().into(),
        },
        "join" => match value {
            Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(&first()).into(),
            _ => text().into(),
        },
        "first" => value.get(0).cloned().unwrap_or_default(),
        "last" => value.as_array().and_then(|items| items.last()).cloned().unwrap_or_default(),
        "list" | "safe" => value.clone(),
        "urlencode" => url::form_urlencoded::byte_serialize(text().as_bytes()).collect::<String>().into(),
        "base64encode" => BASE64_STANDARD.encode(text()).into(),
        "replace" => match arguments {
            [Term::Known(from), Term::Known(to), ..] => text().replace(&shown(from), &shown(to)).into(),
            _ => return Term::unknown("the filter `replace`"),
        },
        _ => return Term::unknown(format!("the filter `{name}`")),
    };
    Term::Known(result)
}

pub(super) fn call(name: &str, arguments: &[Term]) -> Term {
    match (name, arguments) {
        ("now_utc", _) => Term::Now(Moment::now()),
        ("today_utc", _) => Term::Now(Moment::today()),
        // Another clock's.
        ("now_local" | "today_with_timezone", _) => Term::Now(Moment::now().written_otherwise()),
        ("day_delta", [Term::Known(Value::Number(days)), format @ ..]) => {
            let moment = Moment::now().moved(Length::days(days.as_i64().unwrap_or_default()));
            match format {
                [] => Term::Now(moment.written("%Y-%m-%dT%H:%M:%S.%f%z")),
                [Term::Known(Value::String(format)), ..] => Term::Now(moment.written(format)),
                _ => Term::Now(moment.written_otherwise()),
            }
        }
        ("duration", [Term::Known(Value::String(text)), ..]) => {
            Length::parse(text).map_or_else(|| Term::unknown("a duration"), Term::Length)
        }
        ("format_datetime", [of, Term::Known(Value::String(format)), ..]) => written(of.clone(), format),
        ("timestamp", [of @ (Term::At(Root::Interval | Root::Partition, _) | Term::Now(_)), ..]) => {
            written(of.clone(), "%s")
        }
        ("timestamp", [Term::Known(value), ..]) => match time_of(value) {
            Some(time) => Term::Known(time.as_second().into()),
            None => Term::unknown("the function `timestamp`"),
        },
        ("str_to_datetime", [of, ..]) => of.clone(),
        ("sanitize_url", [Term::Known(value)]) => {
            let text = shown(value);
            let quoted: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
            Term::Known(quoted.into())
        }
        ("sanitize_url", [of @ Term::At(Root::Partition, _)]) => {
            Term::Written(Box::new(of.clone()), SEGMENT.to_owned())
        }
        ("max" | "min", [Term::Known(Value::Number(one)), Term::Known(Value::Number(other))]) => {
            let (one, other) = (one.as_f64().unwrap_or_default(), other.as_f64().unwrap_or_default());
            let is_first = (one > other) == (name == "max");
            arguments[usize::from(!is_first)].clone()
        }
        (_, arguments) => {
            let why = arguments.iter().find_map(Term::reason);
            why.map_or_else(|| Term::unknown(format!("the function `{name}`")), Term::unknown)
        }
    }
}

/// What a value that is encoded as a segment of a path is marked with.
pub(super) const SEGMENT: &str = "segment of a path";

/// What a text in base64 is marked with.
pub(super) const BASE64: &str = "base64";

/// A time in another format: of a window it is one for templates, of now it says nothing.
fn written(of: Term, format: &str) -> Term {
    match of {
        Term::At(Root::Interval | Root::Partition, _) => Term::Written(Box::new(of), format.to_owned()),
        Term::Written(inner, _) => Term::Written(inner, format.to_owned()),
        Term::Now(moment) => Term::Now(moment.written(format)),
        unknown @ Term::Unknown(_) => unknown,
        Term::Known(value) => time_of(&value)
            .and_then(|time| formatted(time, format))
            .map_or_else(|| Term::unknown("a time that is rewritten"), |text| Term::Known(text.into())),
        _ => Term::unknown("a time that is rewritten"),
    }
}

/// A time of the configuration: an instant, a date, or what Airbyte takes for UTC.
fn time_of(value: &Value) -> Option<jiff::Timestamp> {
    if let Some(seconds) = value.as_i64() {
        return jiff::Timestamp::from_second(seconds).ok();
    }
    let text = value.as_str()?;
    let civil = || text.parse::<jiff::civil::DateTime>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok();
    text.parse().ok().or_else(|| civil().map(|time| time.timestamp()))
}

/// A time in one of Airbyte's formats.
fn formatted(time: jiff::Timestamp, format: &str) -> Option<String> {
    match format {
        "%s" => Some(time.as_second().to_string()),
        "%ms" => Some(time.as_millisecond().to_string()),
        "%epoch_microseconds" => Some(time.as_microsecond().to_string()),
        pattern => {
            let pattern = pattern.replace("%_ms", "%3f").replace("%f", "%6f");
            jiff::fmt::strtime::format(pattern, &time.to_zoned(jiff::tz::TimeZone::UTC)).ok()
        }
    }
}

pub(super) fn method(name: &str, of: Term, arguments: &[Term]) -> Term {
    match (name, of, arguments) {
        (_, of @ Term::Unknown(_), _) => of,
        ("strftime", of, [Term::Known(Value::String(format)), ..]) => written(of, format),
        ("split", of @ (Term::At(..) | Term::Parameter(..)), [Term::Known(by), ..]) => {
            Term::Pieces(Box::new(of), shown(by))
        }
        ("strip", Term::LinkTarget, [Term::Known(letters), ..])
            if matches!(shown(letters).as_str(), "<>" | "<> " | " <>") =>
        {
            link_target()
        }
        ("isoformat", Term::Now(moment), _) => Term::Now(moment.written("%Y-%m-%dT%H:%M:%S.%f+00:00")),
        ("timestamp", Term::Now(moment), _) => Term::Now(moment.written("%s_as_float")),
        ("date", Term::Now(moment), _) => Term::Now(moment.written("%Y-%m-%d")),
        ("replace" | "astimezone", Term::Now(moment), _) => Term::Now(moment.written_otherwise()),
        ("lower" | "upper" | "strip" | "rstrip" | "lstrip", Term::Known(Value::String(text)), arguments) => {
            let letters: Vec<char> = match arguments.first() {
                Some(Term::Known(value)) => shown(value).chars().collect(),
                _ => vec![' ', '\n', '\t', '\r'],
            };
            let text = match name {
                "lower" => text.to_lowercase(),
                "upper" => text.to_uppercase(),
                "rstrip" => text.trim_end_matches(letters.as_slice()).to_owned(),
                "lstrip" => text.trim_start_matches(letters.as_slice()).to_owned(),
                _ => text.trim_matches(letters.as_slice()).to_owned(),
            };
            Term::Known(text.into())
        }
        ("split", Term::Known(Value::String(text)), [Term::Known(by), ..]) => {
            Term::Known(text.split(&shown(by)).map(Value::from).collect())
        }
        ("replace", Term::Known(Value::String(text)), [Term::Known(from), Term::Known(to), ..]) => {
            Term::Known(text.replace(&shown(from), &shown(to)).into())
        }
        ("startswith", Term::Known(Value::String(text)), [Term::Known(start), ..]) => {
            Term::Known(text.starts_with(&shown(start)).into())
        }
        ("join", Term::Known(Value::String(by)), [Term::Known(Value::Array(items)), ..]) => {
            Term::Known(items.iter().map(shown).collect::<Vec<_>>().join(&by).into())
        }
        ("join", Term::Known(Value::String(_)), [Term::Known(Value::Null), ..]) => Term::Known("".into()),
        (_, Term::Known(Value::Null), _) => Term::unknown(UNDEFINED),
        (name, ..) => Term::unknown(format!("the method `{name}` at run time")),
    }
}
