//! The source files of public and personal APIs, each read against the demo API in the vendor's part.

use std::time::Duration;

use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::Status;
use bronzegate_demo_api::Credentials;
use bronzegate_tests::{Vendor, failure};
use rcgen::{KeyPair, PKCS_RSA_SHA256};

#[tokio::test]
async fn stack_exchange_says_in_the_body_how_long_to_stay_away() {
    let vendor = Vendor::new("stack-exchange").await;
    let questions = vendor.lands("questions", 1).await;
    assert_eq!(questions.statuses[&400], 1, "{questions:?}");
    assert!(vendor.waited() >= Duration::from_secs(40), "the backoff is waited for");
}

#[tokio::test]
async fn crossref_keeps_the_place_and_its_cursor_is_the_same_on_every_page() {
    let vendor = Vendor::new("crossref").await;
    let works = vendor.lands("works", 0).await;
    assert!(works.statuses.contains_key(&503), "{works:?}");
}

#[tokio::test]
async fn census_rows_take_their_names_from_the_first_one() {
    let vendor = Vendor::new("us-census").await;
    vendor.lands("acs5", 0).await;
    let rows = vendor.bench.records("acs5");
    assert!(
        rows.iter().any(|row| row.starts_with(r#"{"NAME":"Alabama","B01001_001E":"700000""#)),
        "{rows:?}"
    );
}

#[tokio::test]
async fn pubmed_ids_are_records_of_the_day_of_their_entry() {
    let vendor = Vendor::new("pubmed").await;
    let articles = vendor.lands("articles", 0).await;
    assert!(articles.statuses.contains_key(&429), "{articles:?}");
    assert!(vendor.bench.lines("articles").iter().all(|line| line.contains("\"_window_from\":\"2026")));
}

#[tokio::test]
async fn pubmed_articles_are_asked_for_in_batches_and_are_xml_with_a_document_type() {
    let vendor =
        Vendor::with("pubmed", |_| {}, |text| text.replace("start: 2026-10-01", "start: 2026-11-15")).await;
    let report = vendor.run("summaries").await;
    assert_eq!((report.status, &report.error), (Status::Complete, &None), "{report:?}");
    let ids = vendor.bench.records("summaries");
    assert!(report.counts.records > 300 && ids.len() as u64 == report.counts.records, "{report:?}");
    assert!(
        ids[0].starts_with(r#"{"@uid":"39"#) && ids[0].contains(r#""Title":"A <i>b</i> & c"#),
        "{}",
        ids[0]
    );
    assert!(report.warnings.iter().all(|warning| !warning.contains("no record names")), "{report:?}");
    assert!(vendor.bench.stats("summaries").statuses.contains_key(&429));
}

#[tokio::test]
async fn hacker_news_stories_are_asked_for_by_number_and_one_that_is_gone_is_null() {
    let vendor = Vendor::new("hacker-news").await;
    vendor.lands("top_stories", 0).await;
    vendor.lands("stories", 0).await;
    let lines = vendor.bench.lines("stories");
    assert!(lines.len() == 24 && lines.iter().all(|line| line.contains("\"_parent__value\":8")), "{lines:?}");
}

#[tokio::test]
async fn wikipedia_continues_where_it_says_and_waits_for_a_server_that_lags() {
    let vendor = Vendor::new("wikipedia").await;
    let changes = vendor.lands("recent_changes", 0).await;
    assert_eq!(changes.max_in_flight, 1, "{changes:?}");
    vendor.lands("pages", 0).await;
    vendor.lands("page_categories", 0).await;
}

#[tokio::test]
async fn arxiv_answers_atom_and_finds_papers_only_days_after_their_submission() {
    let vendor = Vendor::new("arxiv").await;
    let papers = vendor.lands("papers", 0).await;
    assert_eq!((papers.max_in_flight, papers.statuses.contains_key(&503)), (1, true), "{papers:?}");
    let first = r#""summary":"a < b & c 0""#;
    assert!(vendor.bench.records("papers").iter().any(|paper| paper.contains(first)));
}

#[tokio::test]
async fn a_fhir_export_is_started_with_a_get_asked_after_at_its_url_and_read_file_by_file() {
    let vendor = Vendor::new("fhir-bulk").await;
    let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    vendor.keep("fhir-bulk-private-key", key.serialize_pem());
    let known = vendor.bench.api.credentials();
    vendor.bench.api.set_credentials(Credentials { assertion_key: key.public_key_pem(), ..known });
    let patients = vendor.lands("patients", 0).await;
    assert!(patients.jobs == 2 && patients.statuses[&202] >= 6, "{patients:?}");
    assert!(vendor.bench.api.stats().oauth.issued > 1, "a token lives for a minute");
}

#[tokio::test]
async fn a_fhir_server_that_does_not_know_the_key_is_told_as_a_refused_client() {
    let vendor = Vendor::new("fhir-bulk").await;
    vendor.keep("fhir-bulk-private-key", KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap().serialize_pem());
    let report = vendor.run("patients").await;
    let (kind, message) = failure(&report);
    assert!(kind == ErrorKind::Auth && message.contains("invalid_client"), "{message}");
    vendor.bench.assert_nothing_visible("patients");
}

#[tokio::test]
async fn strava_writes_times_that_it_is_asked_for_as_numbers() {
    let vendor = Vendor::new("strava").await;
    let activities = vendor.lands("activities", 7 * 24).await;
    assert!(activities.statuses.contains_key(&429), "{activities:?}");
}
