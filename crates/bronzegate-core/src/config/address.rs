//! Where something is in a response ([`Address`]) and where it goes in a request ([`Target`]).
//!
//! ```yaml
//! next: { body: paging.next.after }     # or { header: X-Next }, { link: next }, { last_record: id }
//! send: { query: after }                # or { header: X-Cursor }, { body: variables.after }, { url: true }
//! ```

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};

use super::pointer::Pointer;

/// Where something is in a response.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Address {
    /// A member of the JSON body.
    Body(Pointer),
    /// A header, in lower case.
    Header(#[serde(deserialize_with = "header")] String),
    /// The target of the `Link` header with this relation (RFC 8288).
    Link(#[serde(deserialize_with = "filled")] String),
    /// A member of the page's last record.
    LastRecord(Pointer),
    /// The status code; written `{ status: true }`.
    #[schemars(with = "bool")]
    Status,
}

/// Where something goes in a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Target {
    /// A query parameter.
    Query(#[serde(deserialize_with = "filled")] String),
    /// A header, in lower case.
    Header(#[serde(deserialize_with = "header")] String),
    /// A member of the JSON body.
    Body(Pointer),
    /// The URL itself, absolute or relative to the request's; written `{ url: true }`.
    #[schemars(with = "bool")]
    Url,
}

/// Where something goes, if `pagination` says so; else a template does, or it goes nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent(pub Option<Target>);

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body(pointer) => write!(f, "body {pointer}"),
            Self::Header(name) => write!(f, "header {name}"),
            Self::Link(rel) => write!(f, "link {rel}"),
            Self::LastRecord(pointer) => write!(f, "last record's {pointer}"),
            Self::Status => f.write_str("status"),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Query(name) => write!(f, "query parameter {name}"),
            Self::Header(name) => write!(f, "header {name}"),
            Self::Body(pointer) => write!(f, "body member {pointer}"),
            Self::Url => f.write_str("url"),
        }
    }
}

/// A header's name as it is kept: lower case (RFC 9110 section 5.1 has them case-insensitive).
pub(super) fn header_name(text: &str) -> Option<String> {
    http::HeaderName::from_bytes(text.as_bytes()).ok().map(|name| name.as_str().to_owned())
}

fn header<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    header_name(&text).ok_or_else(|| de::Error::custom("a header's name such as X-Next-Cursor"))
}

fn filled<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.trim().is_empty() || text.contains("{{") {
        return Err(de::Error::custom("a name, not empty and without {{ }}"));
    }
    Ok(text)
}
