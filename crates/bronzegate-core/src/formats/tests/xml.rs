//! XML: what its elements become, and what is refused.

use std::sync::Arc;

use bytes::Bytes;

use crate::formats::{PageBody, Reader, RecordsAt, RecordsFound, SplitError, SplitErrorKind, Wanted};

fn read_in(
    body: &[u8],
    size: usize,
    (records, lists, value): (&str, &[&str], &str),
) -> Result<(Vec<String>, PageBody), SplitError> {
    let names: Vec<String> = records.split('.').map(str::to_owned).collect();
    let values: Vec<Vec<String>> = vec![value.split('.').map(str::to_owned).collect()];
    let wanted = Wanted {
        records: Some(RecordsAt::Path(names.clone())),
        values: Arc::from(values),
        ..Wanted::default()
    };
    let lists: Vec<String> = lists.iter().map(|&name| name.to_owned()).collect();
    let mut reader = Reader::xml(&wanted, names, &lists);
    let mut out = Vec::new();
    for chunk in body.chunks(size) {
        reader.push(Bytes::copy_from_slice(chunk), &mut out)?;
    }
    let body = reader.finish(&mut out)?;
    let records = out.iter().flat_map(|chunk| {
        chunk.records().map(|record| String::from_utf8(record.to_vec()).unwrap()).collect::<Vec<_>>()
    });
    Ok((records.collect(), body))
}

/// The records, and the value that was asked for, which are the same however the body is cut.
fn read(body: &str, wanted: (&str, &[&str], &str)) -> (Vec<String>, Option<String>) {
    let whole =
        read_in(body.as_bytes(), usize::MAX, wanted).unwrap_or_else(|error| panic!("{error}: {body}"));
    for size in [1, 2, 3, 7, 64] {
        let cut = read_in(body.as_bytes(), size, wanted).unwrap();
        assert_eq!((&cut.0, &cut.1.values, cut.1.hash), (&whole.0, &whole.1.values, whole.1.hash), "{size}");
    }
    assert_eq!(whole.1.bytes, body.trim_end().len() as u64);
    let value = whole.1.values[0].clone().map(|json| String::from_utf8(json).unwrap());
    (whole.0, value)
}

#[test]
fn elements_become_objects_attributes_and_texts_members() {
    for (body, records) in [
        (
            "<f><e><id>1</id><t> a &amp; b </t></e><e><id>2</id></e></f>",
            &[r#"{"id":"1","t":" a & b "}"#, r#"{"id":"2"}"#][..],
        ),
        (r#"<f><e id='7' x="a&#10;b"/></f>"#, &[r#"{"@id":"7","@x":"a\nb"}"#]),
        (
            r#"<f><e u="EUR">9.50</e><e>1</e><e/></f>"#,
            &[r##"{"@u":"EUR","#text":"9.50"}"##, r#""1""#, r#""""#],
        ),
        ("<f><e>a <b>c</b> d</e></f>", &[r##"{"b":"c","#text":"a  d"}"##]),
        ("<f><e><p><q/></p></e></f>", &[r#"{"p":{"q":""}}"#]),
        (
            "<f xmlns='u' xmlns:d='v'><e><d:c xml:lang='de'>x</d:c></e></f>",
            &[r##"{"d:c":{"@xml:lang":"de","#text":"x"}}"##],
        ),
        ("<f><e><![CDATA[<b>&amp;]]>\"\u{e9}\r\n</e></f>", &[r#""<b>&amp;\"é\n""#]),
        (
            "<f><e><a>1</a><l>x</l><a>2</a></e><e><l/></e></f>",
            &[r#"{"a":["1","2"],"l":["x"]}"#, r#"{"l":[""]}"#],
        ),
        (
            "<?xml version='1.0'?><!-- <e> --><f><e>1</e><o/><?p e?><e>2</e></f>\n<!-- end -->",
            &[r#""1""#, r#""2""#],
        ),
    ] {
        assert_eq!(read(body, ("f.e", &["a", "l"], "f.o")).0, records, "{body}");
    }
}

#[test]
fn what_stands_beside_the_records_is_found_wherever_it_stands() {
    let wanted = |value| ("feed.list.entry", &["link"][..], value);
    let body = "<feed v='2'><total>7</total><list n='1'><a>0</a><entry>1</entry><b c='d'/><entry>2</entry></list><link href='x'/><link href='y'/></feed>";
    for (value, found) in [
        ("feed.total", Some(r#""7""#)),
        ("feed.@v", Some(r#""2""#)),
        ("feed.list.@n", Some(r#""1""#)),
        ("feed.list.a", Some(r#""0""#)),
        ("feed.list.b.@c", Some(r#""d""#)),
        ("feed.link.1.@href", Some(r#""y""#)),
        ("feed.none", None),
    ] {
        let (records, value_found) = read(body, wanted(value));
        assert_eq!((records.len(), value_found.as_deref()), (2, found), "{value}");
    }
    let (_, one) = read_in(b"<feed><list><entry/></list></feed>", 9, wanted("feed.x")).unwrap();
    assert_eq!((one.records, one.found), (1, RecordsFound::Records), "one element is a list too");
    for none in ["<feed><list/></feed>", "<feed/>", "<other><list><entry/></list></other>"] {
        let (records, body) = read_in(none.as_bytes(), 9, wanted("feed.x")).unwrap();
        assert_eq!(records.len(), 0, "{none}");
        assert_ne!(body.found, RecordsFound::Records, "{none}");
    }
}

#[test]
fn what_could_lose_a_member_or_expand_is_refused() {
    for (body, part) in [
        (
            "<f><e><a/><a/></e></f>",
            "<a> stands twice in <e>: where it may, name it in `format: { xml: { lists: [a] } }`",
        ),
        ("<r><f><e/></f><f><e/></f></r>", "<f> stands twice in <r>"),
        ("<r><f/><f><e/></f></r>", "<f> stands twice in <r>"),
        ("<f><e a='1' a='2'/></f>", "an attribute of <e> that is written twice"),
        ("<f><e a=1/></f>", "an attribute of <e>"),
        ("<f><e a='<'/></f>", "an attribute of <e>"),
        ("<f><e></f></e>", "</f> stands where </e> is expected"),
        ("<!DOCTYPE f [<!ENTITY x 'y'>]><f/>", "a document type"),
        ("<f>&x;</f>", "an entity that XML does not define"),
        ("<f>&amp</f>", "an entity that XML does not define"),
        ("<f><1/></f>", "`1` cannot be an element's name"),
        ("x<f/>", "text outside of the root"),
        ("<f/><g/>", "a second root element"),
        ("<f/>x", "something follows the end"),
        ("<f><e>1</e>", "it ends too early"),
        ("<f", "it ends too early"),
        ("<f><!-- ", "it ends too early"),
        ("", "it is empty"),
        (" \n", "it is empty"),
        ("{\"a\":1}", "text outside of the root"),
    ] {
        let records = if body.starts_with("<r>") { "r.f.e" } else { "f.e" };
        for size in [1, 5, usize::MAX] {
            let error = read_in(body.as_bytes(), size, (records, &[], "x")).unwrap_err().to_string();
            assert!(error.contains(part), "{body:?} in {size}: {error}");
        }
    }
    let deep = format!("{}{}", "<f>".repeat(200), "</f>".repeat(200));
    let error = read_in(deep.as_bytes(), 64, ("f.e", &[], "x")).unwrap_err();
    assert!(error.to_string().contains("nested deeper than 128"), "{error}");
    let error = read_in(b"<f><e>\xff</e></f>", 64, ("f.e", &[], "x")).unwrap_err();
    assert_eq!(error.kind, SplitErrorKind::NotUtf8);
}

#[test]
fn whatever_is_damaged_is_read_the_same_however_it_is_cut_and_never_panics() {
    let body = "<?xml version='1.0'?><f n='1'><t>a &lt; b</t><e i='1'><x>é</x><y><![CDATA[<q>]]></y></e><!-- c --><e><x/>z</e><o p=\"'\"/></f>";
    let pieces = [
        "<",
        ">",
        "&",
        ";",
        "'",
        "\"",
        "/",
        "<e>",
        "</e>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<?",
        " ",
        "é",
        "=",
        "&#0;",
        "&#x10ffff;",
    ];
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..4_000 {
        let mut damaged = body.as_bytes().to_vec();
        for _ in 0..random.usize(1..4) {
            let at = random.usize(..=damaged.len());
            match random.u8(..3) {
                0 => damaged.truncate(at),
                1 => drop(damaged.drain(at..(at + random.usize(..5)).min(damaged.len()))),
                _ => {
                    let piece = pieces[random.usize(..pieces.len())];
                    damaged.splice(at..at, piece.bytes());
                }
            }
        }
        let wanted = ("f.e", &["x"][..], "f.t");
        let whole = read_in(&damaged, usize::MAX, wanted);
        let cut = read_in(&damaged, random.usize(1..9), wanted);
        let told = |read: &Result<(Vec<String>, PageBody), SplitError>| {
            read.as_ref().map(|(records, body)| (records.clone(), body.values.clone())).map_err(Clone::clone)
        };
        let (whole, cut) = (told(&whole), told(&cut));
        assert_eq!(whole.is_ok(), cut.is_ok(), "{}", String::from_utf8_lossy(&damaged));
        if let (Ok(whole), Ok(cut)) = (whole, cut) {
            assert_eq!(whole, cut, "{}", String::from_utf8_lossy(&damaged));
            whole.0.iter().for_each(|record| {
                serde_json::from_str::<serde_json::Value>(record).unwrap();
            });
        }
    }
}
