//! What the commit log knows settings by.

use serde_json::Value;

use crate::config::{Source, parse};

const HEAD: &str = "source: x\nbase_url: https://x.example\nvars: { account: \"7\", other: a }\n\
                    secrets: { key: { secret: k } }\nstreams:\n";

const ORDERS: &str = "  orders:
    path: /accounts/{{ vars.account }}/orders
    params: { status: [open, closed], limit: 10, region: \"{{ partition.region }}\" }
    records: { at: data.orders, if_absent: empty }
    partitions: { region: [eu, us] }
    incremental:
      cursor: [updated, created]
      format: [rfc3339, epoch_s]
      empty: \"0001-01-01T00:00:00Z\"
      timezone: UTC
      start: 2024-01-01
      from: { query: since }
";

const LINES: &str = "  lines:
    path: /orders/{{ parent.id }}/lines
    records: lines
    parent: { stream: orders, fields: [id, owner.login], where: { at: open, equals: false }, changed: true, full_every: 7d }
";

const FILES: &str = "  files:
    path: /files/{{ secrets.key }}
    method: POST
    body: { all: yes, depth: 2, ids: [1, \"{{ vars.account | json }}\"] }
    records: entries
    pagination:
      type: cursor
      next: { body: next, parameter: page }
      send: { body: cursor }
      initial: \"{{ vars.other }}\"
      page_size: { body: limit, value: 100 }
      next_request: { path: /files/continue, params: { a: 1 } }
    sync_token: { from: { header: X-Token }, to: { body: since } }
";

fn source(streams: &str) -> Source {
    let text = format!("{HEAD}{streams}");
    parse("x.yaml", &text).unwrap_or_else(|problems| panic!("{problems}\n{text}"))
}

fn parents(streams: &str) -> Value {
    let source = source(streams);
    let of = |name: &str| source.stream(name).expect("it is in the file");
    of("lines").parents_identity(std::iter::once(of("orders")), &source.vars)
}

fn token(streams: &str) -> Value {
    let source = source(streams);
    source.streams[0].token_identity(&source.vars).expect("it has a token")
}

/// In the words of the file and without defaults. A later release must write the same, or its hash in older commits is
/// lost: a key that is added is left out where it has its default.
#[test]
fn settings_are_known_by_the_words_of_the_file() {
    let (files, orders) = (source(FILES), format!("{ORDERS}{LINES}"));
    insta::assert_snapshot!(parents(&orders), @r#"[{"parent":{"fields":["id","owner.login"],"where":[{"at":"open","equals":false}]}},{"path":"/accounts/{{ vars.account }}/orders","params":{"status":["open","closed"],"limit":["10"],"region":["{{ partition.region }}"]},"vars":{"account":"7"},"name":"orders","records":{"at":"data.orders","if_absent":"empty"},"partitions":{"region":["eu","us"]},"incremental":{"cursor":["updated","created"],"empty":["0001-01-01T00:00:00Z"],"format":["rfc3339","epoch_s"],"timezone":"UTC","start":"2024-01-01T00:00:00Z"}}]"#);
    insta::assert_snapshot!(token(FILES), @r#"{"path":"/files/bronzegate-secret-k-a642dd277672ba7c","method":"POST","vars":{"account":"7"},"body":{"all":"yes","depth":2,"ids":[1,"{{ vars.account | json }}"]},"sync_token":{"from":{"header":"x-token"},"to":{"body":"since"}}}"#);
    insta::assert_snapshot!(files.streams[0].paging_identity(), @r#"{"type":"cursor","next":{"body":"next"},"send":{"body":"cursor"},"initial":"{{ vars.other }}","page_size":{"to":{"body":"limit"},"value":100},"cut":{"parameter":"page"},"next_request":{"path":"/files/continue","method":"POST","params":{"a":["1"]}}}"#);
}

#[test]
fn what_says_the_same_otherwise_is_the_same_and_what_says_something_else_is_not() {
    let orders = format!("{ORDERS}{LINES}");
    let same = orders
        .replace("records: lines", "records: { at: lines, if_absent: error }\n    method: GET")
        .replace("full_every: 7d", "full_every: 7d, missing: error, concurrency: 2")
        .replace("if_absent: empty", "if_absent: empty, nulls: error");
    assert_eq!(parents(&same), parents(&orders));
    for (from, to) in [
        ("limit: 10", "limit: 11"),
        ("equals: false", "exists: true"),
        ("[eu, us]", "[eu]"),
        ("      timezone: UTC\n", ""),
        ("[updated, created]", "updated"),
    ] {
        let other = orders.replace(from, to);
        assert_ne!(parents(&other), parents(&orders), "{to}");
    }
    let other = source(FILES);
    let vars = [("account".to_owned(), "8".to_owned())].into();
    assert_ne!(other.streams[0].token_identity(&vars), Some(token(FILES)), "a var that a request has");
    let vars = [("account".to_owned(), "7".to_owned()), ("other".to_owned(), "b".to_owned())].into();
    assert_eq!(other.streams[0].token_identity(&vars), Some(token(FILES)), "one that it has not");
}
