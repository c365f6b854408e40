//! A record as a row of comma-separated values (RFC 4180), with everything such a row can hold.

use serde_json::{Map, Value};

/// The names of the columns.
pub(crate) const HEADER: &str = "id,updatedAt,\"the \"\"note\"\", if any\",record";

const NAMES: [&str; 4] = ["id", "updatedAt", "the \"note\", if any", "record"];

/// Writes a record, which is a JSON object, as a row without its end.
pub(crate) fn write_row(record: &[u8], out: &mut Vec<u8>) {
    for (nth, field) in fields(record).iter().enumerate() {
        if nth > 0 {
            out.push(b',');
        }
        if field.contains([',', '"', '\r', '\n']) {
            out.push(b'"');
            out.extend_from_slice(field.replace('"', "\"\"").as_bytes());
            out.push(b'"');
        } else {
            out.extend_from_slice(field.as_bytes());
        }
    }
}

/// What a client must make of a record's row: an object of strings.
pub fn csv_record(record: &[u8]) -> String {
    let members = NAMES.map(str::to_owned).into_iter().zip(fields(record).map(Value::String));
    Value::Object(members.collect::<Map<_, _>>()).to_string()
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

    #[test]
    fn a_row_has_quotes_where_it_needs_them() {
        let mut row = Vec::new();
        write_row(br#"{"id":5,"updatedAt":"2026-01-01","x":"a,b"}"#, &mut row);
        let expected = "5,2026-01-01,\"two\r\nlines, \"\"quoted\"\"\nand more\",\"{\"\"id\"\":5,\"\"updatedAt\"\":\"\"2026-01-01\"\",\"\"x\"\":\"\"a,b\"\"}\"";
        assert_eq!(String::from_utf8(row).unwrap(), expected);
    }
}
