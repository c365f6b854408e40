//! Paginators.

use serde_json::Value;

use super::part::Part;
use super::refused::{Result, refuse};
use super::term::{Term, shown};
use crate::place::Target;
use crate::tree::Node;
use crate::yaml::{Map, Yaml};

/// The setting `pagination`.
#[derive(Debug, Default)]
pub(super) struct Pages {
    pub(super) map: Option<Map>,
    /// The API's own next addresses are followed: they have what the request had.
    pub(super) follows_urls: bool,
}

/// A paginator as far as it was read.
pub(super) struct Paginator<'n> {
    node: &'n Node,
    pub(super) strategy: &'n Node,
    pub(super) size: Option<u64>,
    pub(super) size_target: Option<Target>,
    /// Where the token goes; `None` for the path.
    pub(super) token: Option<Target>,
    pub(super) is_path: bool,
}

/// The word of a template for the page's place, before the request is read; `None` where an option says where it goes.
pub(super) fn page_word(node: Option<&Node>) -> Option<&'static str> {
    let node = node.filter(|node| node.get("page_token_option").is_none())?;
    match node.get("pagination_strategy")?.kind() {
        "OffsetIncrement" => Some("offset"),
        "PageIncrement" => Some("page"),
        "CursorPagination" => Some("cursor"),
        _ => None,
    }
}

/// The setting `pagination` of a paginator.
pub(super) fn pages(part: &mut Part<'_>, node: Option<&Node>, records: &[String]) -> Result<Pages> {
    let Some(node) = node else { return Ok(Pages::default()) };
    match node.kind() {
        "" | "NoPagination" => return Ok(Pages::default()),
        "DefaultPaginator" => {}
        kind => {
            return refuse(
                "custom component",
                format!("the paginator is code of the connector ({kind})"),
                node,
            );
        }
    }
    let Some(strategy) = node.get("pagination_strategy") else { return Ok(Pages::default()) };
    let size = strategy.get("page_size").map(|size| part.scope(strategy).value(size));
    let size = match size {
        None | Some(Term::Known(Value::Null)) => None,
        Some(term) => {
            let known = Part::known(term, "the page size", strategy)?;
            let number = known.as_u64().or_else(|| shown(&known).parse().ok());
            Some(number.map_or_else(|| refuse("page size", "the page size is no number", strategy), Ok)?)
        }
    };
    let option = node.get("page_token_option");
    let is_path = option.is_some_and(|option| {
        option.kind() == "RequestPath" || option.text_at("inject_into").as_deref() == Some("path")
    });
    let token = match option {
        Some(option) if !is_path => Some(part.target(option)?),
        _ => None,
    };
    let size_target = node.get("page_size_option").map(|option| part.target(option)).transpose()?;
    let size_target = size_target.filter(|target| {
        let is_named = !target.name().is_empty();
        if !is_named {
            part.rewrite("the page size goes to a parameter without a name: it is not sent");
        }
        is_named
    });
    let paginator = Paginator { node, strategy, size, size_target, token, is_path };
    match strategy.kind() {
        "OffsetIncrement" => paginator.offset(part),
        "PageIncrement" => paginator.page(part),
        "CursorPagination" => paginator.cursor(part, records),
        kind => refuse(
            "custom component",
            format!("the pagination strategy is code of the connector ({kind})"),
            strategy,
        ),
    }
}

impl Paginator<'_> {
    pub(super) fn with_size(&self, part: &mut Part<'_>, map: &mut Map) {
        match (&self.size_target, self.size) {
            (Some(target), Some(size)) => {
                let mut place = Map::new();
                if let Yaml::Map(at) = target.yaml() {
                    for (key, value) in at.entries() {
                        place.set(key, value.clone());
                    }
                }
                map.set("page_size", place.with("value", size));
            }
            // What the manifest assumes, and does not send.
            (None, Some(size)) => {
                map.set("page_size", size);
            }
            (Some(_), None) => part.note("a page size is to be sent, and none is stated: none is sent"),
            _ => {}
        }
    }

    /// A short page ends the manifest's list.
    fn ends_short(&self, map: &mut Map) {
        if self.size.is_some() {
            map.set("stop", vec!["short_page".into()]);
        }
    }

    fn offset(&self, part: &mut Part<'_>) -> Result<Pages> {
        // An offset that counts by one is a page.
        if self.size == Some(1) && self.size_target.is_none() {
            part.rewrite("an offset of size 1 counts pages: type page");
            return Self { size: None, size_target: None, token: self.token.clone(), ..*self }.counted(
                part,
                "page",
                Some(0),
            );
        }
        self.counted(part, "offset", None)
    }

    fn page(&self, part: &mut Part<'_>) -> Result<Pages> {
        let start = self.strategy.get("start_from_page").map(|start| part.scope(self.strategy).value(start));
        let start = start.map(|start| Part::known(start, "the first page", self.strategy)).transpose()?;
        let start =
            start.and_then(|start| start.as_u64().or_else(|| shown(&start).parse().ok())).unwrap_or(0);
        let first_is_sent = self.strategy.is_true("inject_on_first_request");
        if !first_is_sent {
            part.rewrite(format!("the first request says page {start} too"));
            if start == 0 {
                part.note("pages are counted from 0 by the manifest: if the API counts from 1, the manifest reads its first page twice");
            }
        }
        self.counted(part, "page", Some(start))
    }

    fn counted(&self, part: &mut Part<'_>, kind: &str, start: Option<u64>) -> Result<Pages> {
        if self.is_path {
            return refuse("counted page in the path", "a counted page goes into the path", self.node);
        }
        let mut map = Map::new().with("type", kind);
        if let Some(token) = &self.token {
            map.set("send", token.yaml());
        }
        if let Some(start) = start {
            map.set("start", start);
        }
        self.with_size(part, &mut map);
        self.ends_short(&mut map);
        Ok(Pages { map: Some(map), follows_urls: false })
    }
}
