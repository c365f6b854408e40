//! The source files of the repository, each read against the demo API in the vendor's part, quirks
//! and faults included: what lands is what the API has, record by record and byte by byte.

use std::collections::BTreeSet;
use std::time::Duration;

use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::Status;
use bronzegate_demo_api::{Credentials, Fault, FaultKind, Options, When};
use bronzegate_tests::{Vendor, failure, repository};
use rcgen::{KeyPair, PKCS_RSA_SHA256};
use serde_json::json;

#[tokio::test]
async fn hubspot_waits_when_nothing_remains_and_splits_what_its_search_would_cut_off() {
    let vendor = Vendor::new("hubspot").await;
    let contacts = vendor.lands("contacts", 0).await;
    assert_eq!((contacts.requests, contacts.throttled), (10, 0), "{contacts:?}");
    assert!(vendor.waited() >= Duration::from_secs(20), "four requests in ten seconds");
    let deals = vendor.lands("deals", 2).await;
    assert_eq!(deals.throttled, 0, "the search's own pace is kept");
    let months = vendor.bench.commits("deals");
    let largest = months.iter().map(|commit| commit.total_counts.records).max();
    assert!(months.len() > 30 && largest < Some(10_000), "{largest:?} of {}", months.len());
}

#[tokio::test]
async fn shopify_links_are_followed_as_given_and_decimal_seconds_waited_for() {
    let vendor = Vendor::new("shopify").await;
    let orders = vendor.lands("orders", 0).await;
    assert!(orders.throttled > 0 && orders.statuses[&429] == orders.throttled, "{orders:?}");
    assert!(!orders.statuses.contains_key(&400), "nothing stands beside page_info");
}

#[tokio::test]
async fn shopify_graphql_is_throttled_inside_a_200_and_ends_at_has_next_page() {
    let vendor = Vendor::new("shopify-graphql").await;
    let orders = vendor.lands("orders", 0).await;
    assert!(orders.throttled > 0 && orders.statuses.keys().eq(&[200, 500]), "{orders:?}");
}

#[tokio::test]
async fn github_is_waited_for_whether_it_warns_or_refuses_with_403() {
    let vendor = Vendor::new("github").await;
    let issues = vendor.lands("issues", 0).await;
    assert_eq!((issues.throttled, issues.statuses[&403]), (0, 1), "{issues:?}");
    assert!(vendor.waited() >= Duration::from_mins(2), "three requests a minute");
    vendor.lands("labels", 0).await;
}

#[tokio::test]
async fn stripe_pages_by_the_last_record_until_has_more_is_false() {
    let vendor = Vendor::new("stripe").await;
    let customers = vendor.lands("customers", 0).await;
    assert!(customers.throttled > 0, "{customers:?}");
    assert_eq!(customers.pages, 8, "no page after the one that says so");
    let events = vendor.lands("events", 0).await;
    assert_eq!(events.statuses[&200], 9, "{events:?}");
}

#[tokio::test]
async fn salesforce_short_pages_are_not_the_end_and_dead_tokens_are_renewed() {
    let vendor = Vendor::new("salesforce").await;
    let accounts = vendor.lands("accounts", 0).await;
    assert!(accounts.throttled > 0 && accounts.statuses[&429] == accounts.throttled, "{accounts:?}");
    assert!(vendor.bench.api.stats().oauth.issued > 1, "a token lives for eight seconds");
}

#[tokio::test]
async fn salesforce_exports_are_waited_for_and_end_at_the_text_null() {
    let vendor = Vendor::new("salesforce-bulk").await;
    let accounts = vendor.lands("accounts", 0).await;
    assert_eq!(accounts.jobs, 2, "one for each run: {accounts:?}");
    assert!(accounts.throttled > 0 && accounts.statuses[&429] == accounts.throttled, "{accounts:?}");
    assert!(vendor.waited() >= Duration::from_secs(2 * (5 + 10)), "polls become rarer");
}

#[tokio::test]
async fn a_salesforce_export_without_rows_has_its_header_alone() {
    let vendor = Vendor::new("salesforce-bulk").await;
    let report = vendor.run_at("accounts", "2026-10-01T00:00:00Z").await;
    assert_eq!((report.status, &report.error), (Status::Complete, &None), "{report:?}");
    assert_eq!((report.counts.records, report.counts.pages, vendor.bench.stats("accounts").jobs), (0, 1, 1));
}

#[tokio::test]
async fn a_salesforce_export_that_fails_says_why() {
    for state in ["Failed", "Aborted"] {
        let vendor = Vendor::new("salesforce-bulk").await;
        let said =
            json!({ "id": "750J0", "state": state, "errorMessage": "MALFORMED_QUERY: no such column" });
        let fault = FaultKind::ErrorInside200 { body: said.to_string().into_bytes().into() };
        vendor.bench.api.set_faults(vec![Fault::new("accounts", When::Request(2), fault)]);
        let report = vendor.run("accounts").await;
        let said = "the job 750J0 failed: MALFORMED_QUERY: no such column";
        let (kind, message) = failure(&report);
        assert!(kind == ErrorKind::Api && message.contains(said), "{message}");
    }
}

#[tokio::test]
async fn slack_says_that_it_is_too_much_with_429_and_inside_a_200() {
    let vendor = Vendor::new("slack").await;
    let channels = vendor.lands("channels", 0).await;
    assert!(channels.throttled > 0 && channels.statuses[&429] == channels.throttled, "{channels:?}");
    let members = vendor.lands("members", 0).await;
    assert!(members.statuses.keys().eq(&[200]), "{members:?}");
}

#[tokio::test]
async fn slack_refuses_a_wrong_token_inside_a_200() {
    let vendor = Vendor::new("slack").await;
    vendor.keep("slack-token", "wrong");
    let report = vendor.run("channels").await;
    assert_eq!(failure(&report).1, "slack/channels, page 1: HTTP 200: invalid_auth");
    vendor.bench.assert_nothing_visible("channels");
}

#[tokio::test]
async fn jira_lowers_the_page_size_silently_and_resets_at_an_instant() {
    let vendor = Vendor::new("jira").await;
    let issues = vendor.lands("issues", 0).await;
    assert_eq!((issues.pages, issues.throttled), (19, 0), "{issues:?}");
    assert!(vendor.waited() >= Duration::from_mins(1), "six requests in half a minute");
}

#[tokio::test]
async fn notion_takes_its_cursor_in_a_post_and_its_minutes_are_read_again() {
    let vendor = Vendor::new("notion").await;
    let pages = vendor.lands("pages", 0).await;
    assert!(pages.throttled > 0, "{pages:?}");
    assert_eq!(pages.pages, 9, "no page after the one that says so, and one is read again");
    vendor.lands("rows", 1).await;
}

#[tokio::test]
async fn microsoft_graph_follows_its_links_over_empty_pages_with_a_fetched_token() {
    let vendor = Vendor::new("microsoft-graph").await;
    let users = vendor.lands("users", 0).await;
    assert!(users.throttled > 0 && users.statuses.contains_key(&401), "{users:?}");
    vendor.lands("sign_ins", 0).await;
}

#[tokio::test]
async fn elasticsearch_goes_on_behind_the_last_hit_until_there_is_none() {
    let vendor = Vendor::new("elasticsearch").await;
    let logs = vendor.lands("logs", 0).await;
    assert!(logs.throttled > 0, "{logs:?}");
}

#[tokio::test]
async fn elasticsearch_searches_a_point_in_time_by_the_id_that_came_last() {
    let vendor = Vendor::new("elasticsearch").await;
    vendor.lands("documents", 0).await;
    let carry = "      carry: [{ from: { body: pit_id }, to: { body: pit.id } }]\n";
    let without = |file: &str| {
        assert!(file.contains(carry), "{file}");
        file.replace(carry, "")
    };
    let vendor = Vendor::with("elasticsearch", |_| {}, without).await;
    let report = vendor.run("documents").await;
    let (kind, message) = failure(&report);
    assert!(
        kind == ErrorKind::Api && message.starts_with("elasticsearch/documents, page 2: HTTP 404 from "),
        "{message}"
    );
}

#[tokio::test]
async fn mailchimp_is_never_asked_more_at_once_than_it_allows() {
    let vendor = Vendor::new("mailchimp").await;
    let members = vendor.lands("members", 0).await;
    assert!(members.throttled == 0 && (5..=8).contains(&members.max_in_flight), "{members:?}");
}

#[tokio::test]
async fn servicenow_pages_shortened_by_access_rules_lose_nothing() {
    let vendor = Vendor::new("servicenow").await;
    let incidents = vendor.lands("incidents", 0).await;
    assert!(incidents.throttled > 0 && incidents.statuses[&429] == incidents.throttled, "{incidents:?}");
    let more = FaultKind::TotalOff { by: 5000 };
    let vendor = Vendor::new("servicenow").await;
    vendor.bench.api.set_faults(vec![Fault::new("incidents", When::Every(1), more).always()]);
    let report = vendor.run("incidents").await;
    assert_eq!((report.status, &report.error), (Status::Complete, &None), "{report:?}");
    assert_eq!(report.counts.pages, 11, "empty pages are gone over as far as the total says");
}

#[tokio::test]
async fn datadog_takes_two_keys_and_says_how_many_seconds_are_left() {
    let vendor = Vendor::new("datadog").await;
    let logs = vendor.lands("logs", 0).await;
    assert_eq!((logs.throttled, logs.statuses[&429]), (0, 1), "{logs:?}");
    assert!(vendor.waited() >= Duration::from_mins(1), "ten requests a minute");
}

#[tokio::test]
async fn freshdesk_takes_the_key_as_user_and_says_what_is_left_but_not_until_when() {
    let vendor = Vendor::new("freshdesk").await;
    let tickets = vendor.lands("tickets", 0).await;
    assert!(tickets.throttled > 0 && tickets.statuses[&429] == tickets.throttled, "{tickets:?}");
    vendor.lands("agents", 0).await;
}

#[tokio::test]
async fn freshdesk_is_not_asked_for_more_pages_than_it_gives() {
    let small = |options: &mut Options| {
        options.faults.clear();
        options.streams[0].max_page_size = 2;
        options.streams[0].rate_limit = None;
    };
    let vendor = Vendor::with("freshdesk", small, str::to_owned).await;
    let report = vendor.run("tickets").await;
    let (kind, message) = failure(&report);
    assert!(kind == ErrorKind::Data && message.contains("max_pages") && message.contains("300"), "{message}");
    assert_eq!(vendor.bench.stats("tickets").pages, 300);
    vendor.bench.assert_nothing_visible("tickets");
}

#[tokio::test]
async fn google_takes_signed_assertions_and_its_403s_and_empty_pages_are_no_end() {
    let vendor = Vendor::new("google-calendar").await;
    let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    let account = json!({ "type": "service_account", "client_email": "demo-account", "private_key": key.serialize_pem() });
    vendor.keep("google-calendar-service-account", account);
    let known = vendor.bench.api.credentials();
    vendor.bench.api.set_credentials(Credentials { assertion_key: key.public_key_pem(), ..known });
    let events = vendor.lands("events", 0).await;
    // One of them is for the user, not for the project.
    assert!(events.throttled > 0 && events.statuses[&403] == events.throttled + 1, "{events:?}");
}

#[tokio::test]
async fn xero_takes_each_refresh_token_once_and_the_next_one_is_in_the_vault() {
    let vendor = Vendor::new("xero").await;
    let invoices = vendor.lands("invoices", 0).await;
    assert!(invoices.throttled > 0 && invoices.statuses[&429] == invoices.throttled, "{invoices:?}");
    assert_eq!(invoices.pages, 9, "no page after the short one, and one is read again");
    assert!(vendor.bench.api.stats().oauth.issued > 1, "a token lives for half a minute");
    let next = vendor.bench.api.credentials().refresh_token;
    assert_ne!(next, Credentials::default().refresh_token);
    assert_eq!(vendor.held()["xero-refresh-token"], next);
}

/// The names of files with this extension in a folder of the repository, without it.
fn names(folder: &str, extension: &str) -> BTreeSet<String> {
    let files = repository().join(folder).read_dir().expect("a folder of the repository");
    let names = files.map(|file| file.expect("readable").file_name().to_string_lossy().into_owned());
    let names = names.filter_map(|name| Some(name.strip_suffix(&format!(".{extension}"))?.to_owned()));
    // What belongs to the demo is no vendor's.
    names.filter(|name| !name.starts_with("demo")).collect()
}

#[test]
fn every_source_file_has_a_part_and_a_row_in_the_table_of_apis() {
    let sources = names("sources", "yaml");
    assert_eq!(sources, names("tests/fixtures/roles", "json"));
    let page = std::fs::read_to_string(repository().join("docs/source-files/apis.md")).expect("it is there");
    let (_, table) = page.split_once("## Table").expect("there is a table");
    let rows =
        table.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let files = rows.filter_map(|row| row.split('|').nth(2)?.trim().strip_prefix('`')?.strip_suffix('`'));
    assert_eq!(sources, files.map(str::to_owned).collect());
}
