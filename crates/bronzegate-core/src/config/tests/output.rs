//! `output`: files or a table.

use super::mistakes::{messages, none, one};
use crate::config::*;

fn output(text: &str) -> Output {
    let text = format!(
        "source: x\nbase_url: https://x.example\nstreams: {{ s: {{ path: /p, records: items, output: {text} }} }}\n"
    );
    parse("x.yaml", &text).unwrap().streams.remove(0).output
}

#[test]
fn a_table_has_columns_with_the_members_names_and_is_compressed() {
    assert_eq!(
        output("{ compression: gzip }"),
        Output { compression: Compression::Gzip, ..Output::default() }
    );
    let table = output(r#"{ table: bronze_api-data, columns: [{ member: a.b, type: string }, { member: amount, name: amount_eur, type: "decimal(18, 2)" }] }"#).table.unwrap();
    assert_eq!((table.name.as_str(), table.compression), ("bronze_api-data", TableCompression::Zstd));
    let columns: Vec<_> = table
        .columns
        .iter()
        .map(|column| (column.member.as_str(), column.name.as_str(), column.kind.to_string()))
        .collect();
    assert_eq!(
        columns,
        [("a.b", "a_b", "string".to_owned()), ("amount", "amount_eur", "decimal(18,2)".to_owned())]
    );
    assert_eq!(
        output("{ table: t, compression: snappy }").table.unwrap().compression,
        TableCompression::Snappy
    );
    assert_eq!(output("{ table: t, compression: none }").table.unwrap().columns, []);
}

#[test]
fn columns_have_names_that_a_table_takes() {
    let listed = |columns: &str| format!("output: {{ table: t, columns: [{columns}] }}");
    none(&listed(
        "{ member: _id, type: long }, { member: a, type: string }, { member: a, name: b, type: date }",
    ));
    for (columns, part) in [
        ("", "an empty list"),
        ("{ member: \"\", type: string }", "a member needs a name"),
        ("{ member: a, name: \"\", type: string }", "1 to 255"),
        ("{ member: a, name: a b, type: string }", "write a_b"),
        ("{ member: Record, type: string }", "\"Record\" is a column that the table has"),
        ("{ member: _rescued, type: string }", "is a column that the table has"),
        ("{ member: _Segment, type: string }", "is a column that the table has"),
        ("{ member: _change_type, type: string }", "is a column that the table has"),
        ("{ member: _parent_id, type: string }", "is a column that the table has"),
        ("{ member: a, type: string }, { member: A, type: string }", "\"A\" names two columns"),
        ("{ member: a, type: int }", "decimal(p,s) with p up to 38"),
        ("{ member: a, type: \"decimal(39,2)\" }", "decimal(p,s) with p up to 38"),
        ("{ name: a, type: string }", "this key is missing"),
    ] {
        one(&listed(columns), part);
    }
}

#[test]
fn files_and_tables_do_not_share_everything() {
    for (output, part) in [
        ("{ columns: [{ member: a, type: string }] }", "has no meaning without `table`"),
        ("{ compression: snappy }", "\"snappy\" is for tables; write none, gzip or zstd"),
        ("{ table: t, compression: gzip }", "\"gzip\" is for files; write none, snappy or zstd"),
        ("{ table: Sales }", "lower-case letters, digits"),
        ("{ table: _delta_log }", "lower-case letters, digits"),
        ("{ table: a/b }", "lower-case letters, digits"),
    ] {
        one(&format!("output: {output}"), part);
    }
}

#[test]
fn a_table_with_columns_belongs_to_one_stream_and_one_with_the_record_alone_may_be_shared() {
    let file = |source: &str, first: &str, second: &str| {
        messages(&format!(
            "source: x\nbase_url: https://x.example\n{source}streams:\n  a:\n    {{ path: /a, records: items{first} }}\n  b:\n    {{ path: /b, records: items{second} }}\n"
        ))
    };
    let listed = ", output: { table: t, columns: [{ member: a, type: string }] }";
    assert_eq!(file("output: { table: t }\n", "", ""), [""; 0]);
    assert_eq!(file("", listed, ", output: { table: u }"), [""; 0]);
    assert_eq!(file("output: { compression: snappy }\n", listed, ", output: { compression: none }"), [""; 0]);
    for found in [
        file("", listed, ", output: { table: t }"),
        file("", ", output: { table: t }", listed),
        file("output: { table: t }\n", "", listed),
    ] {
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].contains("streams.b") && found[0].contains("\"t\" is the table of `a` too"),
            "{found:?}"
        );
    }
}
