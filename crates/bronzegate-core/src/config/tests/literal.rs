//! What a source file means as a template or a secret, and nothing would take for one.

use super::mistakes::{messages, none, one};
use crate::config::parse;

#[test]
fn a_template_where_nothing_fills_it_in_is_refused() {
    let refused = "holds {{ }}, which nothing fills in here; write the text itself";
    for (keys, place) in [
        (
            "pagination: { type: cursor, next: { header: '{{ vars.x }}' }, send: { query: l } }",
            "pagination.next.header",
        ),
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

#[test]
fn a_secret_may_stand_in_the_place_of_a_whole_value() {
    let secrets = |keys: &str| {
        let text = format!(
            "source: x\nbase_url: https://x.example\nauth: {{ type: bearer, token: {{ secret: t }} }}\nstreams: {{ s: {{ path: /p, records: a, {keys} }} }}"
        );
        let source = parse("x.yaml", &text).unwrap_or_else(|problems| panic!("{problems}"));
        let beside = source.streams[0].request_secrets();
        assert_eq!(source.secrets().len(), 1 + beside.len());
        beside
            .iter()
            .map(|secret| {
                format!("{} {} {}", secret.reference.placeholder(), secret.in_header, secret.elsewhere)
            })
            .collect::<Vec<_>>()
    };
    for (keys, expected) in [
        (
            "headers: { X-Tenant: { secret: a/b, field: 'é k' }, X-Api-Key: { secret: k } }",
            &["bronzegate-secret-a/b:%C3%A9+k true false", "bronzegate-secret-k true false"][..],
        ),
        ("params: { api_key: { secret: k }, x: [1, { secret: k }] }", &["bronzegate-secret-k false true"]),
        ("method: POST, body: { token: { secret: tok } }", &["bronzegate-secret-tok false true"]),
        ("method: PUT, body: [{ b: { secret: tok, field: f } }]", &["bronzegate-secret-tok:f false true"]),
        (
            "method: POST, form: { password: { secret: tok }, u: 1 }, headers: { Password: { secret: tok } }",
            &["bronzegate-secret-tok true true"],
        ),
        ("method: POST, body: { hook: { secret: false, url: x }, filter: { secret: a, other: b } }", &[]),
        (
            "job: { submit: { path: /jobs, form: { key: { secret: tok } }, id: { body: id } }, poll: { path: '/jobs/{{ job.id }}', params: { k: { secret: p } }, done: { at: { body: s }, equals: 1 } } }",
            &["bronzegate-secret-p false true", "bronzegate-secret-tok false true"],
        ),
    ] {
        assert_eq!(secrets(keys), expected, "{keys}");
    }
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
