//! A list of columns for records that somebody has looked at: a draft for somebody to go over.

use std::collections::{BTreeSet, HashMap};

use super::cell;
use super::json::{members, text};
use crate::config::{ColumnType, ListedColumn, column_name, is_reserved_column};

/// A column for each member of these records, in the order in which the members come, with the narrowest type that all
/// of their values fit. A member that is always null, an object or a list is text.
pub fn draft_columns(records: &[Vec<u8>]) -> Vec<ListedColumn> {
    let mut order = Vec::new();
    let mut kinds: HashMap<String, Option<ColumnType>> = HashMap::new();
    for record in records {
        for member in members(record) {
            let Some(name) = text(&record[member.name]) else { continue };
            let known = kinds.entry(name.into_owned());
            let known = known.or_insert_with_key(|name| {
                order.push(name.clone());
                None
            });
            let value = &record[member.value];
            if value != b"null" {
                *known = Some(known.map_or_else(|| of_value(value), |known| wider(known, of_value(value))));
            }
        }
    }
    let mut taken = BTreeSet::new();
    let kind = |member: &str| kinds.get(member).copied().flatten().unwrap_or(ColumnType::String);
    order
        .iter()
        .map(|member| ListedColumn {
            member: member.clone(),
            name: free(member, &mut taken),
            kind: kind(member),
        })
        .collect()
}

/// The narrowest type of a value. A decimal is never drafted: how many digits the next value has is not known.
fn of_value(json: &[u8]) -> ColumnType {
    let is_string = json.first() == Some(&b'"');
    match json.first() {
        Some(b'"') if cell::date(json).is_some() => ColumnType::Date,
        Some(b'"') if cell::timestamp(json).is_some() => ColumnType::Timestamp,
        Some(b't' | b'f') => ColumnType::Boolean,
        _ if !is_string && cell::long(json).is_some() => ColumnType::Long,
        _ if !is_string && cell::floating(json).is_some() => ColumnType::Double,
        _ => ColumnType::String,
    }
}

fn wider(one: ColumnType, other: ColumnType) -> ColumnType {
    match (one, other) {
        _ if one == other => one,
        (ColumnType::Long, ColumnType::Double) | (ColumnType::Double, ColumnType::Long) => ColumnType::Double,
        _ => ColumnType::String,
    }
}

/// A name that no column has, whatever its case.
fn free(member: &str, taken: &mut BTreeSet<String>) -> String {
    let name = column_name(member);
    let candidates = std::iter::once(name.clone()).chain((2..).map(|nth| format!("{name}_{nth}")));
    let is_free = |name: &String| {
        !name.is_empty() && !is_reserved_column(name) && !taken.contains(&name.to_lowercase())
    };
    let name = candidates.into_iter().find(is_free).unwrap_or_default();
    taken.insert(name.to_lowercase());
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_member_has_the_narrowest_type_that_fits_all_of_its_values() {
        let records = [
            r#"{"id":1,"rate":1,"on":true,"day":"2026-01-01","at":"2026-01-01T00:00:00Z","text":"1","list":[1],"none":null,"mixed":1,"record":1,"A":1,"a":2}"#,
            r#"{"id":2,"rate":1.5,"on":null,"day":"2026-01-02","at":"2026-01-01T00:00:00.5+01:00","text":"x","mixed":"y","late":{}}"#,
        ];
        let records = records.map(|record| record.as_bytes().to_vec());
        let drafted: Vec<_> = draft_columns(&records)
            .into_iter()
            .map(|column| format!("{} {} {}", column.member, column.name, column.kind))
            .collect();
        assert_eq!(
            drafted,
            [
                "id id long",
                "rate rate double",
                "on on boolean",
                "day day date",
                "at at timestamp",
                "text text string",
                "list list string",
                "none none string",
                "mixed mixed string",
                "record record_2 long",
                "A A long",
                "a a_2 long",
                "late late string",
            ]
        );
    }
}
