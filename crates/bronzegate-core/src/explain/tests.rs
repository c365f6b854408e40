//! What is said of streams, and which requests are shown.

use std::sync::Arc;

use super::{Explanation, ShownRequest};
use crate::clock::SystemClock;
use crate::config::{Source, parse};
use crate::run::Engine;
use crate::secret::EnvSecrets;

fn source(streams: &str) -> Source {
    let text = format!(
        "source: s\nbase_url: https://api.example.com/v1\nvars: {{ account: 4711 }}\nsecrets: {{ key: {{ secret: k }} }}\nstreams: {{ {streams} }}"
    );
    parse("s.yaml", &text).unwrap_or_else(|problems| panic!("{problems}\n{text}"))
}

fn explained(settings: &str) -> [String; 2] {
    let parent = "parents: { path: /parents, records: $, incremental: { cursor: at, format: rfc3339, from: { query: since } } }";
    let Explanation { asks, ends, .. } = explanation(source(&format!("t: {{ {settings} }}, {parent}")));
    [asks, ends]
}

fn explanation(source: Source) -> Explanation {
    let secrets = Arc::new(EnvSecrets::new(|_| None));
    let engine = Engine::new(Arc::new(source), secrets, Arc::new(SystemClock::default()), "test");
    engine.stream("t").unwrap().explain()
}

fn requests(settings: &str) -> Vec<ShownRequest> {
    let source = source(&format!("t: {{ {settings} }}, parents: {{ path: /parents, records: $ }}"));
    let explanation = explanation(source);
    assert_eq!(explanation.unknown, None);
    explanation.requests
}

fn lines(settings: &str) -> Vec<String> {
    let shown = requests(settings).into_iter().map(|request| {
        let headers = request.headers.iter().map(|(name, value)| format!(" | {name}: {value}"));
        let body = request.body.iter().map(|body| format!(" | {body}"));
        format!("{} {}{}", request.method, request.url, headers.chain(body).collect::<String>())
    });
    shown.collect()
}

#[test]
fn a_stream_is_told_in_two_lines() {
    for (settings, asks, ends) in [
        (
            "path: /a, records: $",
            "Asks GET /a. The whole body holds the records.",
            "Ends after one page. There is no mark: each run reads all there is.",
        ),
        (
            "path: /a, records: data.items, pagination: { type: cursor, next: { body: next }, send: { query: after }, page_size: { query: limit, value: 100 }, total: { body: total, tolerance: 1% }, stop: [{ at: { body: more }, equals: false }] }",
            "Asks GET /a page by page (body next goes into query parameter after, 100 records a page). The records are at data.items.",
            "Ends when nothing stands at body next, or when body more is false. Fewer records than body total states, less 1 %, are an error. There is no mark: each run reads all there is.",
        ),
        (
            "path: '/a/{{ parent.id }}/{{ partition.region }}', records: items, pagination: { type: page, send: { query: page }, total_pages: { body: pages } }, partitions: { region: [eu, us] }, parent: { stream: parents, fields: [id] }",
            "Asks GET /a/{{ parent.id }}/{{ partition.region }} page by page (query parameter page counts the pages from 1). The records are at items. Once for each of 2 partitions (region) and each record of parents.",
            "Ends after as many pages as body pages states. There is no mark: each run reads all there is.",
        ),
        (
            "path: /a, records: items, incremental: { cursor: [changed, created], format: rfc3339, from: { query: since }, to: { query: until }, start: 2024-01-01, window: 1d, lookback: 90m, settle: 10m }",
            "Asks GET /a. The records are at items. The first run asks from 2024-01-01T00:00:00Z on, up to 10m before now, in windows of 1d.",
            "Ends after one page. The mark is the newest `changed` or `created`, or the beginning of the last window if that is later; the next run begins there, 1h 30m earlier.",
        ),
        (
            "path: /a, records: items, incremental: { cursor: changed, format: rfc3339, order: descending }, pagination: { type: link_header }",
            "Asks GET /a page by page (the next URL is the link next of the header). The records are at items. Every run asks for everything and leaves out what is older than its mark.",
            "Ends when there is no link next, or at the first page older than the mark. The mark is the newest `changed`; the next run begins there.",
        ),
        (
            "path: '/a/{{ parent.id }}', records: items, parent: { stream: parents, fields: [id], changed: true, full_every: 7d }",
            "Asks GET /a/{{ parent.id }}. The records are at items. Once for each record of parents that is new or has changed since the last run (every 7d each of them).",
            "Ends after one page. The mark is how far parents has been read.",
        ),
        (
            "records: $, format: csv, job: { submit: { path: /jobs, id: { body: id } }, poll: { path: '/jobs/{{ job.id }}', done: { at: { body: state }, equals: done } }, download: { url: { body: file } } }",
            "Submits an export by POST /jobs, waits until body state is \"done\", then reads the file or files named at body file. The whole body holds the records.",
            "Ends after the last file. There is no mark: each run reads all there is.",
        ),
        (
            "path: '/{{ vars.account }}/bot{{ secrets.key }}/users', records: users, pagination: { type: cursor, next: { body: next }, send: { query: after }, carry: [{ from: { body: pit }, to: { query: pit } }], next_request: { path: '/{{ vars.account }}/more' } }, sync_token: { from: { body: token }, to: { query: since } }",
            "Asks GET /4711/bot{secret: k}/users page by page (body next goes into query parameter after, body pit into query parameter pit, later pages by GET /4711/more). The records are at users.",
            "Ends when nothing stands at body next. The mark is the token at body token of the last page; the next run sends it as query parameter since and reads what has changed.",
        ),
        (
            "records: $, format: ndjson, partitions: { region: [eu] }, job: { submit: { path: /jobs, id: { body: id } }, start: [{ path: '/jobs/{{ job.id }}/go' }], poll: { path: '/jobs/{{ job.id }}', done: { at: { body: state }, equals: done }, carry: { doc: { body: doc } } }, resolve: { path: '/docs/{{ job.doc }}', url: { body: files.*.url } } }, params: { of: '{{ partition.region }}' }",
            "Submits an export by POST /jobs, starts it by POST /jobs/{{ job.id }}/go, waits until body state is \"done\", asks GET /docs/{{ job.doc }} where it is, then reads each file named at body files.*.url. The whole body holds the records. Once for each partition (region).",
            "Ends after the last file. There is no mark: each run reads all there is.",
        ),
        (
            "path: /a, records: items, pagination: { type: cursor, next: { body: scroll, stateful: true }, send: { query: scroll }, total: { body: total } }, params: { ids: '{{ parent.id }}' }, parent: { stream: parents, fields: [id], batch: { size: 50 } }",
            "Asks GET /a page by page (body scroll goes into query parameter scroll). The records are at items. Once for each 50 records, at most, of parents.",
            "Ends when nothing stands at body scroll. Fewer records than body total states are an error. The API keeps the place, so a cut run starts again. There is no mark: each run reads all there is.",
        ),
    ] {
        assert_eq!(explained(settings), [asks.to_owned(), ends.to_owned()], "{settings}");
    }
}

#[test]
fn the_first_two_requests_are_shown_with_secrets_by_name_and_what_an_answer_says_first() {
    for (settings, shown) in [
        (
            "path: /a, records: $, params: { fields: 'a,b' }, pagination: { type: page, send: { query: page } }, auth: { type: bearer, token: { secret: crm-token } }",
            &[
                "GET https://api.example.com/v1/a?fields=a%2Cb&page=1 | authorization: Bearer {secret: crm-token}",
                "GET https://api.example.com/v1/a?fields=a%2Cb&page=2 | authorization: Bearer {secret: crm-token}",
            ][..],
        ),
        (
            "path: /a, method: POST, body: { key: { secret: shop, field: key }, n: 1 }, records: items, pagination: { type: cursor, next: { body: next }, send: { body: page.after } }",
            &[
                r#"POST https://api.example.com/v1/a | content-type: application/json | {"key":"{secret: shop, field: key}","n":1}"#,
                r#"POST https://api.example.com/v1/a | content-type: application/json | {"key":"{secret: shop, field: key}","n":1,"page":{"after":"<what stands at body next>"}}"#,
            ],
        ),
        (
            "path: /a, method: POST, body: { ids: '{{ parent.id | json }}', year: '{{ partition.year | json }}', t: 'n{{ partition.year | json }}', q: '{{ partition.quarter | json }}' }, records: items, partitions: { year: [2025], quarter: [\"1\"] }, parent: { stream: parents, fields: [id], batch: { size: 9 } }",
            &[
                r#"POST https://api.example.com/v1/a | content-type: application/json | {"ids":["<id of up to 9 records of parents>"],"year":2025,"t":"n2025","q":"1"}"#,
            ],
        ),
        (
            "path: /a, records: items, pagination: { type: next_url, next: { body: next } }, auth: { type: api_key, in: query, name: key, value: { secret: k } }",
            &[
                "GET https://api.example.com/v1/a?key={secret: k}",
                "GET <the URL at body next>?key={secret: k}",
            ],
        ),
        (
            "path: '/a/{{ parent.id }}', records: items, headers: { X-Of: '{{ parent.id }}' }, parent: { stream: parents, fields: [id] }, pagination: { type: offset, send: { query: skip }, page_size: { query: take, value: 50 } }",
            &[
                "GET https://api.example.com/v1/a/<id of a record of parents>?take=50&skip=0 | x-of: <id of a record of parents>",
                "GET https://api.example.com/v1/a/<id of a record of parents>?take=50&skip=50 | x-of: <id of a record of parents>",
            ],
        ),
        (
            "path: '/a/{{ partition.region }}', records: items, partitions: { region: [eu, us] }",
            &["GET https://api.example.com/v1/a/eu", "GET https://api.example.com/v1/a/us"],
        ),
        (
            "path: '/jobs/{{ job.id }}/rows', records: $, job: { submit: { path: /jobs, body: { q: all }, id: { body: id } }, poll: { path: '/jobs/{{ job.id }}', done: { at: { body: state }, equals: done } } }",
            &[
                r#"POST https://api.example.com/v1/jobs | content-type: application/json | {"q":"all"}"#,
                "GET https://api.example.com/v1/jobs/<what stands at body id>",
            ],
        ),
        ("path: /a, records: $", &["GET https://api.example.com/v1/a"]),
    ] {
        assert_eq!(lines(settings), shown, "{settings}");
    }
}

#[test]
fn a_request_that_cannot_be_made_is_told_and_fails_nothing() {
    let source = source(
        "t: { path: /a, params: { day: '{{ parent.day | epoch }}' }, records: $, parent: { stream: parents, fields: [day] } }, parents: { path: /parents, records: $ }",
    );
    let explanation = explanation(source);
    assert!(explanation.requests.is_empty());
    assert!(explanation.unknown.unwrap().contains("a time is expected"));
}
