//! The JSON Schema of source files, generated from the types that read them.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use super::source::SourceEntry;

/// Returns the JSON Schema (draft 2020-12) that editors check a source file with.
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
