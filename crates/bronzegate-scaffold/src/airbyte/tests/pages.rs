//! Pages: cursors that are taken apart or put together, and ends.

use serde_json::json;

use super::{converted, imported, paginator, refusal, stream};
use crate::report::Fate;

const AFTER: &str = "type: RequestOption, inject_into: request_parameter, field_name: after";

#[test]
fn a_next_address_that_is_cut_for_a_parameter_is_read_for_that_parameter() {
    for cursor in [
        "{{ response.next | regex_search('after=([^&]+)') }}",
        r"{{ response.get('next') | regex_search('[?&]after=(\\d+)') }}",
        "{{ response.get('next', '').split('after=')[-1].split('&')[0] if 'after=' in response.get('next', '') else '' }}",
    ] {
        let strategy = format!("type: CursorPagination, cursor_value: \"{cursor}\"");
        let report = imported(&stream("", &paginator(&strategy, AFTER), ""));
        let expected = json!({"type": "cursor", "next": {"body": "next", "parameter": "after"}, "send": {"query": "after"}});
        assert_eq!(converted(&report)["pagination"], expected, "{cursor}");
        assert_eq!(report.streams[0].fate, Fate::Rewritten);
    }
    let strategy =
        "type: CursorPagination, cursor_value: \"{{ response.next | regex_search('(a|b)=([^&]+)') }}\"";
    assert_eq!(refusal(&imported(&stream("", &paginator(strategy, AFTER), ""))).0, "cursor expression");
}

#[test]
fn a_cursor_written_as_json_is_its_value_where_its_absence_ends_the_pages() {
    let strategy = "type: CursorPagination, cursor_value: \"{{ response.get('next')|tojson() }}\"";
    let report = imported(&stream(
        "",
        &paginator(&format!("{strategy}, stop_condition: \"{{{{ not response.next }}}}\""), AFTER),
        "",
    ));
    assert_eq!(
        converted(&report)["pagination"],
        json!({"type": "cursor", "next": {"body": "next"}, "send": {"query": "after"}})
    );
    // A null would be sent as the text `null`.
    assert_eq!(refusal(&imported(&stream("", &paginator(strategy, AFTER), ""))).0, "cursor expression");
}

#[test]
fn a_cursor_that_is_json_text_of_a_whole_member_is_sent_as_that_member() {
    let strategy = r#"type: CursorPagination, cursor_value: "{{ '{\"after\": \"' + response.page.end + '\"}' if response.page.end else '' }}", stop_condition: "{{ response.page.more is false }}""#;
    let token = "type: RequestOption, inject_into: body_json, field_name: variables";
    let requester = "        http_method: POST\n        request_body_json: { query: \"query { a }\" }";
    let report = imported(&stream(requester, &paginator(strategy, token), ""));
    assert_eq!(
        converted(&report)["pagination"],
        json!({"type": "cursor", "next": {"body": "page.end"}, "send": {"body": "variables.after"}, "stop": [{"at": {"body": "page.more"}, "equals": false}]})
    );
}

#[test]
fn a_raw_link_header_that_is_taken_apart_is_followed() {
    let strategy = r#"type: CursorPagination, cursor_value: "{{ headers.get('Link', {}).split(';')[0][1:-1] }}", stop_condition: "{{ not headers.get('Link', {}) or 'rel=\"next\"' not in headers.get('Link', {}) }}""#;
    let report = imported(&stream("", &paginator(strategy, "type: RequestPath"), ""));
    assert_eq!(
        (&converted(&report)["pagination"], report.streams[0].fate),
        (&json!({"type": "link_header"}), Fate::Exact)
    );
}

#[test]
fn a_list_of_the_response_without_elements_is_an_empty_page_where_it_holds_the_records() {
    for (stop, expected) in [
        ("{{ response.get('data')|length == 0 }}", Some(json!(["empty_page"]))),
        ("{{ not response.data }}", Some(json!(["empty_page"]))),
        ("{{ response.get('other')|length == 0 }}", None),
    ] {
        let strategy = format!(
            "type: CursorPagination, cursor_value: \"{{{{ response.after }}}}\", stop_condition: \"{stop}\""
        );
        let report = imported(&stream("", &paginator(&strategy, AFTER), ""));
        match expected {
            Some(expected) => assert_eq!(converted(&report)["pagination"]["stop"], expected, "{stop}"),
            None => assert_eq!(refusal(&report).0, "stop expression"),
        }
    }
}

#[test]
fn pages_in_the_body_of_a_get_or_in_a_form_have_their_method_and_place() {
    let pages = |place: &str| {
        paginator(
            "type: PageIncrement, page_size: 50, start_from_page: 1, inject_on_first_request: true",
            &format!("type: RequestOption, inject_into: {place}, field_name: page"),
        )
    };
    let deals = converted(&imported(&stream("", &pages("body_json"), "")));
    assert_eq!((&deals["method"], &deals["pagination"]["send"]), (&json!("GET"), &json!({"body": "page"})));
    let deals = converted(&imported(&stream("        http_method: POST", &pages("body_data"), "")));
    assert_eq!((&deals["method"], &deals["form"]), (&json!("POST"), &json!({})));
    let both = "        http_method: POST\n        request_body_json: { a: 1 }";
    assert_eq!(refusal(&imported(&stream(both, &pages("body_data"), ""))).0, "form body");
}
