//! `records`: where the records are in a page.
//!
//! ```yaml
//! records: results                            # a member of the body
//! records: $                                  # the whole body: an array, or an object as one record
//! records: { at: results, if_absent: empty }  # absent or null is how the API writes "none"
//! records: { at: $, shape: list }             # an object is no record but an error
//! records: { at: data.nodes, nulls: skip }    # null in place of a record is left out
//! records: data.*                             # the members of a map, each with its name as `_key`
//! records: data.*.items                       # lists in a list: those that its elements have at `items`
//! records: { at: rows, columns: { at: schema.columns, name: name } }   # rows that are lists
//! records: { at: $, columns: first_row }      # the first row names the columns
//! ```

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::pointer::Pointer;
use super::problem::{Draft, Report};
use super::read::{Slot, TextOr};

/// Where a page's records are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Records {
    /// The place of the list.
    pub at: RecordsPath,
    /// What an absent or null list means.
    pub if_absent: IfAbsent,
    /// What the whole body must be, where it holds the records.
    pub shape: Option<RecordsShape>,
    /// What null in place of a record means.
    pub nulls: Nulls,
    /// What names the columns of records that are lists; without it they are objects.
    pub columns: Option<Columns>,
}

/// What names the columns of records that are lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Columns {
    /// The first record of each page.
    FirstRow,
    /// A list beside the records.
    At {
        /// Where it is.
        at: Pointer,
        /// Where each of its elements has the name; without it they are the names.
        name: Option<Pointer>,
    },
}

/// What the whole body must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RecordsShape {
    /// A list. An object is an error, never a record.
    List,
}

/// What null in place of a record means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Nulls {
    /// The page is malformed: the API could not give out a record.
    #[default]
    Error,
    /// It is left out, with a warning.
    Skip,
    /// It is a record: `{"_value":null}`.
    Keep,
}

/// The place of the list of records.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, with = "String", extend("minLength" = 1))]
pub enum RecordsPath {
    /// The whole body: an array, or an object as one record; written `$`.
    Root,
    /// A member of the body.
    At(Pointer),
    /// What each element of a list has, or each member of a map is; written with `*`.
    Each(Each),
}

/// Records that are spread over the elements of a list or the members of a map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Each {
    text: String,
    /// Where the list or map is; the whole body without it.
    pub of: Option<Pointer>,
    /// The names that lead from each to its list of records, none where it is the list itself; without it each
    /// member is a record.
    pub lists: Option<Vec<String>>,
}

/// What an absent or null list means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum IfAbsent {
    /// The page is malformed.
    #[default]
    Error,
    /// The page has no records.
    Empty,
}

/// The long form, which may say that an absent list means no records.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Records")]
pub(super) struct RecordsSpec {
    /// Where the records are; `$` is the whole body.
    at: Slot<RecordsPath>,
    /// What an absent or null list means; default error.
    if_absent: Option<Slot<IfAbsent>>,
    /// What the whole body must be, where `at` is `$`; default a list, or an object as one record.
    shape: Option<Slot<RecordsShape>>,
    /// What null in place of a record means; default error.
    nulls: Option<Slot<Nulls>>,
    /// What names the columns of records that are lists of values: `first_row`, or where the names are.
    columns: Option<Slot<TextOr<ColumnsWord, ColumnsSpec>>>,
}

/// Where the columns' names are, by a word.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ColumnsWord {
    /// In the first row of each page.
    FirstRow,
}

/// Where the columns' names are.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Columns")]
pub(super) struct ColumnsSpec {
    /// Where the list of columns is.
    at: Slot<Pointer>,
    /// Where each of them has its name; without it they are the names.
    name: Option<Slot<Pointer>>,
}

const EACH: &str =
    "one `*` for the members of a map (data.*), or for the elements that hold lists (data.*.items, data.*.*)";

impl TryFrom<String> for RecordsPath {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            "$" => Ok(Self::Root),
            "" | "." => Err("a path such as data.items, or $ for the whole body"),
            _ if Each::is_meant(&text) => Each::read(text).map(Self::Each),
            _ => Pointer::try_from(text).map(Self::At),
        }
    }
}

impl RecordsPath {
    /// Where what holds the records is: their list, or the list or map over whose elements they are spread. The whole
    /// body without it.
    pub fn holder(&self) -> Option<&Pointer> {
        match self {
            Self::Root => None,
            Self::At(pointer) => Some(pointer),
            Self::Each(each) => each.of.as_ref(),
        }
    }

    /// Whether records may get the name of a member as `_key`.
    pub fn has_keys(&self) -> bool {
        matches!(self, Self::Each(_))
    }
}

impl fmt::Display for RecordsPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("$"),
            Self::At(pointer) => pointer.fmt(f),
            Self::Each(each) => f.write_str(&each.text),
        }
    }
}

impl Each {
    fn separator(text: &str) -> char {
        if text.starts_with('/') { '/' } else { '.' }
    }

    fn is_meant(text: &str) -> bool {
        text.split(Self::separator(text)).any(|token| token == "*")
    }

    fn read(text: String) -> Result<Self, &'static str> {
        let separator = Self::separator(&text);
        let tokens: Vec<&str> = text.split(separator).collect();
        let star = tokens.iter().position(|token| *token == "*").ok_or(EACH)?;
        let joined = |tokens: &[&str]| tokens.join(&separator.to_string());
        let of = match (joined(&tokens[..star]).as_str(), separator) {
            ("$", _) | ("", '/') => None,
            ("", _) => return Err("$.* for the members of the whole body, or data.*"),
            (of, _) => Some(Pointer::try_from(of.to_owned())?),
        };
        let lists = match &tokens[star + 1..] {
            [] => None,
            ["*"] => Some(Vec::new()),
            rest if rest.contains(&"*") => return Err(EACH),
            rest if separator == '/' => {
                Some(Pointer::try_from(format!("/{}", joined(rest)))?.tokens().to_vec())
            }
            rest => Some(Pointer::try_from(joined(rest))?.tokens().to_vec()),
        };
        Ok(Self { text, of, lists })
    }
}

impl Records {
    /// Those at a place, with the defaults.
    fn at(at: RecordsPath) -> Self {
        Self { at, if_absent: IfAbsent::default(), shape: None, nulls: Nulls::default(), columns: None }
    }
}

/// Checks where records are; `None` when the report says what is wrong.
pub(super) fn resolve(spec: &TextOr<RecordsPath, RecordsSpec>, report: &Report) -> Option<Records> {
    let long = match spec {
        TextOr::Text(at) => return Some(Records::at(at.clone())),
        TextOr::Map(long) => long,
    };
    let at = long.at.cloned()?;
    if let Some(shape) = long.shape.as_ref().filter(|_| at != RecordsPath::Root) {
        report.say(shape.at(), "is for `at: $`: a member that holds records is always a list");
    }
    let columns = long.columns.as_ref().and_then(|slot| columns(slot, &at, report));
    Some(Records {
        columns,
        if_absent: long.if_absent.as_ref().and_then(Slot::cloned).unwrap_or_default(),
        shape: long.shape.as_ref().and_then(Slot::cloned),
        nulls: long.nulls.as_ref().and_then(Slot::cloned).unwrap_or_default(),
        ..Records::at(at)
    })
}

/// What names the columns, which must stand beside the records.
fn columns(
    slot: &Slot<TextOr<ColumnsWord, ColumnsSpec>>,
    records: &RecordsPath,
    report: &Report,
) -> Option<Columns> {
    if records.has_keys() {
        report.say(slot.at(), "is for one list of rows, which `at` with `*` does not name");
        return None;
    }
    let spec = match slot.get()? {
        TextOr::Text(ColumnsWord::FirstRow) => return Some(Columns::FirstRow),
        TextOr::Map(spec) => spec,
    };
    let at = spec.at.cloned()?;
    let is_among = match records.holder() {
        None => true,
        Some(list) => at.tokens().starts_with(list.tokens()),
    };
    if is_among {
        let draft = Draft::new(format!("`{at}` is among the records, which are split off"));
        report.add(spec.at.at(), draft.accepted("a list beside them, or `columns: first_row`"));
        return None;
    }
    Some(Columns::At { at, name: spec.name.as_ref().and_then(Slot::cloned) })
}
