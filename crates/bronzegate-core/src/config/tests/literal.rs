//! What a source file means as a template or a secret, and nothing would take for one.

use super::mistakes::{messages, none, one};

#[test]
fn a_template_where_nothing_fills_it_in_is_refused() {
    let refused = "holds {{ }}, which nothing fills in here; write the text itself";
    for (keys, place) in [
        (
            "job: { submit: { path: /jobs, id: { body: id } }, poll: { path: '/jobs/{{ job.id }}', done: { at: { body: s }, equals: 1 } } }
pagination: { type: cursor, next: { header: N }, send: { query: l }, initial: '{{ job.id }}' }",
            "pagination.initial",
        ),
        (
            "pagination: { type: next_url, next: { body: '{{ vars.x }}' } }",
            "pagination.next.body",
        ),
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
fn a_secret_in_the_body_of_a_stream_or_job_is_refused() {
    for keys in [
        "method: POST\nbody: { token: { secret: tok } }",
        "method: POST\nbody: { a: [{ b: { secret: tok, field: f } }] }",
        "job: { submit: { path: /jobs, body: { key: { secret: tok } }, id: { body: id } }, poll: { path: '/jobs/{{ job.id }}', done: { at: { body: s }, equals: 1 } } }",
    ] {
        one(keys, "is a secret, and this body can hold none; write it under auth");
    }
    none("method: POST\nbody: { hook: { secret: false, url: x }, filter: { secret: a, other: b } }");
}

#[test]
fn a_content_type_that_is_none_of_json_is_refused_beside_a_body() {
    let body = "method: POST\nbody: { a: 1 }";
    for other in ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/xml"] {
        one(
            &format!("{body}\nheaders: {{ Content-Type: '{other}' }}"),
            "does not fit: body is sent as JSON; write application/json, or leave the header out",
        );
        none(&format!("headers: {{ Content-Type: '{other}' }}"));
    }
    for json in ["application/json", "application/vnd.api+json; charset=utf-8", "{{ vars.x }}"] {
        let keys = format!("{body}\nheaders: {{ Content-Type: '{json}' }}");
        if json.contains("vars") { one(&keys, "is not one of the source's vars") } else { none(&keys) }
    }
}
