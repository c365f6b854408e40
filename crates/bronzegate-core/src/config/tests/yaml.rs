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
fn what_anchors_and_aliases_repeat_is_counted_in_bytes_and_what_is_kept_for_them_too() {
    let text = "x".repeat(100_000);
    let aliases = format!("a: &a {text}\nb: [{}]\n", "*a, ".repeat(99_000));
    assert!(messages(&aliases)[0].contains("more than 4194304 bytes of text, aliases included"));
    let nested = format!("a: {}{text}{}\n", "&a [".repeat(60), "]".repeat(60));
    assert!(messages(&nested)[0].contains("bytes of text"), "each anchor keeps what is in it");
    let few = format!("a: &a {text}\nb: [*a, *a]\n");
    assert!(!messages(&few).iter().any(|message| message.contains("bytes of text")));
}

#[test]
fn the_longest_templates_are_read_within_a_small_stack() {
    let request = |open: &str, each: &str, times: usize, close: &str| {
        format!("path: /p, records: $, params: {{ q: '{open}{}{close}' }}", each.repeat(times))
    };
    let check = |request: String| {
        let text = format!("source: x\nbase_url: https://x.example\nstreams: {{ s: {{ {request} }} }}\n");
        parse("x.yaml", &text).map(drop).map_err(|problems| problems.to_string())
    };
    let read = move || {
        for (open, each, close) in [
            ("{{ ", "-", "page }}"),
            ("{{ ", "- ", "page }}"),
            ("{{ ", "not ", "page }}"),
            ("{{ page", "+1", " }}"),
            ("{{ page", "~1", " }}"),
            ("{{ page", ".a", " }}"),
            ("{{ page", "[0]", " }}"),
            ("{{ page", " or 1", " }}"),
            ("{{ ", "(", " }}"),
            ("{{ ", "[", " }}"),
            ("{{ ", "1 if page else ", "1 }}"),
            ("", "{{page}}", ""),
        ] {
            let most = (4096 - open.len() - close.len()) / each.len();
            let longest = check(request(open, each, most, close));
            assert!(!longest.is_err_and(|problems| problems.contains("a template has at most")), "{each}");
            let longer = check(request(open, each, 50_000, close)).unwrap_err();
            assert!(longer.contains("a template has at most 4096"), "{each}");
        }
    };
    // A thread's stack; the program has four times as much.
    std::thread::Builder::new().stack_size(2 << 20).spawn(read).unwrap().join().unwrap();
}

#[test]
fn anchors_are_expanded_and_a_byte_order_mark_skipped() {
    let text = "\u{feff}source: x\nbase_url: https://x.example\nstreams:\n  a: &a { path: /p, records: i }\n  b: *a\n";
    assert_eq!(parse("x.yaml", text).unwrap().streams.len(), 2);
}
