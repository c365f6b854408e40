//! Every style, from its first page to its last.

use super::client::{Answer, SEED, get, send, serving, stream};
use crate::{Running, Shape, Stream, Style, record};
use serde_json::{Value, value::RawValue};
use std::collections::HashMap;

const STYLES: [Style; 17] = [
    Style::Single,
    Style::Cursor,
    Style::Offset,
    Style::Page,
    Style::LinkHeader,
    Style::NextUrl,
    Style::Ndjson,
    Style::HubSpot,
    Style::ShopifyRest,
    Style::ShopifyGraphql,
    Style::GitHub,
    Style::Stripe,
    Style::Salesforce,
    Style::Slack,
    Style::Jira,
    Style::Notion,
    Style::Graph,
];

type Members<'a> = HashMap<String, &'a RawValue>;

/// The records of a page, as the bytes they came as.
fn records(style: Style, body: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(body).unwrap();
    if style == Style::Ndjson {
        return text.lines().map(str::to_owned).collect();
    }
    let path: &[&str] = match style {
        Style::LinkHeader | Style::GitHub => &[],
        Style::ShopifyGraphql => &["data", "s", "nodes"],
        Style::ShopifyRest | Style::Slack => &["s"],
        Style::Stripe => &["data"],
        Style::Salesforce => &["records"],
        Style::Jira => &["issues"],
        Style::Graph => &["value"],
        _ => &["results"],
    };
    let mut at = text;
    for name in path {
        at = serde_json::from_str::<Members<'_>>(at).unwrap()[*name].get();
    }
    let list: Vec<&RawValue> = serde_json::from_str(at).unwrap();
    list.iter().map(|record| record.get().to_owned()).collect()
}

fn link(answer: &Answer) -> Option<String> {
    let next = answer.header("link")?.split(", ").find(|l| l.ends_with("rel=\"next\""))?;
    Some(next.split(['<', '>']).nth(1)?.to_owned())
}

fn escaped(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// The target and body of the next request, by each vendor's rules.
fn next(style: Style, answer: &Answer, seen: usize) -> Option<(String, String)> {
    let query = |name: &str, value: &Value| {
        let value = value.as_str().filter(|text| !text.is_empty())?;
        Some((format!("/s?{name}={}", escaped(value)), String::new()))
    };
    let url = |url: &str| {
        let path = url.strip_prefix("http://").and_then(|url| url.find('/'));
        let path = path.map_or(url, |at| &url["http://".len() + at..]);
        Some((path.to_owned(), String::new()))
    };
    if let Style::LinkHeader | Style::GitHub | Style::ShopifyRest = style {
        return url(&link(answer)?);
    }
    if style == Style::Ndjson {
        return None;
    }
    let body = answer.json();
    match style {
        Style::Cursor | Style::HubSpot => query("after", &body["paging"]["next"]["after"]),
        Style::Offset => {
            let more = body["total"].as_u64()? > seen as u64;
            more.then(|| (format!("/s?offset={seen}"), String::new()))
        }
        Style::Page => {
            let page = body["page"].as_u64()?;
            let more = page < body["total_pages"].as_u64()?;
            more.then(|| (format!("/s?page={}", page + 1), String::new()))
        }
        Style::NextUrl => url(body["next"].as_str()?),
        Style::ShopifyGraphql => {
            let info = &body["data"]["s"]["pageInfo"];
            let variables = serde_json::json!({"variables": {"after": info["endCursor"]}});
            let more = info["hasNextPage"].as_bool()?;
            more.then(|| ("/s".into(), variables.to_string()))
        }
        Style::Stripe => {
            let last = body["data"].as_array()?.last()?["id"].as_u64()?;
            let more = body["has_more"].as_bool()?;
            more.then(|| (format!("/s?starting_after={last}"), String::new()))
        }
        Style::Salesforce => {
            assert_eq!(body["done"].as_bool()?, body["nextRecordsUrl"].is_null());
            url(body["nextRecordsUrl"].as_str()?)
        }
        Style::Slack => query("cursor", &body["response_metadata"]["next_cursor"]),
        Style::Jira => {
            assert_eq!(body["isLast"].as_bool()?, body["nextPageToken"].is_null());
            query("nextPageToken", &body["nextPageToken"])
        }
        Style::Notion => {
            let cursor = serde_json::json!({"start_cursor": body["next_cursor"]});
            let more = body["has_more"].as_bool()?;
            more.then(|| ("/s".into(), cursor.to_string()))
        }
        Style::Graph => url(body["@odata.nextLink"].as_str()?),
        _ => None,
    }
}

async fn walk(api: &Running, style: Style) -> (Vec<String>, usize) {
    let post = matches!(style, Style::ShopifyGraphql | Style::Notion);
    let method = if post { "POST" } else { "GET" };
    let version = [("Notion-Version", "2022-06-28")];
    let mut at = Some(("/s?q=SELECT+Id".to_owned(), "{}".to_owned()));
    let (mut seen, mut pages) = (Vec::new(), 0);
    while let Some((target, body)) = at {
        let answer = send(api, method, &target, &version, &body).await.unwrap();
        assert_eq!((answer.status, answer.whole), (200, true), "{target} {answer:?}");
        seen.extend(records(style, &answer.body));
        pages += 1;
        at = next(style, &answer, seen.len());
    }
    (seen, pages)
}

#[tokio::test]
async fn every_style_leads_through_all_records_to_an_end() {
    for style in STYLES {
        for (records, pages) in [(25, 3), (20, 2), (3, 1), (0, 1)] {
            let api = serving(stream(style, records).page_size(10), vec![]).await;
            let (seen, walked) = walk(&api, style).await;
            let whole = matches!(style, Style::Single | Style::Ndjson);
            assert_eq!(walked, if whole { 1 } else { pages }, "{style:?} {records}");
            let right: Vec<String> =
                (0..records).map(|n| String::from_utf8(record(SEED, Shape::Small, n)).unwrap()).collect();
            let seen: Vec<&str> =
                seen.iter().map(|line| line.trim_end()).filter(|line| !line.is_empty()).collect();
            assert_eq!(seen, right, "{style:?}");
            assert_eq!(api.stats().stream("s").records, records);
        }
    }
}

#[tokio::test]
async fn page_sizes_are_lowered_silently() {
    let api = serving(stream(Style::Jira, 500), vec![]).await;
    let answer = get(&api, "/s?maxResults=5000").await;
    assert_eq!(answer.json()["issues"].as_array().unwrap().len(), 100);
    let answer = get(&api, "/s?maxResults=7").await;
    assert_eq!(answer.json()["issues"].as_array().unwrap().len(), 7);
}

#[tokio::test]
async fn links_are_relative_when_the_stream_says_so_and_keep_other_parameters() {
    let api = serving(stream(Style::NextUrl, 500).relative_links(), vec![]).await;
    let body = get(&api, "/s?api_key=k&limit=10").await.json();
    assert_eq!(body["next"], "/s?api_key=k&limit=10&cursor=ca");
}

#[tokio::test]
async fn requests_that_break_a_vendors_rules_are_refused() {
    for (style, method, target) in [
        (Style::ShopifyRest, "GET", "/s?page_info=bmV4dDoxMDow&status=any"),
        (Style::Notion, "POST", "/s"),
        (Style::Salesforce, "GET", "/s"),
        (Style::Salesforce, "GET", "/s/nonsense"),
        (Style::Cursor, "GET", "/s?after=17"),
        (Style::Cursor, "GET", "/s?limit=0"),
        (Style::Offset, "GET", "/s?offset=-1"),
        (Style::Page, "GET", "/s?page=0"),
        (Style::Stripe, "GET", "/s?starting_after=5"),
        (Style::Graph, "GET", "/s?$skiptoken=c9zzzz"),
    ] {
        let api = serving(stream(style, 50), vec![]).await;
        let answer = send(&api, method, target, &[], "").await.unwrap();
        assert_eq!(answer.status, 400, "{style:?} {target}");
    }
}

#[tokio::test]
async fn a_page_beyond_one_buffer_is_streamed_whole() {
    let wide = Stream::new("s", Style::Single, Shape::Wide, 1_500);
    let api = serving(wide, vec![]).await;
    let answer = get(&api, "/s").await;
    assert!(answer.whole && answer.header("transfer-encoding").is_some());
    assert_eq!(records(Style::Single, &answer.body).len(), 1_500);
}
