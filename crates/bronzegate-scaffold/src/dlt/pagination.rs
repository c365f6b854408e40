//! Paginators of dlt.

use serde_json::Value;

use super::{Refused, text_at};
use crate::place::written;
use crate::yaml::{Map, one};

/// The setting `pagination`; `None` for one page.
pub(super) fn pagination(paginator: &Value) -> Result<Option<Map>, Refused> {
    let kind =
        paginator.as_str().map(str::to_owned).or_else(|| text_at(paginator, "type")).unwrap_or_default();
    let at = |key: &str, default: &str| {
        let path = text_at(paginator, key).unwrap_or_else(|| default.to_owned());
        let path: Vec<String> = path.trim_start_matches("$.").split('.').map(str::to_owned).collect();
        one("body", written(&path))
    };
    let query = |key: &str, default: &str| {
        one("query", text_at(paginator, key).unwrap_or_else(|| default.to_owned()))
    };
    if let Some(key) = ["maximum_offset", "maximum_page"]
        .into_iter()
        .find(|key| paginator.get(key).is_some_and(|value| !value.is_null()))
    {
        return Err(("end of pages", format!("the paginator ends at `{key}`, wherever the list does")));
    }
    let mut map = match kind.as_str() {
        "single_page" => return Ok(None),
        "header_link" => Map::new().with("type", "link_header"),
        "json_link" | "json_response" => {
            Map::new().with("type", "next_url").with("next", at("next_url_path", "next"))
        }
        "cursor" => Map::new()
            .with("type", "cursor")
            .with("next", at("cursor_path", "cursors.next"))
            .with("send", query("cursor_param", "cursor")),
        "header_cursor" => {
            let key = text_at(paginator, "cursor_key").unwrap_or_else(|| "next".to_owned());
            Map::new()
                .with("type", "cursor")
                .with("next", one("header", key))
                .with("send", query("cursor_param", "cursor"))
        }
        "offset" => Map::new().with("type", "offset").with("send", query("offset_param", "offset")),
        "page_number" => Map::new().with("type", "page").with("send", query("page_param", "page")),
        other => return Err(("code", format!("the paginator `{other}` is code, or not known here"))),
    };
    counted(paginator, &kind, &mut map);
    Ok(Some(map))
}

/// What counts pages or records besides: the size, the first page, and totals.
fn counted(paginator: &Value, kind: &str, map: &mut Map) {
    if kind == "offset"
        && let Some(limit) = paginator.get("limit").and_then(Value::as_u64)
    {
        let name = text_at(paginator, "limit_param").unwrap_or_else(|| "limit".to_owned());
        map.set("page_size", Map::new().with("query", name).with("value", limit));
    }
    if kind == "page_number" {
        map.set(
            "start",
            paginator
                .get("base_page")
                .or_else(|| paginator.get("initial_page"))
                .and_then(Value::as_u64)
                .unwrap_or(0),
        );
    }
    if let Some(total) = paginator.get("total_path").and_then(Value::as_str) {
        let key = if kind == "page_number" { "total_pages" } else { "total" };
        let path: Vec<String> = total.trim_start_matches("$.").split('.').map(str::to_owned).collect();
        map.set(key, one("body", written(&path)));
    } else if kind == "offset" && !paginator.get("total_path").is_some_and(Value::is_null) {
        map.set("total", one("body", "total"));
    }
}
