//! Small manifests, one for each tricky case: what the stream becomes, or why it is refused.

use serde_json::{Value, json};

mod auth;
mod pages;
mod rewrites;
mod values;

use super::{ClientSide, Options, import};
use crate::report::{Fate, Report};

const SPEC: &str = r"
spec:
  type: Spec
  connection_specification:
    required: [api_key, start_date]
    properties:
      api_key: { type: string, airbyte_secret: true }
      realm: { type: string, airbyte_secret: true }
      start_date: { type: string, format: date-time }
      region: { type: string, default: eu }
";

fn imported(streams: &str) -> Report {
    with(streams, |_| {})
}

fn with(streams: &str, change: impl FnOnce(&mut Options)) -> Report {
    let manifest = format!("version: 6.0.0\ntype: DeclarativeSource\n{streams}\n{SPEC}");
    let mut options = Options { name: "acme".to_owned(), ..Options::default() };
    change(&mut options);
    import(&manifest, &options, "2026-11-22T00:00:00Z".parse().unwrap()).unwrap()
}

/// One stream: what its retriever and the rest of it say, in the indentation of a stream's members.
fn stream(requester: &str, retriever: &str, rest: &str) -> String {
    format!(
        "streams:\n  - type: DeclarativeStream\n    name: Deals\n    primary_key: id\n{rest}\n    retriever:\n      type: SimpleRetriever\n\
         {retriever}\n      record_selector: {{ extractor: {{ field_path: [data] }} }}\n      requester:\n        type: HttpRequester\n        \
         url_base: https://api.example.com/v1\n        path: deals\n{requester}\n"
    )
}

/// The stream as the source file has it.
fn converted(report: &Report) -> Value {
    let stream = &report.streams[0];
    assert_eq!(stream.refused, None);
    let text = &report.sources[0].text;
    let file = crate::tree::read(text).unwrap().to_value();
    file["streams"]["deals"].clone()
}

fn refusal(report: &Report) -> (String, usize) {
    let refused =
        report.streams[0].refused.clone().unwrap_or_else(|| panic!("{report}\n{}", report.sources[0].text));
    (refused.capability, refused.line)
}

fn paginator(strategy: &str, token: &str) -> String {
    format!(
        "      paginator:\n        type: DefaultPaginator\n        pagination_strategy: {{ {strategy} }}\n        page_token_option: {{ {token} }}"
    )
}

#[test]
fn configuration_is_folded_and_what_stands_in_an_authenticator_is_a_secret() {
    let requester = "        authenticator: { type: ApiKeyAuthenticator, api_token: \"Token {{ config['region'] }}\", inject_into: { inject_into: header, field_name: X-Key } }\n        request_parameters: { region: \"{{ config.get('region', 'us') }}\", empty: \"{{ config['nothing'] }}\" }";
    let report = imported(&stream(requester, "", ""));
    assert_eq!(converted(&report)["params"], json!({"region": "eu"}));
    let text = &report.sources[0].text;
    assert!(text.contains("auth: { type: api_key, in: header, name: X-Key, prefix: \"Token \", value: { secret: acme-region } }"), "{text}");
    assert_eq!((report.secrets[0].name.as_str(), report.streams[0].fate), ("acme-region", Fate::Exact));
}

#[test]
fn a_value_that_is_said_to_be_plain_is_none() {
    let requester = "        authenticator: { type: BasicHttpAuthenticator, username: \"{{ config['account'] }}\", password: \"{{ config['api_key'] }}\" }";
    let report = with(&stream(requester, "", ""), |options| {
        options.config = Some(json!({"account": "me", "api_key": "x1y2z3"}));
        options.plain = vec!["account".to_owned()];
    });
    let text = &report.sources[0].text;
    assert!(
        text.contains("auth: { type: basic, username: me, password: { secret: acme-api-key } }"),
        "{text}"
    );
    assert!(!text.contains("x1y2z3"));
}

#[test]
fn an_offset_of_size_1_is_a_page() {
    let pages = paginator(
        "type: OffsetIncrement, page_size: 1",
        "type: RequestOption, inject_into: request_parameter, field_name: page",
    );
    let report = imported(&stream("", &pages, ""));
    assert_eq!(
        converted(&report)["pagination"],
        json!({"type": "page", "send": {"query": "page"}, "start": 0})
    );
    assert_eq!(report.streams[0].fate, Fate::Rewritten);
}

#[test]
fn a_short_page_ends_where_the_size_is_sent() {
    let pages = paginator(
        "type: OffsetIncrement, page_size: 100",
        "type: RequestOption, inject_into: request_parameter, field_name: offset",
    ) + "\n        page_size_option: { type: RequestOption, inject_into: request_parameter, field_name: limit }";
    let report = imported(&stream("", &pages, ""));
    let expected = json!({"type": "offset", "send": {"query": "offset"}, "page_size": {"query": "limit", "value": 100}, "stop": ["short_page"]});
    assert_eq!((converted(&report)["pagination"].clone(), report.streams[0].fate), (expected, Fate::Exact));
}

#[test]
fn a_hand_parsed_link_is_a_link_header_and_first_parameters_go_with_it() {
    let pages = paginator(
        "type: CursorPagination, cursor_value: \"{{ headers['link']['next']['url'] }}\", stop_condition: \"{{ 'next' not in headers['link'] }}\"",
        "type: RequestPath",
    );
    let requester = "        request_parameters: { since: \"{{ '2024' if not next_page_token else '' }}\" }";
    let report = imported(&stream(requester, &pages, ""));
    let deals = converted(&report);
    assert_eq!(
        (&deals["pagination"], &deals["params"]),
        (&json!({"type": "link_header"}), &json!({"since": "2024"}))
    );
    assert_eq!(report.streams[0].fate, Fate::Rewritten);
    // Without next addresses nothing says it.
    let pages = paginator(
        "type: CursorPagination, cursor_value: \"{{ response.next }}\"",
        "type: RequestOption, inject_into: request_parameter, field_name: after",
    );
    assert_eq!(refusal(&imported(&stream(requester, &pages, ""))).0, "parameters of the first request alone");
}

#[test]
fn ends_that_the_cursor_says_anyway_are_left_out_and_flags_become_conditions() {
    let token = "type: RequestOption, inject_into: request_parameter, field_name: after";
    for (stop, expected) in [
        ("{{ not response.meta.next }}", None),
        ("{{ not response.get('meta', {}).get('next') }}", None),
        ("{{ 'meta' not in response }}", None),
        ("{{ response.meta.last == true }}", Some(json!([{"at": {"body": "meta.last"}, "equals": true}]))),
        (
            "{{ not response.more }}",
            Some(json!([
                {"at": {"body": "more"}, "equals": false}, {"at": {"body": "more"}, "exists": false}, {"at": {"body": "more"}, "equals": null},
            ])),
        ),
        ("{{ last_page_size == 0 }}", Some(json!(["empty_page"]))),
    ] {
        let pages = paginator(
            &format!(
                "type: CursorPagination, cursor_value: \"{{{{ response.meta.next }}}}\", stop_condition: \"{stop}\""
            ),
            token,
        );
        let found = converted(&imported(&stream("", &pages, "")))["pagination"].clone();
        assert_eq!(found["next"], json!({"body": "meta.next"}), "{stop}");
        assert_eq!(found.get("stop").cloned(), expected, "{stop}");
    }
}

#[test]
fn computed_pages_and_offsets_are_counted() {
    let token = "type: RequestOption, inject_into: request_parameter, field_name: page";
    let pages = paginator(
        "type: CursorPagination, cursor_value: \"{{ response.page + 1 }}\", stop_condition: \"{{ response.page >= response.pages }}\"",
        token,
    );
    let report = imported(&stream("", &pages, ""));
    assert_eq!(
        converted(&report)["pagination"],
        json!({"type": "page", "send": {"query": "page"}, "total_pages": {"body": "pages"}})
    );
    let pages = paginator(
        "type: CursorPagination, page_size: 50, cursor_value: \"{{ response.start + response.size }}\", stop_condition: \"{{ response.start + response.size >= response.total }}\"",
        token,
    ) + "\n        page_size_option: { type: RequestOption, inject_into: request_parameter, field_name: size }";
    let report = imported(&stream("", &pages, ""));
    let expected = json!({"type": "offset", "send": {"query": "page"}, "advance": "requested", "page_size": {"query": "size", "value": 50}, "total": {"body": "total"}});
    assert_eq!(
        (converted(&report)["pagination"].clone(), report.streams[0].fate),
        (expected, Fate::Rewritten)
    );
}

#[test]
fn the_last_record_is_one_of_the_records() {
    let token = "type: RequestOption, inject_into: request_parameter, field_name: after";
    for value in [
        "{{ response.data[-1].id }}",
        "{{ last_record['id'] }}",
        "{{ last_records[-1]['id'] }}",
        "{{ (response.data | last).id }}",
    ] {
        let pages = paginator(&format!("type: CursorPagination, cursor_value: \"{value}\""), token);
        assert_eq!(
            converted(&imported(&stream("", &pages, "")))["pagination"]["next"],
            json!({"last_record": "id"}),
            "{value}"
        );
    }
    let pages = paginator("type: CursorPagination, cursor_value: \"{{ response.other[-1].id }}\"", token);
    assert_eq!(refusal(&imported(&stream("", &pages, ""))).0, "cursor expression");
}

fn cursor(more: &str, options: &str) -> String {
    format!(
        "    incremental_sync:\n      type: DatetimeBasedCursor\n      cursor_field: updated\n      {more}\n      start_datetime: \"{{{{ config['start_date'] }}}}\"\n{options}"
    )
}

#[test]
fn a_window_that_requests_say_is_one_and_its_key_the_streams() {
    let options = "      step: P30D\n      cursor_granularity: P1D\n      start_time_option: { type: RequestOption, inject_into: request_parameter, field_name: from }\n      end_time_option: { type: RequestOption, inject_into: request_parameter, field_name: to }";
    let report = imported(&stream("", "", &cursor("datetime_format: \"%Y-%m-%d\"", options)));
    let incremental = converted(&report)["incremental"].clone();
    for (key, value) in [
        ("cursor", json!("updated")),
        ("format", json!("date")),
        ("from", json!({"query": "from"})),
        ("window", json!("30d")),
        ("to_inclusive", json!("day")),
        ("key", json!("id")),
        ("start", json!("2024-01-01")),
    ] {
        assert_eq!(incremental[key], value, "{key}: {incremental}");
    }
}

#[test]
fn sql_over_a_window_keeps_its_text() {
    let requester = "        request_parameters: { q: \"SELECT * FROM deals WHERE t >= {{ stream_interval.start_time }} AND t < {{ stream_slice['end_time'] }}\" }";
    let report = imported(&stream(requester, "", &cursor("datetime_format: \"%Y-%m-%dT%H:%M:%SZ\"", "")));
    assert_eq!(
        converted(&report)["params"]["q"],
        "SELECT * FROM deals WHERE t >= {{ window.from }} AND t < {{ window.to }}"
    );
}

#[test]
fn a_window_that_no_cursor_defines_is_empty_as_airbyte_has_it_and_none_in_a_path() {
    let requester = "        request_parameters: { since: \"{{ stream_interval.start_time }}\", all: 1 }";
    let report = imported(&stream(requester, "", ""));
    assert_eq!(
        (&converted(&report)["params"], report.streams[0].fate),
        (&json!({"all": "1"}), Fate::Rewritten)
    );
    let manifest =
        stream("", "", "").replace("path: deals", "path: \"{{ stream_interval.start_time }}/deals\"");
    assert_eq!(refusal(&imported(&manifest)), ("window without a cursor".to_owned(), 13));
}

#[test]
fn a_cursor_that_no_request_says_is_none() {
    let report = imported(&stream("", "", &cursor("datetime_format: \"%Y-%m-%d\"", "")));
    assert_eq!((converted(&report).get("incremental"), report.streams[0].fate), (None, Fate::Rewritten));
    let own_side = cursor("datetime_format: \"%Y-%m-%d\"", "      is_client_side_incremental: true");
    let report = with(&stream("", "", &own_side), |options| options.client_side = ClientSide::Snapshot);
    assert_eq!(converted(&report).get("incremental"), None);
}

#[test]
fn a_path_may_go_on_behind_a_question_mark() {
    let manifest = stream("", "", "").replace("path: deals", "path: \"deals?status=all\"");
    let report = imported(&manifest);
    let deals = converted(&report);
    assert_eq!((&deals["path"], &deals["params"]["status"]), (&json!("/v1/deals"), &json!("all")));
}

#[test]
fn of_two_definitions_by_state_the_first_is_used_each_time_where_it_reads_everything() {
    let delegated = |full: &str| {
        let inner = stream("", "", full).replace("streams:\n  - ", "    ");
        let inner = format!("  {}\n", inner.trim_end().replace('\n', "\n  "));
        format!(
            "streams:\n  - type: StateDelegatingStream\n    name: Deals\n    full_refresh_stream:\n{inner}"
        )
    };
    let report = imported(&delegated(&cursor("datetime_format: \"%s\"", "")));
    assert_eq!((converted(&report).get("incremental"), report.streams[0].fate), (None, Fate::Rewritten));
    let asks =
        "      start_time_option: { type: RequestOption, inject_into: request_parameter, field_name: from }";
    let report = imported(&delegated(&cursor("datetime_format: \"%s\"", asks)));
    assert_eq!(refusal(&report).0, "two definitions by state");
}

#[test]
fn code_of_the_connector_is_refused_with_its_line() {
    let manifest = stream("        authenticator: { type: CustomAuthenticator, class_name: a.B }", "", "");
    assert_eq!(refusal(&imported(&manifest)), ("custom component".to_owned(), 16));
}

const PARENT: &str = "      partition_router:\n        type: SubstreamPartitionRouter\n        parent_stream_configs:\n          - parent_key: id\n            partition_field: owner\n            stream:\n              type: DeclarativeStream\n              name: owners\n              retriever:\n                type: SimpleRetriever\n                record_selector: { extractor: { field_path: [] } }\n                requester: { type: HttpRequester, url_base: https://api.example.com/v1, path: owners }";

#[test]
fn a_parent_is_a_stream_of_the_file_and_its_id_a_template() {
    let manifest =
        stream("", PARENT, "").replace("path: deals", "path: \"owners/{{ stream_partition.owner }}/deals\"");
    let report = imported(&manifest);
    let deals = converted(&report);
    assert_eq!(
        (&deals["path"], &deals["parent"]),
        (&json!("/v1/owners/{{ parent.id }}/deals"), &json!({"stream": "owners", "fields": ["id"]}))
    );
    assert!(report.sources[0].text.contains("  owners:"));
}

#[test]
fn a_parents_id_in_a_list_of_a_body_is_a_value_of_its_own_or_refused() {
    let requester = "        http_method: POST\n        request_body_json: { filter: \"{'ids': [{{ stream_slice.owner }}], 'kind': 'x-{{ stream_slice.owner }}'}\" }";
    let report = imported(&stream(requester, PARENT, ""));
    match &report.streams[0].refused {
        None => assert_eq!(
            converted(&report)["body"]["filter"],
            json!({"ids": ["{{ parent.id | json }}"], "kind": "x-{{ parent.id }}"})
        ),
        Some(refusal) => assert_eq!(refusal.capability, "grammar"),
    }
}

#[test]
fn lists_of_values_are_partitions() {
    let router = "      partition_router: { type: ListPartitionRouter, cursor_field: region, values: [eu, us], request_option: { inject_into: request_parameter, field_name: r } }";
    let deals = converted(&imported(&stream("", router, "")));
    assert_eq!(
        (&deals["partitions"], &deals["params"]),
        (&json!({"region": ["eu", "us"]}), &json!({"r": "{{ partition.region }}"}))
    );
}

#[test]
fn records_in_lists_of_lists_have_a_star() {
    let manifest = stream("", "", "").replace("field_path: [data]", "field_path: [data, \"*\", items]");
    assert_eq!(
        converted(&imported(&manifest))["records"],
        json!({"at": "data.*.items", "if_absent": "empty"})
    );
}

#[test]
fn a_path_that_takes_lists_and_maps_alike_is_refused() {
    for path in ["[data, \"*\"]", "[\"*\"]"] {
        let manifest = stream("", "", "").replace("field_path: [data]", &format!("field_path: {path}"));
        let refused = imported(&manifest).streams[0].refused.clone().expect("it is refused");
        assert!(refused.what.contains("the manifest does not say which it is"), "{refused:?}");
    }
}

#[test]
fn rules_for_errors_follow_their_action_and_branches() {
    let handler = "        error_handler: { response_filters: [{ action: IGNORE, http_codes: [404] }, { action: RETRY, http_codes: [429, 418] }, { action: FAIL, predicate: \"{{ response.ok == false and response.error == 'x' }}\" }] }";
    let deals = converted(&imported(&stream(handler, "", "")));
    assert_eq!(
        deals["responses"],
        json!([
            {"when": {"at": {"status": true}, "equals": 404}, "then": "end", "if_first": true},
            {"when": {"at": {"status": true}, "equals": 418}, "then": "retry"},
            {"when": {"at": {"body": "ok"}, "equals": false}, "and": [{"at": {"body": "error"}, "equals": "x"}], "then": "fail"},
        ])
    );
}

#[test]
fn what_is_done_to_records_is_left_out_and_a_cursor_made_so_is_followed_back() {
    let rest = cursor(
        "datetime_format: \"%Y-%m-%d\"",
        "      start_time_option: { inject_into: request_parameter, field_name: from }",
    ) + "\n    transformations: [{ type: AddFields, fields: [{ path: [updated], value: \"{{ record['meta']['changed'] }}\" }] }]";
    let report = imported(&stream("", "", &rest));
    assert_eq!(converted(&report)["incremental"]["cursor"], "meta.changed");
    assert_eq!(report.streams[0].left_out.len(), 1);
    let made = rest.replace("{{ record['meta']['changed'] }}", "{{ now_utc() }}");
    assert_eq!(refusal(&imported(&stream("", "", &made))).0, "cursor made by a transformation");
}

#[test]
fn refused_streams_are_comments_of_the_file() {
    let two = stream("", "", "")
        + "  - { type: DeclarativeStream, name: own, retriever: { type: CustomRetriever, class_name: a.B } }\n";
    let report = imported(&two);
    assert!(
        report.sources[0].text.contains("# Not converted:\n#   own: custom component (line 17: "),
        "{}",
        report.sources[0].text
    );
    assert!(report.to_string().starts_with("2 streams: 1 exact, 0 rewritten, 1 refused\n"), "{report}");
}
