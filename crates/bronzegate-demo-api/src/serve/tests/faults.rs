//! Faults that change what a page says.

use super::client::{SEED, get, send, serving, stream};
use crate::{Fault, FaultKind, InvalidJson, Shape, Style, When, WrongShape, record};
use serde_json::{Value, json};

async fn body(style: Style, kind: FaultKind, target: &str) -> Value {
    let fault = Fault::new("s", When::Request(1), kind);
    let api = serving(stream(style, 45).page_size(10), vec![fault]).await;
    let body = get(&api, target).await.json();
    assert_eq!(api.stats().stream("s").faults, 1);
    body
}

const SECOND: &str = "/s?after=ca";

#[tokio::test]
async fn cursors_repeat_loop_and_lead_away() {
    let after = |body: Value| body["paging"]["next"]["after"].clone();
    assert_eq!(after(body(Style::Cursor, FaultKind::RepeatCursor, SECOND).await), "ca");
    let period = FaultKind::CursorLoop { period: 2 };
    assert_eq!(after(body(Style::Cursor, period, "/s?after=ck").await), "ca");
    let url = "http://elsewhere:9".to_owned();
    let away = body(Style::NextUrl, FaultKind::NextLinkTo { url }, "/s?limit=10").await;
    assert_eq!(away["next"], "http://elsewhere:9/s?limit=10&cursor=ca");
}

#[tokio::test]
async fn pages_repeat_shrink_and_empty() {
    let repeated = body(Style::Cursor, FaultKind::RepeatPage, SECOND).await;
    let first: Value = serde_json::from_slice(&record(SEED, Shape::Small, 0)).unwrap();
    assert_eq!(repeated["results"][0], first);
    let empty = body(Style::Cursor, FaultKind::EmptyPage, SECOND).await;
    assert_eq!((&empty["results"], &empty["paging"]["next"]["after"]), (&json!([]), &json!("ca-1")));
    let short = body(Style::Cursor, FaultKind::ShortPage { records: 4 }, SECOND).await;
    assert_eq!(short["results"].as_array().unwrap().len(), 4);
    assert_eq!(short["paging"]["next"]["after"], "ce");
    let off = body(Style::Offset, FaultKind::TotalOff { by: 3 }, "/s").await;
    assert_eq!(off["total"], 48);
}

#[tokio::test]
async fn the_list_takes_another_shape() {
    for (wrong, instead) in [
        (WrongShape::Absent, None),
        (WrongShape::Null, Some(Value::Null)),
        (WrongShape::Object, Some(json!({}))),
        (WrongShape::Scalar, Some(json!(42))),
    ] {
        for (style, member) in [(Style::Cursor, "results"), (Style::Stripe, "data")] {
            let body = body(style, FaultKind::WrongShape(wrong), "/s").await;
            assert_eq!(body.get(member), instead.as_ref(), "{style:?} {wrong:?}");
        }
    }
}

#[tokio::test]
async fn a_fault_takes_the_place_of_the_page() {
    let html = FaultKind::gateway_page(502);
    let inside = FaultKind::ErrorInside200 { body: r#"{"error":1}"#.into() };
    let url = "http://elsewhere:9".to_owned();
    let faults = vec![
        Fault::new("s", When::Request(1), html),
        Fault::new("s", When::Request(2), FaultKind::retry_after(503, "7")),
        Fault::new("s", When::Request(3), inside),
        Fault::new("s", When::Request(4), FaultKind::RedirectTo { url }),
        Fault::new("s", When::Request(5), FaultKind::Unauthorized),
        Fault::new("s", When::Request(6), FaultKind::EchoSecret),
        Fault::new("s", When::Request(7), FaultKind::InvalidJson(InvalidJson::Raw { body: "{".into() })),
    ];
    let api = serving(stream(Style::Cursor, 45), faults).await;
    let gateway = get(&api, "/s").await;
    assert_eq!((gateway.status, gateway.header("content-type")), (502, Some("text/html")));
    let busy = get(&api, "/s").await;
    assert_eq!((busy.status, busy.header("retry-after")), (503, Some("7")));
    assert_eq!(get(&api, "/s").await.body, b"{\"error\":1}");
    let moved = get(&api, "/s?limit=5").await;
    assert_eq!((moved.status, moved.header("location")), (302, Some("http://elsewhere:9/s?limit=5")));
    assert_eq!(get(&api, "/s").await.status, 401);
    let secret = [("Authorization", "Bearer hush")];
    let echo = send(&api, "GET", "/s", &secret, "").await.unwrap();
    assert!(echo.status == 400 && echo.json()["error"]["message"].to_string().contains("hush"));
    assert_eq!(get(&api, "/s").await.body, b"{");
    assert_eq!(get(&api, "/s").await.status, 200);
    assert_eq!(api.stats().stream("s").statuses[&200], 3);
}

#[tokio::test]
async fn rules_can_be_replaced_while_serving() {
    let api = serving(stream(Style::Cursor, 45).page_size(10), vec![]).await;
    api.set_faults(vec![Fault::new("*", When::Page(2), FaultKind::status(500)).times(2)]);
    assert_eq!(get(&api, "/s").await.status, 200);
    assert_eq!(get(&api, SECOND).await.status, 500);
    assert_eq!(get(&api, SECOND).await.status, 500);
    assert_eq!(get(&api, SECOND).await.status, 200);
}
