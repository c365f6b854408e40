//! A row of a checkpoint: one action of the table's state.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::actions::{Protocol, Txn};

/// A map of texts, in the order in which it was found.
pub(crate) type Texts = Map<String, Value>;

/// One action.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Row {
    Protocol(Protocol),
    /// Of `metaData`, all that the protocol names, as JSON.
    Metadata(Map<String, Value>),
    Txn(Txn),
    Add(Add),
    Remove(Remove),
}

/// A file of the table.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Add {
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) partition_values: Texts,
    pub(crate) size: i64,
    pub(crate) modification_time: i64,
    pub(crate) data_change: bool,
    #[serde(default)]
    pub(crate) stats: Option<String>,
    #[serde(default)]
    pub(crate) tags: Option<Texts>,
}

/// A file that the table had.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Remove {
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) deletion_timestamp: Option<i64>,
    pub(crate) data_change: bool,
    #[serde(default)]
    pub(crate) extended_file_metadata: Option<bool>,
    #[serde(default)]
    pub(crate) partition_values: Option<Texts>,
    #[serde(default)]
    pub(crate) size: Option<i64>,
    /// Checkpoints have neither of the two (PROTOCOL.md, "Checkpoints").
    #[serde(default, rename = "stats", skip_serializing)]
    pub(crate) _stats: Option<String>,
    #[serde(default, rename = "tags", skip_serializing)]
    pub(crate) _tags: Option<Texts>,
}
