//! The splitter, with bodies cut at every byte.

mod conformance;
mod csv;
mod shapes;
mod xml;

use super::*;
use crate::config::Nulls;
use bytes::Bytes;

type Outcome = Result<(Vec<String>, PageBody), SplitErrorKind>;

fn path(text: &str) -> Vec<String> {
    text.split('.').map(str::to_owned).collect()
}

fn wanted(records: &str, values: &[&str]) -> Wanted {
    let records = if records == "$" { RecordsAt::Root } else { RecordsAt::Path(path(records)) };
    let values = values.iter().map(|v| path(v)).collect();
    Wanted { records: Some(records), values, nulls: Nulls::Keep, lines: false, columns: None }
}

fn lines() -> Wanted {
    Wanted { records: Some(RecordsAt::Root), lines: true, ..Wanted::default() }
}

fn split<'a>(wanted: &Wanted, chunks: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let mut splitter = Reader::json(wanted);
    let mut pieces = Vec::new();
    for chunk in chunks {
        splitter.push(Bytes::copy_from_slice(chunk), &mut pieces).map_err(|e| e.kind)?;
    }
    let body = splitter.finish(&mut pieces).map_err(|e| e.kind)?;
    let records: Vec<_> = pieces
        .iter()
        .flat_map(RecordChunk::records)
        .map(|record| String::from_utf8(record.to_vec()).expect("records are UTF-8"))
        .collect();
    assert_eq!(records.len() as u64, body.records);
    Ok((records, body))
}

/// Splits the body whole and cut in two at every byte and in single bytes; all must agree.
fn split_every_way(wanted: &Wanted, body: &[u8]) -> Outcome {
    let whole = split(wanted, [body]);
    let ways = (0..=body.len())
        .map(|cut| vec![&body[..cut], &body[cut..]])
        .chain([body.chunks(1).collect::<Vec<_>>(), body.chunks(3).collect()]);
    for chunks in ways {
        let cut = split(wanted, chunks.iter().copied());
        let shown = String::from_utf8_lossy(body);
        match (&whole, &cut) {
            (Ok((records, body)), Ok((again, other))) => {
                assert_eq!(records, again, "{shown}");
                assert_eq!(body.values, other.values, "{shown}");
                assert_eq!(body.hash, other.hash, "{shown}");
                assert_eq!((body.found, &body.names), (other.found, &other.names), "{shown}");
                assert_eq!(body.last_record, other.last_record, "{shown}");
            }
            (Err(_), Err(_)) => {}
            _ => panic!("whole {whole:?}, cut {cut:?}: {shown}"),
        }
    }
    whole
}

fn records(wanted: &Wanted, body: &str) -> Vec<String> {
    split_every_way(wanted, body.as_bytes()).unwrap_or_else(|e| panic!("{e}: {body}")).0
}

#[test]
fn emits_records_verbatim_and_keeps_what_is_asked_for() {
    let body = r#" { "total": 9007199254740993.10, "data" : {"items":[ {"id":1,"t":"a, ]}\"\\"} , [1,[2]],"x\u00e9" ,
        -1.5e3, null ,{}] ,"n" : { "after" : "c\"1" } }, "flag":true, "included":[{"items":[1]}] }"#;
    let wanted =
        wanted("data.items", &["total", "data.n.after", "flag", "data.n", "missing.x", "included.0.items"]);
    let (records, page) = split_every_way(&wanted, body.as_bytes()).unwrap();
    assert_eq!(records, [r#"{"id":1,"t":"a, ]}\"\\"}"#, "[1,[2]]", r#""x\u00e9""#, "-1.5e3", "null", "{}"]);
    let values: Vec<_> =
        page.values.iter().map(|v| v.as_deref().map(|v| std::str::from_utf8(v).unwrap())).collect();
    assert_eq!(
        values,
        [
            Some("9007199254740993.10"),
            Some(r#""c\"1""#),
            Some("true"),
            Some(r#"{ "after" : "c\"1" }"#),
            None,
            Some("[1]")
        ]
    );
    assert_eq!(page.names, ["total", "data", "flag", "included"]);
    assert_eq!(page.last_record.as_deref(), Some(&b"{}"[..]));
}

#[test]
fn the_whole_body_is_an_array_of_records_or_one_record() {
    assert_eq!(records(&wanted("$", &[]), " [1, {\"a\":[]} ]\n"), ["1", "{\"a\":[]}"]);
    assert_eq!(records(&wanted("$", &[]), "[]"), [""; 0]);
    let (whole, page) = split_every_way(&wanted("$", &["a.next"]), b" {\"a\":{\"next\":7}} ").unwrap();
    assert_eq!(whole, ["{\"a\":{\"next\":7}}"]);
    assert_eq!(page.values, [Some(b"7".to_vec())]);
    assert_eq!(split(&wanted("$", &[]), [&b"5"[..]]).unwrap().1.found, RecordsFound::Other("a scalar"));
}

#[test]
fn tells_what_stands_at_the_records_path() {
    for (body, found) in [
        (r#"{"other":[]}"#, RecordsFound::Absent),
        (r#"{"results":null}"#, RecordsFound::Null),
        (r#"{"results":{"a":[1]}}"#, RecordsFound::Other("an object")),
        (r#"{"results":5}"#, RecordsFound::Other("a scalar")),
        (r#"{"results":"[1]"}"#, RecordsFound::Other("a scalar")),
        (r#"{"results":[]}"#, RecordsFound::Records),
        (r#"[{"results":[1]}]"#, RecordsFound::Absent),
    ] {
        let (records, page) = split_every_way(&wanted("results", &[]), body.as_bytes()).unwrap();
        assert_eq!((page.found, records.len()), (found, 0), "{body}");
    }
}

#[test]
fn a_second_member_of_the_records_name_is_refused_whatever_it_holds() {
    let values = ["[1]", "[]", "null", "5", "\"x\"", "{\"a\":1}", "true"];
    for first in values {
        for second in values {
            for (at, body) in [
                ("results", format!("{{\"results\":{first},\"results\":{second}}}")),
                ("results", format!("{{\"results\":{first},\"a\":1,\"re\\u0073ults\" : {second} }}")),
                ("data.results", format!("{{\"data\":{{\"results\":[1]}},\"x\":{first},\"data\":{second}}}")),
                ("data.results", format!("{{\"data\":{{\"results\":{first},\"results\":{second}}}}}")),
            ] {
                let split = split_every_way(&wanted(at, &["next"]), body.as_bytes());
                assert_eq!(split.unwrap_err(), SplitErrorKind::RecordsTwice, "{body}");
            }
        }
    }
}

#[test]
fn a_value_that_is_read_may_stand_twice_only_where_it_is_the_same() {
    let read = |body: &str| split_every_way(&wanted("results", &["next", "meta.total"]), body.as_bytes());
    let twice = |name: &str| SplitErrorKind::ValueTwice(name.to_owned());
    for (body, name) in [
        (r#"{"next":"a","results":[],"next":null}"#, "next"),
        (r#"{"next":"a","results":[],"next":"b"}"#, "next"),
        (r#"{"meta":{"total":5},"results":[],"meta":{}}"#, "meta"),
        (r#"{"meta":{"total":5,"total":6},"results":[]}"#, "meta.total"),
        (r#"{"meta":{"total":5},"results":[],"meta":null}"#, "meta"),
    ] {
        assert_eq!(read(body).unwrap_err(), twice(name), "{body}");
    }
    let (_, page) = read(r#"{"next":"a","x":1,"results":[{"next":1}],"x":2,"next":"a"}"#).unwrap();
    assert_eq!(page.values[0].as_deref(), Some(&b"\"a\""[..]));
    // The elements of a list have the same names.
    let places = wanted("results", &["list.0.a", "list.1.a"]);
    let (_, page) = split_every_way(&places, br#"{"list":[{"a":1},{"a":2}],"results":[]}"#).unwrap();
    assert_eq!(page.values, [Some(b"1".to_vec()), Some(b"2".to_vec())]);
}

#[test]
fn what_stands_in_place_of_the_records_is_looked_into_for_what_a_rule_reads() {
    let wanted = wanted("data", &["data.error.code", "data.ok"]);
    let body = br#"{"data":{"error":{"code":"limit"},"ok":false},"x":1}"#;
    let (records, page) = split_every_way(&wanted, body).unwrap();
    assert_eq!((records.len(), page.found), (0, RecordsFound::Other("an object")));
    assert_eq!(page.values, [Some(b"\"limit\"".to_vec()), Some(b"false".to_vec())]);
    let (records, page) = split_every_way(&wanted, br#"{"data":[{"ok":1}]}"#).unwrap();
    assert_eq!((records, page.values), (vec![r#"{"ok":1}"#.to_owned()], vec![None, None]));
}

#[test]
fn null_in_place_of_a_record_is_an_error_unless_it_is_allowed() {
    let read = |nulls, records: &str, body: &str| {
        let wanted = Wanted { nulls, ..wanted(records, &["next"]) };
        let (records, page) = split_every_way(&wanted, body.as_bytes())?;
        Ok((records.join(","), page.nulls, page.last_record.map(|last| last.to_vec())))
    };
    for (at, body) in [
        ("r", r#"{"next":null,"r":[{"a":null}, null,[null],null ]}"#),
        ("$", r#"[{"a":null},null,[null],null]"#),
    ] {
        assert_eq!(read(Nulls::Error, at, body), Err(SplitErrorKind::NullRecord(2)));
        let left = r#"{"a":null},[null]"#.to_owned();
        assert_eq!(read(Nulls::Skip, at, body), Ok((left, 2, Some(b"[null]".to_vec()))));
        let all = r#"{"a":null},null,[null],null"#.to_owned();
        assert_eq!(read(Nulls::Keep, at, body), Ok((all, 0, Some(b"null".to_vec()))));
    }
    assert_eq!(read(Nulls::Skip, "r", r#"{"r":[nulx]}"#), Err(SplitErrorKind::BadScalar));
    let lines = |nulls| split_every_way(&Wanted { nulls, ..lines() }, b"{\"a\":1}\nnull\n2\n");
    assert_eq!(lines(Nulls::Error).unwrap_err(), SplitErrorKind::NullRecord(2));
    assert_eq!(lines(Nulls::Skip).unwrap().0, [r#"{"a":1}"#, "2"]);
}

#[test]
fn an_escaped_name_is_the_same_name() {
    assert_eq!(records(&wanted("results", &[]), r#"{"re\u0073ults":[1]}"#), ["1"]);
}

#[test]
fn reads_ndjson_a_value_a_line() {
    assert_eq!(
        records(&lines(), "{\"a\":1}\n\n5\r\n\"x\"\n[1, 2]\ntrue"),
        ["{\"a\":1}", "5", "\"x\"", "[1, 2]", "true"]
    );
    assert_eq!(records(&lines(), ""), [""; 0]);
    for (bad, kind) in [
        ("{} {}\n", SplitErrorKind::LineNotOneValue),
        ("1 2", SplitErrorKind::LineNotOneValue),
        ("{\"a\":\n1}\n", SplitErrorKind::LineNotOneValue),
        ("{\"a\":1}\n{\"a\"", SplitErrorKind::Truncated),
        ("{},{}", SplitErrorKind::LineNotOneValue),
        ("1,2", SplitErrorKind::LineNotOneValue),
    ] {
        assert_eq!(split_every_way(&lines(), bad.as_bytes()).unwrap_err(), kind, "{bad}");
    }
}

#[test]
fn marks_names_that_may_clash_with_metadata() {
    for (record, clash) in [
        (r#"{"_batch_id":1}"#, true),
        (r#"{"\u005fbatch_id":1}"#, true),
        (r#"{"a":1, "_x":2}"#, true),
        // One of a member's own members is enough for a closer look.
        (r#"{"a":{"_batch_id":1}}"#, true),
        (r#"{"a":"_batch_id"}"#, false),
        (r#"{"a":["_batch_id","\\"]}"#, false),
    ] {
        let mut pieces = Vec::new();
        let mut splitter = Reader::json(&wanted("$", &[]));
        splitter.push(format!("[{record}]").into(), &mut pieces).unwrap();
        assert_eq!(pieces[0].spans[0].may_clash, clash, "{record}");
    }
}

#[test]
fn skips_a_byte_order_mark_at_the_beginning_only() {
    assert_eq!(records(&wanted("$", &[]), "\u{feff}[1]"), ["1"]);
    let refused = |body: &[u8]| split_every_way(&wanted("$", &[]), body).unwrap_err();
    assert_eq!(refused("[1]\u{feff}".as_bytes()), SplitErrorKind::Trailing);
    assert_eq!(refused(b"\xef\xbb"), SplitErrorKind::NotUtf8);
}

#[test]
fn nesting_is_read_to_512_and_refused_beyond_without_recursion() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(split(&wanted("$", &[]), [nested(512).as_bytes()]).is_ok());
    assert_eq!(split(&wanted("$", &[]), [nested(513).as_bytes()]).unwrap_err(), SplitErrorKind::TooDeep);
    assert_eq!(split(&wanted("$", &[]), [nested(100_000).as_bytes()]).unwrap_err(), SplitErrorKind::TooDeep);
}

#[test]
fn equal_records_hash_alike_and_others_do_not() {
    let hash = |body: &str| split(&wanted("r", &[]), [body.as_bytes()]).unwrap().1.hash;
    assert_eq!(hash(r#"{"next":"a","r":[1,2]}"#), hash(r#"{"r":[1,2],"next":"b"}"#));
    assert_ne!(hash(r#"{"r":[1,2]}"#), hash(r#"{"r":[2,1]}"#));
}

#[test]
fn a_wanted_value_is_bounded() {
    let body = format!(r#"{{"next":"{}","results":[]}}"#, "x".repeat(1 << 20));
    assert_eq!(
        split(&wanted("results", &["next"]), [body.as_bytes()]).unwrap_err(),
        SplitErrorKind::CaptureTooLarge
    );
    assert!(
        split(&wanted("results", &[]), [body.as_bytes()]).is_ok(),
        "what is not asked for may be of any size"
    );
}
