//! What a source file means as a template or a secret, and nothing would take for one.

use super::mistakes::{messages, none, one};
use crate::config::{RequestSecret, parse};

#[test]
fn a_template_where_nothing_fills_it_in_is_refused() {
    let refused = "holds {{ }}, which nothing fills in here; write the text itself";
    for (keys, place) in [
        ("pagination: { type: next_url, next: { body: '{{ vars.x }}' } }", "pagination.next.body"),
        (
            "responses: [{ when: { at: { body: a }, equals: '{{ cursor }}' }, then: end }]",
            "responses[0].when.equals",
        ),
    ] {
        one(keys, &format!("streams.s.{place}: {refused}"));
    }
    let of = |auth: &str, path: &str| {
        let text = format!(
            "source: x\nbase_url: https://x.example\nauth: {auth}\nstreams: {{ {path}: {{ path: '/{{{{ vars.p }}}}', records: a }} }}\nvars: {{ p: q }}\n"
        );
        messages(&text)
    };
    let login = "{ type: login, request: { path: '/{{ vars.p }}', body: { u: '{{ vars.p }}' } }, token: { body: t }, send: { header: X } }";
    let found = of(login, "body");
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found[0].contains("auth.request.path: is not accepted"), "{found:#?}");
    assert!(found[1].contains(&format!("auth.request.body.u: {refused}")), "{found:#?}");
    assert_eq!(of("{ type: none }", "body"), Vec::<String>::new());
}

/// The secrets beside `auth` of a stream with these keys: where they are, and whether in headers and elsewhere.
fn secrets_beside_auth(keys: &str) -> Vec<String> {
    let path = if keys.starts_with("path:") { "" } else { "path: /p, " };
    let text = format!(
        "source: x\nbase_url: https://x.example\nauth: {{ type: bearer, token: {{ secret: t }} }}\n\
         secrets: {{ a: {{ secret: k }}, b: {{ secret: l/m, field: f }} }}\nstreams: {{ s: {{ {path}records: a, {keys} }} }}"
    );
    let source = parse("x.yaml", &text).unwrap_or_else(|problems| panic!("{problems}"));
    let beside = source.streams[0].request_secrets();
    assert_eq!(source.secrets().len(), 1 + beside.len());
    let shown =
        |secret: &RequestSecret| format!("{} {} {}", secret.reference, secret.in_header, secret.elsewhere);
    beside.iter().map(shown).collect()
}

#[test]
fn a_secret_may_stand_in_the_place_of_a_whole_value() {
    for (keys, expected) in [
        (
            "headers: { X-Tenant: { secret: a/b, field: 'é k' }, X-Api-Key: { secret: k } }",
            &["secret `a/b`, field `é k` true false", "secret `k` true false"][..],
        ),
        ("params: { api_key: { secret: k }, x: [1, { secret: k }] }", &["secret `k` false true"]),
        ("method: POST, body: { token: { secret: tok } }", &["secret `tok` false true"]),
        ("method: PUT, body: [{ b: { secret: tok, field: f } }]", &["secret `tok`, field `f` false true"]),
        (
            "method: POST, form: { password: { secret: tok }, u: 1 }, headers: { Password: { secret: tok } }",
            &["secret `tok` true true"],
        ),
        ("method: POST, body: { hook: { secret: false, url: x }, filter: { secret: a, other: b } }", &[]),
        (
            "job: { submit: { path: /jobs, form: { key: { secret: tok } }, id: { body: id } }, poll: { path: '/jobs/{{ job.id }}', params: { k: { secret: p } }, done: { at: { body: s }, equals: 1 } } }",
            &["secret `p` false true", "secret `tok` false true"],
        ),
    ] {
        assert_eq!(secrets_beside_auth(keys), expected, "{keys}");
    }
}

#[test]
fn a_secret_may_be_a_part_of_a_path_a_header_a_parameter_and_a_body() {
    let (k, l) = ("secret `k` false true", "secret `l/m`, field `f` false true");
    for (keys, expected) in [
        ("path: '/bot{{ secrets.a }}/x'", &[k][..]),
        ("params: { api_key: 'k-{{ secrets.a }}' }", &[k]),
        (
            "headers: { X-Api-Key: 'k={{secrets.a}},{{ secrets.b }}' }",
            &["secret `k` true false", "secret `l/m`, field `f` true false"],
        ),
        ("method: POST, text: 'id={{ secrets.a }}&secret={{ secrets.b }}'", &[k, l]),
        (
            "method: POST, body: { a: ['x{{ secrets.b }}'] }, headers: { X: '{{ secrets.b }}' }",
            &["secret `l/m`, field `f` true true"],
        ),
        ("method: POST, form: { password: '{{ secrets.a }}' }", &[k]),
        (
            "pagination: { type: cursor, next: { body: n }, send: { query: c }, next_request: { path: '/n/{{ secrets.a }}' } }",
            &[k],
        ),
        (
            "job: { submit: { path: '/j/{{ secrets.a }}', id: { body: id } }, poll: { path: '/j/{{ job.id }}/{{ secrets.b }}', done: { at: { body: s }, equals: 1 } } }",
            &[k, l],
        ),
        // Nothing uses it, so nobody needs it.
        ("params: { a: secrets.a }", &[]),
    ] {
        assert_eq!(secrets_beside_auth(keys), expected, "{keys}");
    }
}

#[test]
fn a_secret_in_a_template_stands_alone_and_is_known() {
    let of = |keys: &str| {
        let text = format!(
            "source: x\nbase_url: https://x.example\nsecrets: {{ a: {{ secret: k }} }}\nstreams: {{ s: {{ records: a, {keys} }} }}"
        );
        messages(&text)
    };
    let alone =
        "is a secret, to which no function can be applied; write {{ secrets.a }} alone between its braces";
    for (keys, part) in [
        ("path: '/{{ secrets.a | base64 }}'", alone),
        ("path: /p, params: { q: '{{ secrets.a | json }}' }", alone),
        ("path: /p, params: { q: '{{ secrets.a ~ page }}' }", alone),
        ("path: '/{{ secrets.b }}'", "is not one of the source's secrets"),
        (
            "path: '/{{ secret.a }}'",
            "write secrets.<name>, with secrets: { <name>: { secret: … } } at the source",
        ),
        (
            "path: /p, pagination: { type: cursor, next: { body: n }, send: { query: c }, initial: '{{ secrets.a }}' }",
            "is a cursor, which messages show",
        ),
        ("path: /p, params: { api_key: '{{ vars.a }}' }", "credentials belong under auth"),
    ] {
        let found = of(keys);
        assert!(found.len() == 1 && found[0].contains(part), "{keys}\n{found:#?}");
    }
    let named = "source: x\nbase_url: https://x.example\nsecrets: { a-b: { secret: k }, c: text }\nstreams: { s: { path: /p, records: a } }";
    let found = messages(named);
    assert!(found.len() == 2 && found[0].contains("is not a name that a template can use"), "{found:#?}");
    assert!(found[1].contains("secrets are not written into source files"), "{found:#?}");
}

#[test]
fn what_a_request_carries_is_one_of_three() {
    none(
        "method: POST\ntext: 'SELECT {{ vars.x }}'\nheaders: { Content-Type: application/sql }"
            .replace("{{ vars.x }}", "1")
            .as_str(),
    );
    none("method: GET\nbody: { query: { match_all: {} } }");
    // What only pages write into a body is a body too, where the method is written out.
    for body in ["", "body: {}\n", "form: {}\n"] {
        none(&format!("method: GET\n{body}pagination: {{ type: page, send: {{ body: p }} }}"));
    }
    none("method: PATCH\nbody: [a, b]");
    none(
        "method: POST\nform: { a: 1 }\npagination: { type: cursor, next: { body: n }, send: { body: after } }",
    );
    for (keys, part) in [
        ("method: POST\nbody: { a: 1 }\nform: { a: 1 }", "only one of body, form and text may be given"),
        ("form: { a: 1 }", "a GET has no body as a rule"),
        ("method: POST\nbody: x", "write a map or a list"),
        ("method: POST\nform: { password: x }", "this field is a secret: write password: { secret: <name> }"),
        (
            "method: POST\nform: { a: 1 }\nheaders: { Content-Type: application/json }",
            "does not fit: form is sent as",
        ),
        (
            "method: POST\ntext: a\npagination: { type: cursor, next: { body: n }, send: { body: after } }",
            "a text has no members",
        ),
        (
            "method: POST\nform: { a: 1 }\npagination: { type: cursor, next: { body: n }, send: { body: a.b } }",
            "a form has no members of members",
        ),
        (
            "method: POST\nform: { after: 1 }\npagination: { type: cursor, next: { body: n }, send: { body: after } }",
            "is given in form too",
        ),
        ("params: { api_key: x }", "credentials belong under auth"),
        ("method: DELETE", "one of GET, POST, PUT, PATCH"),
    ] {
        one(keys, part);
    }
}

#[test]
fn a_content_type_that_is_none_of_json_is_refused_beside_a_body() {
    let body = "method: POST\nbody: { a: 1 }";
    for other in ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/xml"] {
        one(
            &format!("{body}\nheaders: {{ Content-Type: '{other}' }}"),
            "does not fit: body is sent as JSON; write application/json, or leave the header out; `form` and `text` are sent otherwise",
        );
        none(&format!("headers: {{ Content-Type: '{other}' }}"));
    }
    for json in ["application/json", "application/vnd.api+json; charset=utf-8", "{{ vars.x }}"] {
        let keys = format!("{body}\nheaders: {{ Content-Type: '{json}' }}");
        if json.contains("vars") { one(&keys, "is not one of the source's vars") } else { none(&keys) }
    }
}
