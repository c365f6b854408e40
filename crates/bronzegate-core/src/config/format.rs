//! `format`: what response bodies are, before any compression.
//!
//! ```yaml
//! format: ndjson                                     # json | ndjson | csv; without it the content type says
//! format: { csv: { delimiter: ";", header: [id, name] } }
//! format: { type: ndjson, encoding: latin-1, end: connection }
//! format: { csv: { header_starts: "Date,", ends_at: "Grand Total", repeated_names: number } }
//! format: { type: json, strip_prefix: ")]}'" }
//! ```

use schemars::JsonSchema;
use serde::Deserialize;

use super::address::Address;
use super::encoding::Encoding;
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
    /// XML 1.0, which is read as JSON.
    Xml(Xml),
}

/// How XML is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Xml {
    /// The names of elements that are lists, also where there is one.
    pub lists: Vec<String>,
}

/// How comma-separated values are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Csv {
    /// What separates fields (a comma).
    pub delimiter: u8,
    /// The fields' names, where the first line does not hold them.
    pub header: Option<Vec<String>>,
    /// Lines before the table (0).
    pub skip_lines: u64,
    /// What the header begins with: lines before it are no part of the table.
    pub header_starts: Option<String>,
    /// What the first field of the row after the table begins with; the row has to come.
    pub ends_at: Option<String>,
    /// What becomes of columns of one name (error).
    pub repeated_names: RepeatedNames,
}

/// What becomes of columns of one name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RepeatedNames {
    /// The page is malformed.
    #[default]
    Error,
    /// The second `name` is `name_2`, the third `name_3`, as long as that is free.
    Number,
}

impl Default for Csv {
    fn default() -> Self {
        Self {
            delimiter: b',',
            header: None,
            skip_lines: 0,
            header_starts: None,
            ends_at: None,
            repeated_names: RepeatedNames::default(),
        }
    }
}

/// How bodies are read, whatever their format.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// How text is encoded; UTF-8 without it, and then a content type must not say otherwise.
    pub encoding: Option<Encoding>,
    /// Lines may end where the connection does.
    pub end: Option<BodyEnd>,
    /// What is taken off a body's beginning, where it is there.
    pub strip_prefix: Option<String>,
}

/// What else than its length may tell that a body of lines is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BodyEnd {
    /// The end of the connection. A fault looks the same, so lines may be missing without a word.
    Connection,
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
    /// XML, whose elements become objects.
    Xml,
}

/// A format with options.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Format")]
pub(super) struct FormatOptions {
    /// The format of bodies; without it the content type says.
    #[serde(rename = "type")]
    kind: Option<Slot<FormatWord>>,
    /// Comma-separated values, and how they are written.
    csv: Option<Slot<CsvSpec>>,
    /// XML, and which of its elements are lists.
    xml: Option<Slot<XmlSpec>>,
    /// How text is encoded: utf-8, latin-1, windows-1252 or another label of the Encoding Standard; default utf-8.
    encoding: Option<Slot<Encoding>>,
    /// Of lines: that a body ends with the connection, so that a cut cannot be told from its end; default by
    /// its length.
    end: Option<Slot<BodyEnd>>,
    /// What is taken off a body's beginning, where it is there, such as )]}' before JSON.
    strip_prefix: Option<Slot<String>>,
}

/// How XML is read.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Xml")]
pub(super) struct XmlSpec {
    /// The names of elements that are lists, also where there is one, such as author.
    lists: Option<Slot<Vec<Slot<String>>>>,
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
    /// Lines before the table; default 0.
    skip_lines: Option<Slot<u64>>,
    /// What the header begins with; lines before it are no part of the table.
    header_starts: Option<Slot<String>>,
    /// What the first field of the row after the table begins with, such as Grand Total; the row has to come.
    ends_at: Option<Slot<String>>,
    /// What becomes of columns of one name: `number` makes the second one `name_2`; default error.
    repeated_names: Option<Slot<RepeatedNames>>,
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

/// Checks a format; no format when there is none, or when the report says what is wrong.
pub(super) fn resolve(spec: &FormatSpec, report: &Report) -> (Option<Format>, Reading) {
    match spec {
        TextOr::Text(word) => (Some(word.format()), Reading::default()),
        TextOr::Map(options) => {
            let kind = options.kind.as_ref().and_then(Slot::get).map(|word| word.format());
            if let (Some(kind), true) = (&options.kind, options.csv.is_some() || options.xml.is_some()) {
                report.say(kind.at(), "means nothing beside csv or xml, which says the format");
            }
            if let (Some(_), Some(xml)) = (&options.csv, &options.xml) {
                report.say(xml.at(), "means nothing beside csv: a body has one format");
            }
            let format = match (&options.csv, &options.xml) {
                (Some(csv), _) => csv.get().and_then(|spec| spec.resolve(report)).map(Format::Csv),
                (None, Some(xml)) => xml.get().and_then(|spec| spec.resolve(report)).map(Format::Xml),
                (None, None) => kind,
            };
            if let (Some(Format::Json | Format::Xml(_)), Some(end)) = (&format, &options.end) {
                report.say(end.at(), "means nothing for JSON and XML, which have an end of their own");
            }
            let encoding = options.encoding.as_ref().and_then(Slot::cloned);
            let end = options.end.as_ref().and_then(Slot::cloned);
            let strip_prefix = options.strip_prefix.as_ref().and_then(|slot| filled(slot, report));
            (format, Reading { encoding, end, strip_prefix })
        }
    }
}

impl FormatWord {
    fn format(self) -> Format {
        match self {
            Self::Json => Format::Json,
            Self::Ndjson => Format::Ndjson,
            Self::Csv => Format::Csv(Csv::default()),
            Self::Xml => Format::Xml(Xml::default()),
        }
    }
}

impl XmlSpec {
    fn resolve(&self, report: &Report) -> Option<Xml> {
        let lists = match &self.lists {
            None => Vec::new(),
            Some(slot) => header(slot, report)?,
        };
        Some(Xml { lists })
    }
}

impl CsvSpec {
    fn resolve(&self, report: &Report) -> Option<Csv> {
        let delimiter =
            self.delimiter.as_ref().map_or(Some(b','), |slot| slot.cloned().map(|Delimiter(byte)| byte));
        let header = match &self.header {
            None => None,
            Some(slot) => Some(header(slot, report)?),
        };
        if let (Some(starts), true) =
            (&self.header_starts, self.header.is_some() || self.skip_lines.is_some())
        {
            report.say(starts.at(), "finds the header by itself: leave out header and skip_lines");
        }
        Some(Csv {
            delimiter: delimiter?,
            header,
            skip_lines: self.skip_lines.as_ref().and_then(Slot::cloned).unwrap_or_default(),
            header_starts: self.header_starts.as_ref().and_then(|slot| filled(slot, report)),
            ends_at: self.ends_at.as_ref().and_then(|slot| filled(slot, report)),
            repeated_names: self.repeated_names.as_ref().and_then(Slot::cloned).unwrap_or_default(),
        })
    }
}

/// A text that is not empty.
fn filled(slot: &Slot<String>, report: &Report) -> Option<String> {
    let text = slot.cloned()?;
    if text.is_empty() || text.contains(['\n', '\r']) {
        report.add(slot.at(), Draft::refused("text without line breaks, not empty"));
        return None;
    }
    Some(text)
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
        matches!(self, Self::Json | Self::Xml(_))
    }

    /// Whether a body is lines, which end where the body does.
    pub(crate) fn is_lines(&self) -> bool {
        matches!(self, Self::Ndjson | Self::Csv(_))
    }
}

/// Reports what bodies of lines cannot have: members beside their records.
pub(super) fn fits(
    format: Option<&Format>,
    (records, records_at): (Option<&Records>, &At),
    (pagination, pagination_at): (Option<&Pagination>, &At),
    report: &Report,
) {
    if let Some(Format::Xml(_)) = format {
        let is_named = |records: &Records| matches!(records.at, RecordsPath::At(_));
        if records.is_some_and(|records| !is_named(records) || records.columns.is_some()) {
            let draft = Draft::new("the records of XML are elements that are named");
            report.add(
                records_at,
                draft.accepted("the names that lead to them from the root: records: feed.entry"),
            );
        }
    }
    if format.is_none_or(Format::has_members) {
        return;
    }
    if records.is_some_and(|records| records.at != RecordsPath::Root) {
        report.add(records_at, Draft::new("a body of lines has no members").accepted("records: $"));
    }
    if records.is_some_and(|records| records.columns.is_some()) {
        report.say(records_at, "`columns` is for rows of JSON; the header of a table names its columns");
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
