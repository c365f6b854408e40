//! A table's columns (`schemaString`: PROTOCOL.md, "Schema Serialization Format").

use bronzegate_core::bronze::TableColumn;
use serde_json::{Map, Value, json};

/// The schema of a table. It is kept as it was found: adding a column changes nothing else of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Schema(Map<String, Value>);

impl Schema {
    /// Of columns alone, all of which may be null.
    pub(crate) fn of(columns: &[TableColumn]) -> Self {
        let fields: Vec<_> = columns.iter().map(field).collect();
        let mut schema = Map::new();
        schema.insert("type".to_owned(), json!("struct"));
        schema.insert("fields".to_owned(), Value::Array(fields));
        Self(schema)
    }

    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let schema: Map<String, Value> = serde_json::from_str(text)
            .map_err(|error| format!("its schemaString cannot be read: {error}"))?;
        let named =
            |field: &Value| field.get("name").is_some_and(Value::is_string) && field.get("type").is_some();
        match schema.get("fields") {
            Some(Value::Array(fields)) if fields.iter().all(named) => Ok(Self(schema)),
            _ => Err("its schemaString has no list of named fields".to_owned()),
        }
    }

    /// The columns at the top.
    pub(crate) fn fields(&self) -> impl Iterator<Item = Field<'_>> {
        self.0.get("fields").and_then(Value::as_array).into_iter().flatten().map(Field)
    }

    /// Adds columns after the others.
    pub(crate) fn add(&mut self, columns: &[TableColumn]) {
        if let Some(Value::Array(fields)) = self.0.get_mut("fields") {
            fields.extend(columns.iter().map(field));
        }
    }

    /// As it is written.
    pub(crate) fn to_text(&self) -> String {
        Value::Object(self.0.clone()).to_string()
    }
}

fn field(column: &TableColumn) -> Value {
    json!({"name": column.name, "type": column.kind.to_string(), "nullable": true, "metadata": {}})
}

/// One column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field<'a>(&'a Value);

impl<'a> Field<'a> {
    pub(crate) fn name(self) -> &'a str {
        self.0.get("name").and_then(Value::as_str).unwrap_or_default()
    }

    /// Its type in the schema's words; of a struct, list or map the kind alone.
    pub(crate) fn kind(self) -> &'a str {
        let kind = self.0.get("type");
        let nested = || kind.and_then(|kind| kind.get("type")).and_then(Value::as_str);
        kind.and_then(Value::as_str).or_else(nested).unwrap_or_default()
    }

    pub(crate) fn may_be_null(self) -> bool {
        self.0.get("nullable").and_then(Value::as_bool).unwrap_or(true)
    }

    /// Whether the column or anything within it has an entry of its metadata whose name begins so.
    pub(crate) fn has_metadata(self, prefix: &str) -> bool {
        has_metadata(self.0, prefix)
    }
}

/// How deep a schema is looked into; what is deeper counts as having everything.
const DEEPEST: usize = 100;

fn has_metadata(value: &Value, prefix: &str) -> bool {
    fn within(value: &Value, prefix: &str, depth: usize) -> bool {
        if depth > DEEPEST {
            return true;
        }
        match value {
            Value::Object(members) => members.iter().any(|(name, member)| match member {
                Value::Object(entries) if name == "metadata" => {
                    entries.keys().any(|entry| entry.starts_with(prefix))
                }
                _ => within(member, prefix, depth + 1),
            }),
            Value::Array(items) => items.iter().any(|item| within(item, prefix, depth + 1)),
            _ => false,
        }
    }
    within(value, prefix, 0)
}

#[cfg(test)]
mod tests {
    use bronzegate_core::bronze::ColumnType;

    use super::*;

    fn column(name: &str, kind: ColumnType) -> TableColumn {
        TableColumn { name: name.to_owned(), kind }
    }

    #[test]
    fn a_column_is_added_and_all_else_stays_as_it_was() {
        let text = r#"{"type":"struct","fields":[{"name":"Id","type":"long","nullable":true,"metadata":{"comment":"x","n":9007199254740993}},{"name":"s","type":{"type":"struct","fields":[]},"nullable":true,"metadata":{}}],"other":1}"#;
        let mut schema = Schema::parse(text).unwrap();
        assert_eq!(schema.to_text(), text);
        schema.add(&[column("amount", ColumnType::Decimal { precision: 18, scale: 2 })]);
        let added = r#",{"name":"amount","type":"decimal(18,2)","nullable":true,"metadata":{}}],"other":1}"#;
        assert!(schema.to_text().ends_with(added), "{}", schema.to_text());
        let kinds: Vec<_> = schema.fields().map(|field| (field.name(), field.kind())).collect();
        assert_eq!(kinds, [("Id", "long"), ("s", "struct"), ("amount", "decimal(18,2)")]);
        assert_eq!(Schema::of(&[column("a", ColumnType::Date)]).fields().count(), 1);
    }

    #[test]
    fn metadata_is_found_at_any_depth() {
        let text = r#"{"type":"struct","fields":[{"name":"s","type":{"type":"array","elementType":{"type":"struct","fields":[{"name":"x","type":"long","nullable":true,"metadata":{"delta.invariants":"{}"}}]}},"nullable":true,"metadata":{}}]}"#;
        let schema = Schema::parse(text).unwrap();
        let field = schema.fields().next().unwrap();
        assert!(field.has_metadata("delta.invariants") && !field.has_metadata("delta.identity"));
    }

    #[test]
    fn a_schema_without_named_fields_is_refused() {
        for text in ["", "{}", r#"{"fields":[{"type":"long"}]}"#, r#"{"fields":{}}"#] {
            assert!(Schema::parse(text).is_err(), "{text}");
        }
    }
}
