//! `tls`: certificates of connections.

use super::mistakes::{none, one};
use crate::config::parse;

const PEM: &str = "'-----BEGIN CERTIFICATE-----'";

#[test]
fn a_certificate_and_its_key_stand_together() {
    for (settings, part) in [
        (format!("certificate: {PEM}"), "streams.s.tls.certificate: needs key beside it"),
        ("key: { secret: k }".to_owned(), "streams.s.tls.key: needs certificate beside it"),
        ("ca: ca.pem".to_owned(), "streams.s.tls.ca: is no certificate in PEM; write text that begins with"),
        (
            "ca: '-----BEGIN EC PRIVATE KEY-----'".to_owned(),
            "streams.s.tls.ca: a key is not written into a source file",
        ),
        (format!("certificate: {PEM}, key: abc"), "{ secret: <name> }"),
        (format!("cert: {PEM}"), "unknown key"),
    ] {
        one(&format!("tls: {{ {settings} }}"), part);
    }
    none(&format!("tls: {{ ca: {PEM} }}"));
    none("tls: { ca: { secret: a, field: ca } }");
}

#[test]
fn the_secrets_of_certificates_are_the_streams_and_a_stream_may_have_its_own() {
    let text = format!(
        "source: x\nbase_url: https://x.example\ntls: {{ ca: {{ secret: ca }}, certificate: {{ secret: c }}, key: {{ secret: k }} }}\nstreams:\n  a: {{ path: /a, records: $ }}\n  b: {{ path: /b, records: $, tls: {{ ca: {PEM} }} }}"
    );
    let source = parse("x.yaml", &text).unwrap_or_else(|problems| panic!("{problems}"));
    let names = |nth: usize| {
        let secrets = source.streams[nth].secrets();
        secrets.into_iter().map(|secret| secret.secret).collect::<Vec<_>>()
    };
    assert_eq!(names(0), ["ca", "c", "k"]);
    assert_eq!(names(1), Vec::<String>::new());
    assert!(source.streams[1].tls.as_ref().is_some_and(|tls| tls.identity.is_none()));
}
