//! Charsets that a content type declares, encodings that a source file states, and codings of bodies.

use bronzegate_core::report::Status;

use super::bodies::{RESULTS, is_refused, read, status_200};

const LATIN: &[u8] = b"{\"results\":[{\"name\":\"caf\xe9\"}]}";
const CAFE: &str = "{\"name\":\"caf\u{e9}\"}";

#[tokio::test]
async fn a_declared_charset_with_more_than_ascii_is_refused_until_the_file_states_one() {
    let declared = "application/json; charset=ISO-8859-1";
    let utf8 = format!("{{\"results\":[{CAFE}]}}").into_bytes();
    let why = "the content type declares the charset `iso-8859-1`, in which some APIs send UTF-8 all the same: say in \
               the source file which it is, `format: { encoding: iso-8859-1 }`";
    is_refused(status_200(&[], declared, LATIN.to_vec()), RESULTS, why).await;
    is_refused(status_200(&[], declared, utf8.clone()), RESULTS, why).await;
    for (body, encoding) in
        [(LATIN.to_vec(), "latin-1"), (utf8.clone(), "utf-8"), (LATIN.to_vec(), "windows-1252")]
    {
        let settings = format!("{RESULTS}\nformat: {{ encoding: {encoding} }}");
        let (bench, report) = read(status_200(&[], declared, body), &settings).await;
        assert_eq!(
            (report.status, bench.records("items")),
            (Status::Complete, vec![CAFE.to_owned()]),
            "{encoding}"
        );
    }
    // What is plain in every charset, and what is declared as it is.
    let plain = b"{\"results\":[{\"a\":\"\\u00e9\"}]}".to_vec();
    let (bench, _) = read(status_200(&[], declared, plain), RESULTS).await;
    assert_eq!(bench.records("items"), ["{\"a\":\"\\u00e9\"}"]);
    let (bench, _) = read(status_200(&[], "application/json; Charset=\"UTF-8\"", utf8), RESULTS).await;
    assert_eq!(bench.records("items"), [CAFE]);
}

#[tokio::test]
async fn tables_are_read_in_the_encoding_that_the_file_states() {
    let table = b"id;stra\xdfe\n1;Z\xfcrich\n".to_vec();
    let settings = "records: $\nformat: { csv: { delimiter: \";\" }, encoding: latin-1 }";
    let (bench, report) = read(status_200(&[], "text/csv", table), settings).await;
    assert_eq!(report.error, None);
    assert_eq!(bench.records("items"), ["{\"id\":\"1\",\"stra\u{df}e\":\"Z\u{fc}rich\"}"]);
    let broken = b"a\n\x83\n".to_vec();
    let settings = "records: $\nformat: { type: csv, encoding: shift_jis }";
    is_refused(status_200(&[], "text/csv", broken), settings, "it is not Shift_JIS, which `encoding` states")
        .await;
}

#[tokio::test]
async fn a_coding_is_read_whatever_its_case_and_several_are_refused_by_name() {
    let body = b"{\"results\":[1]}";
    let zstd = zstd::encode_all(&body[..], 3).unwrap();
    for (coding, body) in [
        ("ZSTD", zstd.clone()),
        ("Identity", body.to_vec()),
        ("", body.to_vec()),
        ("zstd, identity", zstd.clone()),
    ] {
        let kind = status_200(&[("content-encoding", coding)], "application/json", body);
        let (bench, report) = read(kind, RESULTS).await;
        assert_eq!((report.error, bench.lines("items").len()), (None, 1), "{coding:?}");
    }
    let kind = status_200(&[("content-encoding", "gzip, zstd")], "application/json", zstd);
    is_refused(kind, RESULTS, "content encoding `gzip, zstd` is not supported").await;
}
