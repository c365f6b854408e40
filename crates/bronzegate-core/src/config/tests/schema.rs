use serde_json::{Map, Value, json};

use super::reading::EXAMPLE;
use crate::config::problem::Report;
use crate::config::*;

/// Follows `$ref` and joins what stands beside it.
fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    match schema.get("$ref").and_then(Value::as_str) {
        Some(name) => root.pointer(name.trim_start_matches('#')).unwrap(),
        None => schema,
    }
}

fn forms(schema: &Value) -> Option<&Vec<Value>> {
    schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Value::as_array)
}

/// A value with every key the schema knows, taking the `pick`th form of each choice.
fn sample(root: &Value, schema: &Value, pick: usize) -> Value {
    let schema = resolve(root, schema);
    if let Some(forms) = forms(schema) {
        return sample(root, &forms[pick % forms.len()], pick);
    }
    if let Some(constant) = schema.get("const") {
        return constant.clone();
    }
    if let Some(Value::Array(words)) = schema.get("enum") {
        return words[0].clone();
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("object") => {
            let keys = schema.get("properties").and_then(Value::as_object);
            let keys =
                keys.into_iter().flatten().map(|(key, inner)| (key.clone(), sample(root, inner, pick)));
            let mut object: Map<String, Value> = keys.collect();
            if let Some(inner @ Value::Object(_)) = schema.get("additionalProperties") {
                object.insert("x".to_owned(), sample(root, inner, pick));
            }
            Value::Object(object)
        }
        Some("array") => json!([sample(root, &schema["items"], pick)]),
        Some("boolean") => json!(true),
        Some("integer" | "number") => json!(1),
        _ => json!("x"),
    }
}

/// The part of JSON Schema that the generated one uses.
fn fits(root: &Value, schema: &Value, value: &Value) -> bool {
    let schema = resolve(root, schema);
    if let Some(forms) = forms(schema) {
        return forms.iter().any(|form| fits(root, form, value));
    }
    if schema.get("const").is_some_and(|constant| constant != value) {
        return false;
    }
    if schema.get("enum").and_then(Value::as_array).is_some_and(|words| !words.contains(value)) {
        return false;
    }
    match (schema.get("type").and_then(Value::as_str), value) {
        (Some("object"), Value::Object(object)) => {
            let required = schema.get("required").and_then(Value::as_array);
            required.into_iter().flatten().all(|key| object.contains_key(key.as_str().unwrap()))
                && object.iter().all(|(key, value)| {
                    match schema
                        .pointer(&format!("/properties/{key}"))
                        .or_else(|| schema.get("additionalProperties"))
                    {
                        Some(Value::Bool(any)) => *any,
                        Some(inner) => fits(root, inner, value),
                        None => true,
                    }
                })
        }
        (Some("array"), Value::Array(items)) => items.iter().all(|item| fits(root, &schema["items"], item)),
        (Some("object" | "array"), _)
        | (Some("string" | "boolean" | "integer"), Value::Object(_) | Value::Array(_)) => false,
        _ => true,
    }
}

#[test]
fn the_parser_knows_every_key_of_the_schema() {
    let schema = json_schema();
    for pick in 0..24 {
        let text = sample(&schema, &schema, pick).to_string();
        let problems = parse("x.yaml", &text).unwrap_err().to_string();
        for stranger in ["unknown key", "is not known", "key is missing"] {
            assert!(!problems.contains(stranger), "{problems}\n{text}");
        }
    }
}

#[test]
fn the_example_fits_the_schema_and_mistakes_do_not() {
    let schema = json_schema();
    let value = |text: &str| {
        let report = Report::new("x.yaml");
        let node = read::document(text, &report).unwrap();
        read::read::<Value>(&node, &report).unwrap()
    };
    assert!(fits(&schema, &schema, &value(EXAMPLE)));
    for (from, to) in [
        ("concurrency: 4", "concurency: 4"),
        ("next: {", "nxt: {"),
        ("type: cursor", "type: curser"),
        ("token: { secret: hubspot-token }", "token: abc"),
        ("records: results", "recrods: results"),
        ("query: limit, value", "query: limit, vale"),
    ] {
        assert!(!fits(&schema, &schema, &value(&EXAMPLE.replace(from, to))), "{to}");
    }
}

#[test]
fn what_is_written_without_quotes_is_text_for_editors_as_it_is_for_the_parser() {
    let text = EXAMPLE.replace("query: limit", "query: 7").replace("records: results", "records: 2026");
    assert!(parse("hubspot.yaml", &text).is_ok(), "the parser takes it");
    let (strict, schema) = (json_schema(), editor_schema());
    let of = |schema: &Value, key: &str| {
        schema.pointer(&format!("/$defs/Target/oneOf/0/properties/{key}/type")).cloned()
    };
    assert_eq!(of(&schema, "query"), Some(json!(["string", "number", "boolean"])));
    assert_eq!(of(&strict, "query"), Some(json!("string")), "the tables of keys name what is meant");
    let method = schema.pointer("/$defs/Method").unwrap().to_string();
    assert!(!method.contains("number"), "words stay words: {method}");
}

#[test]
fn every_map_of_known_keys_is_closed_and_every_key_described() {
    fn walk(path: &str, schema: &Value) {
        if let Some(Value::Object(keys)) = schema.get("properties") {
            assert_eq!(schema.get("additionalProperties"), Some(&json!(false)), "{path}");
            for (key, inner) in keys {
                let alone = keys.len() == 1 || key == "type" || schema.get("description").is_some();
                assert!(alone || inner.get("description").is_some(), "{path}.{key}");
            }
        }
        match schema {
            Value::Object(object) => {
                for (key, inner) in object {
                    walk(&format!("{path}.{key}"), inner);
                }
            }
            Value::Array(items) => items.iter().for_each(|inner| walk(path, inner)),
            _ => {}
        }
    }
    let schema = json_schema();
    walk("", &schema);
    assert!(!schema.to_string().contains("\"null\""));
    let keys = schema["properties"].as_object().unwrap();
    for key in [
        "source",
        "base_url",
        "allowed_hosts",
        "vars",
        "auth",
        "rate_limit",
        "retry",
        "timeout",
        "concurrency",
        "streams",
    ] {
        assert!(keys.contains_key(key), "{key}");
    }
}
