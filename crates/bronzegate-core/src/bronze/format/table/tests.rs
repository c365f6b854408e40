//! Parquet parts, read back by the library's own reader.

use bytes::Bytes;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::Field;
use serde_json::{Value, json};

use super::{RowTail, RowsContent, TableFormat, count, fitting};
use crate::config::{ColumnType, ListedColumn, TableCompression, TableOutput};
use crate::formats::{RecordChunk, Span};

const CONSTANTS: [&str; 5] = ["hub", "test", "deals", "20261122170000", "at-20261122T170000Z.s0001"];

fn output(columns: &[(&str, &str)]) -> TableOutput {
    let columns = columns.iter().map(|(member, kind)| ListedColumn {
        member: (*member).to_owned(),
        name: crate::config::column_name(member),
        kind: kind.parse::<ColumnType>().unwrap(),
    });
    TableOutput { name: "bronze".to_owned(), columns: columns.collect(), compression: TableCompression::Zstd }
}

fn format(columns: &[(&str, &str)], parents: &[&str]) -> TableFormat {
    let parents = parents.iter().map(|name| (*name).to_owned()).collect();
    TableFormat::new(&output(columns), CONSTANTS, parents).unwrap()
}

/// The rows of a page of these records.
fn rows(records: &[&str], parents: &str) -> Bytes {
    let mut spans = Vec::new();
    let mut bytes = String::new();
    for record in records {
        let start = bytes.len() as u32;
        bytes.push_str(record);
        spans.push(Span { start, end: bytes.len() as u32, may_clash: true });
    }
    let piece = RecordChunk { bytes: bytes.into(), spans, keys: Vec::new(), line_breaks: true };
    let mut out = Vec::new();
    let tail = RowTail::new("2026-11-22T17:00:00.120999Z".parse().unwrap(), parents);
    assert_eq!(tail.encode(&piece, 0, usize::MAX, &mut out), records.len());
    assert_eq!(count(&out), records.len() as u64);
    out.into()
}

/// The file of these pages, and its statistics.
async fn file(format: &TableFormat, pages: &[Bytes], limit: u64) -> (Bytes, Value) {
    let mut content = RowsContent::new(format, limit).unwrap();
    let mut file = Vec::new();
    for page in pages {
        file.extend(content.append(page).await.unwrap());
    }
    let (rest, stats) = content.finish().await.unwrap();
    file.extend(rest.concat());
    (file.into(), serde_json::from_str(&stats).unwrap())
}

/// Each row as its columns with their values.
fn read(file: Bytes) -> Vec<Vec<(String, Field)>> {
    let reader = SerializedFileReader::new(file).unwrap();
    let rows = reader.get_row_iter(None).unwrap();
    rows.map(|row| row.unwrap().into_columns()).collect()
}

fn text(text: &str) -> Field {
    Field::Str(text.to_owned())
}

#[tokio::test]
async fn a_row_has_the_record_s_own_bytes_beside_its_metadata() {
    let format = format(&[], &["_parent_id", "_parent_owner"]);
    let records = ["{ \"_batch_id\": 1,\n \"a\": 1.50 }", "[1,2]", "null", "\"x\""];
    let page = rows(&records, r#","_parent_id":7,"_parent_owner":"a\"b""#);
    let (file, stats) = file(&format, &[page, rows(&["{}"], "")], u64::MAX).await;
    let read = read(file);
    let names: Vec<_> = read[0].iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "_ingested_at",
            "_source_system",
            "_environment",
            "_stream",
            "_batch_id",
            "_segment",
            "_parent_id",
            "_parent_owner",
            "record"
        ]
    );
    let time = Field::TimestampMicros(1_795_366_800_120_000);
    for (row, record) in read.iter().zip(records) {
        let values: Vec<_> = row.iter().map(|(_, value)| value.clone()).collect();
        let constants = CONSTANTS.map(text);
        let expected: Vec<_> = [time.clone()]
            .into_iter()
            .chain(constants)
            .chain([text("7"), text("a\"b"), text(record)])
            .collect();
        assert_eq!(values, expected);
    }
    assert_eq!(
        read[4][6..],
        [
            ("_parent_id".to_owned(), Field::Null),
            ("_parent_owner".to_owned(), Field::Null),
            ("record".to_owned(), text("{}")),
        ]
    );
    let bounds = json!({
        "_ingested_at": "2026-11-22T17:00:00.120Z", "_source_system": "hub", "_environment": "test", "_stream": "deals",
        "_batch_id": "20261122170000", "_segment": "at-20261122T170000Z.s0001",
    });
    assert_eq!(stats["numRecords"], 5);
    assert_eq!((&stats["minValues"], &stats["maxValues"]), (&bounds, &bounds));
    assert_eq!((&stats["nullCount"]["_parent_id"], &stats["nullCount"]["record"]), (&json!(1), &json!(0)));
}

#[tokio::test]
async fn a_listed_value_that_does_not_fit_is_null_and_named() {
    let columns = [
        ("name", "string"),
        ("count", "long"),
        ("rate", "double"),
        ("is on", "boolean"),
        ("price", "decimal(5,2)"),
        ("total", "decimal(18,2)"),
        ("huge", "decimal(38,2)"),
        ("day", "date"),
        ("at", "timestamp"),
        ("na\"me", "string"),
    ];
    let format = format(&columns, &[]);
    let fitting = r#"{"name":{"a":1},"count":"7","rate":0.1,"is on":true,"price":1.5,"total":-12.34,"huge":1e3,
        "day":"1970-01-03","at":"1970-01-01T00:00:01+00:00","name":"last","na\"me":"é","nested":{"count":9}}"#;
    let misfits = r#"{"name":"\ud800","count":1.5,"rate":0.10000000000000000001,"is on":0,"price":1000,"total":0.001,
        "huge":1e40,"day":"3 Jan","at":"1970-01-01T00:00:01","nested":1}"#;
    let (file, stats) =
        file(&format, &[rows(&[fitting, misfits, "{\"count\":null}", "7"], "")], u64::MAX).await;
    let read = read(file);
    let cells = |row: usize| read[row][7..].iter().map(|(_, value)| value.to_string()).collect::<Vec<_>>();
    assert_eq!(
        cells(0),
        [
            "\"last\"",
            "7",
            "0.1",
            "true",
            "1.50",
            "-12.34",
            "1000.00",
            "1970-01-03",
            "1970-01-01 00:00:01.000000 +00:00",
            "\"é\"",
            "null"
        ]
    );
    assert_eq!(read[0][10].0, "is_on");
    let names: Vec<_> = columns[..9].iter().map(|(member, _)| *member).collect();
    assert!(cells(1)[..10].iter().all(|cell| cell == "null"), "{:?}", cells(1));
    assert_eq!(read[1].last(), Some(&("_rescued".to_owned(), text(&json!(names).to_string()))));
    for row in [2, 3] {
        assert!(read[row][7..].iter().all(|(_, value)| *value == Field::Null));
    }
    assert_eq!((&stats["nullCount"]["count"], &stats["nullCount"]["_rescued"]), (&json!(3), &json!(3)));
}

#[tokio::test]
async fn rows_become_row_groups_in_order_however_many_and_however_small_the_part() {
    let format = format(&[("n", "long")], &[]);
    let records: Vec<String> =
        (0..5_000).map(|n| format!("{{\"n\":{n},\"text\":\"{}\"}}", "x".repeat(40))).collect();
    let records: Vec<&str> = records.iter().map(String::as_str).collect();
    let all = rows(&records, "");
    for limit in [1, 4 << 10, 1 << 20] {
        let mut left = all.clone();
        let mut pages = Vec::new();
        while !left.is_empty() {
            pages.push(left.split_to(fitting(&left, 3_000)));
        }
        let (file, stats) = file(&format, &pages, limit).await;
        let groups = SerializedFileReader::new(file.clone()).unwrap().num_row_groups();
        assert_eq!(groups > 1, limit < 1 << 20, "{groups}");
        let read = read(file);
        assert_eq!((read.len(), &stats["numRecords"]), (5_000, &json!(5_000)));
        for (nth, row) in read.iter().enumerate() {
            assert_eq!((&row[6].1, &row[7].1), (&text(records[nth]), &Field::Long(nth as i64)));
        }
    }
}

#[test]
fn rows_are_cut_between_them_and_one_always_fits() {
    let all = rows(&["{}", "{\"a\":1}", "{}"], "");
    let [small, large] = [16 + 2, 16 + 7];
    for (limit, length) in [
        (0, small),
        (small, small),
        (small + large - 1, small),
        (small + large, small + large),
        (1_000, all.len()),
    ] {
        assert_eq!(fitting(&all, limit as u64), length, "{limit}");
    }
}
