//! Secrets that stand in requests beside `auth`, and what requests carry: JSON, forms and texts.

use bronzegate_core::config::SecretRef;
use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::Status;
use bronzegate_demo_api::{Auth, Credentials, Fault, FaultKind, Shape, Stream, Style, When};
use bronzegate_tests::streams::changes::changes;
use bronzegate_tests::{Bench, SCHEDULED, assert_complete, failure};

use super::segments::LONG;

const PAGES: &str = "records: results\npagination: { type: cursor, next: { body: paging.next.after }, send: SEND, page_size: { PLACE: limit, value: 10 } }";

fn stream(auth: Auth) -> Stream {
    Stream::new("items", Style::Cursor, Shape::Small, 25).auth(auth)
}

fn pages(place: &str) -> String {
    PAGES.replace("SEND", &format!("{{ {place}: after }}")).replace("PLACE", place)
}

/// No file of the bronze folder has the text.
fn is_nowhere(bench: &Bench, text: &str) {
    let mut folders = vec![bench.target()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let held = String::from_utf8_lossy(&std::fs::read(&path).expect("readable")).into_owned();
                assert!(!held.contains(text), "{}", path.display());
            }
        }
    }
}

#[tokio::test]
async fn a_secret_goes_where_the_file_says() {
    for (auth, keys, place) in [
        (Auth::KeyArgument, "params: { key: { secret: api-key } }", "query"),
        (Auth::KeyArgument, "method: POST\nbody: { key: { secret: api-key }, filter: [a] }", "body"),
        (Auth::KeyArgument, "method: PUT\nbody: { key: { secret: api-key } }", "body"),
        (Auth::KeyArgument, "method: POST\nform: { key: { secret: api-key }, filter: [a, b] }", "body"),
        (Auth::KeyArgument, "method: POST\ntext: SELECT 1\nparams: { key: { secret: api-key } }", "query"),
        (Auth::KeyArgument, "method: GET\nbody: { key: { secret: api-key } }", "query"),
        (
            Auth::TwoHeaders,
            "headers: { DD-API-KEY: { secret: api-key }, DD-APPLICATION-KEY: { secret: application-key } }",
            "query",
        ),
        (
            Auth::Bearer,
            "auth: { type: bearer, token: { secret: token } }\nheaders: { X-Tenant: { secret: api-key } }",
            "query",
        ),
    ] {
        let expected = stream(auth);
        let bench = Bench::one(expected.clone(), vec![], &format!("{keys}\n{}", pages(place))).await;
        let report = bench.run("items").await;
        bench.assert_landed(&report, &expected);
        assert_eq!(bench.stats("items").requests, 3, "{keys}");
        is_nowhere(&bench, &Credentials::default().api_key);
        is_nowhere(&bench, "bronzegate-secret");
    }
}

#[tokio::test]
async fn a_refused_secret_is_read_again_and_named_and_a_short_one_is_refused() {
    let keys = format!("params: {{ key: {{ secret: api-key }} }}\n{}", pages("query"));
    let bench = Bench::one(stream(Auth::KeyArgument), vec![], &keys).await;
    bench.vault.lock().unwrap().api_key = "another-key".to_owned();
    let report = bench.run_at("items", SCHEDULED).await;
    let (kind, message) = failure(&report);
    assert!(kind == ErrorKind::Auth && message.contains("secret `api-key`"), "{message}");
    assert!(!format!("{report:?}").contains("another-key"), "{report:?}");
    assert_eq!(bench.stats("items").unauthenticated, 2, "it is read again once");
    bench.vault.lock().unwrap().api_key = "short".to_owned();
    let report = bench.run("items").await;
    let (kind, message) = failure(&report);
    assert!(kind == ErrorKind::Auth && message.contains("fewer than 8 characters"), "{message}");
    let header = format!("headers: {{ X-Api-Key: {{ secret: api-key }} }}\n{}", pages("query"));
    let mut bench = Bench::one(stream(Auth::ApiKeyHeader), vec![], &header).await;
    assert_complete(&bench.run("items").await, 25);
    let credentials = Credentials { api_key: "short".to_owned(), ..Credentials::default() };
    bench.api.set_credentials(credentials.clone());
    *bench.vault.lock().unwrap() = credentials;
    bench = bench.with_empty_folder();
    assert_complete(&bench.run("items").await, 25);
}

/// A stream at a path with the key in it, as the bot interface of Telegram has it.
fn in_path(settings: &str) -> String {
    format!(
        "secrets: {{ key: {{ secret: api-key }} }}\nstreams:\n  items:\n    path: '/bot{{{{ secrets.key }}}}/items'\n    {}",
        settings.replace('\n', "\n    ")
    )
}

/// The name of that stream at the API.
fn at_path() -> String {
    format!("bot{}/items", Credentials::default().api_key)
}

#[tokio::test]
async fn a_secret_goes_into_a_path_a_header_a_parameter_and_a_text() {
    let key = Credentials::default().api_key;
    for (auth, keys) in [
        (Auth::KeyArgument, "params: { key: '{{ secrets.key }}' }"),
        (Auth::KeyArgument, "method: POST\nbody: { key: '{{ secrets.key }}' }"),
        (
            Auth::KeyArgument,
            "method: POST\nheaders: { Content-Type: application/x-www-form-urlencoded }\ntext: 'id=7&key={{ secrets.key }}'",
        ),
        (
            Auth::Bearer,
            "headers: { X-Tenant: '7 {{ secrets.key }}' }\nauth: { type: bearer, token: { secret: token } }",
        ),
    ] {
        let place = if keys.contains("body:") { "body" } else { "query" };
        let yaml = in_path(&format!("{keys}\n{}", pages(place)));
        let yaml = yaml.replace("/bot{{ secrets.key }}/items", "/items");
        let expected = stream(auth);
        let bench = Bench::new(vec![expected.clone()], vec![], &yaml).await;
        bench.assert_landed(&bench.run("items").await, &expected);
        is_nowhere(&bench, &key);
        is_nowhere(&bench, "bronzegate-secret");
    }
}

#[tokio::test]
async fn a_secret_in_a_path_is_neither_shown_nor_saved_and_a_link_that_repeats_it_is_followed() {
    let key = Credentials::default().api_key;
    let links =
        "records: results\npagination: { type: next_url, next: { body: next } }\nretry: { max_attempts: 1 }";
    let served = Stream::new(at_path(), Style::NextUrl, Shape::Small, 25);
    let hour = Fault::new(at_path(), When::Request(2), FaultKind::retry_after(429, "3600"));
    let bench = Bench::new(vec![served.page_size(10)], vec![hour], &in_path(links)).await;
    let cut = bench.run_within("items", LONG).await;
    assert_eq!((cut.status, cut.counts.records), (Status::Partial, 10), "{cut:?}");
    is_nowhere(&bench, &key);
    let page_state = bench.commits("items").pop().and_then(|commit| commit.page_state);
    let page_state = page_state.expect("it is partial").to_string();
    assert!(page_state.contains("/botbronzegate-secret-api-key-"), "{page_state}");
    let whole = bench.run("items").await;
    assert_eq!((whole.status, whole.counts.records), (Status::Complete, 15), "{whole:?}");
    is_nowhere(&bench, &key);
    for fault in [FaultKind::status(500), FaultKind::status(404), FaultKind::Reset] {
        bench.api.set_faults(vec![Fault::new(at_path(), When::Every(1), fault).always()]);
        let report = bench.run_at("items", "2026-11-23T17:00:00Z").await;
        let (_, told) = failure(&report);
        assert!(!format!("{report:?}").contains(&key), "{report:?}");
        assert!(told.contains("/bot"), "it says where: {told}");
        is_nowhere(&bench, &key);
    }
}

#[tokio::test]
async fn a_value_of_the_api_that_stands_for_a_secret_is_not_sent() {
    let reference = SecretRef { secret: "api-key".to_owned(), field: None };
    let record = format!("{{\"id\":\"{}\",\"updatedAt\":\"2026-01-01T00:00:00Z\"}}", reference.placeholder());
    let yaml = "secrets: { key: { secret: api-key } }
streams:
  changes: { path: /changes, records: results }
  items:
    path: '/items/{{ parent.id }}'
    headers: { X: '{{ secrets.key }}' }
    records: results
    parent: { stream: changes, fields: [id] }
";
    let bench = Bench::new(vec![changes([record])], vec![], yaml).await;
    let report = bench.run("items").await;
    let (kind, told) = failure(&report);
    assert!(kind == ErrorKind::Data && told.contains("is what stands for a secret in requests"), "{told}");
}
