//! The JSON Schema of source files, generated from the types that read them.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use super::source::SourceEntry;

/// Returns the JSON Schema (draft 2020-12) that editors check a source file with.
///
/// It is [`json_schema`], but takes numbers, `true` and `false` for texts: the reader takes a plain scalar as the text that
/// it is written with (`client_id: 4711`).
pub fn editor_schema() -> Value {
    let mut schema = json_schema();
    take_plain_scalars(&mut schema);
    schema
}

/// Returns the JSON Schema (draft 2020-12) of source files, each value with the type that it is meant to have.
///
/// It knows keys, words and forms; what settings need from each other only [`super::parse`] knows.
pub fn json_schema() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<SourceEntry>().to_value();
    if let Some(root) = schema.as_object_mut() {
        root.insert("title".to_owned(), "bronzegate source".into());
    }
    drop_null(&mut schema);
    schema
}

/// A text may be written as a number is. Words, and texts of a form of their own, may not.
fn take_plain_scalars(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(take_plain_scalars),
        Value::Object(object) => {
            object.values_mut().for_each(take_plain_scalars);
            let is_text = object.get("type").is_some_and(|kind| kind == "string");
            if is_text && !["enum", "const", "pattern"].iter().any(|key| object.contains_key(*key)) {
                object.insert("type".to_owned(), serde_json::json!(["string", "number", "boolean"]));
            }
        }
        _ => {}
    }
}

/// An optional key may be left out, not null.
fn drop_null(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(drop_null),
        Value::Object(object) => {
            object.values_mut().for_each(drop_null);
            drop_null_type(object);
            unwrap_single(object);
        }
        _ => {}
    }
}

fn drop_null_type(object: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = &mut types[..] {
            let only = only.take();
            object.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(forms)) = object.get_mut("anyOf") {
        forms.retain(|form| form.get("type").is_none_or(|kind| kind != "null"));
    }
}

/// A choice of one is that one.
fn unwrap_single(object: &mut Map<String, Value>) {
    if let Some(Value::Array(forms)) = object.get_mut("anyOf")
        && let [Value::Object(only)] = &mut forms[..]
    {
        let only = std::mem::take(only);
        object.remove("anyOf");
        for (key, value) in only {
            object.entry(key).or_insert(value);
        }
    }
}
