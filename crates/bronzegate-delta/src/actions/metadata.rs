//! What a table is (`metaData`).

use std::collections::BTreeMap;

use bronzegate_core::bronze::TableColumn;
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::interval;
use super::schema::Schema;

/// How long tables that we make remember who has written what, so that checkpoints do not grow with every run.
const REMEMBERED: &str = "interval 30 days";

/// A property of the tables that we make; their log is cleaned up by us.
const OURS: &str = "bronzegate.table";

/// The metadata of a table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Metadata {
    /// As it was found, to be written again with a changed schema.
    raw: Map<String, Value>,
    pub(crate) id: String,
    pub(crate) partition_columns: Vec<String>,
    pub(crate) configuration: BTreeMap<String, String>,
    pub(crate) schema: Schema,
    /// The encoding of its files: `parquet`.
    pub(crate) provider: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Read {
    id: String,
    schema_string: String,
    #[serde(default)]
    partition_columns: Option<Vec<String>>,
    /// Null values are there in the wild; they say nothing.
    #[serde(default)]
    configuration: Option<BTreeMap<String, Option<String>>>,
    #[serde(default)]
    format: Option<Format>,
}

#[derive(Deserialize)]
struct Format {
    provider: Option<String>,
}

impl Metadata {
    /// That of a new table.
    pub(crate) fn new(id: &str, columns: &[TableColumn], created: i64) -> Self {
        let configuration = BTreeMap::from([
            (OURS.to_owned(), "1".to_owned()),
            ("delta.setTransactionRetentionDuration".to_owned(), REMEMBERED.to_owned()),
        ]);
        let schema = Schema::of(columns);
        let raw = json!({
            "id": id,
            "format": {"provider": "parquet", "options": {}},
            "schemaString": schema.to_text(),
            "partitionColumns": [],
            "configuration": configuration,
            "createdTime": created,
        });
        let raw = if let Value::Object(raw) = raw { raw } else { Map::new() };
        let (id, provider) = (id.to_owned(), "parquet".to_owned());
        Self { raw, id, partition_columns: Vec::new(), configuration, schema, provider }
    }

    pub(crate) fn parse(raw: Map<String, Value>) -> Result<Self, String> {
        let read: Read = serde_json::from_value(Value::Object(raw.clone()))
            .map_err(|error| format!("its metaData cannot be read: {error}"))?;
        let configuration = read.configuration.unwrap_or_default();
        Ok(Self {
            raw,
            id: read.id,
            partition_columns: read.partition_columns.unwrap_or_default(),
            configuration: configuration
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?)))
                .collect(),
            schema: Schema::parse(&read.schema_string)?,
            provider: read.format.and_then(|format| format.provider).unwrap_or_else(|| "parquet".to_owned()),
        })
    }

    /// As it is written.
    pub(crate) fn raw(&self) -> &Map<String, Value> {
        &self.raw
    }

    /// The same with more columns. The action replaces all of the metadata, so all of it is repeated.
    pub(crate) fn with_columns(&self, columns: &[TableColumn]) -> Map<String, Value> {
        let mut schema = self.schema.clone();
        schema.add(columns);
        let mut raw = self.raw.clone();
        raw.insert("schemaString".to_owned(), json!(schema.to_text()));
        raw
    }

    pub(crate) fn property(&self, name: &str) -> Option<&str> {
        self.configuration.get(name).map(String::as_str)
    }

    pub(crate) fn is_on(&self, name: &str) -> bool {
        self.property(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// Whether we made the table.
    pub(crate) fn is_ours(&self) -> bool {
        self.property(OURS).is_some()
    }

    /// How long the table remembers transactions; `None` where it never forgets them. One that is not understood
    /// counts as none at all, so that nothing is taken for known.
    pub(crate) fn remembers_for(&self) -> Option<SignedDuration> {
        self.property("delta.setTransactionRetentionDuration")
            .map(|text| interval::parse(text).unwrap_or(SignedDuration::ZERO))
    }

    /// A length of time among the properties; the default where it is absent, `None` where it is not understood.
    pub(crate) fn length(&self, name: &str, default: SignedDuration) -> Option<SignedDuration> {
        self.property(name).map_or(Some(default), interval::parse)
    }

    /// Versions from one checkpoint to the next.
    pub(crate) fn checkpoint_interval(&self) -> i64 {
        let stated = self.property("delta.checkpointInterval").and_then(|text| text.trim().parse().ok());
        stated.filter(|interval| *interval > 0).unwrap_or(10)
    }
}

#[cfg(test)]
mod tests {
    use bronzegate_core::bronze::ColumnType;

    use super::*;

    fn parse(text: &str) -> Metadata {
        let Value::Object(raw) = serde_json::from_str(text).unwrap() else { panic!("no object: {text}") };
        Metadata::parse(raw).unwrap()
    }

    #[test]
    fn a_new_table_says_whose_it_is_and_how_long_it_remembers() {
        let columns = [TableColumn { name: "record".to_owned(), kind: ColumnType::String }];
        let made = Metadata::new("an-id", &columns, 5);
        assert!(made.is_ours());
        assert_eq!(made.remembers_for(), Some(SignedDuration::from_hours(24 * 30)));
        assert_eq!(Metadata::parse(made.raw().clone()).unwrap(), made);
    }

    #[test]
    fn more_columns_repeat_all_of_the_metadata() {
        let text = r#"{"id":"i","name":"n","description":"d","format":{"provider":"parquet","options":{"a":"b"}},"schemaString":"{\"type\":\"struct\",\"fields\":[]}","partitionColumns":[],"configuration":{"delta.x":"y","null":null},"createdTime":7,"foreign":{"a":1}}"#;
        let found = parse(text);
        let column = TableColumn { name: "record".to_owned(), kind: ColumnType::String };
        let more = Value::Object(found.with_columns(&[column])).to_string();
        let fields =
            r#"\"fields\":[{\"name\":\"record\",\"type\":\"string\",\"nullable\":true,\"metadata\":{}}]"#;
        assert_eq!(more, text.replace(r#"\"fields\":[]"#, fields));
        assert_eq!(found.remembers_for(), None);
        assert_eq!(found.checkpoint_interval(), 10);
    }

    #[test]
    fn a_retention_that_is_not_understood_promises_nothing() {
        let text = r#"{"id":"i","schemaString":"{\"fields\":[]}","configuration":{"delta.setTransactionRetentionDuration":"2 months","delta.checkpointInterval":"0"}}"#;
        let found = parse(text);
        assert_eq!(found.remembers_for(), Some(SignedDuration::ZERO));
        assert_eq!(found.checkpoint_interval(), 10);
        assert!(!found.is_ours());
    }
}
