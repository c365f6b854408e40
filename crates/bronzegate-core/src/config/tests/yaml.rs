use super::mistakes::messages;
use crate::config::*;

#[test]
fn yaml_itself() {
    for (text, want) in [
        ("", "sources/x.yaml:1: the file is empty"),
        ("# only a comment\n", "the file is empty"),
        ("- a\n- b\n", "write"),
        ("just text", "write"),
        ("source: x\n\tbase_url: y\n", "sources/x.yaml:2: "),
        ("source: 'x\n", "not valid YAML"),
        ("source: x\n---\nsource: y\n", "one YAML document"),
        ("source: !secret x\n", "tags are not accepted"),
        ("a: &a [*a]\n", "an alias must name"),
        ("base: &b { a: 1 }\nuse: { <<: *b }\n", "merge keys"),
        ("? [a, b]\n: c\n", "a key must be text"),
        (
            "params: { since: {{ window.from }} }\n",
            "where {{ }} is meant as a template, quote it: \"{{ … }}\"",
        ),
    ] {
        let found = messages(text);
        assert!(found.iter().any(|message| message.contains(want)), "{text:?}: {found:#?}");
    }
    let bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\ne: [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]\n";
    assert!(messages(bomb)[0].contains("aliases included"));
    let deep = format!("a: {}{}", "[".repeat(200), "]".repeat(200));
    assert!(messages(&deep)[0].contains("nested deeper"));
    let problems = parse_bytes("x.yaml", b"source: x\nb: \xff\n").unwrap_err();
    assert_eq!(problems.to_string(), "x.yaml:2: not UTF-8 text");
    assert_eq!(problems.as_slice()[0].column, 4);
}

#[test]
fn anchors_are_expanded_and_a_byte_order_mark_skipped() {
    let text = "\u{feff}source: x\nbase_url: https://x.example\nstreams:\n  a: &a { path: /p, records: i }\n  b: *a\n";
    assert_eq!(parse("x.yaml", text).unwrap().streams.len(), 2);
}
