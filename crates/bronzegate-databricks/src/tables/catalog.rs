//! Unity Catalog's REST API: what a table is, told without a warehouse.

use std::sync::Arc;

use bronzegate_core::service::{Answer, Request};
use serde::Deserialize;
use serde_json::Value;

use crate::workspace::{CallError, Workspace};

/// The catalog of a workspace.
#[derive(Debug)]
pub(super) struct Catalog {
    workspace: Arc<Workspace>,
}

/// A table as the catalog tells it, as far as it matters here (`GET /api/2.1/unity-catalog/tables/<name>`).
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct TableInfo {
    pub(super) table_id: Option<String>,
    pub(super) table_type: Option<String>,
    pub(super) data_source_format: Option<String>,
    #[serde(default)]
    pub(super) columns: Vec<ColumnInfo>,
    pub(super) row_filter: Option<Value>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct ColumnInfo {
    pub(super) name: String,
    /// In SQL's words: `bigint`.
    #[serde(default)]
    pub(super) type_text: String,
    pub(super) nullable: Option<bool>,
    pub(super) mask: Option<Value>,
}

impl Catalog {
    pub(super) fn new(workspace: Arc<Workspace>) -> Self {
        Self { workspace }
    }

    /// The table of a full name; `None` where it is not there, or the identity may not know of it.
    pub(super) async fn table(&self, full_name: &str) -> Result<Option<TableInfo>, CallError> {
        let Some(answer) = self.get("tables", full_name).await? else { return Ok(None) };
        // A table without a readable answer has no columns, and is then refused for that.
        Ok(Some(answer.json().unwrap_or_default()))
    }

    /// Whether a schema is there, as far as the identity may know.
    pub(super) async fn has_schema(&self, full_name: &str) -> Result<bool, CallError> {
        Ok(self.get("schemas", full_name).await?.is_some())
    }

    async fn get(&self, kind: &str, full_name: &str) -> Result<Option<Answer>, CallError> {
        let request = Request::get(["api", "2.1", "unity-catalog", kind, full_name]);
        match self.workspace.call(request).await {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.status() == Some(404) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
