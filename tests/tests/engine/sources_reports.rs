//! The source files of advertising and analytics, each read against the demo API in the vendor's part: sums of days, and exports.

use bronzegate_demo_api::Credentials;
use bronzegate_tests::Vendor;
use rcgen::{KeyPair, PKCS_RSA_SHA256};
use serde_json::json;

#[tokio::test]
async fn google_analytics_days_are_loaded_whole_and_a_day_without_rows_has_no_list() {
    let vendor = Vendor::new("google-analytics").await;
    let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    let account = json!({ "type": "service_account", "client_email": "demo-account", "private_key": key.serialize_pem() });
    vendor.keep("google-analytics-service-account", account);
    let known = vendor.bench.api.credentials();
    vendor.bench.api.set_credentials(Credentials { assertion_key: key.public_key_pem(), ..known });
    // The days of the last three that the first run had loaded.
    let sessions = vendor.lands("sessions", 3 * 72).await;
    let days = vendor.bench.commits("sessions");
    assert!(days.iter().any(|day| day.total_counts.records == 0) && days.len() > 50, "{} days", days.len());
    assert!(sessions.statuses.contains_key(&503), "{sessions:?}");
}

#[tokio::test]
async fn google_ads_days_take_a_developer_token_beside_the_access_token() {
    let vendor = Vendor::new("google-ads").await;
    let days = vendor.lands("campaign_days", 7 * 24).await;
    assert!(days.statuses.contains_key(&429), "{days:?}");
    vendor.lands("campaigns", 0).await;
    let token = vendor.held()["google-ads-refresh-token"].clone();
    assert_eq!(token, Credentials::default().refresh_token, "it stays the same");
}

#[tokio::test]
async fn meta_reports_are_jobs_whose_last_page_names_a_cursor_and_no_next() {
    let vendor = Vendor::new("meta-insights").await;
    let days = vendor.lands("ad_days", 7 * 48).await;
    assert_eq!(days.jobs, vendor.bench.commits("ad_days").len() as u64, "one for each day: {days:?}");
    assert!(days.throttled > 0 && days.statuses[&400] > days.throttled, "{days:?}");
}

#[tokio::test]
async fn mixpanel_days_are_lines_and_one_date_is_asked_twice() {
    let vendor = Vendor::new("mixpanel").await;
    let events = vendor.lands("events", 2 * 72).await;
    assert!(events.statuses.contains_key(&429), "{events:?}");
}

#[tokio::test]
async fn amplitude_hours_are_an_archive_of_packed_files_and_404_where_there_is_nothing() {
    let vendor = Vendor::new("amplitude").await;
    let events = vendor.lands("events", 0).await;
    assert!(events.statuses[&404] > 10, "the days before the first event: {events:?}");
}
