use std::time::Duration;

use crate::config::*;

/// A source file that says almost everything once.
pub(super) const EXAMPLE: &str = r#"# yaml-language-server: $schema=./source.schema.json
source: hubspot                         # becomes _source_system and the first folder; equals the file's name
base_url: https://api.hubapi.com        # https, or http for loopback only, unless allow_http: true
allowed_hosts: []                       # other hosts
vars: { portal: "123" }                 # plain values for templates

auth:
  type: bearer
  token: { secret: hubspot-token }      # a secret of the platform's vault

rate_limit: { requests_per_second: 10, burst: 10 }
retry: { max_attempts: 5, base: 1s, max: 60s, budget: 10m }     # per request
timeout: { connect: 10s, read: 30s, total: 5m }                 # read = between two bytes
concurrency: 4

streams:
  contacts:
    path: /crm/v3/objects/contacts
    method: GET                         # or POST
    params: { properties: "email,firstname,lastname" }          # a list repeats the parameter
    headers: {}
    body: {}                            # JSON body template of a POST
    records: results                    # where the records are
    pagination:
      type: cursor
      next: { body: paging.next.after }
      send: { query: after }
      page_size: { query: limit, value: 100 }
    schedule: { every: 1h }             # or { cron: "30 2 * * MON-FRI", timezone: Europe/Berlin }
    expect: { min_records: 100 }
"#;

#[test]
fn reads_the_example_of_the_documentation() {
    let source = parse("sources/hubspot.yaml", EXAMPLE).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(source.name, "hubspot");
    assert_eq!(source.base_url.as_str(), "https://api.hubapi.com/");
    assert_eq!(source.vars["portal"], "123");
    assert_eq!(source.fingerprint.len(), 16);
    assert_eq!(source.secrets(), [SecretRef { secret: "hubspot-token".to_owned(), field: None }]);
    let stream = source.stream("contacts").unwrap();
    assert_eq!(stream.method, Method::Get);
    assert_eq!(stream.body, None);
    assert_eq!(stream.retry, Retry::default());
    assert_eq!(stream.timeout, Timeout::default());
    assert_eq!(stream.output, Output::default());
    assert_eq!(stream.schedule, Some(Schedule::Every(Duration::from_hours(1))));
    assert_eq!(stream.expect, Expect { min_records: Some(100), ..Expect::default() });
    assert_eq!(
        stream.pagination.kind,
        Kind::Cursor {
            next: Address::Body("paging.next.after".parse().unwrap()),
            send: Target::Query("after".to_owned()),
            initial: None,
        }
    );
    let size = PageSize { to: Sent(Some(Target::Query("limit".to_owned()))), value: 100 };
    assert_eq!(stream.pagination.page_size, Some(size));
}

#[test]
fn a_streams_settings_win_and_maps_merge_by_key() {
    let text = "source: x\nbase_url: https://x.example/api/\nallow_private: true\nallowed_hosts: [B.example:444, { host: c.example, credentials: false }]\nvars: { v: a/b }\nheaders: { X-A: one, X-B: two }\nparams: { p: 1.10, q: source }\nretry: { max_attempts: 2, base: 2s }\nrate_limit: { requests_per_second: 5 }\nauth: { type: bearer, token: { secret: t } }\nstreams:\n  z:\n    path: '/{{ vars.v }}/x'\n    records: $\n    headers: { x-b: three }\n    params: { q: [s1, s2], r: no }\n    retry: { base: 3s }\n    auth: { type: none }\n  a: { path: /a, records: i, rate_limit: { burst: 3 } }\n";
    let source = parse("x.yaml", text).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(source.allow_private);
    let hosts: Vec<_> =
        source.allowed_hosts.iter().map(|host| (host.host.as_str(), host.port, host.credentials)).collect();
    assert_eq!(hosts, [("b.example", Some(444), true), ("c.example", None, false)]);
    let [z, a] = &source.streams[..] else { panic!("two streams") };
    assert_eq!((z.name.as_str(), a.name.as_str()), ("z", "a"));
    let headers: Vec<_> = z.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(headers, [("x-a", "one"), ("x-b", "three")]);
    let params: Vec<_> = z
        .params
        .iter()
        .map(|(name, values)| (name.as_str(), values.iter().map(Template::as_str).collect::<Vec<_>>()))
        .collect();
    assert_eq!(params, [("p", vec!["1.10"]), ("q", vec!["s1", "s2"]), ("r", vec!["no"])]);
    assert_eq!((z.retry.max_attempts, z.retry.base), (2, Duration::from_secs(3)));
    assert_eq!(z.auth, Auth::None);
    assert!(!z.own_rate_limit && a.own_rate_limit);
    assert_eq!((a.rate_limit.requests_per_second, a.rate_limit.burst), (Some(5.0), 3));
    assert_eq!(source.rate_limit.burst, 1);
    let scope = Scope {
        vars: &source.vars,
        text_vars: &source.text_vars,
        cursor: None,
        is_cursor_bare: false,
        page: None,
        offset: None,
        window_from: None,
        window_to: None,
        run_time: None,
        partition: &[],
        text_partitions: &[],
        parent: &[],
        parent_json: &[],
        job_id: None,
        clock: None,
        job_values: &[],
    };
    assert_eq!(z.path.render(&scope).unwrap(), "/a%2Fb/x");
}

#[test]
fn templates_fill_in_cursor_page_and_offset() {
    let text = "source: x\nbase_url: https://x.example\nvars: { dots: '..', name: ann }\nstreams:\n  s:\n    path: /p/{{ vars.name }}\n    method: POST\n    records: i\n    body: { a: ['{{ page }}', 1, null], b: { c: \"{{ vars.name }}\\n\" } }\n    params: { p: 'x{{ page }}y' }\n    pagination: { type: page, send: { query: page } }\n";
    let source = parse("x.yaml", text).unwrap_or_else(|problems| panic!("{problems}"));
    let stream = &source.streams[0];
    let scope = Scope {
        vars: &source.vars,
        text_vars: &source.text_vars,
        cursor: None,
        is_cursor_bare: false,
        page: Some(7),
        offset: None,
        window_from: None,
        window_to: None,
        run_time: None,
        partition: &[],
        text_partitions: &[],
        parent: &[],
        parent_json: &[],
        job_id: None,
        clock: None,
        job_values: &[],
    };
    assert_eq!(stream.params[0].1[0].render(&scope).unwrap(), "x7y");
    let Ok(RenderedBody::Json(body)) = stream.body.as_ref().unwrap().render(&scope) else { panic!("JSON") };
    let [page, name] = ["7", "ann\n"].map(|text| RenderedJson::Plain(text.into()));
    let list = RenderedJson::List(vec![
        page,
        RenderedJson::Plain(1.into()),
        RenderedJson::Plain(serde_json::Value::Null),
    ]);
    let inner = RenderedJson::Map(vec![("c".to_owned(), name)]);
    assert_eq!(body, RenderedJson::Map(vec![("a".to_owned(), list), ("b".to_owned(), inner)]));
    let dots = text.replace("/p/{{ vars.name }}", "/p/{{ vars.dots }}");
    let problems = parse("x.yaml", &dots).unwrap_err();
    assert!(problems.to_string().contains("makes a . or .. segment"), "{problems}");
}

#[test]
fn equals_null_is_a_value() {
    let text = "source: x\nbase_url: https://x.example\nstreams: { s: { path: /p, records: i, responses: [{ when: { at: { body: a }, equals: null }, then: end }] } }";
    let source = parse("x.yaml", text).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(source.streams[0].responses[0].when[0].test, Test::Equals(serde_json::Value::Null));
}
