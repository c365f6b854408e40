//! Pages whose records are not the elements of one list.

use super::envelope::{Envelope, List, quoted};
use crate::{
    quirks::Form,
    record::{Recipe, element, write_element},
};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

impl Form {
    /// What stands around the records; an empty map is an empty list, as PHP has it.
    pub(crate) fn brackets(&self, count: u64) -> (String, &'static str) {
        match self {
            Self::Map { .. } if count > 0 => ("{".to_owned(), "}"),
            Self::Lists { is_map: true, .. } => ("{".to_owned(), "}"),
            Self::Rows { columns, first_row: true, .. } => {
                let names = Value::from(columns.clone());
                (format!("[{names}{}", if count > 0 { "," } else { "" }), "]")
            }
            Self::Xml { .. } => (String::new(), ""),
            _ => ("[".to_owned(), "]"),
        }
    }

    /// Writes what the recipe's record of this number becomes.
    pub(crate) fn write(&self, recipe: &Recipe, index: u64, record: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::List => out.extend_from_slice(record),
            Self::Map { key } => {
                out.extend_from_slice(name_of(record, key).as_bytes());
                out.push(b':');
                out.extend_from_slice(record);
            }
            Self::Lists { most, at, is_map } => {
                if *is_map {
                    out.extend_from_slice(format!("\"list {index}\":").as_bytes());
                }
                if let Some(at) = at {
                    out.extend_from_slice(format!("{{\"nr\":{index},\"{at}\":").as_bytes());
                }
                out.push(b'[');
                for (nth, at) in inner(*most, index).enumerate() {
                    out.extend(std::iter::repeat_n(b',', usize::from(nth > 0)));
                    recipe.write(out, at);
                }
                out.extend_from_slice(if at.is_some() { b"],\"more\":{\"items\":[0]}}" } else { b"]" });
            }
            Self::Values { member } => out.extend_from_slice(value_of(record, member).as_bytes()),
            Self::Xml { entry, .. } => write_element(entry, record, out),
            Self::Rows { columns, .. } => {
                let values: Vec<&str> = columns.iter().map(|name| value_of(record, name)).collect();
                out.extend_from_slice(format!("[{}]", values.join(",")).as_bytes());
            }
        }
    }
}

/// What stands around the elements of XML: what a JSON body says besides, some of it before them and some after.
pub(crate) fn around_elements(envelope: &Envelope, within: Option<&str>) -> (String, String) {
    let List::Member(name) = &envelope.list else { return ("<feed>".to_owned(), "</feed>".to_owned()) };
    if let Some(within) = within {
        return nested(within);
    }
    let body = format!("{}{}:null{}", envelope.before, quoted(name), envelope.after);
    let members: Map<String, Value> = serde_json::from_str(&body).unwrap_or_default();
    let said = members.iter().filter(|(member, _)| *member != name);
    let elements: Vec<String> = said.map(|(member, value)| markup(member, value)).collect();
    let (before, behind) = elements.split_at(elements.len() / 2);
    let head =
        format!("<?xml version=\"1.0\"?>\n<!-- <entry> -->\n<feed xmlns=\"urn:demo\">{}", before.concat());
    (head, format!("{}</feed>\n", behind.concat()))
}

/// Elements in each other, after a document type that names another file.
fn nested(within: &str) -> (String, String) {
    let names: Vec<&str> = within.split('.').collect();
    let open = names.iter().fold(String::new(), |before, name| format!("{before}<{name}>"));
    let close = names.iter().fold(String::new(), |inner, name| format!("</{name}>{inner}"));
    let doctype = format!("<!DOCTYPE {} PUBLIC \"-//demo//EN\" \"https://demo.example/a.dtd\">", names[0]);
    (format!("<?xml version=\"1.0\"?>\n{doctype}\n{open}"), close)
}

/// A value as an element; an object has its members in it.
fn markup(name: &str, value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let inner: String = members.iter().map(|(name, value)| markup(name, value)).collect();
            format!("<{name}>{inner}</{name}>")
        }
        Value::String(text) => element(name, text),
        other => element(name, &other.to_string()),
    }
}

/// The numbers of the records in the list of this number: as many as its own, up to `most`, then from none again.
pub(crate) fn inner(most: u64, index: u64) -> impl Iterator<Item = u64> {
    (0..index % (most + 1)).map(move |nth| index * most + nth)
}

/// A member of a record as a name: a text as it stands, anything else in quotes.
fn name_of(record: &[u8], key: &str) -> String {
    let value = value_of(record, key);
    if value.starts_with('"') { value.to_owned() } else { format!("\"{value}\"") }
}

/// A member of a record as it stands there.
fn value_of<'a>(record: &'a [u8], name: &str) -> &'a str {
    let members: BTreeMap<String, &'a RawValue> = serde_json::from_slice(record).unwrap_or_default();
    members.get(name).map_or("null", |value| value.get())
}
