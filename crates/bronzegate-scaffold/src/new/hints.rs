//! What may be the key and the cursor of incremental runs: comments alone, because one page cannot prove them.

use std::collections::HashSet;

use serde_json::Value;

use crate::place::{Path, normal, written};

const KEYS: [&str; 8] = ["id", "uuid", "guid", "key", "sysid", "gid", "code", "number"];
const CHANGED: [&str; 8] =
    ["updated", "modified", "changed", "lastmod", "timestamp", "systemmodstamp", "lastupdate", "edited"];
const CREATED: [&str; 3] = ["created", "date", "time"];

/// A member that may be a cursor, with how it writes times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) path: Path,
    pub(crate) format: &'static str,
    pub(crate) note: String,
}

/// A member that tells the records of the page apart.
pub(crate) fn key(records: &[Value]) -> Option<Path> {
    let first = records.first()?.as_object()?;
    let unique = |name: &String| {
        let mut seen = HashSet::new();
        records.iter().all(|record| {
            let value = record.get(name).filter(|value| value.is_string() || value.is_number());
            value.is_some_and(|value| seen.insert(value.to_string()))
        })
    };
    let named = KEYS.iter().find_map(|key| first.keys().find(|name| normal(name) == *key && unique(name)));
    named.map(|name| vec![name.clone()])
}

/// The likeliest cursor: a time of change before a time of creation.
pub(crate) fn cursor(records: &[Value]) -> Option<Cursor> {
    let first = records.first()?;
    let mut found = Vec::new();
    look(first, &mut Path::new(), &mut found);
    let of = |names: &[&str]| {
        found.iter().find(|(path, _)| {
            path.last().is_some_and(|name| names.iter().any(|part| normal(name).contains(part)))
        })
    };
    let (path, value) = of(&CHANGED).or_else(|| of(&CREATED))?;
    let (format, note) = written_as(value)?;
    Some(Cursor { path: path.clone(), format, note: format!("{note}, such as {value}") })
}

fn look<'a>(value: &'a Value, path: &mut Path, found: &mut Vec<(Path, &'a Value)>) {
    if let Value::Object(members) = value {
        for (name, value) in members {
            path.push(name.clone());
            match value {
                Value::Object(_) if path.len() < 3 => look(value, path, found),
                value if written_as(value).is_some() => found.push((path.clone(), value)),
                _ => {}
            }
            path.pop();
        }
    }
}

/// The format of a time, and what its zone is.
fn written_as(value: &Value) -> Option<(&'static str, &'static str)> {
    match value {
        Value::Number(number) => match number.as_u64()? {
            1_000_000_000..10_000_000_000 => Some(("epoch_s", "seconds since 1970")),
            1_000_000_000_000..10_000_000_000_000 => Some(("epoch_ms", "milliseconds since 1970")),
            _ => None,
        },
        Value::String(text) if text.parse::<jiff::Timestamp>().is_ok() => Some(("rfc3339", "with an offset")),
        Value::String(text) if text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok() => {
            Some(("date", "a date"))
        }
        Value::String(text) if text.len() > 10 && text.parse::<jiff::civil::DateTime>().is_ok() => {
            Some(("rfc3339", "without an offset: `timezone` has to say which clock"))
        }
        _ => None,
    }
}

/// The comment that proposes `incremental`.
pub(crate) fn comment(records: &[Value]) -> Vec<String> {
    let mut lines = Vec::new();
    let key = key(records).map(|key| written(&key));
    if let Some(cursor) = cursor(records) {
        lines.push(
            "Only what is new: decide, and name the parameters of the API's documentation that ask by time."
                .to_owned(),
        );
        lines.push("incremental:".to_owned());
        lines.push(format!("  cursor: {}  # {}", written(&cursor.path), cursor.note));
        lines.push(format!("  format: {}", cursor.format));
        lines.push("  from: { query: … }".to_owned());
        if let Some(key) = key {
            lines.push(format!("  key: {key}  # tells the records of the first page apart"));
        }
    } else if let Some(key) = key {
        lines.push(format!(
            "`{key}` tells the records of the first page apart; no member looks like the time of a change."
        ));
    }
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_time_of_change_goes_before_one_of_creation_and_says_its_format() {
        for (record, expected) in [
            (
                json!({"created": 1_700_000_000, "updated_at": "2026-01-01T00:00:00Z"}),
                Some(("updated_at", "rfc3339")),
            ),
            (json!({"created": 1_700_000_000}), Some(("created", "epoch_s"))),
            (json!({"fields": {"lastModified": "2026-01-01"}}), Some(("fields.lastModified", "date"))),
            (json!({"updated": "2026-01-01 10:00:00"}), Some(("updated", "rfc3339"))),
            (json!({"updated": "yesterday"}), None),
        ] {
            let found =
                cursor(std::slice::from_ref(&record)).map(|cursor| (written(&cursor.path), cursor.format));
            assert_eq!(found, expected.map(|(path, format)| (path.to_owned(), format)), "{record}");
        }
    }

    #[test]
    fn a_key_is_one_that_no_two_records_share() {
        assert_eq!(key(&[json!({"id": 1}), json!({"id": 2})]), Some(vec!["id".to_owned()]));
        assert_eq!(key(&[json!({"id": 1}), json!({"id": 1})]), None);
    }
}
