//! The routes beside the lists.

use super::client::{SEED, get, send, serving, stream};
use crate::{DemoApi, Fault, FaultKind, Options, Shape, Style, When, expected};

#[tokio::test]
async fn says_what_to_expect() {
    let api = serving(stream(Style::Cursor, 1_000), vec![]).await;
    let body = get(&api, "/_expected").await.json();
    let right = expected(SEED, Shape::Small, 1_000);
    assert_eq!(body["streams"]["s"], serde_json::to_value(right).unwrap());
}

#[tokio::test]
async fn takes_fault_rules_and_tells_its_counts() {
    let api = serving(stream(Style::Cursor, 5), vec![]).await;
    let rules = r#"[{"stream":"s","at":{"request":1},"kind":{"status":{"code":500}}}]"#;
    assert_eq!(send(&api, "PUT", "/_faults", &[], rules).await.unwrap().status, 200);
    assert_eq!(send(&api, "PUT", "/_faults", &[], "[{}]").await.unwrap().status, 400);
    assert_eq!(get(&api, "/s").await.status, 500);
    assert_eq!(get(&api, "/s").await.status, 200);
    let body = get(&api, "/_stats").await.json();
    assert_eq!(body["streams"], serde_json::to_value(api.stats().streams).unwrap());
    assert_eq!(body["streams"]["s"]["records"], 5);
}

#[tokio::test]
async fn counts_the_requests_under_way_at_once() {
    let held = Fault::new("s", When::Request(1), FaultKind::Held).always();
    let api = serving(stream(Style::Cursor, 5), vec![held]).await;
    let all_are_there = async {
        while api.stats().stream("s").faults < 3 {
            tokio::task::yield_now().await;
        }
        api.set_faults(vec![]);
    };
    tokio::join!(get(&api, "/s"), get(&api, "/s"), get(&api, "/s"), all_are_there);
    get(&api, "/s").await;
    assert_eq!(api.stats().stream("s").max_in_flight, 3);
}

#[tokio::test]
async fn unknown_paths_and_methods_are_refused() {
    let api = serving(stream(Style::Cursor, 5), vec![]).await;
    assert_eq!(get(&api, "/nothing").await.status, 404);
    assert_eq!(get(&api, "/_nothing").await.json()["error"]["status"], 404);
    let deleted = send(&api, "DELETE", "/s", &[], "").await.unwrap();
    assert_eq!((deleted.status, deleted.header("allow")), (405, Some("GET, POST, PUT, PATCH")));
}

#[tokio::test]
async fn two_streams_of_one_name_are_refused_and_a_stopped_server_frees_its_port() {
    let twice = vec![stream(Style::Cursor, 1), stream(Style::Page, 1)];
    let options = Options { streams: twice, ..Options::default() };
    let refused = DemoApi::start(options).await.err().map(|error| error.to_string());
    assert_eq!(refused.as_deref(), Some("two streams share a name"));
    let api = serving(stream(Style::Cursor, 1), vec![]).await;
    let port = api.port();
    api.stop().await;
    let again = Options { port, ..Options::default() };
    assert!(DemoApi::start(again).await.is_ok());
}
