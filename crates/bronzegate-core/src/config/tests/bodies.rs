//! `format` and `records`: what bodies hold, and where.

use super::mistakes::{messages, none, one, with_stream};
use crate::config::*;

fn stream(records: &str, keys: &str) -> Stream {
    let text = format!(
        "source: x\nbase_url: https://x.example\nstreams: {{ s: {{ path: /p, records: {records}{keys} }} }}"
    );
    let source = parse("x.yaml", &text).unwrap_or_else(|problems| panic!("{problems}"));
    source.streams.into_iter().next().unwrap()
}

#[test]
fn a_format_may_say_how_bodies_are_encoded_and_end() {
    let of = |format: &str| {
        let Stream { format, reading, .. } = stream("$", &format!(", format: {format}"));
        (format, reading.encoding.map(Encoding::name), reading.end)
    };
    let csv = || Some(Format::Csv(Csv::default()));
    for (format, expected) in [
        ("csv", (csv(), None, None)),
        ("{ type: csv }", (csv(), None, None)),
        ("{ csv: {}, end: connection }", (csv(), None, Some(BodyEnd::Connection))),
        ("{ encoding: latin-1 }", (None, Some("windows-1252"), None)),
        ("{ encoding: ISO-8859-15 }", (None, Some("ISO-8859-15"), None)),
        (
            "{ type: ndjson, encoding: utf-8, end: connection }",
            (Some(Format::Ndjson), Some("UTF-8"), Some(BodyEnd::Connection)),
        ),
        ("{ type: json, encoding: utf-16le }", (Some(Format::Json), Some("UTF-16LE"), None)),
    ] {
        assert_eq!(of(format), expected, "{format}");
    }
}

#[test]
fn records_of_xml_are_elements_that_are_named() {
    let lists = |format: &str| match stream("feed.entry", &format!(", format: {format}")).format {
        Some(Format::Xml(form)) => form.lists,
        other => panic!("{other:?}"),
    };
    assert_eq!(lists("xml"), Vec::<String>::new());
    assert_eq!(lists("{ xml: { lists: [author, link] }, encoding: latin-1 }"), ["author", "link"]);
    let records = "the records of XML are elements that are named; write the names that lead to them";
    for (records, format, part) in [
        ("$", "xml", records),
        ("feed.*", "xml", records),
        ("{ at: feed.entry, columns: first_row }", "xml", records),
        ("feed.entry", "{ xml: {}, end: connection }", "means nothing for JSON and XML"),
        ("feed.entry", "{ xml: {}, csv: {} }", "a body has one format"),
        ("feed.entry", "{ type: json, xml: {} }", "means nothing beside csv or xml"),
        ("feed.entry", "{ xml: { lists: [a, a] } }", "is given twice"),
        ("feed.entry", "{ xml: { list: [a] } }", "did you mean \"lists\"?"),
    ] {
        let text = format!(
            "source: x\nbase_url: https://x.example\nstreams: {{ s: {{ path: /p, records: {records}, format: {format} }} }}"
        );
        let found = messages(&text);
        assert!(found.iter().any(|problem| problem.contains(part)), "{records} {format}: {found:#?}");
    }
}

#[test]
fn records_may_be_members_of_a_map_or_in_lists_of_a_list() {
    let of = |records: &str| stream(records, "").records.at;
    let strings = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    for (text, holder, lists) in [
        ("data.rows.*", Some("data.rows"), None),
        ("$.*", None, None),
        ("/a.b/*", Some("/a.b"), None),
        ("data.*.items", Some("data"), Some(strings(&["items"]))),
        ("data.*.a.b", Some("data"), Some(strings(&["a", "b"]))),
        ("/d/*/a.b", Some("/d"), Some(strings(&["a.b"]))),
        ("$.*.items", None, Some(strings(&["items"]))),
        ("bars.*.*", Some("bars"), Some(Vec::new())),
    ] {
        let at = of(&format!("'{text}'"));
        assert_eq!(at.to_string(), text);
        assert_eq!(at.holder().map(ToString::to_string).as_deref(), holder, "{text}");
        let RecordsPath::Each(each) = at else { panic!("{text}") };
        assert_eq!(each.lists, lists, "{text}");
    }
    for (text, why) in
        [("*.items", "$.* for the members"), ("a.*.b.*.c", "one `*`"), ("a.*.", "a path such as a.b.c")]
    {
        let file = format!(
            "source: x\nbase_url: https://x.example\nstreams: {{ s: {{ path: /p, records: '{text}' }} }}"
        );
        let told = parse("x.yaml", &file).unwrap_err().to_string();
        assert!(told.contains(why), "{text}: {told}");
    }
}

#[test]
fn rows_have_columns_beside_them_or_in_the_first() {
    let of = |records: &str| stream(records, "").records.columns;
    assert_eq!(of("{ at: $, columns: first_row }"), Some(Columns::FirstRow));
    let at = "schema.fields".parse().unwrap();
    let name = Some("name".parse().unwrap());
    assert_eq!(
        of("{ at: rows, columns: { at: schema.fields, name: name } }"),
        Some(Columns::At { at, name })
    );
    let file = |records: &str, keys: &str| {
        let text = format!(
            "source: x\nbase_url: https://x.example\nstreams: {{ s: {{ path: /p, records: {records}{keys} }} }}"
        );
        parse("x.yaml", &text).unwrap_err().to_string()
    };
    for (records, keys, why) in [
        ("{ at: data.*, columns: first_row }", "", "is for one list of rows"),
        ("{ at: rows, columns: { at: rows.names } }", "", "is among the records"),
        ("{ at: $, columns: { at: names } }", "", "is among the records"),
        ("{ at: rows, columns: last_row }", "", "write one of first_row"),
        ("{ at: $, columns: first_row }", ", format: csv", "the header of a table names its columns"),
    ] {
        assert!(file(records, keys).contains(why), "{records}: {}", file(records, keys));
    }
}

#[test]
fn a_format_is_said_once_and_an_encoding_is_one_of_the_standard() {
    let format = |format: &str| with_stream(&format!("format: {format}")).join("; ");
    for (text, why) in [
        ("{ type: csv, csv: {} }", "means nothing beside csv"),
        ("{ encoding: latin-7 }", "write utf-8, latin-1, windows-1252, utf-16, shift_jis or another label"),
        ("{ encoding: replacement }", "or another label of the Encoding Standard"),
        ("{ type: json, end: connection }", "means nothing for JSON"),
        ("{ type: ndjson, end: never }", "write one of connection"),
        ("{ type: xml }", "write one of json, ndjson, csv"),
    ] {
        assert!(format(text).contains(why), "{text}: {}", format(text));
    }
}

#[test]
fn records_may_have_a_shape_and_nulls() {
    let records = |records: &str| stream(records, "").records;
    assert_eq!((records("$").shape, records("items").nulls), (None, Nulls::Error));
    assert_eq!(records("{ at: $, shape: list }").shape, Some(RecordsShape::List));
    assert_eq!(records("{ at: items, nulls: skip }").nulls, Nulls::Skip);
    assert_eq!(records("{ at: items, nulls: keep, if_absent: empty }").nulls, Nulls::Keep);
    let text = "source: x\nbase_url: https://x.example\nstreams: { s: { path: /p, records: { at: items, shape: list } } }";
    let problems = parse("x.yaml", text).unwrap_err().to_string();
    assert!(problems.contains("a member that holds records is always a list"), "{problems}");
}

#[test]
fn an_address_that_leads_into_the_records_is_refused() {
    let never = "is never found: the records are split off at `items`";
    for address in ["items.9", "items.0.id", "/items/99"] {
        for keys in [
            format!("pagination: {{ type: cursor, next: {{ body: {address} }}, send: {{ query: a }} }}"),
            format!("pagination: {{ type: next_url, next: {{ body: {address} }} }}"),
            format!("pagination: {{ type: page, send: {{ query: p }}, total: {{ body: {address} }} }}"),
            format!("pagination: {{ type: page, send: {{ query: p }}, total_pages: {{ body: {address} }} }}"),
            format!(
                "pagination: {{ type: page, send: {{ query: p }}, stop: [{{ at: {{ body: {address} }}, exists: true }}] }}"
            ),
            format!(
                "incremental: {{ cursor: u, format: rfc3339, from: {{ query: f }}, to: {{ query: t }}, start: 2024-01-01, window: 1d, split_when: {{ at: {{ body: {address} }}, exists: true }} }}"
            ),
        ] {
            one(&keys, never);
        }
        one(
            &format!("responses: [{{ when: {{ at: {{ body: {address} }}, exists: true }}, then: retry }}]"),
            "is never found: it leads to one of the records",
        );
        // An error's body may have anything.
        none(&format!(
            "responses: [{{ when: {{ at: {{ status: true }}, equals: 422 }}, and: {{ at: {{ body: {address} }}, exists: true }}, then: retry }}]"
        ));
    }
    none(
        "responses: [{ when: { at: { body: items.error }, exists: true }, then: fail, message: { body: items.error } }]",
    );
    none("pagination: { type: cursor, next: { body: items_next }, send: { query: a } }");
    none("pagination: { type: cursor, next: { last_record: id }, send: { query: a } }");
}

#[test]
fn the_whole_body_as_a_list_of_records_has_no_members() {
    let with = |keys: &str| {
        let text = format!(
            "source: x\nbase_url: https://x.example\nstreams: {{ s: {{ path: /p, records: $, {keys} }} }}"
        );
        parse("x.yaml", &text).err().map(|problems| problems.to_string()).unwrap_or_default()
    };
    let told = with("pagination: { type: next_url, next: { body: next } }");
    assert!(told.contains("body next is never found: the whole body is the list of records"), "{told}");
    assert_eq!(with("pagination: { type: link_header }"), "");
    assert_eq!(with("pagination: { type: none, total: { body: total } }"), "");
    assert_eq!(with("responses: [{ when: { at: { body: error }, exists: true }, then: fail }]"), "");
}
