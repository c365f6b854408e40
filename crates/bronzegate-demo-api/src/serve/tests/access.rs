//! Credentials and limits, over the wire.

use super::client::{get, send, serving, stream};
use crate::{Auth, Dialect, Fault, FaultKind, RateLimit, Running, Style, When};
use std::time::Duration;

const LONG: Duration = Duration::from_hours(1);

async fn with_bearer(api: &Running, token: &str) -> u16 {
    let header = format!("Bearer {token}");
    let headers = [("Authorization", header.as_str())];
    send(api, "GET", "/s", &headers, "").await.unwrap().status
}

async fn token(api: &Running, secret: &str) -> Result<String, u16> {
    let body = format!("grant_type=client_credentials&client_id=demo-client&client_secret={secret}");
    let answer = send(api, "POST", "/oauth/token", &[], &body).await.unwrap();
    let token = answer.json()["access_token"].as_str().map(str::to_owned);
    token.ok_or(answer.status)
}

#[tokio::test]
async fn a_rotated_token_is_the_only_one_that_works() {
    let api = serving(stream(Style::Cursor, 5).auth(Auth::Bearer), vec![]).await;
    assert_eq!(get(&api, "/s").await.status, 401);
    assert_eq!(with_bearer(&api, "demo-token").await, 200);
    let new = api.rotate();
    assert_eq!(with_bearer(&api, "demo-token").await, 401);
    assert_eq!(with_bearer(&api, &new.token).await, 200);
    let stats = api.stats().stream("s");
    assert_eq!((stats.requests, stats.unauthenticated, stats.pages), (4, 2, 2));
}

#[tokio::test]
async fn access_tokens_are_issued_expire_and_die_with_the_secret() {
    let fault = Fault::new("oauth", When::Request(1), FaultKind::status(503));
    let api = serving(stream(Style::Graph, 5).auth(Auth::OAuth2), vec![fault]).await;
    assert_eq!(token(&api, "demo-client-secret").await, Err(503));
    let first = token(&api, "demo-client-secret").await.unwrap();
    assert_eq!(with_bearer(&api, &first).await, 200);
    api.expire_tokens();
    assert_eq!(with_bearer(&api, &first).await, 401);
    let second = token(&api, "demo-client-secret").await.unwrap();
    let new = api.rotate();
    assert_eq!(with_bearer(&api, &second).await, 401);
    assert_eq!(token(&api, "demo-client-secret").await, Err(401));
    let third = token(&api, &new.client_secret).await.unwrap();
    assert_eq!(with_bearer(&api, &third).await, 200);
    assert_eq!(api.stats().oauth.issued, 3);
}

#[tokio::test]
async fn limits_are_announced_and_kept() {
    for (style, status) in [
        (Style::Cursor, 429),
        (Style::GitHub, 403),
        (Style::HubSpot, 429),
        (Style::ShopifyRest, 429),
        (Style::Jira, 429),
    ] {
        let api = serving(stream(style, 50).limited(2, LONG), vec![]).await;
        for _ in 0..2 {
            assert_eq!(get(&api, "/s").await.status, 200);
        }
        let refused = get(&api, "/s").await;
        assert_eq!(refused.status, status, "{style:?}");
        let waits = refused.header("retry-after").is_some();
        assert_eq!(waits, style != Style::HubSpot, "{style:?}");
        assert_eq!(api.stats().stream("s").throttled, 1);
    }
}

#[tokio::test]
async fn some_vendors_throttle_inside_a_200() {
    let limited = stream(Style::ShopifyGraphql, 50).limited(1, LONG);
    let api = serving(limited, vec![]).await;
    let granted = send(&api, "POST", "/s", &[], "{}").await.unwrap().json();
    let status = &granted["extensions"]["cost"]["throttleStatus"];
    assert_eq!(status["currentlyAvailable"], 0);
    let refused = send(&api, "POST", "/s", &[], "{}").await.unwrap();
    assert_eq!(refused.status, 200);
    assert_eq!(refused.json()["errors"][0]["extensions"]["code"], "THROTTLED");

    let limit = RateLimit::new(1, LONG, Dialect::InBody);
    let api = serving(stream(Style::Slack, 50).rate_limit(limit), vec![]).await;
    get(&api, "/s").await;
    let refused = get(&api, "/s").await;
    assert_eq!((refused.status, &refused.json()["error"]), (200, &"ratelimited".into()));
}
