//! Named rewrites: what a manifest says in a way that a source file says otherwise.

use serde_json::json;

use super::{converted, cursor, imported, paginator, refusal, stream, with};
use crate::report::{Fate, Report};

const AFTER: &str = "type: RequestOption, inject_into: request_parameter, field_name: after";

#[test]
fn a_next_page_that_the_record_itself_would_name_fails_the_run() {
    let strategy = "type: CursorPagination, page_size: 50, cursor_value: \"{{ response.next }}\"";
    let pages = paginator(strategy, AFTER)
        + "\n        page_size_option: { type: RequestOption, inject_into: request_parameter, field_name: limit }";
    let manifest = stream("", &pages, "").replace("field_path: [data]", "field_path: []");
    let report = imported(&manifest);
    let deals = converted(&report);
    assert_eq!((deals.get("pagination"), &deals["params"]), (None, &json!({"limit": "50"})));
    let rules = deals["responses"].as_array().expect("rules").clone();
    assert_eq!(
        rules.last(),
        Some(&json!({"when": {"at": {"body": "next"}, "exists": true}, "then": "fail"}))
    );
    assert_eq!(
        rules[0],
        json!({"when": {"at": {"body": "next"}, "equals": null}, "and": {"at": {"status": true}, "equals": 200}, "then": "accept"})
    );
    assert_eq!(report.streams[0].fate, Fate::Rewritten);
}

#[test]
fn an_offset_without_a_size_counts_what_came() {
    let pages = paginator("type: OffsetIncrement", AFTER);
    assert_eq!(
        converted(&imported(&stream("", &pages, "")))["pagination"],
        json!({"type": "offset", "send": {"query": "after"}})
    );
}

#[test]
fn an_offset_that_counts_from_one_is_a_sum() {
    let pages = "      paginator:\n        type: DefaultPaginator\n        pagination_strategy: { type: OffsetIncrement, page_size: 20 }";
    let requester = "        request_parameters: { q: \"SELECT 1 STARTPOSITION {{ (next_page_token.next_page_token or 0) + 1 }}\" }";
    assert_eq!(
        converted(&imported(&stream(requester, pages, "")))["params"]["q"],
        "SELECT 1 STARTPOSITION {{ offset + 1 }}"
    );
}

#[test]
fn a_cursor_that_a_transformation_copies_is_looked_for_in_the_record() {
    let options = "      start_time_option: { type: RequestOption, inject_into: request_parameter, field_name: from }\n    transformations: [{ type: AddFields, fields: [{ path: [updated], value: VALUE }] }]";
    let of = |value: &str| {
        let rest = cursor("datetime_format: \"%s\"", &options.replace("VALUE", &format!("\"{value}\"")));
        imported(&stream("", "", &rest))
    };
    for (value, expected) in [
        ("{{ record['keys'][0] }}", json!("keys.0")),
        ("{{ record.get('changed') or record['made'] }}", json!(["changed", "made"])),
        (
            "{{ record.get('changed', record.get('made', now_utc().timestamp())) | int }}",
            json!(["changed", "made"]),
        ),
        ("{{ record['updated'] or '0' }}", json!("updated")),
    ] {
        let incremental = converted(&of(value))["incremental"].clone();
        assert_eq!(incremental["cursor"], expected, "{value}: {incremental}");
    }
    let constant = converted(&of("{{ record['changed'] or '0' }}"))["incremental"].clone();
    assert_eq!((&constant["cursor"], &constant["missing"]), (&json!("changed"), &json!("keep")));
    assert_eq!(refusal(&of("{{ record['a'] ~ record['b'] }}")).0, "cursor made by a transformation");
    let conditional = of("{{ record['changed'] }}', condition: '{{ record.a }}");
    assert!(conditional.streams[0].refused.is_some(), "{conditional}");
}

#[test]
fn records_that_carry_the_windows_time_are_loaded_window_by_window_where_it_is_short() {
    let rest = |step: &str| {
        let options = format!(
            "      step: {step}\n      start_time_option: {{ type: RequestOption, inject_into: request_parameter, field_name: from }}\n      end_time_option: {{ type: RequestOption, inject_into: request_parameter, field_name: to }}\n    transformations: [{{ type: AddFields, fields: [{{ path: [updated], value: \"{{{{ stream_slice['start_time'] }}}}\" }}] }}]"
        );
        cursor("datetime_format: \"%Y-%m-%d\"", &options)
    };
    let incremental = converted(&imported(&stream("", "", &rest("P1D"))))["incremental"].clone();
    assert_eq!((&incremental["windows_only"], &incremental["window"]), (&json!(true), &json!("1d")));
    assert!(incremental.get("cursor").is_none() && incremental.get("key").is_none(), "{incremental}");
    // A record would wait for a year.
    assert_eq!(refusal(&imported(&stream("", "", &rest("P1Y")))).0, "cursor made by a transformation");
}

#[test]
fn the_first_letters_of_a_window_are_its_date_or_its_time() {
    let rest = cursor("datetime_format: \"%Y-%m-%dT%H:%M:%S%z\"", "");
    for (value, expected) in [
        ("{{ stream_interval.start_time[:10] }}", Some("{{ window.from | date(\"%Y-%m-%d\") }}")),
        (
            "{{ stream_interval.start_time[:-2] + ':' + stream_interval.start_time[-2:] }}",
            Some("{{ window.from }}"),
        ),
        ("{{ stream_interval.start_time[:7] }}", None),
    ] {
        let report =
            imported(&stream(&format!("        request_parameters: {{ since: \"{value}\" }}"), "", &rest));
        match expected {
            Some(expected) => assert_eq!(converted(&report)["params"]["since"], expected, "{value}"),
            None => assert_eq!(refusal(&report).0, "expression", "{value}"),
        }
    }
}

const PARENT: &str = "      partition_router:\n        type: SubstreamPartitionRouter\n        parent_stream_configs:\n          - parent_key: KEY\n            partition_field: own\n            stream:\n              type: DeclarativeStream\n              name: Owners\nREST\n              retriever:\n                type: SimpleRetriever\n                record_selector: { extractor: { field_path: [data] }FILTER }\n                requester: { type: HttpRequester, url_base: https://api.example.com/v1, path: owners }";

fn child(key: &str, rest: &str, filter: &str, path: &str) -> String {
    let parent = PARENT.replace("KEY", key).replace("REST", rest).replace("FILTER", filter);
    stream("", &parent, "").replace("path: deals", &format!("path: \"{path}\""))
}

#[test]
fn members_of_a_parents_value_are_its_fields() {
    for (key, path, field, template) in [
        ("owner", "{{ stream_partition.own.id }}/deals", "owner.id", "/v1/{{ parent.owner.id }}/deals"),
        ("/", "{{ stream_partition.own.id }}/deals", "id", "/v1/{{ parent.id }}/deals"),
        ("id", "{{ stream_partition.own }}/deals", "id", "/v1/{{ parent.id }}/deals"),
    ] {
        let deals = converted(&imported(&child(key, "", "", path)));
        assert_eq!((&deals["parent"]["fields"], &deals["path"]), (&json!([field]), &json!(template)));
    }
}

#[test]
fn a_parents_field_that_a_transformation_makes_is_the_records_own_or_refused() {
    let made = |value: &str| {
        let rest = format!(
            "              transformations: [{{ type: AddFields, fields: [{{ path: [own_id], value: \"{value}\" }}] }}]"
        );
        imported(&child("own_id", &rest, "", "{{ stream_partition.own }}/deals"))
    };
    assert_eq!(converted(&made("{{ record.id }}"))["path"], "/v1/{{ parent.id }}/deals");
    assert_eq!(refusal(&made("{{ record.a ~ record.b }}")).0, "field made by a transformation");
}

#[test]
fn a_filter_of_the_parent_says_which_have_children() {
    let filtered = |condition: &str| {
        let filter = format!(", record_filter: {{ condition: \"{condition}\" }}");
        imported(&child("id", "", &filter, "{{ stream_partition.own }}/deals"))
    };
    let conditions =
        converted(&filtered("{{ record.type == 'file' and record.size > 0 and 'a' in record }}"));
    assert_eq!(
        conditions["parent"]["where"],
        json!([{"at": "type", "equals": "file"}, {"at": "size", "over": 0}, {"at": "a", "exists": true}])
    );
    assert!(converted(&filtered("{{ not config.get('ids') }}"))["parent"].get("where").is_none());
    assert_eq!(refusal(&filtered("{{ record.id in config['ids'] or record.a }}")).0, "filter of a parent");
}

#[test]
fn a_choice_by_a_partition_is_decided_where_all_its_values_agree() {
    let router = |values: &str| {
        let router = format!(
            "      partition_router: {{ type: ListPartitionRouter, cursor_field: own, values: {values} }}"
        );
        stream("", &router, "").replace(
            "path: deals",
            "path: \"{{ 'all/deals' if stream_partition['own'] == 'all' else 'deals/' ~ stream_partition['own'] }}\"",
        )
    };
    let report = imported(&router("[all]"));
    let deals = converted(&report);
    // No request uses its one value.
    assert_eq!((&deals["path"], deals.get("partitions")), (&json!("/v1/all/deals"), None));
    assert_eq!(converted(&imported(&router("[a, b]")))["path"], "/v1/deals/{{ partition.own }}");
    assert_eq!(refusal(&imported(&router("[all, b]"))).0, "expression");
}

#[test]
fn what_the_specification_calls_a_secret_has_a_placeholder_in_an_address_unless_it_is_given_or_named_like_one()
 {
    let of = |name: &str| {
        stream("", "", "").replace("path: deals", &format!("path: \"{{{{ config['{name}'] }}}}/deals\""))
    };
    let report = imported(&of("realm"));
    assert_eq!(converted(&report)["path"], "/v1/fill-in-realm/deals");
    assert_eq!((report.to_fill_in[0].place.as_str(), report.streams[0].notes.len()), ("realm", 1));
    let given = with(&of("realm"), |options| {
        options.config = Some(json!({"realm": "x", "start_date": "2024-01-01T00:00:00Z"}));
    });
    assert_eq!(refusal(&given).0, "secret outside of authentication");
    assert_eq!(refusal(&imported(&of("api_key"))).0, "secret outside of authentication");
}

#[test]
fn sanitize_url_is_what_a_path_does_anyway() {
    let router = "      partition_router: { type: ListPartitionRouter, cursor_field: site, values: ['https://a.example/'] }";
    let manifest = stream("", router, "")
        .replace("path: deals", "path: \"sites/{{ sanitize_url(stream_partition.get('site')) }}/deals\"");
    assert_eq!(converted(&imported(&manifest))["path"], "/v1/sites/{{ partition.site }}/deals");
}

#[test]
fn the_current_time_is_the_time_that_the_run_is_for() {
    let date = "{{ run.time | date(\"%Y-%m-%d\") }}";
    for (value, expected) in [
        ("{{ today_utc() }}", date),
        ("{{ now_utc().strftime('%Y-%m-%d') }}", date),
        ("{{ format_datetime(config.get('until', now_utc()), '%Y-%m-%d') }}", date),
        ("{{ now_utc() }}", "{{ run.time | date(\"%Y-%m-%d %H:%M:%S.%6f+00:00\") }}"),
        ("{{ timestamp(now_utc()) | int }}", "{{ run.time | epoch }}"),
        ("{{ day_delta(-7, format='%Y-%m-%d') }}", "{{ run.time | add(\"-7d\") | date(\"%Y-%m-%d\") }}"),
        (
            "{{ (now_utc() - duration('P1M')).strftime('%Y/%m') }}",
            "{{ run.time | add(\"-1mo\") | date(\"%Y/%m\") }}",
        ),
        (
            "{{ now_utc() + duration('PT2H') }}",
            "{{ run.time | add(\"7200s\") | date(\"%Y-%m-%d %H:%M:%S.%6f+00:00\") }}",
        ),
        ("2019-01-01,{{ today_utc() }}", "2019-01-01,{{ run.time | date(\"%Y-%m-%d\") }}"),
    ] {
        let report =
            imported(&stream(&format!("        request_parameters: {{ until: \"{value}\" }}"), "", ""));
        assert_eq!(converted(&report)["params"]["until"], expected, "{value}");
        assert_eq!(report.streams[0].fate, Fate::Rewritten);
    }
}

#[test]
fn a_current_time_that_no_template_writes_is_refused() {
    let rest = cursor(
        "datetime_format: \"%Y-%m-%d\"",
        "      start_time_option: { inject_into: request_parameter, field_name: from }",
    );
    for (value, rest) in [
        ("{{ today_with_timezone('Pacific/Tarawa') }}", ""),
        ("{{ now_utc().replace(hour=0) }}", ""),
        ("{{ now_utc().timestamp() }}", ""),
        ("{{ now_utc() - duration('P1M') - duration('P1D') }}", ""),
        // The stream's requests write days.
        ("{{ now_utc().strftime('%Y-%m-%dT%H:%M:%SZ') }}", rest.as_str()),
    ] {
        let report =
            imported(&stream(&format!("        request_parameters: {{ until: \"{value}\" }}"), "", rest));
        assert_eq!(refusal(&report).0, "the current time in a request", "{value}");
    }
}

/// A child of owners, with the cursors of both.
fn changing(own: &str, of_parent: &str) -> Report {
    let child = child("id", of_parent, "", "{{ stream_partition.own }}/deals");
    let child = child
        .replace("partition_field: own", "partition_field: own\n            incremental_dependency: true");
    imported(&child.replace("    primary_key: id\n", &format!("    primary_key: id\n{own}\n")))
}

#[test]
fn children_of_changed_parents_alone_are_read_where_the_manifest_says_so_and_keeps_a_state_for_it() {
    let since = "      start_time_option: { inject_into: request_parameter, field_name: since }";
    let of_parent = cursor("datetime_format: \"%Y-%m-%dT%H:%M:%SZ\"", since);
    let of_parent = of_parent.lines().map(|line| format!("          {line}")).collect::<Vec<_>>().join("\n");
    let plain = |more: &str| cursor("datetime_format: \"%Y-%m-%dT%H:%M:%SZ\"", more);
    let own_side = plain("      is_client_side_incremental: true");
    for (own, expected, has_incremental) in [
        (plain(""), json!(true), false),
        (own_side.clone(), json!(true), false),
        (plain(since), json!(null), true),
        // Airbyte reads the children of all where they have no cursor.
        (String::new(), json!(null), false),
    ] {
        let report = changing(&own, &of_parent);
        let deals = converted(&report);
        assert_eq!(
            (&deals["parent"]["changed"], deals.get("incremental").is_some()),
            (&expected, has_incremental),
            "{report}"
        );
    }
    // Nothing tells which parents have changed: all are read, and the children's own cursor counts.
    let deals = converted(&changing(&own_side, ""));
    assert_eq!((deals["parent"].get("changed"), deals.get("incremental").is_some()), (None, true));
}
