//! Records that are not the elements of one list: members of a map, lists in a list, rows with columns.

use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::Status;
use bronzegate_demo_api::{By, Form, Layout, Quirks, Said, Shape, Stream, Style};
use bronzegate_tests::{Bench, expected, failure};
use serde_json::{Value, json};

use super::segments::{LONG, hour_at};

/// A stream whose records have this form at this place; pages are counted by offset.
fn stream(records: u64, at: &str, form: Form, said: Vec<(String, Said)>) -> Stream {
    let layout = Layout {
        by: By::Offset("offset".to_owned()),
        size: Some("limit".to_owned()),
        records: at.to_owned(),
        body: said,
        headers: Vec::new(),
    };
    let mut stream = Stream::new("items", Style::Layout, Shape::Small, records).page_size(10);
    stream.quirks = Quirks { layout, form, ..Quirks::default() };
    stream
}

fn settings(records: &str, more: &str) -> String {
    format!(
        "records: {records}\npagination: {{ type: offset, send: {{ query: offset }}, page_size: {{ query: limit, value: 10 }}{more} }}"
    )
}

/// Reads the stream in one run, and in two, of which the first is cut; the lines are these.
async fn lands(stream: &Stream, settings: &str, want: &[String]) {
    for cut in [None, Some(2), Some(3)] {
        let bench = Bench::one(stream.clone(), cut.map(hour_at).unwrap_or_default(), settings).await;
        if let Some(page) = cut {
            let report = bench.run_within("items", LONG).await;
            assert_eq!((report.status, &report.error), (Status::Partial, &None), "{settings} {page}");
            bench.api.set_faults(Vec::new());
        }
        let report = bench.run("items").await;
        assert_eq!((report.status, &report.error), (Status::Complete, &None), "{settings}");
        assert_eq!(bench.records("items"), want, "{settings} {cut:?}");
    }
}

fn member(record: &str, name: &str) -> String {
    let record: Value = serde_json::from_str(record).expect("a record is JSON");
    record[name].to_string()
}

fn with_key(record: &str, key: &str) -> String {
    format!("{},\"_key\":{key}}}", &record[..record.len() - 1])
}

fn total() -> Vec<(String, Said)> {
    vec![("total".to_owned(), Said::Total)]
}

#[tokio::test]
async fn the_members_of_a_map_land_with_their_names() {
    let form = Form::Map { key: "id".to_owned() };
    let want: Vec<_> = expected(Shape::Small, 35)
        .iter()
        .map(|record| with_key(record, &format!("\"{}\"", member(record, "id"))))
        .collect();
    for more in ["", ", total: { body: total }"] {
        let stream = stream(35, "data.of", form.clone(), total());
        lands(&stream, &settings("data.of.*", more), &want).await;
    }
    // The page after the last is an empty list, as PHP writes an empty map.
    lands(&stream(30, "data.of", form, Vec::new()), &settings("data.of.*", ""), &want[..30]).await;
}

#[tokio::test]
async fn lists_in_a_list_land_as_one_and_pages_count_what_holds_them() {
    let made = expected(Shape::Small, 35 * 4);
    for (at, path, is_map) in [
        (Some("items"), "data.*.items", false),
        (None, "data.*.*", false),
        (Some("items"), "data.*.items", true),
        (None, "data.*.*", true),
    ] {
        let form = Form::Lists { most: 4, at: at.map(str::to_owned), is_map };
        let want: Vec<String> = (0..35_usize)
            .flat_map(|nth| (0..nth % 5).map(move |inner| (nth, nth * 4 + inner)))
            .map(|(nth, place)| {
                if is_map { with_key(&made[place], &format!("\"list {nth}\"")) } else { made[place].clone() }
            })
            .collect();
        let stream = stream(35, "data", form, total());
        lands(&stream, &settings(path, ", total: { body: total }"), &want).await;
        lands(&stream, &settings(path, ", advance: requested"), &want).await;
    }
}

/// The members of a record as an object, in this order.
fn row(record: &str) -> String {
    format!("{{\"id\":{},\"updatedAt\":{}}}", member(record, "id"), member(record, "updatedAt"))
}

#[tokio::test]
async fn rows_land_as_objects_also_where_later_pages_lack_the_columns() {
    let columns = vec!["id".to_owned(), "updatedAt".to_owned()];
    let want: Vec<_> = expected(Shape::Small, 35).iter().map(|record| row(record)).collect();
    let fields = json!([{ "name": "id", "type": "n" }, { "name": "updatedAt" }]);
    let form = Form::Rows { columns: columns.clone(), first_row: false };
    let before = vec![("schema.fields".to_owned(), Said::Just(fields.clone()))];
    let behind = [vec![("rows".to_owned(), Said::Just(Value::Null))], before.clone()].concat();
    let once = vec![("schema.fields".to_owned(), Said::JustFirst(fields))];
    for said in [before, behind, once] {
        let stream = stream(35, "rows", form.clone(), said);
        let records = "{ at: rows, columns: { at: schema.fields, name: name } }";
        lands(&stream, &settings(records, ""), &want).await;
    }
    let stream = stream(35, "$", Form::Rows { columns, first_row: true }, Vec::new());
    lands(&stream, &settings("{ at: $, columns: first_row }", ""), &want).await;
}

#[tokio::test]
async fn rows_without_columns_fail_the_run() {
    let form = Form::Rows { columns: vec!["id".to_owned()], first_row: false };
    for (said, why) in [
        (Vec::new(), "the names of the columns are not at `names`"),
        (
            vec![("names".to_owned(), Said::Just(json!(["a", "b"])))],
            "row 1 has 1 values, and there are 2 columns",
        ),
    ] {
        let settings = settings("{ at: rows, columns: { at: names } }", "");
        let bench = Bench::one(stream(35, "rows", form.clone(), said), vec![], &settings).await;
        let report = bench.run("items").await;
        let (kind, message) = failure(&report);
        assert!(kind == ErrorKind::Data && message.contains(why), "{message}");
        bench.assert_nothing_visible("items");
    }
}
