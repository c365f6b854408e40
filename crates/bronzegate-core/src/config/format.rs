//! `format`: what response bodies are, before any compression.
//!
//! ```yaml
//! format: ndjson                                     # json | ndjson | csv; without it the content type says
//! format: { csv: { delimiter: ";", header: [id, name] } }
//! ```

use schemars::JsonSchema;
use serde::Deserialize;

use super::address::Address;
use super::pagination::Pagination;
use super::problem::{At, Draft, Report};
use super::read::{Slot, TextOr};
use super::records::{Records, RecordsPath};

/// The format of response bodies, before any compression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON document.
    Json,
    /// One JSON document a line.
    Ndjson,
    /// Comma-separated values (RFC 4180).
    Csv(Csv),
}

/// How comma-separated values are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Csv {
    /// What separates fields (a comma).
    pub delimiter: u8,
    /// The fields' names, where the first line does not hold them.
    pub header: Option<Vec<String>>,
}

impl Default for Csv {
    fn default() -> Self {
        Self { delimiter: b',', header: None }
    }
}

/// A format, or the one that has options.
pub(super) type FormatSpec = TextOr<FormatWord, FormatOptions>;

/// A format without options.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum FormatWord {
    /// One JSON document.
    Json,
    /// One JSON document a line.
    Ndjson,
    /// Comma-separated values, their names in the first line.
    Csv,
}

/// A format with options.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Format")]
pub(super) struct FormatOptions {
    /// Comma-separated values.
    csv: Slot<CsvSpec>,
}

/// How comma-separated values are written.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Csv")]
pub(super) struct CsvSpec {
    /// What separates fields; default a comma.
    delimiter: Option<Slot<Delimiter>>,
    /// The fields' names, where the first line does not hold them.
    header: Option<Slot<Vec<Slot<String>>>>,
}

/// One ASCII character that can stand between fields.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, with = "String", extend("minLength" = 1, "maxLength" = 1))]
struct Delimiter(u8);

impl TryFrom<String> for Delimiter {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_bytes() {
            [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\r' | b'\n' | 0) => Ok(Self(*byte)),
            _ => Err("one character such as \";\", \"|\" or \"\\t\""),
        }
    }
}

/// Checks a format; `None` when the report says what is wrong.
pub(super) fn resolve(spec: &FormatSpec, report: &Report) -> Option<Format> {
    match spec {
        TextOr::Text(FormatWord::Json) => Some(Format::Json),
        TextOr::Text(FormatWord::Ndjson) => Some(Format::Ndjson),
        TextOr::Text(FormatWord::Csv) => Some(Format::Csv(Csv::default())),
        TextOr::Map(options) => {
            let spec = options.csv.get()?;
            let delimiter =
                spec.delimiter.as_ref().map_or(Some(b','), |slot| slot.cloned().map(|Delimiter(byte)| byte));
            let header = match &spec.header {
                None => None,
                Some(slot) => Some(header(slot, report)?),
            };
            Some(Format::Csv(Csv { delimiter: delimiter?, header }))
        }
    }
}

fn header(slot: &Slot<Vec<Slot<String>>>, report: &Report) -> Option<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    for name in slot.get()? {
        let text = name.cloned()?;
        if names.contains(&text) {
            report.add(name.at(), Draft::new("is given twice").value(&text));
            return None;
        }
        names.push(text);
    }
    if names.is_empty() {
        report
            .add(slot.at(), Draft::refused("a list of names, or no header where the first line holds them"));
        return None;
    }
    Some(names)
}

impl Format {
    /// Whether a body is one document, whose members a source file can name.
    pub(super) fn has_members(&self) -> bool {
        *self == Self::Json
    }
}

/// Reports what bodies of lines cannot have: members beside their records.
pub(super) fn fits(
    format: Option<&Format>,
    (records, records_at): (Option<&Records>, &At),
    (pagination, pagination_at): (Option<&Pagination>, &At),
    report: &Report,
) {
    if format.is_none_or(Format::has_members) {
        return;
    }
    if records.is_some_and(|records| records.at != RecordsPath::Root) {
        report.add(records_at, Draft::new("a body of lines has no members").accepted("records: $"));
    }
    for address in pagination.iter().flat_map(|pagination| pagination.addresses()) {
        if matches!(address, Address::Body(_)) {
            let draft = Draft::new(format!("{address} is not to be found in a body of lines"));
            report.add(
                pagination_at,
                draft.accepted("{ header: … }, { link: … }, { last_record: … } or { status: true }"),
            );
        }
    }
}
