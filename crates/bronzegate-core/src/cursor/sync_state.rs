//! The token by which an API tells what has changed since a run: plain data in the commit log.

use serde::{Deserialize, Serialize};

use super::value::Verbatim;

/// The tokens of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncState {
    /// Tells what the file asks for from other files: a token is good for that alone.
    pub settings: String,
    /// The one of the run before, with which it asks; `None` where it asks for everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<Verbatim>,
    /// The one that its last page has given, once it is complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<Verbatim>,
}
