use crate::config::*;

pub(super) fn messages(text: &str) -> Vec<String> {
    match parse("sources/x.yaml", text) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.as_slice().iter().map(ToString::to_string).collect(),
    }
}

/// A file with one stream whose own keys these are.
pub(super) fn with_stream(keys: &str) -> Vec<String> {
    let mut text =
        "source: x\nbase_url: https://x.example\nstreams:\n  s:\n    path: /p\n    records: items\n"
            .to_owned();
    for line in keys.lines() {
        text.push_str("    ");
        text.push_str(line);
        text.push('\n');
    }
    messages(&text)
}

#[track_caller]
pub(super) fn one(keys: &str, part: &str) {
    let found = with_stream(keys);
    assert!(found.len() == 1 && found[0].contains(part), "{keys}\nwants: {part}\ngot: {found:#?}");
}

#[track_caller]
pub(super) fn none(keys: &str) {
    let found = with_stream(keys);
    assert!(found.is_empty(), "{keys}\n{found:#?}");
}

#[test]
fn reports_twelve_mistakes_at_once_in_file_order() {
    let text = r#"source: hubspt
base_url: https://api.example.com
vars: { portal: "1", portal: "2" }
auth:
  type: bearer
  token: sk-live-0123456789
retry: { max_atempts: 3, base: 30 }
concurrency: 100
streams:
  contacts:
    path: /contacts/{{ window.from }}
    records: a..b
    pagination:
      type: cursor
      nxt: { body: next }
      send: { qeury: after }
    responses:
      - { when: { at: { status: true }, equals: 404 }, then: ignore }
    schedule: { cron: "0 0 * * 1" }
"#;
    let problems = parse("sources/hubspot.yaml", text).unwrap_err();
    assert_eq!(problems.as_slice().len(), 12);
    insta::assert_snapshot!(problems, @r#"
    sources/hubspot.yaml:1: source: "hubspt" is not the file's name; write hubspot, or rename the file
    sources/hubspot.yaml:3: vars.portal: key given twice, first on line 3; keep one
    sources/hubspot.yaml:6: auth.token: the value (not shown) is not accepted; write { secret: <name> }, the name of a secret in the vault: secrets are not written into source files
    sources/hubspot.yaml:7: retry.max_atempts: unknown key; did you mean "max_attempts"? known keys: max_attempts, base, max, budget
    sources/hubspot.yaml:7: retry.base: "30" is not accepted; write a duration with its unit: 500ms, 30s, 5m, 1h or 1d
    sources/hubspot.yaml:8: concurrency: "100" is not accepted; write a whole number from 1 to 64
    sources/hubspot.yaml:11: streams.contacts.path: "window.from" has no value without incremental; write incremental: { cursor: …, format: … } beside it
    sources/hubspot.yaml:12: streams.contacts.records: "a..b" is not accepted; write a path such as a.b.c, or a JSON Pointer such as /@odata.nextLink
    sources/hubspot.yaml:15: streams.contacts.pagination.nxt: unknown key; did you mean "next"? known keys: type, next, send, initial, next_request, carry, stop, on_repeat, max_pages, total, page_size, single_page
    sources/hubspot.yaml:16: streams.contacts.pagination.send.qeury: unknown key; did you mean "query"? known keys: query, header, body, url
    sources/hubspot.yaml:18: streams.contacts.responses[0].then: "ignore" is not known; write one of retry, fail, end, skip, restart, refresh_auth, accept
    sources/hubspot.yaml:19: streams.contacts.schedule.cron: "0 0 * * 1" is not accepted; write days of the week by name (MON, TUE, … SUN): platforms do not agree on what their numbers mean
    "#);
}

#[test]
fn nothing_under_auth_is_echoed() {
    for auth in [
        "{ type: bearer, token: hunter2 }",
        "{ type: hunter2 }",
        "{ type: bearer, token: { hunter2: x } }",
        "{ type: bearer, token: { hunter2 } }",
        "{ type: bearer, token: { secret: 'hunter2 !' } }",
        "{ type: bearer, token: [hunter2] }",
        "{ type: bearer, hunter2: x }",
        "{ type: bearer, token: { secret: a }, token: hunter2 }",
        "{ type: bearer, hunter2: { secret: a }, hunter2: a }",
        "{ type: basic, username: x, password: hunter2 }",
        "{ type: api_key, in: hunter2, name: X-Key, value: { secret: a } }",
        "{ type: api_key, in: header, name: hunter2 x, value: { secret: a } }",
        "{ type: headers, headers: { 'hunter2 x': a } }",
        "{ type: headers, headers: { X-A: \"hunter2\\n\" } }",
        "{ type: oauth2_client_credentials, token_url: hunter2, client_id: a, client_secret: { secret: b } }",
        "{ type: oauth2_client_credentials, token_url: 'https://a:hunter2@x.example', client_id: a, client_secret: { secret: b } }",
        "{ type: oauth2_client_credentials, token_url: 'https://x.example', client_id: a, client_secret: hunter2, client_auth: hunter2 }",
        "{ type: oauth2_refresh_token, token_url: 'https://x.example', client_id: a, refresh_token: hunter2 }",
        "{ type: oauth2_refresh_token, token_url: 'https://x.example', client_id: a, refresh_token: { secret: a }, params: { refresh_token: hunter2 } }",
        "{ type: oauth2_refresh_token, token_url: 'https://x.example', client_id: a, refresh_token: { secret: a }, params: { user_password: hunter2 } }",
        "{ type: jwt_bearer, token_url: 'https://x.example', private_key: hunter2, issuer: a }",
        "{ type: jwt_bearer, token_url: 'https://x.example', private_key: { secret: a }, issuer: a, claims: { iss: hunter2 } }",
        "{ type: jwt_bearer, token_url: 'https://x.example', private_key: { secret: a }, issuer: a, lifetime: hunter2 }",
        "{ type: jwt_bearer, token_url: 'https://x.example', private_key: { secret: a }, issuer: a, base_url_from: { body: b, hosts: ['hunter2 /'] } }",
        "{ type: login, request: { path: hunter2 }, token: { body: t }, send: { header: X-T } }",
        "{ type: login, request: { path: /l, body: { password: hunter2 } }, token: { body: t }, send: { header: X-T } }",
        "{ type: login, request: { path: /l, body: { a: { b: { API_Key: hunter2 } } } }, token: { body: t }, send: { header: X-T } }",
        "{ type: login, request: { path: /l, body: { p: { secret: 'hunter2 !' } } }, token: { body: t }, send: { header: X-T } }",
        "{ type: login, request: { path: /l, form: { password: hunter2 } }, token: { body: t }, send: { header: X-T } }",
        "{ type: login, request: { path: /l, headers: { 'hunter2 x': a } }, token: { body: t }, send: { header: X-T } }",
        "hunter2",
    ] {
        for found in [
            with_stream(&format!("auth: {auth}")),
            messages(&format!(
                "source: x\nbase_url: https://x.example\nauth: {auth}\nstreams: {{ s: {{ path: /p, records: i }} }}"
            )),
        ] {
            assert!(!found.is_empty(), "{auth}");
            assert!(found.iter().all(|message| !message.contains("hunter2")), "{found:#?}");
        }
    }
}

#[test]
fn keys_that_are_missing_twice_or_empty() {
    let found = messages("allow_http: yes\n");
    insta::assert_snapshot!(found.join("\n"), @r#"
    sources/x.yaml:1: source: this key is missing
    sources/x.yaml:1: base_url: this key is missing
    sources/x.yaml:1: allow_http: "yes" is not accepted; write true or false
    sources/x.yaml:1: streams: this key is missing
    "#);
    one("path: /q", "key given twice, first on line 5");
    one("headers:", "no value given");
    let found = with_stream("pagination: { type: cursor }");
    assert!(
        found.len() == 2 && found[0].contains(".next: this key is missing") && found[1].contains(".send: "),
        "{found:#?}"
    );
}

#[test]
fn pagination_keys_must_fit() {
    for (keys, part) in [
        ("{ type: offset, send: { query: o }, advance: requested }", "advance: requested needs page_size"),
        ("{ type: offset, page_size: 5 }", "nothing in the request says which offset is asked for"),
        ("{ type: page }", "or {{ page }} in a template"),
        ("{ type: page, send: { query: p }, page_size: 0 }", "1 or more"),
        ("{ type: next_url, next: { body: n, parameter: p } }", "the URL is followed whole here"),
        (
            "{ type: cursor, next: { body: n, parameter: p, match: 'p=(.*)' }, send: { query: p } }",
            "is one way to cut the value, and parameter another",
        ),
        ("{ type: next_url, next: { body: n, match: '.*' } }", "a regular expression with one group"),
        (
            "{ type: cursor, next: { body: n, parameter: p }, send: { url: true } }",
            "the URL is followed whole here",
        ),
        ("{ type: page, send: { url: true } }", "url is for a cursor"),
        ("{ type: page, send: { query: p }, stop: [short_page] }", "short_page needs page_size"),
        ("{ type: page, send: { query: p }, stop: [emtpy_page] }", "did you mean \"empty_page\"?"),
        (
            "{ type: page, send: { query: p }, on_repeat: stop }",
            "is not known; write one of fail, end, allow",
        ),
        ("{ type: page, send: { query: p }, page_size: { query: p, value: 5 } }", "written twice"),
        ("{ type: page, send: { query: p }, page_size: { query: s, value: 0 } }", "1 or more"),
        (
            "{ type: page, send: { query: p }, page_size: { url: true, value: 1 } }",
            "page_size cannot go there",
        ),
        ("{ type: page, send: { query: p }, max_pages: 0 }", "1 or more"),
        ("{ type: page, send: { body: p } }", "needs method: POST"),
        ("{ type: cursor, next: { status: true }, send: { query: c } }", "the status says nothing"),
        ("{ type: cursor, next: { body: n, header: n }, send: { query: c } }", "only one of"),
        ("{ type: cursor, next: n, send: { query: c } }", "write { body: n }"),
        ("{ type: cursor, next: { body: n }, send: { url: false } }", "true"),
        ("{ type: cursor, next: { body: n }, send: { url: true }, initial: x }", "initial cannot"),
        ("{ type: next_url, next: { body: n }, send: { query: c } }", "unknown key"),
        (
            "{ type: next_url, next: { body: n }, carry: [{ from: { body: a }, to: { query: b } }] }",
            "followed as given",
        ),
        ("{ type: none, max_pages: 3 }", "means nothing"),
        ("{ type: none, single_page: true }", "means nothing"),
        ("{ type: next_url, next: { body: n, stateful: true } }", "stateful needs total"),
        (
            "{ type: cursor, next: { body: n, statefull: true }, send: { query: c } }",
            "did you mean \"stateful\"?",
        ),
        ("{ type: curser }", "did you mean \"cursor\"?"),
        ("{ next: { body: n } }", "type is missing"),
        ("{ type: page, send: { query: p }, total: { body: t, tolerance: 200% } }", "0% to 100%"),
        ("{ type: page, send: { query: p }, total: { bdy: t } }", "did you mean \"body\"?"),
    ] {
        one(&format!("pagination: {keys}"), part);
    }
    none(
        "pagination: { type: next_url, next: { link: n, stateful: true }, total: { body: t }, single_page: true }",
    );
    none("pagination: { type: cursor, next: { body: n, stateful: false }, send: { query: c } }");
    none("pagination: { type: page, send: { query: p }, total: { header: X-Total, tolerance: 1% } }");
    none("method: POST\npagination: { type: cursor, next: { body: n }, send: { body: start_cursor } }");
}

#[test]
fn the_first_cursor_and_later_pages_must_fit() {
    for (keys, part) in [
        (
            "{ type: cursor, next: { body: n }, send: { query: c }, initial: '{{ cursor }}' }",
            "before the first",
        ),
        (
            "{ type: cursor, next: { body: n }, send: { query: c }, initial: '{{ window.from }}' }",
            "without inc",
        ),
        ("{ type: cursor, next: { body: n }, send: { query: c }, initial: '{{ parent.id }}' }", "parent.id"),
        (
            "{ type: cursor, next: { body: n }, send: { query: c }, next_request: {} }",
            "next_request.path: this key is missing",
        ),
        (
            "{ type: cursor, next: { body: n }, send: { body: c }, next_request: { path: /n } }",
            "method: POST",
        ),
        (
            "{ type: cursor, next: { body: n }, send: { query: c }, next_request: { path: /n, params: { c: 1 } } }",
            "is given in params too",
        ),
        (
            "{ type: cursor, next: { body: n }, send: { url: true }, next_request: { path: /n } }",
            "the next URL is followed",
        ),
        ("{ type: page, send: { query: p }, next_request: { path: /n } }", "unknown key"),
        (
            "{ type: cursor, next: { body: n }, send: { query: c }, carry: [{ from: { body: a }, to: { query: b }, if_absent: drp }] }",
            "did you mean \"drop\"?",
        ),
    ] {
        one(&format!("pagination: {keys}"), part);
    }
    none(
        "params: { c: 1 }\npagination: { type: cursor, next: { body: n }, send: { body: c }, next_request: { path: /n, method: POST } }",
    );
}

#[test]
fn only_an_end_may_come_before_the_first_page() {
    let rule = |then: &str| {
        format!(
            "responses: [{{ when: {{ at: {{ status: true }}, equals: 404 }}, then: {then}, if_first: true }}]"
        )
    };
    one(&rule("fail"), "if_first needs then: end");
    none(&rule("end"));
}

#[test]
fn other_settings() {
    for (keys, part) in [
        (
            "params: { after: 1 }\npagination: { type: cursor, next: { body: n }, send: { query: after } }",
            "is given in params too",
        ),
        ("headers: { Authorization: 'Basic hunter2' }", "credentials belong under auth"),
        (
            "headers: { X-Api-Key: hunter2 }",
            "{ type: api_key, in: header, name: x-api-key, value: { secret: <name> } }",
        ),
        ("headers: { PRIVATE-TOKEN: hunter2 }", "credentials belong under auth"),
        (
            "params: { api_key: hunter2 }",
            "{ type: api_key, in: query, name: api_key, value: { secret: <name> } }",
        ),
        ("params: { accessToken: [hunter2] }", "credentials belong under auth"),
        ("headers: { 'a b': c }", "is not a header's name"),
        ("headers: { X-A: a, x-a: b }", "header given twice"),
        ("body: { a: 1 }", "a GET has no body"),
        ("method: DELETE", "write one of GET, POST, PUT, PATCH"),
        ("method: get", "did you mean"),
        ("retry: { max_attempts: 0 }", "from 1 to 100"),
        ("retry: { max_attempts: '5' }", "a whole number"),
        ("retry: { base: 2m, max: 1m }", "base must not be above max"),
        ("timeout: { read: 30 }", "with its unit"),
        ("rate_limit: { burst: 5 }", "burst needs requests_per_second"),
        ("rate_limit: { remaining: { heder: x } }", "did you mean \"header\"?"),
        ("output: { compression: gzp }", "did you mean \"gzip\"?"),
        ("output: { max_part_bytes: 1B }", "from 1KiB to 5GiB"),
        ("expect: { min_record: 1 }", "did you mean \"min_records\"?"),
        ("expect: { min_records: 9, max_records: 8 }", "max_records is not below min_records"),
        ("expect: { records_ratio: -1 }", "a number from 0 on"),
        ("expect: { duration_ratio: 0 }", "a number above 0"),
        ("expect: { error_rate: 5 }", "a share from 0% to 100%"),
        (
            "schedule: { every: 7m }",
            "schedule.every: \"7m\" is not accepted; write whole minutes that divide",
        ),
        ("schedule: { every: 7h }", "schedule.every: \"7h\" is not accepted"),
        ("schedule: { every: 1h, cron: '0 0 * * *' }", "either every or cron"),
        ("schedule: { cron: '0 0 * * *', timezone: 'CET+1 x' }", "IANA"),
        ("responses: [{ when: { at: { status: true } }, then: fail }]", "exactly one of"),
        (
            "responses: [{ when: { at: { status: true }, equals: 1 }, then: end, message: { body: m } }]",
            "message needs then: fail",
        ),
        ("params: { a: '{{ vars.nope }}' }", "is not one of the source's vars"),
        ("params: { a: '{{ curser }}' }", "did you mean \"cursor\"?"),
        ("params: { a: '{{ cursor }}' }", "only pagination of type cursor"),
        ("params: { a: '{{ secret.x }}' }", "is not known to templates; write secrets.<name>"),
        ("params: { a: '{% if x %}' }", "{{ }} only"),
        ("params: { a: '{{ x' }", "not a template"),
        ("params: { a: { secret: x, b: c } }", "known keys: secret, field"),
        ("params: { a: null }", "no value given"),
    ] {
        one(keys, part);
    }
    none("params: { a: 1.10, b: [x, true], c: no }");
    none("auth: { type: basic, username: { secret: a } }");
}

#[test]
fn a_rate_and_its_burst_have_bounds() {
    for (keys, part) in [
        ("rate_limit: { requests_per_second: 0 }", "a number from 0.000001 to 1000000"),
        ("rate_limit: { requests_per_second: 1e-12 }", "a number from 0.000001 to 1000000"),
        ("rate_limit: { requests_per_second: 1e7 }", "a number from 0.000001 to 1000000"),
        ("rate_limit: { requests_per_second: .nan }", "requests_per_second"),
        ("rate_limit: { requests_per_second: 1, burst: 4000000000 }", "a whole number from 1 to 1000000"),
    ] {
        one(keys, part);
    }
    none("rate_limit: { requests_per_second: 0.000001, burst: 1000000 }");
}

#[test]
fn paths() {
    for (path, part) in [
        ("items", "starts with /"),
        ("/items?a=b", "belongs in params"),
        ("/a b", "without spaces"),
        ("/a/../b", ". and .. segments"),
        ("/a/%2e%2E/b", ". and .. segments"),
    ] {
        let found = messages(&format!(
            "source: x\nbase_url: https://x.example\nstreams:\n  s: {{ path: '{path}', records: i }}"
        ));
        assert!(found.len() == 1 && found[0].contains(part), "{path}: {found:#?}");
    }
}

#[test]
fn a_sources_mistake_is_reported_once_whether_streams_use_it_or_not() {
    for own in ["", "retry: { max_attempts: 1 }, params: { a: b }, "] {
        let found = messages(&format!(
            "source: x\nbase_url: https://x.example\nretry: {{ max_attempts: 0 }}\nparams: {{ a: '{{{{ vars.b }}}}' }}\nstreams:\n  s: {{ {own}path: /p, records: i }}\n  t: {{ {own}path: /p, records: i }}\n"
        ));
        let lines: Vec<_> = found.iter().map(|message| &message[..17]).collect();
        assert_eq!(lines, ["sources/x.yaml:3:", "sources/x.yaml:4:"], "{found:#?}");
    }
}

#[test]
fn a_collision_names_the_line_of_what_pagination_writes() {
    let found = with_stream(
        "params: { limit: 5 }\npagination:\n  type: page\n  send: { query: page }\n  page_size: { query: limit, value: 5 }",
    );
    assert_eq!(
        found,
        ["sources/x.yaml:11: streams.s.pagination.page_size: query parameter limit is given in params too"]
    );
}

#[test]
fn a_body_of_lines_has_records_alone() {
    let lines = |keys: &str| {
        let text =
            format!("source: x\nbase_url: https://x.example\nstreams: {{ s: {{ path: /p, {keys} }} }}");
        messages(&text)
    };
    let by_header = "pagination: { type: cursor, next: { header: X-Next }, send: { query: c } }";
    for format in ["csv", "ndjson", "{ csv: { delimiter: \";\", header: [id, name] } }"] {
        let found = lines(&format!("records: $, format: {format}, {by_header}"));
        assert!(found.is_empty(), "{found:?}");
    }
    for (keys, part) in [
        ("records: items, format: csv", "a body of lines has no members; write records: $"),
        (
            "records: $, format: ndjson, pagination: { type: next_url, next: { body: next } }",
            "body next is not to be found in a body of lines",
        ),
        ("records: $, format: { csv: { delimiter: \"ab\" } }", "write one character"),
        ("records: $, format: { csv: { header: [] } }", "a list of names"),
        ("records: $, format: { csv: { header: [a, a] } }", "\"a\" is given twice"),
        ("records: $, format: { tsv: {} }", "known keys: type, csv, xml, encoding, end"),
        ("records: $, format: zip", "one of json, ndjson, csv"),
    ] {
        let found = lines(keys);
        assert!(found.iter().any(|message| message.contains(part)), "{keys}: {found:?}");
    }
}
