//! One answer, read as a page: its format, its values, its records.

use bronzegate_core::error::{Error, ErrorKind, Result};
use bronzegate_core::probe::Answer;
use serde_json::Value;

use crate::place::{Path, at};

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Ndjson,
    Csv,
}

/// An answer whose body was read.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) answer: Answer,
    pub(crate) format: Format,
    /// The whole body of JSON; the records of lines, as a list.
    pub(crate) body: Value,
    /// What the format rests on.
    pub(crate) why: String,
}

impl Page {
    /// Reads an answer.
    ///
    /// # Errors
    /// [`ErrorKind::Auth`] for a refusal of who asks, [`ErrorKind::Api`] for another refusal, [`ErrorKind::Data`] for a body that
    /// is none of the formats.
    pub(crate) fn of(answer: Answer) -> Result<Self> {
        accepted(&answer)?;
        let kind = answer.header("content-type").unwrap_or("no content type").to_owned();
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        let text = text.trim_start_matches('\u{feff}');
        let start = text.trim_start();
        if start.starts_with('<') {
            return Err(bad(
                "the answer is HTML or XML, not data: is this the address of the API, or of a login page?",
            ));
        }
        if answer.body.starts_with(b"PK\x03\x04") || answer.body.starts_with(&[0x1f, 0x8b]) {
            return Err(bad(
                "the answer is a packed file; write its source by hand: `bronzegate new --offline` makes the skeleton",
            ));
        }
        let (format, body) = match serde_json::from_str(start) {
            Ok(body) => (Format::Json, body),
            Err(_) if answer.is_cut => {
                return Err(bad("the answer is longer than 16 MiB; ask for a smaller page"));
            }
            Err(error) => lines(start, &kind).or_else(|| table(text, &kind)).ok_or_else(|| {
                bad(format!("the answer is neither JSON, nor lines of JSON, nor CSV ({kind}; {error})"))
            })?,
        };
        let why = format!("content type {kind}");
        Ok(Self { answer, format, body, why })
    }

    /// The records at an address.
    pub(crate) fn records(&self, path: &Path) -> &[Value] {
        match at(&self.body, path) {
            Some(Value::Array(items)) => items,
            Some(value @ Value::Object(_)) if path.is_empty() => std::slice::from_ref(value),
            _ => &[],
        }
    }
}

fn accepted(answer: &Answer) -> Result<()> {
    match answer.status {
        200..=299 => Ok(()),
        status @ (401 | 403) => {
            let wanted = answer.header("www-authenticate").map(|wanted| format!("; it asks for `{wanted}`"));
            let cause = format!(
                "HTTP {status}{}: give the credential with --header 'Name: value', with --secret if the vault has it, or a --curl line that has it",
                wanted.unwrap_or_default()
            );
            Err(Error::new(ErrorKind::Auth, cause))
        }
        429 => {
            let wait = answer.header("retry-after").map(|wait| format!(" (Retry-After: {wait})"));
            Err(Error::new(
                ErrorKind::Api,
                format!("HTTP 429, too many requests{}: try again later", wait.unwrap_or_default()),
            ))
        }
        status => Err(Error::new(ErrorKind::Api, format!("HTTP {status}: is the address right?"))),
    }
}

fn bad(cause: impl Into<String>) -> Error {
    Error::new(ErrorKind::Data, cause.into())
}

fn lines(text: &str, kind: &str) -> Option<(Format, Value)> {
    let records: Option<Vec<Value>> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| serde_json::from_str(line).ok().filter(Value::is_object))
        .collect();
    let records =
        records.filter(|records| records.len() > 1 || kind.contains("ndjson") || kind.contains("jsonl"))?;
    Some((Format::Ndjson, Value::Array(records)))
}

/// A table has a header of at least two names, and rows as wide. Quoted line breaks are beyond this look.
fn table(text: &str, kind: &str) -> Option<(Format, Value)> {
    let is_declared = kind.contains("csv");
    let mut rows = text
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| line.split(',').map(unquoted).collect::<Vec<_>>());
    let header = rows.next()?;
    let rows: Vec<_> = rows.collect();
    let is_table = header.len() > 1
        && rows.iter().filter(|row| row.len() == header.len()).count() * 10 >= rows.len() * 9;
    if !is_declared && !is_table {
        return None;
    }
    let record = |row: &Vec<String>| {
        Value::Object(header.iter().cloned().zip(row.iter().map(|value| value.as_str().into())).collect())
    };
    Some((Format::Csv, Value::Array(rows.iter().map(record).collect())))
}

fn unquoted(field: &str) -> String {
    field.trim().trim_matches('"').replace("\"\"", "\"")
}
