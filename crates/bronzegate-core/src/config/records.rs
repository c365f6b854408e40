//! `records`: where the records are in a page.
//!
//! ```yaml
//! records: results                            # a member of the body
//! records: $                                  # the whole body: an array, or an object as one record
//! records: { at: results, if_absent: empty }  # absent or null is how the API writes "none"
//! ```

use schemars::JsonSchema;
use serde::Deserialize;

use super::pointer::Pointer;
use super::read::{Slot, TextOr};

/// Where a page's records are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Records {
    /// The place of the list.
    pub at: RecordsPath,
    /// What an absent or null list means.
    pub if_absent: IfAbsent,
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

pub(super) fn resolve(spec: &TextOr<RecordsPath, RecordsSpec>) -> Option<Records> {
    Some(match spec {
        TextOr::Text(at) => Records { at: at.clone(), if_absent: IfAbsent::Error },
        TextOr::Map(long) => Records {
            at: long.at.cloned()?,
            if_absent: long.if_absent.as_ref().and_then(Slot::cloned).unwrap_or_default(),
        },
    })
}
