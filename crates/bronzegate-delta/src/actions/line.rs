//! One line of a log: an object whose only member that is not null is an action.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// The actions of a line by name; members that are null are left out.
pub(crate) struct Line<'a>(BTreeMap<String, &'a RawValue>);

impl<'a> Line<'a> {
    pub(crate) fn parse(line: &'a str) -> Result<Self, String> {
        let mut members: BTreeMap<String, &RawValue> =
            serde_json::from_str(line).map_err(|error| format!("a line is no object of JSON: {error}"))?;
        members.retain(|_, value| value.get() != "null");
        Ok(Self(members))
    }

    /// The action of a name as it stands.
    pub(crate) fn raw(&self, name: &str) -> Option<&'a RawValue> {
        self.0.get(name).copied()
    }

    /// The action of a name.
    pub(crate) fn action<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, String> {
        let Some(raw) = self.raw(name) else { return Ok(None) };
        serde_json::from_str(raw.get())
            .map(Some)
            .map_err(|error| format!("its {name} cannot be read: {error}"))
    }

    /// The names of its actions.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// What a writer has done (`txn`).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Txn {
    pub(crate) app_id: String,
    pub(crate) version: i64,
    pub(crate) last_updated: Option<i64>,
}

/// Of `add` and `remove`, the file alone.
#[derive(Debug, Deserialize)]
pub(crate) struct FilePath {
    pub(crate) path: String,
}

/// What is read of `commitInfo`.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CommitTimes {
    /// When the writer says that it was written, in milliseconds.
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) timestamp: Option<i64>,
    /// With the feature of that name, when it counts as committed.
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) in_commit_timestamp: Option<i64>,
}

/// Writers may put any JSON into `commitInfo`.
fn lenient<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(serde_json::Value::deserialize(deserializer)?.as_i64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_action_that_is_not_null() {
        let line = Line::parse(r#"{"add":null,"txn":{"appId":"a","version":7,"other":1}}"#).unwrap();
        assert_eq!(line.names().collect::<Vec<_>>(), ["txn"]);
        let txn = Txn { app_id: "a".to_owned(), version: 7, last_updated: None };
        assert_eq!(line.action("txn"), Ok(Some(txn)));
        assert_eq!(line.action::<Txn>("add"), Ok(None));
    }

    #[test]
    fn what_is_no_action_is_told() {
        assert!(Line::parse("[1]").is_err_and(|error| error.starts_with("a line is no object of JSON")));
        let line = Line::parse(r#"{"txn":{"appId":1}}"#).unwrap();
        assert!(line.action::<Txn>("txn").is_err_and(|error| error.starts_with("its txn cannot be read")));
    }

    #[test]
    fn the_times_of_a_commit_are_read_where_they_are_numbers() {
        let times = |text: &str| serde_json::from_str::<CommitTimes>(text).unwrap();
        assert_eq!(times(r#"{"timestamp":5,"inCommitTimestamp":6}"#).in_commit_timestamp, Some(6));
        assert_eq!(times(r#"{"timestamp":"today"}"#).timestamp, None);
        assert_eq!(times("{}").timestamp, None);
    }
}
