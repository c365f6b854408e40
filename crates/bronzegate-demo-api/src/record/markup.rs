//! A record as an element of XML: each member is an element in it, by name. Texts are as they are; anything else is its
//! JSON.

use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Writes a record, which is a JSON object, as an element.
pub(crate) fn write_element(name: &str, record: &[u8], out: &mut Vec<u8>) {
    let (attributes, elements): (Vec<_>, Vec<_>) =
        texts(record).into_iter().partition(|(name, _)| name.starts_with('@'));
    let attributes = attributes.iter().fold(String::new(), |before, (name, text)| {
        let text = escaped(text).replace('"', "&quot;");
        format!("{before} {}=\"{text}\"", name.trim_start_matches('@'))
    });
    out.extend_from_slice(format!("<{name}{attributes}>").as_bytes());
    for (name, text) in elements {
        out.extend_from_slice(element(&name, &text).as_bytes());
    }
    out.extend_from_slice(format!("</{name}>").as_bytes());
}

/// An element with a text; every second one has it in a section that needs no escapes.
pub(crate) fn element(name: &str, text: &str) -> String {
    if text.is_empty() {
        return format!("<{name}/>");
    }
    let is_plain = text.len().is_multiple_of(2) && !text.contains("]]>") && !text.contains('\r');
    let inner = if is_plain { format!("<![CDATA[{text}]]>") } else { escaped(text) };
    format!("<{name}>{inner}</{name}>")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\r', "&#13;")
}

/// What a client must make of a record's element: an object of strings.
pub fn xml_record(record: &[u8]) -> String {
    let members = texts(record).into_iter().map(|(name, text)| (name, Value::String(text)));
    Value::Object(members.collect::<Map<_, _>>()).to_string()
}

fn texts(record: &[u8]) -> BTreeMap<String, String> {
    let members: BTreeMap<String, &RawValue> = serde_json::from_slice(record).unwrap_or_default();
    let text = |value: &RawValue| {
        serde_json::from_str::<String>(value.get()).unwrap_or_else(|_| value.get().to_owned())
    };
    members.into_iter().map(|(name, value)| (name, text(value))).collect()
}
