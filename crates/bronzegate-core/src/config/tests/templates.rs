//! The functions of templates.

use super::mistakes::{none, one};
use crate::config::*;

/// A parameter's value where requests write times so.
fn rendered(template: &str, request: &str, from: &str) -> String {
    let pagination = if template.contains("cursor") {
        "{ type: cursor, next: { body: n }, send: { query: c } }"
    } else {
        "{ type: page, send: { query: n } }"
    };
    let text = format!(
        "source: x\nbase_url: https://x.example\nvars: {{ a: 'b c/é', none: '' }}\nstreams: {{ s: {{ path: /p, records: i, pagination: {pagination}, params: {{ f: '{template}', t: '{{{{ window.from }}}}' }}, \
         incremental: {{ cursor: u, format: rfc3339, start: 2024-01-01, {request} }} }} }}"
    );
    let source = parse("x.yaml", &text).unwrap_or_else(|problems| panic!("{problems}"));
    let stream = &source.streams[0];
    let settings = stream.incremental.as_ref().unwrap();
    let scope = Scope {
        vars: &source.vars,
        text_vars: &source.text_vars,
        cursor: Some("abcdefgh"),
        is_cursor_bare: false,
        page: Some(3),
        offset: None,
        window_from: Some(from),
        window_to: None,
        run_time: None,
        partition: &[],
        text_partitions: &[],
        parent: &[],
        parent_json: &[],
        job_id: None,
        job_values: &[],
        clock: Some(RequestClock {
            format: &settings.request_format,
            zone: settings.request_timezone.zone(),
        }),
    };
    stream.params[0].1[0].render(&scope).unwrap_or_else(|error| error.to_string())
}

#[test]
fn times_are_read_as_requests_write_them() {
    let (utc, local) = ("2026-11-22T17:05:09Z", "2026-11-22T17:05:09");
    let chicago = "timezone: America/Chicago";
    for (template, request, from, expected) in [
        ("{{ window.from | date(\"%d/%m/%Y\") }}", "", utc, "22/11/2026"),
        ("{{ window.from | add(\"-1d\") }}", "", utc, "2026-11-21T17:05:09Z"),
        ("{{ window.from | add(\"-1d\") | date(\"%Y%m%d %H\") }}", "", utc, "20261121 17"),
        ("{{ window.from | epoch }}-{{ window.from | epoch_ms }}", "", utc, "1795367109-1795367109000"),
        ("{{ window.from | epoch }}", chicago, local, "1795388709"),
        ("{{ window.from | add(\"6h\") }}", chicago, local, "2026-11-22T23:05:09"),
        ("{{ window.from | add(\"1mo\") }}", "request_format: \"%d.%m.%Y\"", "31.01.2026", "28.02.2026"),
        ("{{ window.from | add(\"90s\") }}", "request_format: epoch_s", "1795367109", "1795367199"),
        ("{{ window.from | date(\"%H:%M\") }}", "request_format: epoch_ms", "1795367109000", "17:05"),
        ("{{ window.from[:10] }}", "", utc, "2026-11-22"),
        ("{{ cursor[2:5] }}", "", utc, "cde"),
        ("{{ page + 1 }}", "", utc, "4"),
        ("{{ vars.a | urlencode }}", "", utc, "b%20c%2F%C3%A9"),
        ("{{ vars.a | base64 }}", "", utc, "YiBjL8Op"),
        ("{{ vars.none | default(\"x\") }}{{ vars.a | default(\"x\") }}", "", utc, "xb c/é"),
        ("{{ vars.a | json }}{{ cursor | json }}", "", utc, "\"b c/é\"\"abcdefgh\""),
        ("{{ window.from | epoch | json }}", "", utc, "1795367109"),
        ("{{ page | json }}", "", utc, "3"),
        ("{{ [vars.a, page] | join(\",\") }}", "", utc, "b c/é,3"),
    ] {
        assert_eq!(rendered(template, request, from), expected, "{template} {request}");
    }
    let told = rendered("{{ cursor | date(\"%Y\") }}", "request_format: epoch_s", utc);
    assert!(told.contains("a time is expected, as `epoch_s` writes it, and \"abcdefgh\" is none"), "{told}");
}

#[test]
fn what_is_no_function_is_refused_by_name() {
    for (template, part) in [
        ("{{ cursor | upper }}", "filter upper is unknown"),
        ("{{ cursor | tojson }}", "filter tojson is unknown"),
        ("{{ now() }}", "is not known to templates"),
        ("{{ window.from | add(\"1 day\") }}", "\"1 day\" is no stretch of time"),
        ("{{ window.from | date(\"%Q%\") }}", "is no pattern"),
        ("{{ window.from | date }}", "missing argument"),
    ] {
        let keys = format!(
            "params: {{ f: '{template}' }}\npagination: {{ type: cursor, next: {{ body: n }}, send: {{ query: c }} }}\n\
             incremental: {{ cursor: u, format: rfc3339, from: {{ query: g }}, start: 2024-01-01 }}"
        );
        one(&keys, part);
    }
    none("params: { f: '{{ page | default(1) }}' }\npagination: { type: page }");
}
