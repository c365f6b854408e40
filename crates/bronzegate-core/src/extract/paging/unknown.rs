//! Why it is not known what comes next: what a response says of the next page, and what may be meant.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use super::page_state::Carried;
use crate::config::Address;
use crate::error::{Error, ErrorKind};
use crate::http::Unreadable;
use crate::redact::printable;

/// The longest value that a message shows.
pub(super) const LONGEST_SHOWN: usize = 120;

/// Why it is not known what comes next.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unknown {
    #[error(
        "what the API names as its next page ({0}) {1}. Only what is absent, null or empty ends the pages: correct `pagination`, or have the API corrected"
    )]
    Next(Address, Unreadable),
    #[error("expected a URL at {0}, where the next page is looked for, and {1}")]
    NoUrl(Address, Shown),
    #[error(
        "expected a URL with the parameter `{1}` at {0}, where the next cursor is looked for, and `{2}` stands there"
    )]
    NoParameter(Address, String, String),
    #[error(
        "expected what `match: {1}` finds at {0}, where the next page is looked for, and `{2}` stands there"
    )]
    NoMatch(Address, String, String),
    #[error("expected a cursor at {0}, and {1}")]
    NoCursor(Address, Shown),
    #[error(
        "what is to be carried to the next page ({0}) {1}. Only what is absent, null or empty is skipped: correct `carry`, or have the API corrected"
    )]
    Carry(Address, Unreadable),
    #[error(
        "what is looked for as the token of the next run ({0}) {1}: correct `sync_token`, or have the API corrected"
    )]
    Token(Address, Unreadable),
    #[error(
        "the job names {0} files, and `pagination` goes from page to page: which of them has the next page is not known. Write `pagination: {{ type: none }}`, and each file is a page"
    )]
    FilesAndPages(usize),
}

/// What stands where the next page is looked for, and what may be meant.
#[derive(Debug)]
pub(super) struct Shown(String);

impl Shown {
    /// What stands at the address, as messages show it.
    pub(super) fn of(address: &Address, found: &Carried) -> Self {
        let value = printable(&found.text, LONGEST_SHOWN);
        let meant = match found.text.as_bytes().first() {
            Some(b'{') => link_in(address, &found.text).map(|near| format!(": did you mean {near}?")),
            Some(b'f') => written(address).map(|at| {
                format!(". Where this is how the API ends, say so: `stop: [{{ at: {at}, equals: false }}]`")
            }),
            _ => None,
        };
        Self(format!("`{value}` stands there{}", meant.unwrap_or_default()))
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An address as a source file writes it.
fn written(address: &Address) -> Option<String> {
    Some(match address {
        Address::Body(pointer) => format!("{{ body: {pointer} }}"),
        Address::LastRecord(pointer) => format!("{{ last_record: {pointer} }}"),
        Address::Header(_) | Address::Link(_) | Address::Status => return None,
    })
}

/// Where in an object the link is that it holds, by the usual names.
fn link_in(address: &Address, object: &str) -> Option<String> {
    let Address::Body(pointer) = address else { return None };
    let members: BTreeMap<String, Value> = serde_json::from_str(object).ok()?;
    let name = ["href", "url", "uri", "link"]
        .into_iter()
        .find(|name| members.get(*name).is_some_and(Value::is_string))?;
    let separator = if pointer.to_string().starts_with('/') { '/' } else { '.' };
    Some(format!("`next: {{ body: {pointer}{separator}{name} }}`"))
}

impl From<Unknown> for Error {
    fn from(cause: Unknown) -> Self {
        Self::new(ErrorKind::Data, cause)
    }
}
