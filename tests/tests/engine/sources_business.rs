//! The source files of business systems (customers, accounts, orders), each read against the demo API in the vendor's part.

use std::time::Duration;

use bronzegate_core::error::ErrorKind;
use bronzegate_demo_api::Credentials;
use bronzegate_tests::{Vendor, failure};
use serde_json::Value;

#[tokio::test]
async fn zendesk_exports_are_read_to_the_end_of_the_stream_although_a_next_page_is_named() {
    let vendor = Vendor::new("zendesk").await;
    let tickets = vendor.lands("tickets", 0).await;
    assert!(tickets.throttled > 0 && tickets.statuses[&429] == tickets.throttled, "{tickets:?}");
    assert!(vendor.waited() >= Duration::from_mins(1), "six requests a minute");
    vendor.lands("ticket_events", 0).await;
}

#[tokio::test]
async fn klaviyo_takes_its_key_behind_a_word_and_compares_with_greater_than_alone() {
    let vendor = Vendor::new("klaviyo").await;
    let profiles = vendor.lands("profiles", 0).await;
    assert_eq!(profiles.throttled, 0, "what remains is told before anything is refused: {profiles:?}");
    // Those of the last hour, every seven minutes.
    vendor.lands("events", 8).await;
}

#[tokio::test]
async fn intercom_contacts_are_asked_for_by_whole_days_and_cut_by_their_own_time() {
    let vendor = Vendor::new("intercom").await;
    let contacts = vendor.lands("contacts", 0).await;
    assert_eq!(contacts.throttled, 0, "{contacts:?}");
    assert!(vendor.waited() >= Duration::from_secs(10), "four requests in ten seconds");
    vendor.lands("conversations", 0).await;
}

#[tokio::test]
async fn quickbooks_pages_are_part_of_the_query_and_an_empty_one_has_no_list() {
    let vendor = Vendor::new("quickbooks").await;
    let invoices = vendor.lands("invoices", 1).await;
    assert_eq!(invoices.pages, 8, "no page after the short one: {invoices:?}");
    let next = vendor.bench.api.credentials().refresh_token;
    assert_ne!(next, Credentials::default().refresh_token);
    assert_eq!(vendor.held()["quickbooks-refresh-token"], next);
}

#[tokio::test]
async fn netsuite_queries_are_signed_and_sent_one_after_another() {
    let vendor = Vendor::new("netsuite").await;
    let transactions = vendor.lands("transactions", 1).await;
    assert!(transactions.statuses.contains_key(&429), "{transactions:?}");
    assert_eq!(transactions.max_in_flight, 1, "{transactions:?}");
}

#[tokio::test]
async fn dynamics_follows_its_links_with_the_page_size_in_a_header() {
    let vendor = Vendor::new("dynamics365").await;
    let accounts = vendor.lands("accounts", 0).await;
    assert!(accounts.throttled > 0 && accounts.statuses[&429] == accounts.throttled, "{accounts:?}");
    assert!(vendor.bench.api.stats().oauth.issued > 1, "a token lives for a minute");
    vendor.lands("contacts", 0).await;
}

#[tokio::test]
async fn sap_times_are_read_as_dotnet_and_asked_as_datetimeoffset() {
    let vendor = Vendor::new("sap-odata2").await;
    let orders = vendor.lands("sales_orders", 0).await;
    assert!(orders.statuses.contains_key(&503), "{orders:?}");
}

#[tokio::test]
async fn amazon_takes_its_token_in_a_header_and_its_pace_is_one_a_minute() {
    let vendor = Vendor::new("amazon-sp").await;
    let orders = vendor.lands("orders", 0).await;
    assert_eq!(orders.throttled, 0, "the pace is kept: {orders:?}");
    let file = vendor.held()["amazon-sp-refresh-token"].clone();
    assert_eq!(file, Credentials::default().refresh_token, "it stays the same");
}

#[tokio::test]
async fn an_amazon_report_is_asked_for_waited_for_named_and_unpacked() {
    let vendor = Vendor::new("amazon-sp").await;
    // Without a key the newest order comes again.
    let report = vendor.lands("order_report", 1).await;
    let weeks = vendor.bench.commits("order_report").len() as u64;
    assert_eq!(report.jobs, weeks, "one for each window: {report:?}");
    let mut stored = vendor.bench.lines("order_report").into_iter();
    let row: Value = serde_json::from_str(&stored.next().expect("a row")).expect("JSON");
    assert!(row["amazon-order-id"].as_str().is_some_and(|id| id.starts_with("306-")), "{row}");
}

#[tokio::test]
async fn a_bulk_operation_of_shopify_is_throttled_in_a_200_and_its_file_is_lines() {
    let vendor = Vendor::new("shopify-bulk").await;
    let orders = vendor.lands("orders", 0).await;
    assert_eq!(orders.jobs, 2, "one for each run: {orders:?}");
}

#[tokio::test]
async fn a_shopify_query_that_is_refused_says_why() {
    let vendor = Vendor::with(
        "shopify-bulk",
        |part| {
            part.faults.clear();
            let submission = &mut part.streams[0].job.steps[0];
            submission.says = serde_json::json!({ "data": { "bulkOperationRunQuery": { "bulkOperation": null,
                "userErrors": [{ "field": ["query"], "message": "Invalid bulk query: Field 'edge' doesn't exist" }] } } });
        },
        str::to_owned,
    )
    .await;
    let report = vendor.run("orders").await;
    let (kind, message) = failure(&report);
    assert!(kind == ErrorKind::Api && message.contains("Field 'edge' doesn't exist"), "{message}");
}

#[tokio::test]
async fn marketo_exports_are_created_queued_and_waited_for_and_refusals_come_in_a_200() {
    let vendor = Vendor::new("marketo").await;
    let leads = vendor.lands("leads", 0).await;
    assert!(leads.throttled > 0 && !leads.statuses.contains_key(&429), "{leads:?}");
    assert!(vendor.bench.api.stats().oauth.issued > 1, "602 renews the token");
    vendor.lands("activities", 0).await;
}

#[tokio::test]
async fn okta_names_the_next_page_beside_the_page_itself() {
    let vendor = Vendor::new("okta").await;
    let log = vendor.lands("system_log", 0).await;
    assert_eq!(log.throttled, 0, "the reset is waited for: {log:?}");
    assert!(vendor.waited() >= Duration::from_mins(1), "six requests a minute");
    vendor.lands("users", 0).await;
}

#[tokio::test]
async fn twilio_messages_are_asked_for_by_days_and_cut_by_the_second() {
    let vendor = Vendor::new("twilio").await;
    // Those of the last day are asked for again, because their status changes.
    let messages = vendor.lands("messages", 24).await;
    assert!(messages.statuses.contains_key(&429), "{messages:?}");
}
