//! Pages whose records are not the elements of one list.

use crate::{quirks::Form, record::Recipe};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

impl Form {
    /// What stands around the records; an empty map is an empty list, as PHP has it.
    pub(crate) fn brackets(&self, count: u64) -> (String, &'static str) {
        match self {
            Self::Map { .. } if count > 0 => ("{".to_owned(), "}"),
            Self::Lists { is_map: true, .. } => ("{".to_owned(), "}"),
            Self::Rows { columns, first_row: true, .. } => {
                let names = serde_json::Value::from(columns.clone());
                (format!("[{names}{}", if count > 0 { "," } else { "" }), "]")
            }
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
            Self::Rows { columns, .. } => {
                let values: Vec<&str> = columns.iter().map(|name| value_of(record, name)).collect();
                out.extend_from_slice(format!("[{}]", values.join(",")).as_bytes());
            }
        }
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
