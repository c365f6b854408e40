//! Every row of the table of real APIs can be written down (or is refused as later work).

use super::super::*;

#[track_caller]
fn stream(keys: &str) -> Stream {
    let mut text = "source: x\nbase_url: https://x.example\nstreams:\n  s:\n".to_owned();
    for line in keys.lines() {
        text.push_str("    ");
        text.push_str(line);
        text.push('\n');
    }
    let source = parse("x.yaml", &text).unwrap_or_else(|problems| panic!("{problems}\n{text}"));
    source.streams[0].clone()
}

#[test]
fn hubspot_search() {
    let stream = stream(
        "path: /search\nmethod: POST\nrecords: results\nauth: { type: bearer, token: { secret: t } }\nbody: { limit: 100 }\npagination: { type: cursor, next: { body: paging.next.after }, send: { body: after } }",
    );
    assert_eq!(stream.method, Method::Post);
    assert!(stream.body.is_some());
}

#[test]
fn shopify_rest_and_graphql() {
    let rest = stream(
        "path: /orders.json\nrecords: orders\nauth: { type: api_key, in: header, name: X-Shopify-Access-Token, value: { secret: t } }\npagination: { type: link_header, page_size: { query: limit, value: 250 } }",
    );
    assert_eq!(rest.pagination.kind, Kind::LinkHeader { rel: "next".to_owned() });
    let key = KeyPlace::Header("x-shopify-access-token".to_owned());
    assert!(matches!(rest.auth, Auth::ApiKey { place, .. } if place == key));
    let graphql = stream(
        "path: /graphql.json\nmethod: POST\nrecords: data.orders.nodes\nbody: { query: '{ orders }', variables: { after: null } }\npagination:\n  type: cursor\n  next: { body: data.orders.pageInfo.endCursor }\n  send: { body: variables.after }\n  page_size: { body: variables.first, value: 50 }\n  stop: [{ at: { body: data.orders.pageInfo.hasNextPage }, equals: false }]\nresponses:\n  - { when: { at: { body: errors.0.extensions.code }, equals: THROTTLED }, then: retry }",
    );
    assert_eq!(graphql.pagination.stop.len(), 1);
    assert_eq!(graphql.responses[0].then, Then::Retry);
}

#[test]
fn github_root_array() {
    let stream = stream(
        "path: /repos\nrecords: $\npagination: { type: link_header, rel: next, page_size: { query: per_page, value: 100 } }",
    );
    assert_eq!(stream.records.at, RecordsPath::Root);
}

#[test]
fn stripe_last_record_and_key_as_user() {
    let stream = stream(
        "path: /v1/charges\nrecords: data\nauth: { type: basic, username: { secret: stripe } }\npagination:\n  type: cursor\n  next: { last_record: id }\n  send: { query: starting_after }\n  stop: [{ at: { body: has_more }, equals: false }]",
    );
    assert!(matches!(stream.auth, Auth::Basic { username: TextOrSecret::Secret(_), password: None }));
    assert!(matches!(stream.pagination.kind, Kind::Cursor { next: Address::LastRecord(_), .. }));
}

#[test]
fn salesforce_soql_and_bulk() {
    stream(
        "path: /services/data/v60.0/query\nrecords: records\nparams: { q: SELECT Id FROM Account }\npagination: { type: next_url, next: { body: nextRecordsUrl } }",
    );
    let bulk = stream(
        "path: /results\nrecords: $\npagination:\n  type: cursor\n  next: { header: Sforce-Locator }\n  send: { query: locator }\n  stop: [{ at: { header: Sforce-Locator }, equals: 'null' }]",
    );
    let Stop::When(condition) = &bulk.pagination.stop[0] else { panic!("{:?}", bulk.pagination.stop) };
    assert_eq!(condition.test, Test::Equals("null".into()));
}

#[test]
fn slack_errors_inside_a_200() {
    let stream = stream(
        "path: /conversations.list\nrecords: { at: channels, if_absent: empty }\npagination: { type: cursor, next: { body: response_metadata.next_cursor }, send: { query: cursor } }\nresponses:\n  - { when: { at: { body: ok }, equals: false }, and: { at: { body: error }, equals: ratelimited }, then: retry }\n  - { when: { at: { body: ok }, equals: false }, then: fail, message: { body: error } }",
    );
    assert_eq!(stream.responses[0].when.len(), 2);
    assert_eq!(stream.records.if_absent, IfAbsent::Empty);
}

#[test]
fn jira_notion_graph_and_elasticsearch() {
    stream(
        "path: /search/jql\nrecords: issues\nauth: { type: basic, username: me@x.example, password: { secret: jira } }\npagination: { type: cursor, next: { body: nextPageToken }, send: { query: nextPageToken } }\nrate_limit: { reset: { header: X-RateLimit-Reset, unit: iso8601 } }",
    );
    let notion = stream(
        "path: /v1/search\nmethod: POST\nrecords: results\nheaders: { Notion-Version: 2022-06-28 }\npagination: { type: cursor, next: { body: next_cursor }, send: { body: start_cursor }, page_size: { body: page_size, value: 100 } }",
    );
    assert_eq!(notion.body, Some(BodyTemplate::default()));
    assert_eq!(notion.headers[0].1.as_str(), "2022-06-28");
    let graph = stream(
        "path: /users\nrecords: value\nauth:\n  type: oauth2_client_credentials\n  token_url: https://login.example/t/oauth2/v2.0/token\n  client_id: abc\n  client_secret: { secret: graph }\n  scopes: [https://graph.microsoft.com/.default]\npagination: { type: next_url, next: { body: \"/@odata.nextLink\" } }",
    );
    assert!(
        matches!(graph.auth, Auth::OAuth2ClientCredentials(settings) if settings.client.client_auth == ClientAuth::Body)
    );
    let elastic = stream(
        "path: /_search\nmethod: POST\nrecords: hits.hits\nbody: { sort: [a], pit: { id: null } }\npagination:\n  type: cursor\n  next: { last_record: sort }\n  send: { body: search_after }\n  stop: [empty_page]\n  carry: [{ from: { body: pit_id }, to: { body: pit.id } }]",
    );
    assert_eq!(elastic.pagination.carry.len(), 1);
}

#[test]
fn offsets_pages_and_several_headers() {
    let mailchimp = stream(
        "path: /lists\nrecords: lists\npagination: { type: offset, send: { query: offset }, page_size: { query: count, value: 100 }, total: { body: total_items } }\nconcurrency: 10",
    );
    assert_eq!(mailchimp.concurrency, 10);
    let hidden = stream(
        "path: /table\nrecords: result\npagination: { type: offset, send: { query: sysparm_offset }, advance: requested, page_size: { query: sysparm_limit, value: 100 }, total: { header: X-Total-Count, tolerance: 1% } }",
    );
    assert_eq!(hidden.pagination.total.unwrap().tolerance, Tolerance::Percent(1.0));
    let xero =
        stream("path: /Invoices\nrecords: Invoices\npagination: { type: page, send: { query: page } }");
    assert_eq!(
        xero.pagination.kind,
        Kind::Page { send: Target::Query("page".to_owned()), start: 1, total_pages: None }
    );
    let datadog = stream(
        "path: /logs\nrecords: data\nauth: { type: headers, headers: { DD-API-KEY: { secret: a }, DD-APPLICATION-KEY: { secret: b, field: key } } }\npagination: { type: cursor, next: { body: meta.page.after }, send: { query: 'page[cursor]' } }\nrate_limit: { remaining: { header: X-RateLimit-Remaining }, reset: { header: X-RateLimit-Reset, unit: seconds } }",
    );
    assert!(
        matches!(&datadog.auth, Auth::Headers { headers } if headers.len() == 2 && headers[0].0 == "dd-api-key")
    );
    assert!(datadog.own_rate_limit);
}
