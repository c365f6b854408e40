//! A record as a row of comma-separated values (RFC 4180): the columns a stream names, or four with
//! everything that such a row can hold.

use serde_json::{Map, Value, value::RawValue};
use std::collections::BTreeMap;

const NAMES: [&str; 4] = ["id", "updatedAt", "the \"note\", if any", "record"];

/// The columns of a table, by the names of the records' members; without any, the usual four.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    columns: Vec<String>,
    separator: char,
}

impl Table {
    pub(crate) fn new(columns: &[String]) -> Self {
        Self { columns: columns.to_vec(), separator: ',' }
    }

    /// The same with fields that this separates, if anything does.
    pub(crate) fn separated(self, by: Option<char>) -> Self {
        Self { separator: by.unwrap_or(self.separator), ..self }
    }

    /// Writes the header without its end.
    pub(crate) fn header(&self) -> String {
        let mut out = Vec::new();
        let names =
            if self.columns.is_empty() { NAMES.map(str::to_owned).to_vec() } else { self.columns.clone() };
        write_fields(&names, self.separator, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    /// Writes a record, which is a JSON object, as a row without its end.
    pub(crate) fn write_row(&self, record: &[u8], out: &mut Vec<u8>) {
        if self.columns.is_empty() {
            write_fields(&fields(record), self.separator, out);
        } else {
            write_fields(&members(&self.columns, record), self.separator, out);
        }
    }
}

/// What a client must make of a record's row: an object of strings.
pub fn csv_record(record: &[u8]) -> String {
    let members = NAMES.map(str::to_owned).into_iter().zip(fields(record).map(Value::String));
    Value::Object(members.collect::<Map<_, _>>()).to_string()
}

/// As [`csv_record`], where the stream names its columns ([`Quirks::columns`](crate::Quirks::columns)).
pub fn csv_record_of(columns: &[String], record: &[u8]) -> String {
    let members = columns.iter().cloned().zip(members(columns, record).into_iter().map(Value::String));
    Value::Object(members.collect::<Map<_, _>>()).to_string()
}

fn write_fields(fields: &[String], separator: char, out: &mut Vec<u8>) {
    let mut bytes = [0; 4];
    for (nth, field) in fields.iter().enumerate() {
        if nth > 0 {
            out.extend_from_slice(separator.encode_utf8(&mut bytes).as_bytes());
        }
        if field.contains([separator, '"', '\r', '\n']) {
            out.push(b'"');
            out.extend_from_slice(field.replace('"', "\"\"").as_bytes());
            out.push(b'"');
        } else {
            out.extend_from_slice(field.as_bytes());
        }
    }
}

/// What a client must make of a record's row of values ([`Form::Rows`](crate::Form::Rows)): an object of the columns' values
/// as they stand in the record.
///
/// # Panics
/// When the record is no object.
pub fn row_record_of(columns: &[String], record: &[u8]) -> String {
    let members: BTreeMap<String, &RawValue> = serde_json::from_slice(record).expect("a record is an object");
    let value = |name: &String| members.get(name).map_or("null", |value| value.get());
    let members: Vec<String> =
        columns.iter().map(|name| format!("{}:{}", Value::from(name.as_str()), value(name))).collect();
    format!("{{{}}}", members.join(","))
}

/// What a client must make of a record that is the value of a member ([`Form::Values`](crate::Form::Values)).
///
/// # Panics
/// When the record is no object.
pub fn value_record_of(members: &[String], record: &[u8]) -> String {
    let found: BTreeMap<String, &RawValue> = serde_json::from_slice(record).expect("a record is an object");
    let value = members.first().and_then(|name| found.get(name)).map_or("null", |value| value.get());
    format!("{{\"_value\":{value}}}")
}

fn members(columns: &[String], record: &[u8]) -> Vec<String> {
    let value: Value = serde_json::from_slice(record).unwrap_or_default();
    let text = |name: &String| match &value[name.as_str()] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    columns.iter().map(text).collect()
}

fn fields(record: &[u8]) -> [String; 4] {
    let value: Value = serde_json::from_slice(record).unwrap_or_default();
    let id = value["id"].to_string();
    let note = match id.bytes().last().unwrap_or_default() % 3 {
        0 => String::new(),
        1 => " spaces kept ".to_owned(),
        _ => "two\r\nlines, \"quoted\"\nand more".to_owned(),
    };
    let updated = value["updatedAt"].as_str().unwrap_or_default().to_owned();
    [id, updated, note, String::from_utf8_lossy(record).into_owned()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(columns: &[&str], record: &[u8]) -> String {
        let columns: Vec<_> = columns.iter().map(|name| (*name).to_owned()).collect();
        let table = Table::new(&columns);
        let mut out = format!("{}\n", table.header()).into_bytes();
        table.write_row(record, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_row_has_quotes_where_it_needs_them() {
        let expected = "id,updatedAt,\"the \"\"note\"\", if any\",record\n5,2026-01-01,\"two\r\nlines, \"\"quoted\"\"\nand more\",\"{\"\"id\"\":5,\"\"updatedAt\"\":\"\"2026-01-01\"\",\"\"x\"\":\"\"a,b\"\"}\"";
        assert_eq!(written(&[], br#"{"id":5,"updatedAt":"2026-01-01","x":"a,b"}"#), expected);
    }

    #[test]
    fn a_stream_may_name_its_columns() {
        let record = br#"{"Id":"001","n":7,"gone":null,"more":"x"}"#;
        assert_eq!(written(&["Id", "n", "gone", "never"], record), "Id,n,gone,never\n001,7,,");
    }
}
