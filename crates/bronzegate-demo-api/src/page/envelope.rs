//! What stands around the records: the members before and after them, and the headers.

use crate::serve::Headers;

/// Where the records stand.
#[derive(Debug)]
pub(crate) enum List {
    /// In a member of this name.
    Member(String),
    /// They are the body.
    Root,
    /// One a line.
    Lines,
    /// One a row.
    Table,
    /// Nowhere: there are none.
    Absent,
}

/// Everything of a page but the records.
#[derive(Debug)]
pub(crate) struct Envelope {
    /// From the body's first byte to the member's name; ends with `{` or `,`.
    pub(crate) before: String,
    pub(crate) list: List,
    /// From after the list to the body's last byte; begins with `,` or `}`.
    pub(crate) after: String,
    pub(crate) headers: Headers,
}

impl Envelope {
    /// An object with the records in `member` and `after` after them.
    pub(crate) fn object(member: &str, after: String) -> Self {
        Self { before: "{".into(), list: List::Member(member.into()), after, headers: Headers::default() }
    }
}

/// Writes a JSON string.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
