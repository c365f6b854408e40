//! Values of the configuration, and of partitions.

use serde_json::json;

use super::super::{Options, import};
use super::{PARENT, converted, cursor, imported, refusal, stream, with};

#[test]
fn a_start_in_another_format_is_computed_of_a_date() {
    let from =
        "      start_time_option: { type: RequestOption, inject_into: request_parameter, field_name: from }";
    for (start, format) in [
        ("{{ format_datetime(config['start_date'], '%Y-%m-%dT%H:%M:%S.%fZ') }}", "%Y-%m-%dT%H:%M:%S.%fZ"),
        (
            "{{ timestamp(config.get('start_date')) | int if config.get('start_date') else day_delta(-730, '%s') }}",
            "%s",
        ),
    ] {
        let more = cursor(&format!("datetime_format: \"{format}\""), from)
            .replace("{{ config['start_date'] }}", start);
        for (given, expected) in [("2024-03-01", "2024-03-01"), ("2024-03-01T00:00:00Z", "2024-03-01")] {
            let report = with(&stream("", "", &more), |options| {
                options.config = Some(json!({"start_date": given, "api_key": "k"}));
            });
            let start = converted(&report)["incremental"]["start"].clone();
            assert!(start == json!(expected) || start == json!("2024-03-01T00:00:00Z"), "{start}");
        }
    }
    let more = cursor("datetime_format: \"%s\"", from)
        .replace("{{ config['start_date'] }}", "{{ format_datetime(config['start_date'], '%!') }}");
    assert_eq!(refusal(&imported(&stream("", "", &more))).0, "expression");
}

#[test]
fn an_optional_list_of_partitions_has_a_placeholder_until_a_configuration_is_given() {
    let router = "      partition_router: { type: ListPartitionRouter, cursor_field: country, values: \"{{ config.countries }}\", request_option: { inject_into: request_parameter, field_name: country } }";
    let manifest = stream("", router, "");
    let report = imported(&manifest);
    assert_eq!(converted(&report)["partitions"], json!({"country": ["fill-in-countries"]}));
    assert!(report.to_fill_in.iter().any(|assumed| assumed.place == "countries"));
    let report = with(&manifest, |options| options.config = Some(json!({"region": "us"})));
    assert_eq!(refusal(&report).0, "empty list of partitions");
}

#[test]
fn a_placeholder_that_turns_out_to_be_an_address_becomes_one() {
    let spec = "spec: { type: Spec, connection_specification: { required: [host], properties: { host: { type: string } } } }";
    let manifest = stream("", "", "").replace("https://api.example.com/v1", "\"{{ config['host'] }}/v1\"");
    let manifest = format!("version: 6.0.0\ntype: DeclarativeSource\n{manifest}\n{spec}\n");
    let options = Options { name: "acme".to_owned(), ..Options::default() };
    let now = "2026-11-22T00:00:00Z".parse().unwrap();
    let report = import(&manifest, &options, now).unwrap();
    assert!(report.sources[0].text.contains("base_url: https://fill-in-host.example.com"), "{report}");
    assert_eq!(report.to_fill_in[0].value, "https://fill-in-host.example.com");
    // A host that is given is none that was assumed.
    let options = Options { config: Some(json!({"host": "api.example.com"})), ..options };
    let report = import(&manifest, &options, now).unwrap();
    assert_eq!(
        report.streams[0].refused.as_ref().map(|refused| refused.capability.as_str()),
        Some("address")
    );
}

#[test]
fn a_condition_on_the_window_and_on_the_first_page_is_both() {
    let pages = super::paginator(
        "type: CursorPagination, cursor_value: \"{{ response.next }}\"",
        "type: RequestPath",
    );
    let requester = "        request_parameters: { since: \"{{ stream_interval.start_time if stream_interval.start_time and not next_page_token.next_page_token }}\" }";
    let report = imported(&stream(requester, &pages, &cursor("datetime_format: \"%Y-%m-%dT%H:%M:%SZ\"", "")));
    assert_eq!(converted(&report)["params"]["since"], "{{ window.from }}");
}

#[test]
fn a_value_of_the_parents_own_slice_is_a_field_of_the_parent() {
    let inner = PARENT
        .replace("partition_field: owner", "partition_field: group")
        .replace("name: owners", "name: groups");
    let inner = inner.replace("path: owners", "path: groups").replace('\n', "\n          ");
    let parent = PARENT.replace(
        "                type: SimpleRetriever",
        &format!("                type: SimpleRetriever\n          {}", inner.trim_start_matches('\n')),
    );
    let parent = parent.replacen("path: owners }", "path: \"groups/{{ stream_slice.group }}/owners\" }", 1);
    let manifest = stream("", &parent, "").replace(
        "path: deals",
        "path: \"groups/{{ stream_slice.parent_slice.group }}/owners/{{ stream_slice.owner }}/deals\"",
    );
    let deals = converted(&imported(&manifest));
    assert_eq!(
        (&deals["path"], &deals["parent"]["fields"]),
        (
            &json!("/v1/groups/{{ parent._parent_id }}/owners/{{ parent.id }}/deals"),
            &json!(["id", "_parent_id"])
        )
    );
}

#[test]
fn what_the_slice_always_has_decides_a_choice_and_what_it_never_has_too() {
    let from =
        "      start_time_option: { type: RequestOption, inject_into: request_parameter, field_name: from }";
    let with_cursor = cursor("datetime_format: \"%Y-%m-%dT%H:%M:%SZ\"", from);
    for (value, of_window, without) in [
        (
            "{{ stream_interval.start_time if stream_interval.start_time else config['start_date'] }}",
            "{{ window.from }}",
            "2024-01-01T00:00:00Z",
        ),
        ("{{ stream_slice.get('start_time', '') or 'never' }}", "{{ window.from }}", "never"),
        ("a:{{ 'all' if not stream_interval.start_time else 'new' }}", "a:new", "a:all"),
    ] {
        let requester = format!("        request_parameters: {{ since: \"{value}\" }}");
        for (rest, expected) in [(with_cursor.as_str(), of_window), ("", without)] {
            assert_eq!(
                converted(&imported(&stream(&requester, "", rest)))["params"]["since"],
                expected,
                "{value}"
            );
        }
        let router =
            "      partition_router: { type: ListPartitionRouter, cursor_field: start_time, values: [a, b] }";
        assert_eq!(refusal(&imported(&stream(&requester, router, ""))).0, "expression", "{value}");
    }
}

#[test]
fn a_method_of_what_is_not_there_makes_its_whole_text_nothing() {
    let requester = "        request_parameters: { a: \"x{{ config['none'].split(',') }}\", b: \"{{ ','.join(config['none']) }}\", c: d }";
    let report = with(&stream(requester, "", ""), |options| options.config = Some(json!({"api_key": "k"})));
    assert_eq!(converted(&report)["params"], json!({"c": "d"}));
}

#[test]
fn lengths_of_several_units_are_said_in_one_and_a_step_is_never_made_longer() {
    let options = "      step: P180DT1S\n      lookback_window: PT0.1S\n      start_time_option: { inject_into: request_parameter, field_name: from }\n      end_time_option: { inject_into: request_parameter, field_name: to }";
    let report = imported(&stream("", "", &cursor("datetime_format: \"%Y-%m-%dT%H:%M:%SZ\"", options)));
    let incremental = &converted(&report)["incremental"];
    assert_eq!((&incremental["window"], &incremental["lookback"]), (&json!("180d"), &json!("1s")));
    assert!(report.streams[0].rewritten[0].contains("P180DT1S as windows of 180d"), "{report}");
}

#[test]
fn a_body_of_xml_is_one_and_the_file_says_what_to_watch_for() {
    let manifest = stream("", "      decoder: { type: XmlDecoder }", "");
    let report = imported(&manifest.replace("field_path: [data]", "field_path: [Response, Deals, Deal]"));
    let deals = converted(&report);
    assert_eq!((&deals["format"], &deals["records"]["at"]), (&json!("xml"), &json!("Response.Deals.Deal")));
    assert!(report.streams[0].rewritten[0].contains("xml.lists"), "{report}");
}

#[test]
fn a_text_in_quotes_is_what_stands_in_them() {
    let from =
        "      start_time_option: { type: RequestOption, inject_into: request_parameter, field_name: from }";
    let rest = cursor("datetime_format: \"%Y-%m-%dT%H:%M:%SZ\"", from);
    for (value, expected) in [
        (r"'\'{{ stream_interval.start_time }}\''", "{{ window.from }}"),
        (r#"'"a {{ stream_interval.start_time }}"'"#, "a {{ window.from }}"),
        (r#"'"a" {{ stream_interval.start_time }} "b"'"#, r#""a" {{ window.from }} "b""#),
    ] {
        let value = value.replace(r"\'", "''");
        let requester = format!("        request_parameters: {{ since: {value} }}");
        assert_eq!(
            converted(&imported(&stream(&requester, "", &rest)))["params"]["since"],
            expected,
            "{value}"
        );
    }
}

#[test]
fn a_value_that_the_configuration_does_not_have_is_left_out_and_told() {
    let requester = "        request_parameters: { q: \"{{ config.get('none') }}\", c: d }";
    let report = with(&stream(requester, "", ""), |options| options.config = Some(json!({"api_key": "k"})));
    assert_eq!(converted(&report)["params"], json!({"c": "d"}));
    assert!(report.streams[0].notes[0].starts_with("`q` has no value"), "{report}");
}

#[test]
fn a_path_of_slashes_adds_nothing_to_the_address() {
    for (base, path, expected) in [
        ("https://api.example.com/v2", "/", "/v2"),
        ("https://api.example.com/v2/", "''", "/v2/"),
        ("https://api.example.com/v2/", "/deals", "/v2/deals"),
        ("https://api.example.com", "/", "/"),
    ] {
        let manifest = stream("", "", "").replace("https://api.example.com/v1", base);
        let manifest = manifest.replace("path: deals", &format!("path: {path}"));
        assert_eq!(converted(&imported(&manifest))["path"], expected, "{base} {path}");
    }
}

#[test]
fn a_login_for_a_session_goes_where_the_streams_requests_go() {
    let login = "        authenticator: { type: LegacySessionTokenAuthenticator, username: me, password: \"{{ config['api_key'] }}\", login_url: /session, session_token_response_key: id, header: X-Session }";
    let text = imported(&stream(login, "", "")).sources[0].text.clone();
    assert!(text.contains("https://api.example.com/v1/session"), "{text}");
}
