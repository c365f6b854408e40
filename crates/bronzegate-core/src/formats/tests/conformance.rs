//! The splitter against RFC 8259 and against `serde_json`.

use serde_json::Value;

use super::*;

/// Accept and reject cases after RFC 8259, in the manner of the published conformance suites.
const GOOD: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "-0",
    "1",
    "-1.5",
    "1e1",
    "1E+2",
    "1.5e-10",
    "\"\"",
    "\" \"",
    "\"\\u0000\"",
    "\"\\uD800\"",
    "\"\\udc00\\ud800\"",
    "\"\\\\\\\"\\/\\b\\f\\n\\r\\t\"",
    "\"\u{7f}\"",
    "\"\u{2028}\"",
    "\"é€😀\"",
    "[]",
    "[ ]",
    "{}",
    "{ }",
    "[[]]",
    "[1,2]",
    "[ 1 , 2 ]",
    "{\"a\":1}",
    "{\"a\":1,\"a\":2}",
    "{\"\":{}}",
    "{\"a\" : [ { } ] }",
    "\t[\r\n1\n]\n",
    "[\"a\\\\\",\"b\"]",
    "[\"\\\\\\\"\"]",
    "123456789012345678901234567890",
    "1e999",
    "[null,true,false]",
    "{\"\\u0061\":1}",
    "[1,\"\\u00e9\",{\"x\":[[[]]]}]",
    "\"\\ud83d\\ude00\"",
    "[-0.0e-0]",
    "1.0000000000000000000000000000000000001",
];
const BAD: &[&str] = &[
    "",
    " ",
    "nul",
    "nulll",
    "True",
    "NaN",
    "Infinity",
    "-Infinity",
    "-",
    "+1",
    "01",
    "-01",
    "1.",
    ".1",
    "1.e1",
    "1e",
    "1e+",
    "0x10",
    "1 2",
    "1,2",
    "[",
    "]",
    "{",
    "}",
    "[1",
    "[1,",
    "[1,]",
    "[,1]",
    "[1,,2]",
    "[1 2]",
    "[1}",
    "{]",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1,}",
    "{,}",
    "{\"a\" 1}",
    "{\"a\":1 \"b\":2}",
    "{a:1}",
    "{1:1}",
    "{'a':1}",
    "{\"a\":1:2}",
    "[1:2]",
    "{\"a\",1}",
    "\"",
    "\"a",
    "\"\\",
    "\"\\\"",
    "\"\\x\"",
    "\"\\u12\"",
    "\"\\u12g4\"",
    "\"\\u\"",
    "\"\\U0041\"",
    "\"\n\"",
    "\"\t\"",
    "\"\0\"",
    "\"a\"b",
    "\"a\"\"b\"",
    "[\"a\"\"b\"]",
    "[1]x",
    "[1]]",
    "{}{}",
    "[1]//c",
    "/*c*/[1]",
    "[1]\u{feff}",
    "\u{a0}[1]",
    "[1\u{b}]",
    "[\u{c}]",
    "\\",
    "[\\]",
    "[\"\\a\"]",
    "\\u0022a\"",
    "[1]\0",
    "\0",
    "[tru]",
    "[nul1]",
    "[1a]",
    "[1-2]",
    "[--1]",
    "[1.5.5]",
    "{\"a\":tru}",
    "[\"a\",\n4\n,1,",
    "{\"a\":\"b\"}#",
    "{\"a\":\"b\"}/**/",
    "[1e1.5]",
    "[é]",
    "{\"a\":[}",
    "[{]}",
    "a",
    "'a'",
    "[\"\\ud800\\\"]",
    "[1,\"",
    "{\"a\":1",
    "{\"a\":[1}",
    "nan",
    "0e",
    "2.e3",
    "[0x1]",
    "[1_000]",
];

/// The body is refused for what RFC 8259 forbids, not for a limit of the splitter or for its place.
#[track_caller]
fn assert_breaks_grammar(outcome: Outcome, body: &str) {
    use SplitErrorKind::{
        BadEscape, BadScalar, ControlCharacter, Empty, Trailing, Truncated, UnexpectedByte,
    };
    let kind = outcome.expect_err(body);
    let of_grammar = matches!(
        kind,
        Empty | Truncated | ControlCharacter | BadEscape | BadScalar | UnexpectedByte(_) | Trailing
    );
    assert!(of_grammar, "{body:?}: {kind}");
}

#[test]
fn accepts_and_rejects_what_rfc_8259_does_wherever_the_body_is_cut() {
    let document = wanted("no.such", &[]);
    for good in GOOD {
        assert!(split_every_way(&document, good.as_bytes()).is_ok(), "{good:?}");
        let element = format!("[{good}]");
        assert_eq!(records(&wanted("$", &[]), &element), [good.trim()], "{good:?}");
        assert_eq!(records(&wanted("r", &[]), &format!("{{\"r\":{element}}}")), [good.trim()], "{good:?}");
    }
    for bad in BAD {
        assert_breaks_grammar(split_every_way(&document, bad.as_bytes()), bad);
        let member = format!("{{\"r\":[{{\"x\":{bad}}}]}}");
        if serde_json::from_str::<&serde_json::value::RawValue>(&member).is_err() {
            assert_breaks_grammar(split_every_way(&wanted("r", &[]), member.as_bytes()), &member);
        }
    }
}

#[test]
fn refuses_what_is_not_utf_8_inside_and_outside_of_records() {
    for bad in [
        &b"[\"\xff\"]"[..],
        b"[\"\xc3\"]",
        b"[\"\xed\xa0\x80\"]",
        b"[\"\xe9x\"]",
        b"{\"\xc0\xaf\":1}",
        b"[\"\xf4\x90\x80\x80\"]",
    ] {
        assert_eq!(split_every_way(&wanted("$", &[]), bad).unwrap_err(), SplitErrorKind::NotUtf8, "{bad:?}");
    }
}

#[test]
fn agrees_with_serde_json_on_mutated_documents() {
    compare_with_serde_json(20_000);
}

/// Some minutes in a release build; `cargo test --release --workspace --lib -- --ignored twenty_million` runs it.
#[test]
#[ignore = "takes minutes"]
fn agrees_with_serde_json_on_twenty_million_mutated_documents() {
    compare_with_serde_json(20_000_000);
}

/// Documents that are mutated: compact and with white space, short and over many blocks.
const DOCUMENTS: [&str; 3] = [
    r#"{"results":[{"id":9007199254740993,"t":"a\"\\\u00e9é","n":[1.50,-2e-3,null,{"x":{}}]},{"b":true}],"next":{"after":"c1"},"z":[]}"#,
    "{ \"next\" : { \"after\" : null } ,\n\t\"results\" : [ { \"a\" : [ ] , \"b\" : { } } ,\r\n -0 , \"\\\\\" , false ]\n}\n",
    r#"{"results":[{"id":12345678901234567890123,"name":"back\\\\slash \ud83d\ude00","list":[[1,[2,[3,[]]]],{"k":{"k":{"k":[]}}}],"rate":0.000000000000000000001,"note":null,"t":"2024-05-06T07:08:09Z","flags":[true,false,true]},{},{"_id":6.02214076e23,"text":"日本語 🦀","empty":""}],"next":{"after":"x"}}"#,
];

/// Mutates documents by a byte or a few, cuts them at random, and compares the verdicts, and the records of good ones.
fn compare_with_serde_json(documents: usize) {
    let mut random = fastrand::Rng::with_seed(20_261_122);
    let alphabet = b"{}[],:\"\\ 0123456789.eE+-truefalsn\n\xc3\xa9u_";
    let wanted = wanted("results", &["next.after"]);
    let (mut good, mut bad) = (0, 0);
    for _ in 0..documents {
        // Blanks before it move the document against the blocks that are read at once.
        let mut body = vec![b' '; random.usize(..70)];
        body.extend_from_slice(DOCUMENTS[random.usize(..DOCUMENTS.len())].as_bytes());
        for _ in 0..random.usize(1..4) {
            let at = random.usize(..body.len());
            match random.u8(..3) {
                0 => drop(body.remove(at)),
                1 => body.insert(at, alphabet[random.usize(..alphabet.len())]),
                _ => body[at] = alphabet[random.usize(..alphabet.len())],
            }
        }
        let expected = serde_json::from_slice::<&serde_json::value::RawValue>(&body).is_ok();
        let second = random.usize(..=body.len());
        let first = random.usize(..=second);
        let shown = String::from_utf8_lossy(&body);
        match split(&wanted, [&body[..first], &body[first..second], &body[second..]]) {
            Ok((records, page)) => {
                good += 1;
                assert!(expected, "accepted: {shown}");
                let document: Option<Value> = serde_json::from_slice(&body).ok();
                if let Some(items) =
                    document.as_ref().and_then(|document| document.get("results")).and_then(Value::as_array)
                    && page.found == RecordsFound::Records
                {
                    let parsed: Vec<Value> =
                        records.iter().map(|record| serde_json::from_str(record).unwrap()).collect();
                    assert_eq!(&parsed, items, "{shown}");
                }
            }
            Err(SplitErrorKind::RecordsTwice | SplitErrorKind::ValueTwice(_)) => {}
            Err(_) => {
                bad += 1;
                assert!(!expected, "refused: {shown}");
            }
        }
    }
    assert!(good > documents / 20 && bad > documents / 20, "{good} good, {bad} bad");
}
