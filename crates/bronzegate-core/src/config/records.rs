//! `records`: where the records are in a page.
//!
//! ```yaml
//! records: results                            # a member of the body
//! records: $                                  # the whole body: an array, or an object as one record
//! records: { at: results, if_absent: empty }  # absent or null is how the API writes "none"
//! records: { at: $, shape: list }             # an object is no record but an error
//! records: { at: data.nodes, nulls: skip }    # null in place of a record is left out
//! ```

use schemars::JsonSchema;
use serde::Deserialize;

use super::pointer::Pointer;
use super::problem::Report;
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
}

/// What the whole body must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RecordsShape {
    /// A list. An object is an error, never a record.
    List,
}

/// What null in place of a record means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
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
}

/// What an absent or null list means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
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
}

impl TryFrom<String> for RecordsPath {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            "$" => Ok(Self::Root),
            "" | "." => Err("a path such as data.items, or $ for the whole body"),
            _ => Pointer::try_from(text).map(Self::At),
        }
    }
}

impl Records {
    /// Those at a place, with the defaults.
    fn at(at: RecordsPath) -> Self {
        Self { at, if_absent: IfAbsent::default(), shape: None, nulls: Nulls::default() }
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
    Some(Records {
        if_absent: long.if_absent.as_ref().and_then(Slot::cloned).unwrap_or_default(),
        shape: long.shape.as_ref().and_then(Slot::cloned),
        nulls: long.nulls.as_ref().and_then(Slot::cloned).unwrap_or_default(),
        ..Records::at(at)
    })
}
