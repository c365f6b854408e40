//! Statements: submitted, polled by their id, and what became of them.

use std::sync::Arc;
use std::time::Duration;

use bronzegate_core::service::Request;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::workspace::{CallError, Workspace};

/// How long the first answer may keep us waiting for the statement's end.
const WAIT: &str = "30s";
/// The waits between two looks at a statement: the first, and the longest.
const FIRST_LOOK: Duration = Duration::from_millis(500);
const LONGEST_LOOK: Duration = Duration::from_secs(10);
/// How long a statement is waited for, the start of its warehouse included. A run's deadline ends the wait before.
const PATIENCE: Duration = Duration::from_hours(1);
/// Calls in a row that may fail while a statement is polled.
const MOST_FAULTS: u32 = 5;

/// Statements on one SQL warehouse (Databricks, "Statement Execution API").
#[derive(Debug)]
pub(crate) struct Statements {
    workspace: Arc<Workspace>,
    warehouse: String,
}

/// A value for a parameter marker, such as `:stream`.
#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    /// Its name, without the colon.
    pub(crate) name: &'static str,
    /// Its value.
    pub(crate) value: String,
    /// Its type in SQL.
    pub(crate) kind: &'static str,
}

/// The first row of a statement's result.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    columns: Vec<String>,
    first: Vec<Option<String>>,
}

/// Why a statement has no result. The texts hold no secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StatementError {
    /// The warehouse ended it with an error, so it has had no effect.
    #[error("{0}")]
    Failed(Failure),
    /// It may have had its effect, or may still have it.
    #[error("{0}")]
    Unknown(String),
    /// It was not accepted, so it has had no effect.
    #[error("{0}")]
    Call(CallError),
}

/// How a statement failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The API's word: `BAD_REQUEST`.
    code: Option<String>,
    /// The class of the error, which Databricks writes in brackets before its text: `DELTA_CONCURRENT_APPEND`.
    class: Option<String>,
    sql_state: Option<String>,
    message: String,
}

#[derive(Deserialize)]
struct Answered {
    statement_id: Option<String>,
    status: Status,
    manifest: Option<Manifest>,
    result: Option<Data>,
}

#[derive(Deserialize)]
struct Status {
    state: String,
    error: Option<ErrorBody>,
    #[serde(alias = "sqlState")]
    sql_state: Option<String>,
}

#[derive(Default, Deserialize)]
struct ErrorBody {
    error_code: Option<String>,
    message: Option<String>,
}

#[derive(Deserialize)]
struct Manifest {
    schema: Schema,
}

#[derive(Default, Deserialize)]
struct Schema {
    #[serde(default)]
    columns: Vec<Column>,
}

#[derive(Deserialize)]
struct Column {
    name: String,
}

#[derive(Deserialize)]
struct Data {
    #[serde(default)]
    data_array: Vec<Vec<Option<String>>>,
}

impl Failure {
    /// Whether the same statement may go well: another writer was at the table, or the warehouse was not ready.
    ///
    /// Delta's conflicts have the SQLSTATE `2D521` and classes that begin as below (Databricks, "Error conditions").
    pub(crate) fn passes(&self) -> bool {
        self.is_conflict()
            || matches!(
                self.code.as_deref(),
                Some(
                    "ABORTED"
                        | "CANCELLED"
                        | "DEADLINE_EXCEEDED"
                        | "IO_ERROR"
                        | "RESOURCE_EXHAUSTED"
                        | "SERVICE_UNDER_MAINTENANCE"
                        | "TEMPORARILY_UNAVAILABLE"
                        | "WORKSPACE_TEMPORARILY_UNAVAILABLE"
                )
            )
    }

    fn is_conflict(&self) -> bool {
        let begins = ["DELTA_CONCURRENT_", "DELTA_METADATA_CHANGED", "DELTA_PROTOCOL_CHANGED", "CONCURRENT_"];
        self.sql_state.as_deref() == Some("2D521")
            || self.class.as_deref().is_some_and(|class| begins.iter().any(|begin| class.starts_with(begin)))
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let code = self.code.as_deref().unwrap_or("FAILED");
        write!(f, "the statement failed: {code}: {}", self.message)
    }
}

impl Rows {
    /// A number of the first row.
    pub(crate) fn number(&self, column: &str) -> Option<u64> {
        let at = self.columns.iter().position(|name| name == column)?;
        self.first.get(at)?.as_deref()?.parse().ok()
    }
}

impl Statements {
    pub(crate) fn new(workspace: Arc<Workspace>, warehouse: String) -> Self {
        Self { workspace, warehouse }
    }

    /// Runs a statement to its end.
    pub(crate) async fn run(&self, sql: &str, parameters: &[Parameter]) -> Result<Rows, StatementError> {
        let clock = self.workspace.service().clock();
        let patience_ends = clock.elapsed().saturating_add(PATIENCE);
        let mut answered = self.submit(sql, parameters).await?;
        let mut look = FIRST_LOOK;
        loop {
            let id = match self.judge(answered)? {
                Judged::Done(rows) => return Ok(rows),
                Judged::Runs(id) => id,
            };
            if clock.elapsed() >= patience_ends {
                return Err(StatementError::Unknown(format!("statement {id} has not ended within an hour")));
            }
            clock.sleep(look).await;
            look = LONGEST_LOOK.min(look.saturating_mul(2));
            answered = self.poll(&id).await?;
        }
    }

    async fn submit(&self, sql: &str, parameters: &[Parameter]) -> Result<Answered, StatementError> {
        let parameters: Vec<Value> = parameters
            .iter()
            .map(|Parameter { name, value, kind }| json!({ "name": name, "value": value, "type": kind }))
            .collect();
        let body = json!({
            "statement": sql,
            "warehouse_id": self.warehouse,
            "parameters": parameters,
            "wait_timeout": WAIT,
            "on_wait_timeout": "CONTINUE",
            "disposition": "INLINE",
            "format": "JSON_ARRAY",
        });
        let request = Request::post_json(["api", "2.0", "sql", "statements"], &body).once();
        let answer = self.workspace.call(request).await.map_err(|error| {
            if error.is_lost() {
                StatementError::Unknown(error.to_string())
            } else {
                StatementError::Call(error)
            }
        })?;
        answer.json().ok_or_else(unreadable)
    }

    /// Looks at a statement. A failing look says nothing about the statement, so a few are borne.
    async fn poll(&self, id: &str) -> Result<Answered, StatementError> {
        let mut faults = 0;
        loop {
            let request = Request::get(["api", "2.0", "sql", "statements", id]);
            match self.workspace.call(request).await {
                Ok(answer) => return answer.json().ok_or_else(unreadable),
                Err(error) if error.is_transient() && faults < MOST_FAULTS => {
                    faults += 1;
                    self.workspace.service().clock().sleep(LONGEST_LOOK).await;
                }
                Err(error) => return Err(StatementError::Unknown(format!("statement {id}: {error}"))),
            }
        }
    }

    fn judge(&self, answered: Answered) -> Result<Judged, StatementError> {
        let Answered { statement_id, status, manifest, result } = answered;
        match status.state.as_str() {
            "SUCCEEDED" => {
                let columns = manifest.map(|manifest| manifest.schema.columns).unwrap_or_default();
                let columns = columns.into_iter().map(|column| column.name).collect();
                let first = result.and_then(|data| data.data_array.into_iter().next()).unwrap_or_default();
                Ok(Judged::Done(Rows { columns, first }))
            }
            "PENDING" | "RUNNING" => statement_id.map(Judged::Runs).ok_or_else(unreadable),
            "FAILED" => Err(StatementError::Failed(self.failure(status))),
            // Somebody ended it, or its result is gone: what it has done cannot be told from here.
            state => {
                let id = statement_id.unwrap_or_default();
                let state = self.workspace.service().told(state);
                Err(StatementError::Unknown(format!("statement {id} is {state}")))
            }
        }
    }

    fn failure(&self, status: Status) -> Failure {
        let ErrorBody { error_code, message } = status.error.unwrap_or_default();
        let told = |text: &str| self.workspace.service().told(text);
        let message = told(message.as_deref().unwrap_or("Databricks does not say why"));
        let class = message
            .strip_prefix('[')
            .and_then(|rest| rest.split_once(']'))
            .map(|(class, _)| class.to_owned());
        Failure { code: error_code.as_deref().map(told), class, sql_state: status.sql_state, message }
    }
}

enum Judged {
    Done(Rows),
    Runs(String),
}

/// What was accepted is not known to have had no effect.
fn unreadable() -> StatementError {
    StatementError::Unknown("Databricks' answer is not a statement's state".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(code: &str, class: Option<&str>, sql_state: Option<&str>) -> Failure {
        let owned = |text: &str| text.to_owned();
        Failure {
            code: Some(owned(code)),
            class: class.map(owned),
            sql_state: sql_state.map(owned),
            message: owned("no"),
        }
    }

    #[test]
    fn a_conflict_and_a_warehouse_that_is_not_ready_pass_and_a_mistake_stays() {
        for (failed, passes) in [
            (failure("BAD_REQUEST", Some("DELTA_CONCURRENT_APPEND"), None), true),
            (failure("UNKNOWN", None, Some("2D521")), true),
            (failure("SERVICE_UNDER_MAINTENANCE", None, None), true),
            (failure("BAD_REQUEST", Some("DELTA_METADATA_CHANGED"), None), true),
            (failure("BAD_REQUEST", Some("TABLE_OR_VIEW_NOT_FOUND"), Some("42P01")), false),
            (failure("PERMISSION_DENIED", None, None), false),
            (failure("INTERNAL_ERROR", None, None), false),
        ] {
            assert_eq!(failed.passes(), passes, "{failed:?}");
        }
    }
}
