//! Records that are members of a map, in lists of a list, or rows: with bodies cut at every byte.

use super::*;
use crate::config::{Columns, Nulls};

fn each(text: &str) -> RecordsAt {
    let path =
        |text: &str| text.split('.').filter(|t| !t.is_empty() && *t != "$").map(str::to_owned).collect();
    match text.split_once(".*").unwrap() {
        (outer, "") => RecordsAt::Members(path(outer)),
        (outer, ".*") => RecordsAt::Lists { outer: path(outer), inner: Vec::new() },
        (outer, inner) => RecordsAt::Lists { outer: path(outer), inner: path(inner) },
    }
}

/// The records, how many elements pages count, and what was found.
fn read(wanted: &Wanted, body: &str) -> Result<(Vec<String>, u64, RecordsFound), SplitErrorKind> {
    let once = |chunks: Vec<&[u8]>| {
        let mut reader = Reader::json(wanted);
        let mut pieces = Vec::new();
        for chunk in chunks {
            reader.push(Bytes::copy_from_slice(chunk), &mut pieces).map_err(|error| error.kind)?;
            while reader.go_on(&mut pieces).map_err(|error| error.kind)? {}
        }
        let page = reader.finish(&mut pieces).map_err(|error| error.kind)?;
        let records: Vec<_> = pieces.iter().flat_map(RecordChunk::records).collect();
        assert_eq!(page.last_record.as_deref(), records.last().copied());
        assert!(pieces.iter().all(|piece| piece.keys.is_empty()));
        let records = records.into_iter().map(|record| String::from_utf8(record.to_vec()).unwrap()).collect();
        Ok((records, page.records, page.found, page.hash))
    };
    let bytes = body.as_bytes();
    let whole = once(vec![bytes]);
    for cut in 0..bytes.len() {
        assert_eq!(once(vec![&bytes[..cut], &bytes[cut..]]), whole, "cut at {cut}: {body}");
    }
    assert_eq!(once(bytes.chunks(1).collect()), whole, "{body}");
    whole.map(|(records, count, found, _)| (records, count, found))
}

fn records(at: &str, body: &str) -> (Vec<String>, u64, RecordsFound) {
    read(&Wanted { records: Some(each(at)), ..Wanted::default() }, body)
        .unwrap_or_else(|e| panic!("{e}: {body}"))
}

#[test]
fn the_members_of_a_map_get_their_names_and_change_in_nothing_else() {
    for (at, body, want) in [
        (
            "data.*",
            r#"{"data":{"a":{"x":1.50},"b\u00e9 \"" : { } ,"":{"y":{"_key":1}}},"n":2}"#,
            vec![r#"{"x":1.50,"_key":"a"}"#, r#"{"_key":"b\u00e9 \""}"#, r#"{"y":{"_key":1},"_key":""}"#],
        ),
        (
            "data.*",
            r#"{"data":{"a":{"_key":1,"z":2},"b":[1,{"c":2}]}}"#,
            vec![r#"{"_source_key":1,"z":2,"_key":"a"}"#, r#"{"_value":[1,{"c":2}],"_key":"b"}"#],
        ),
        ("$.*", r#"{"a":{"x":1},"a":{"x":2}}"#, vec![r#"{"x":1,"_key":"a"}"#, r#"{"x":2,"_key":"a"}"#]),
        ("data.*", r#"{"data":{}}"#, vec![]),
        ("data.*", r#"{"data":[]}"#, vec![]),
        ("$.*", "[]", vec![]),
    ] {
        assert_eq!(
            records(at, body),
            (want.iter().map(|r| (*r).to_owned()).collect(), want.len() as u64, RecordsFound::Records)
        );
    }
    assert_eq!(records("data.*", r#"{"d":{}}"#).2, RecordsFound::Absent);
    assert_eq!(records("data.*", r#"{"data":null}"#).2, RecordsFound::Null);
    assert_eq!(records("data.*", r#"{"data":"x"}"#).2, RecordsFound::Other("a scalar"));
}

#[test]
fn a_member_that_is_no_record_is_an_error() {
    let at = |at, nulls, body| read(&Wanted { records: Some(each(at)), nulls, ..Wanted::default() }, body);
    let scalar = at("data.*", Nulls::Error, r#"{"data":{"a":{},"b":5}}"#);
    assert_eq!(scalar, Err(SplitErrorKind::ScalarMember(2)));
    assert_eq!(at("data.*", Nulls::Error, r#"{"data":[{"a":1}]}"#), Err(SplitErrorKind::ListOfMembers));
    assert_eq!(at("data.*", Nulls::Error, r#"{"data":{"a":null}}"#), Err(SplitErrorKind::NullRecord(1)));
    let kept = at("data.*", Nulls::Keep, r#"{"data":{"a":null}}"#).unwrap().0;
    assert_eq!(kept, [r#"{"_value":null,"_key":"a"}"#]);
    assert_eq!(at("data.*", Nulls::Skip, r#"{"data":{"a":null,"b":{}}}"#).unwrap().0, [r#"{"_key":"b"}"#]);
    let long = format!(r#"{{"data":{{"{}":{{}}}}}}"#, "x".repeat(5_000));
    let wanted = Wanted { records: Some(each("data.*")), ..Wanted::default() };
    assert_eq!(split(&wanted, [long.as_bytes()]).unwrap_err(), SplitErrorKind::KeyTooLong);
}

#[test]
fn lists_in_a_list_are_one_list_and_its_elements_are_counted() {
    for (at, body, want, count) in [
        (
            "data.*.items",
            r#"{"data":[{"n":1,"items":[{"a":1},{"b":[2]}],"items2":[9]},{"items":[]},{"items":[3 ,{}]}],"t":1}"#,
            vec![r#"{"a":1}"#, r#"{"b":[2]}"#, "3", "{}"],
            3,
        ),
        (
            "data.*.a.items",
            r#"{"data":[{"a":{"items":[1]}},{"b":{"items":[7]},"a":{"x":[0],"items":[2]}}]}"#,
            vec!["1", "2"],
            2,
        ),
        ("$.*.items", r#"[{"items":[1]},{"items":[2,3]}]"#, vec!["1", "2", "3"], 2),
        (
            "bars.*.*",
            r#"{"bars":{"A A":[{"c":1},{"c":2,"_key":0}],"B":[],"C":[3]}}"#,
            vec![
                r#"{"c":1,"_key":"A A"}"#,
                r#"{"c":2,"_source_key":0,"_key":"A A"}"#,
                r#"{"_value":3,"_key":"C"}"#,
            ],
            3,
        ),
        ("d.*.*", r#"{"d":[[1],[],[2,3]]}"#, vec!["1", "2", "3"], 3),
        (
            "d.*.items",
            r#"{"d":{"x":{"n":"y","items":[{"a":1}]},"z":{"items":[{}]}}}"#,
            vec![r#"{"a":1,"_key":"x"}"#, r#"{"_key":"z"}"#],
            2,
        ),
        ("d.*.items", r#"{"d":[]}"#, vec![], 0),
        ("d.*.items", r#"{"d":{}}"#, vec![], 0),
    ] {
        let want: Vec<_> = want.into_iter().map(str::to_owned).collect();
        assert_eq!(records(at, body), (want, count, RecordsFound::Records), "{body}");
    }
}

#[test]
fn an_element_without_its_list_is_told() {
    for (at, body, found) in [
        ("d.*.items", r#"{"d":[{"items":[1]},{"item":[2]}]}"#, RecordsFound::Absent),
        ("d.*.items", r#"{"d":[{"items":[1]},{"items":null}]}"#, RecordsFound::Null),
        ("d.*.items", r#"{"d":[{"items":{"a":1}},{"items":null}]}"#, RecordsFound::Other("an object")),
        ("d.*.items", r#"{"d":[5]}"#, RecordsFound::Other("a scalar")),
        ("d.*.items", r#"{"d":null}"#, RecordsFound::Null),
        ("d.*.items", r#"{"e":[]}"#, RecordsFound::Absent),
        ("d.*.items", r#"{"d":7}"#, RecordsFound::Other("a scalar")),
        ("d.*.*", r#"{"d":[{"a":1}]}"#, RecordsFound::Other("an object")),
    ] {
        assert_eq!(records(at, body).2, found, "{body}");
    }
    let twice =
        read(&Wanted { records: Some(each("d.*.i")), ..Wanted::default() }, r#"{"d":[{"i":[1],"i":[2]}]}"#);
    assert_eq!(twice, Err(SplitErrorKind::RecordsTwice));
}

fn columns(at: Columns, known: Option<&[&str]>) -> Wanted {
    let known = known.map(|names| names.iter().map(|&name| name.to_owned()).collect());
    let records = Some(RecordsAt::Path(path("rows")));
    Wanted { records, columns: Some(WantedColumns { at, known }), ..Wanted::default() }
}

fn named(at: &str, name: Option<&str>) -> Columns {
    Columns::At { at: at.parse().unwrap(), name: name.map(|name| name.parse().unwrap()) }
}

#[test]
fn rows_become_objects_by_their_columns_wherever_these_stand() {
    let want =
        vec![r#"{"id":1.50,"a \"b\"":[1,{"x":2}]}"#.to_owned(), r#"{"id":"7","a \"b\"":null}"#.to_owned()];
    let rows = r#""rows":[[1.50 , [1,{"x":2}]],["7",null]]"#;
    let names = r#"["id","a \"b\""]"#;
    let plain = columns(named("c.n", None), None);
    for body in [format!(r#"{{"c":{{"n":{names}}},{rows}}}"#), format!(r#"{{{rows},"c":{{"n":{names}}}}}"#)] {
        assert_eq!(read(&plain, &body), Ok((want.clone(), 2, RecordsFound::Records)));
    }
    let fields =
        format!(r#"{{{rows},"fields":[{{"type":"x","m":{{"name":"id"}}}},{{"m":{{"name":"a \"b\""}}}}]}}"#);
    assert_eq!(read(&columns(named("fields", Some("m.name")), None), &fields).unwrap().0, want);
    let first = format!(r#"{{"rows":[{names},[1.50,[1,{{"x":2}}]],["7",null]]}}"#);
    assert_eq!(read(&columns(Columns::FirstRow, None), &first), Ok((want.clone(), 2, RecordsFound::Records)));
    // Those of the pages before stand in for absent ones.
    let known = columns(named("c.n", None), Some(&["id", "a \"b\""]));
    assert_eq!(read(&known, &format!("{{{rows}}}")).unwrap().0, want);
}

#[test]
fn rows_that_do_not_fit_their_columns_are_errors() {
    let plain = columns(named("c", None), None);
    let one = |wanted: &Wanted, body: &str| read(wanted, body).unwrap_err();
    assert_eq!(
        one(&plain, r#"{"c":["a","b"],"rows":[[1,2],[1]]}"#),
        SplitErrorKind::RowLength { row: 2, found: 1, expected: 2 }
    );
    assert_eq!(one(&plain, r#"{"c":["a"],"rows":[{"a":1}]}"#), SplitErrorKind::RowNotList(1));
    assert_eq!(one(&plain, r#"{"rows":[[1]]}"#), SplitErrorKind::NoColumns("c".to_owned()));
    for bad in [r#"["a",1]"#, r#"["a","a"]"#, r#"{"a":1}"#, "[]", r#"[{"name":"a"}]"#] {
        let error = one(&plain, &format!(r#"{{"c":{bad},"rows":[[1]]}}"#));
        assert!(matches!(error, SplitErrorKind::BadColumns { .. }), "{error}");
    }
    let known = columns(named("c", None), Some(&["a"]));
    assert_eq!(one(&known, r#"{"rows":[[1]],"c":["b"]}"#), SplitErrorKind::OtherColumns("b".to_owned()));
    assert_eq!(read(&plain, r#"{"rows":[]}"#), Ok((vec![], 0, RecordsFound::Records)));
}

#[test]
fn what_names_add_to_records_is_bounded() {
    let name = "n".repeat(4_000);
    let mut reader = Reader::json(&Wanted { records: Some(each("d.*.*")), ..Wanted::default() });
    let (mut pieces, mut result) = (Vec::new(), Ok(()));
    let mut written = 0_usize;
    let start = format!(r#"{{"d":{{"{name}":[1"#);
    for chunk in std::iter::once(start).chain(std::iter::repeat_with(|| ",1".repeat(8_000))).take(100) {
        result = reader.push(chunk.into(), &mut pieces);
        let mut more = result.is_ok();
        while more {
            assert!(pieces.iter().map(RecordChunk::size).sum::<usize>() < 1 << 20, "a piece at a time");
            written += pieces.drain(..).map(|piece| piece.bytes.len()).sum::<usize>();
            match reader.go_on(&mut pieces) {
                Ok(goes_on) => more = goes_on,
                Err(error) => (result, more) = (Err(error), false),
            }
        }
        if result.is_err() {
            break;
        }
    }
    assert_eq!(result.unwrap_err().kind, SplitErrorKind::NamesTooLong(500));
    assert!(written < 70 << 20, "{written}");
}
