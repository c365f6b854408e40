//! The CSV splitter against the `csv` crate, with bodies cut at every byte.

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::config::{Csv, RepeatedNames};
use crate::formats::*;

type Outcome = Result<(Vec<String>, PageBody), SplitErrorKind>;

fn split<'a>(form: &Csv, chunks: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let mut splitter = Reader::csv(form, false);
    let mut pieces = Vec::new();
    for chunk in chunks {
        splitter.push(Bytes::copy_from_slice(chunk), &mut pieces).map_err(|error| error.kind)?;
        while splitter.go_on(&mut pieces).map_err(|error| error.kind)? {}
    }
    let body = splitter.finish(&mut pieces).map_err(|error| error.kind)?;
    let text = |record: &[u8]| String::from_utf8(record.to_vec()).expect("records are UTF-8");
    let records: Vec<_> = pieces.iter().flat_map(RecordChunk::records).map(text).collect();
    assert_eq!(records.len() as u64, body.records);
    assert_eq!(body.last_record.as_deref().map(text), records.last().cloned());
    Ok((records, body))
}

/// Splits the body whole and cut in two at every byte and in single bytes; all must agree.
fn every_way(form: &Csv, body: &[u8]) -> Result<Vec<String>, SplitErrorKind> {
    let whole = split(form, [body]);
    let ways = (0..=body.len())
        .map(|cut| vec![&body[..cut], &body[cut..]])
        .chain([body.chunks(1).collect::<Vec<_>>(), body.chunks(3).collect()]);
    for chunks in ways {
        let cut = split(form, chunks.iter().copied());
        match (&whole, &cut) {
            (Ok((records, body)), Ok((again, other))) => {
                assert_eq!((records, body.hash, body.bytes), (again, other.hash, other.bytes));
            }
            (Err(one), Err(other)) => assert_eq!(one, other, "{}", String::from_utf8_lossy(body)),
            _ => panic!("whole {whole:?}, cut {cut:?}: {}", String::from_utf8_lossy(body)),
        }
    }
    whole.map(|(records, _)| records)
}

fn plain(body: impl AsRef<[u8]>) -> Result<Vec<String>, SplitErrorKind> {
    every_way(&Csv::default(), body.as_ref())
}

#[test]
fn a_row_is_a_record_of_strings_in_header_order() {
    let records = plain(
        "id,name,\"a \"\"b\"\"\"\r\n007,\"Zo\u{eb}, \"\"x\"\"\",\r\n1.50,\"two\r\nlines\t\",\\null\r\n",
    )
    .unwrap();
    assert_eq!(
        records,
        [
            "{\"id\":\"007\",\"name\":\"Zo\u{eb}, \\\"x\\\"\",\"a \\\"b\\\"\":\"\"}",
            r#"{"id":"1.50","name":"two\r\nlines\t","a \"b\"":"\\null"}"#,
        ]
    );
}

#[test]
fn line_ends_marks_and_blank_lines_make_no_difference() {
    let expected = [r#"{"a":"1","b":"2"}"#, r#"{"a":"3","b":""}"#];
    for body in [
        "a,b\n1,2\n3,\n",
        "a,b\r\n1,2\r\n3,",
        "a,b\r1,2\r3,\r",
        "\u{feff}a,b\n1,2\n\n3,\n\n",
        "\n\n\"a\",\"b\"\n\"1\",\"2\"\n\"3\",\"\"",
    ] {
        assert_eq!(plain(body).unwrap(), expected, "{body:?}");
    }
    assert_eq!(plain("a\r\n").unwrap(), Vec::<String>::new(), "a header alone");
    // A second mark belongs to the name.
    assert_eq!(plain("\u{feff}\u{feff}a\n1").unwrap(), ["{\"\u{feff}a\":\"1\"}"]);
}

#[test]
fn a_delimiter_and_a_header_may_be_given() {
    let header = Some(vec!["_id".to_owned(), "x y".to_owned()]);
    let form = Csv { delimiter: b';', header, ..Csv::default() };
    assert_eq!(every_way(&form, b"1;a,b\n").unwrap(), [r#"{"_id":"1","x y":"a,b"}"#]);
    assert_eq!(every_way(&form, b"").unwrap(), Vec::<String>::new());
    let tabs = Csv { delimiter: b'\t', ..Csv::default() };
    assert_eq!(every_way(&tabs, b"a\tb\n1\t\"2\t3\"\n").unwrap(), [r#"{"a":"1","b":"2\t3"}"#]);
}

#[test]
fn a_damaged_table_is_refused_with_its_line() {
    let count = |line, found| SplitErrorKind::FieldCount { line, found, expected: 2 };
    for (body, kind) in [
        (&b"a,b\n1\n"[..], count(2, 1)),
        (b"a,b\r\n1,2\r\n3,4,5\r\n", count(3, 3)),
        (b"a,b\r\n\r\n1,\"x\r\ny\"\r\n3\r\n", count(5, 1)),
        (b"a,b\r1\r", count(1, 1)),
        (b"a,b\n1,2,\n", count(2, 3)),
        (b"a,b,a\n1,2,3\n", SplitErrorKind::HeaderTwice("a".to_owned())),
        (b"", SplitErrorKind::Empty),
        (b"\xef\xbb\xbf\r\n\r\n", SplitErrorKind::Empty),
        (b"\xef\xbb", SplitErrorKind::NotUtf8),
        (b"a,b\n1,\"2\n", SplitErrorKind::Truncated),
        (b"a,b\n1,\"", SplitErrorKind::Truncated),
        (b"a,b\n\"abc\"def,2\n", SplitErrorKind::BehindQuote),
        (b"a,b\n1,\"2\" \n", SplitErrorKind::BehindQuote),
        (b"a,b\n1,\xff\n", SplitErrorKind::RecordNotUtf8 { line: 2 }),
        (b"a,b\n1,2\n\xc3,\xa9\n", SplitErrorKind::RecordNotUtf8 { line: 3 }),
        (b"a,\xe2\x82\n", SplitErrorKind::RecordNotUtf8 { line: 1 }),
    ] {
        assert_eq!(plain(body), Err(kind), "{}", String::from_utf8_lossy(body));
    }
}

#[test]
fn names_that_could_clash_with_metadata_are_marked() {
    for (header, clash) in [("id,_batch_id", true), ("id,batch_id", false), ("\"\"\"x\",y", true)] {
        let mut splitter = Reader::csv(&Csv::default(), false);
        let mut pieces = Vec::new();
        splitter.push(format!("{header}\n1,2\n").into(), &mut pieces).unwrap();
        assert_eq!(pieces[0].spans[0].may_clash, clash, "{header}");
    }
}

/// The bytes of each batch of pieces that the reader hands out at once, to the body's end or its fault.
fn batches(body: &str, chunk: usize) -> (Vec<usize>, Result<u64, SplitErrorKind>) {
    let mut splitter = Reader::csv(&Csv::default(), false);
    let mut sizes = Vec::new();
    let mut take = |pieces: &mut Vec<RecordChunk>| {
        sizes.push(pieces.drain(..).map(|piece| piece.size()).sum());
    };
    let mut pieces = Vec::new();
    let mut read = || {
        for chunk in body.as_bytes().chunks(chunk) {
            splitter.push(Bytes::copy_from_slice(chunk), &mut pieces)?;
            take(&mut pieces);
            while splitter.go_on(&mut pieces)? {
                take(&mut pieces);
            }
        }
        Ok(())
    };
    let read = read().map_err(|error: SplitError| error.kind);
    let ended = read.and_then(|()| splitter.finish(&mut pieces).map_err(|error| error.kind));
    (sizes, ended.map(|body| body.records))
}

#[test]
fn what_is_handed_out_at_once_is_bounded_however_long_the_names_are() {
    let body = format!("{}\n{}", "n".repeat(100_000), "1\n".repeat(600));
    let (sizes, records) = batches(&body, 64 << 10);
    assert_eq!(records, Ok(600));
    assert!(sizes.iter().sum::<usize>() > 600 * 100_000);
    assert!(sizes.iter().all(|size| *size < (256 << 10) + 110_000), "{sizes:?}");
}

#[test]
fn names_that_make_a_multiple_of_the_body_are_refused() {
    let body = format!("{}\n{}", "n".repeat(100_000), "1\n".repeat(40_000));
    let (sizes, records) = batches(&body, 64 << 10);
    assert_eq!(records, Err(SplitErrorKind::NamesTooLong(500)));
    assert!(sizes.iter().sum::<usize>() < 100 << 20, "{}", sizes.iter().sum::<usize>());
    // Names of which a table may have many, beside values that are all empty.
    let body = format!("{}\n{}", "n".repeat(99), "\"\"\n".repeat(900_000));
    assert_eq!(batches(&body, 1 << 20).1, Ok(900_000));
    let large = format!("{}\n1\n", "n".repeat(1 << 20));
    assert_eq!(batches(&large, 64 << 10).1, Err(SplitErrorKind::HeaderTooLarge));
}

#[test]
fn a_row_whose_record_would_be_too_large_is_refused_before_it_is_written() {
    let body = format!("a\n{}\n", "\u{1}".repeat(12 << 20));
    let (sizes, records) = batches(&body, 64 << 10);
    assert_eq!(records, Err(SplitErrorKind::RecordTooLarge));
    assert!(sizes.iter().all(|size| *size == 0), "{sizes:?}");
    let body = format!("a\n{}\n", "x".repeat(12 << 20));
    assert_eq!(batches(&body, 64 << 10).1, Ok(1));
}

/// What the `csv` crate makes of a body: records of as many strings as the header has.
fn by_the_csv_crate(body: &[u8]) -> Option<Vec<String>> {
    let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(body);
    let rows: Vec<Vec<String>> = reader.deserialize().collect::<Result<_, _>>().ok()?;
    let (header, rows) = rows.split_first()?;
    let record = |row: &Vec<String>| {
        let members = header.iter().cloned().zip(row.iter().cloned().map(Value::String));
        Value::Object(members.collect::<Map<_, _>>()).to_string()
    };
    Some(rows.iter().map(record).collect())
}

#[test]
fn agrees_with_the_csv_crate_on_random_bodies() {
    const ALPHABET: [&str; 12] =
        ["a", "b", "\u{e9}", "\u{20ac}", ",", ",", "\"", "\"", "\n", "\r\n", "\r", " "];
    let mut seed = 1_u64;
    let mut below = move |bound: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed >> 33) as usize % bound
    };
    let (mut agreed, mut refused) = (0, 0);
    for _ in 0..20_000 {
        let length = below(24);
        let tail: String = (0..length).map(|_| ALPHABET[below(ALPHABET.len())]).collect();
        let body = format!("x,y\n{tail}");
        match split(&Csv::default(), body.as_bytes().chunks(1 + below(5))) {
            Ok((records, _)) => {
                assert_eq!(Some(records), by_the_csv_crate(body.as_bytes()), "{body:?}");
                agreed += 1;
            }
            // The crate takes an open quote for a field that ends with the body.
            // And it takes what follows a closing quote for a part of the value.
            Err(SplitErrorKind::Truncated | SplitErrorKind::BehindQuote) => {
                let quotes = body.matches('"').count();
                assert!(quotes > 0, "{body:?}");
                refused += 1;
            }
            Err(SplitErrorKind::FieldCount { .. }) => {
                assert_eq!(by_the_csv_crate(body.as_bytes()), None, "{body:?}");
                refused += 1;
            }
            Err(other) => panic!("{other}: {body:?}"),
        }
    }
    assert!(agreed > 500 && refused > 500, "{agreed} {refused}");
}

#[test]
fn lines_before_and_behind_a_table_are_no_part_of_it() {
    let body = "Report \"x\nMade for: me\r\n\nid,n\n1,a\n2,\"b\nGrand Total\"\nGrand Total,3\n\"x\"y,z,z\n";
    let want = [r#"{"id":"1","n":"a"}"#, r#"{"id":"2","n":"b\nGrand Total"}"#];
    let ends_at = Some("Grand".to_owned());
    let skipping = Csv { skip_lines: 3, ends_at: ends_at.clone(), ..Csv::default() };
    // What is after the table in the same chunk is no longer held to quotes.
    let whole = body.replace("\"x\"y,z,z\n", "x,y,z,z\n");
    assert_eq!(every_way(&skipping, whole.as_bytes()).unwrap(), want);
    let finding = Csv { header_starts: Some("id,".to_owned()), ends_at, ..Csv::default() };
    assert_eq!(every_way(&finding, whole.as_bytes()).unwrap(), want);
    assert_eq!(every_way(&finding, b"a\nb\n"), Err(SplitErrorKind::NoHeaderLine("id,".to_owned())));
    assert_eq!(every_way(&finding, b"id,n\n1,2\n"), Err(SplitErrorKind::NoEndLine("Grand".to_owned())));
    let short = every_way(&skipping, b"a\nb\nc\nid,n\n1\n").unwrap_err();
    assert_eq!(short, SplitErrorKind::FieldCount { line: 5, found: 1, expected: 2 });
    assert!(short.to_string().contains("`skip_lines`, `header_starts` and `ends_at` tell them"), "{short}");
}

#[test]
fn columns_of_one_name_are_numbered_where_that_is_said() {
    let form = Csv { repeated_names: RepeatedNames::Number, ..Csv::default() };
    let records = every_way(&form, b"n,n,n_2,n,x\n1,2,3,4,5\n").unwrap();
    assert_eq!(records, [r#"{"n":"1","n_3":"2","n_2":"3","n_4":"4","x":"5"}"#]);
    assert_eq!(plain("n,n\n1,2\n"), Err(SplitErrorKind::HeaderTwice("n".to_owned())));
}
