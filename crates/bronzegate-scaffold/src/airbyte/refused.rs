//! Why a stream is not converted.

use crate::tree::Node;

/// What a source file cannot say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    /// The kind of thing, in few words that are the same everywhere.
    pub(super) capability: &'static str,
    /// What it is here.
    pub(super) what: String,
    /// Where it stands in the manifest, counted from 1.
    pub(super) line: usize,
}

/// The result of a part of a conversion.
pub(super) type Result<T> = std::result::Result<T, Refused>;

/// A refusal at a node.
pub(super) fn refuse<T>(capability: &'static str, what: impl Into<String>, at: &Node) -> Result<T> {
    Err(Refused { capability, what: what.into(), line: at.line })
}
