//! Secrets that stand in requests beside `auth`, and what requests carry: JSON, forms and texts.

use bronzegate_core::error::ErrorKind;
use bronzegate_demo_api::{Auth, Credentials, Shape, Stream, Style};
use bronzegate_tests::{Bench, SCHEDULED, assert_complete, failure};

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
