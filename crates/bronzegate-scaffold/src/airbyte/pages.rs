//! Paginators.

use serde_json::Value;

use super::part::{Part, response_place};
use super::refused::{Result, refuse};
use super::term::{Root, Term, Test, shown};
use crate::place::Target;
use crate::tree::Node;
use crate::yaml::{Map, Yaml, one};

/// The setting `pagination`.
#[derive(Debug, Default)]
pub(super) struct Pages {
    pub(super) map: Option<Map>,
    /// The API's own next addresses are followed: they have what the request had.
    pub(super) follows_urls: bool,
}

/// A paginator as far as it was read.
struct Paginator<'n> {
    node: &'n Node,
    strategy: &'n Node,
    size: Option<u64>,
    size_target: Option<Target>,
    /// Where the token goes; `None` for the path.
    token: Option<Target>,
    is_path: bool,
}

/// The word of a template for the page's place, before the request is read.
pub(super) fn page_word(node: Option<&Node>) -> Option<&'static str> {
    match node?.get("pagination_strategy")?.kind() {
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
            let known = part.known(term, "the page size", strategy)?;
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
    fn with_size(&self, part: &mut Part<'_>, map: &mut Map) {
        match (&self.size_target, self.size) {
            (Some(target), Some(size)) => {
                let mut place = Map::new();
                if let Yaml::Map(at) = target.yaml() {
                    at.entries().for_each(|(key, value)| {
                        place.set(key, value.clone());
                    });
                }
                map.set("page_size", place.with("value", size));
            }
            (Some(_), None) => part.note("a page size is to be sent, and none is stated: none is sent"),
            _ => {}
        }
    }

    /// A short page ends the manifest's list; without a size that is sent, an empty one.
    fn ends_short(&self, part: &mut Part<'_>, map: &mut Map) {
        match (self.size, &self.size_target) {
            (Some(_), Some(_)) => {
                map.set("stop", vec!["short_page".into()]);
            }
            (Some(size), None) => {
                part.rewrite(format!("a page of fewer than {size} records ends the manifest's list; here an empty page does, because no size is sent"));
            }
            _ => {}
        }
    }

    fn offset(&self, part: &mut Part<'_>) -> Result<Pages> {
        // An offset that counts by one is a page.
        if self.size == Some(1) && self.size_target.is_none() {
            part.rewrite("an offset of size 1 counts pages: type page");
            return self.counted(part, "page", Some(0));
        }
        self.counted(part, "offset", None)
    }

    fn page(&self, part: &mut Part<'_>) -> Result<Pages> {
        let start = self.strategy.get("start_from_page").map(|start| part.scope(self.strategy).value(start));
        let start = start.map(|start| part.known(start, "the first page", self.strategy)).transpose()?;
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
        self.ends_short(part, &mut map);
        Ok(Pages { map: Some(map), follows_urls: false })
    }

    fn cursor(&self, part: &mut Part<'_>, records: &[String]) -> Result<Pages> {
        let scope = part.scope(self.strategy);
        let value = self.strategy.get("cursor_value").map_or_else(Term::null, |value| scope.value(value));
        let stop = self.strategy.get("stop_condition").map_or_else(Term::null, |stop| scope.value(stop));
        if let Term::Unknown(why) = &value {
            return refuse("cursor expression", format!("the cursor: {why}"), self.strategy);
        }
        let stop = match stop {
            Term::Known(known) if super::term::truthy(&known) && known != "" => {
                if let Value::String(text) = &known {
                    return refuse(
                        "stop expression",
                        format!("the end of the pages is the text `{text}`"),
                        self.strategy,
                    );
                }
                part.rewrite("the manifest stops after the first page");
                return Ok(Pages::default());
            }
            Term::Known(_) => None,
            Term::Unknown(why) => {
                return refuse("stop expression", format!("the end of the pages: {why}"), self.strategy);
            }
            term => Some(term.as_test().err().unwrap_or(Test::Or(Vec::new()))),
        };
        if let Term::Sum(left, right) = &value {
            return self.summed(part, left, right, stop.as_ref());
        }
        if self.is_path {
            return self.next_url(part, &value, stop.as_ref(), records);
        }
        let Some(next) = response_place(&value, records) else {
            return refuse("cursor expression", "the cursor is no place of a response", self.strategy);
        };
        let mut map = Map::new().with("type", "cursor").with("next", next);
        if let Some(token) = &self.token {
            map.set("send", token.yaml());
        }
        self.with_size(part, &mut map);
        self.stops(part, &mut map, stop.as_ref(), &value)?;
        Ok(Pages { map: Some(map), follows_urls: false })
    }

    /// A next address as the path of the next request.
    fn next_url(
        &self,
        part: &mut Part<'_>,
        value: &Term,
        stop: Option<&Test>,
        records: &[String],
    ) -> Result<Pages> {
        let mut map = match value {
            Term::At(Root::Headers, _) => match response_place(value, records) {
                Some(place) if place.get("link").is_some() => {
                    let mut map = Map::new().with("type", "link_header");
                    if let Some(rel) = place.get("link").filter(|rel| **rel != Yaml::from("next")) {
                        map.set("rel", rel.clone());
                    }
                    map
                }
                Some(place) => Map::new().with("type", "next_url").with("next", place),
                None => {
                    return refuse(
                        "cursor expression",
                        "the next address is no place of a response",
                        self.strategy,
                    );
                }
            },
            Term::Text(parts) => match parts.as_slice() {
                // A path behind the base address: relative addresses are followed as they are.
                [Term::Known(base), place @ Term::At(..)] if shown(base).starts_with("http") => {
                    let Some(next) = response_place(place, records) else {
                        return refuse(
                            "cursor expression",
                            "the next address is put together",
                            self.strategy,
                        );
                    };
                    part.rewrite("the next address is relative, and followed so");
                    Map::new().with("type", "next_url").with("next", next)
                }
                _ => {
                    return refuse(
                        "cursor expression",
                        "the next address is put together at run time",
                        self.strategy,
                    );
                }
            },
            value => match response_place(value, records) {
                Some(next) => Map::new().with("type", "next_url").with("next", next),
                None => {
                    return refuse(
                        "cursor expression",
                        "the next address is no place of a response",
                        self.strategy,
                    );
                }
            },
        };
        self.with_size(part, &mut map);
        self.stops(part, &mut map, stop, value)?;
        Ok(Pages { map: Some(map), follows_urls: true })
    }

    /// `page + 1` of what the response says of its own page, and `start + size` of its own offset.
    fn summed(&self, part: &mut Part<'_>, left: &Term, right: &Term, stop: Option<&Test>) -> Result<Pages> {
        let Some(token) = &self.token else {
            return refuse("cursor expression", "a sum goes into the path", self.strategy);
        };
        let is_place = |term: &Term| matches!(term, Term::At(Root::Response, path) if !path.is_empty());
        let one_more = matches!(right, Term::Known(value) if value.as_u64() == Some(1));
        let steps = |term: &Term| {
            matches!(term, Term::At(Root::Response | Root::PageCount, _))
                || matches!(term, Term::Known(value) if value.as_u64().is_some_and(|step| step > 1))
        };
        if is_place(left) && one_more {
            let mut map = Map::new().with("type", "page").with("send", token.yaml());
            self.with_size(part, &mut map);
            match stop {
                Some(Test::Compare("==" | ">=", at, total))
                    if at == left && response_place(total, &[]).is_some() =>
                {
                    if let Some(total) = response_place(total, &[]) {
                        map.set("total_pages", total);
                    }
                }
                Some(Test::Compare("==" | "<=", total, at))
                    if at == left && response_place(total, &[]).is_some() =>
                {
                    if let Some(total) = response_place(total, &[]) {
                        map.set("total_pages", total);
                    }
                }
                stop => self.stops(part, &mut map, stop, left)?,
            }
            part.rewrite("the page that the response states, plus 1: type page");
            return Ok(Pages { map: Some(map), follows_urls: false });
        }
        if is_place(left) && steps(right) {
            if self.size_target.is_none() {
                return refuse(
                    "cursor expression",
                    "an offset that is computed, and no page size is sent",
                    self.strategy,
                );
            }
            let mut map =
                Map::new().with("type", "offset").with("send", token.yaml()).with("advance", "requested");
            self.with_size(part, &mut map);
            match stop {
                Some(Test::Compare(">=" | ">", sum, total))
                    if matches!(sum, Term::Sum(..)) && response_place(total, &[]).is_some() =>
                {
                    if let Some(total) = response_place(total, &[]) {
                        map.set("total", total);
                    }
                }
                stop => self.stops(part, &mut map, stop, left)?,
            }
            part.rewrite("the offset that the response states, plus its size: type offset");
            return Ok(Pages { map: Some(map), follows_urls: false });
        }
        refuse("cursor expression", "the cursor is computed at run time", self.strategy)
    }

    /// The conditions of `stop`; what the absence of the cursor says anyway is left out.
    fn stops(&self, part: &mut Part<'_>, map: &mut Map, stop: Option<&Test>, cursor: &Term) -> Result<()> {
        let Some(stop) = stop else { return Ok(()) };
        let mut stops = Vec::new();
        self.stop(stop, cursor, &mut stops)?;
        let uses_short = stops.iter().any(|stop| *stop == Yaml::from("short_page"));
        if uses_short && self.size_target.is_none() {
            part.rewrite("a short page ends the manifest's list; here the cursor's absence does, because no size is sent");
            stops.retain(|stop| *stop != Yaml::from("short_page"));
        }
        if !stops.is_empty() {
            map.set("stop", stops);
        }
        Ok(())
    }

    fn stop(&self, test: &Test, cursor: &Term, stops: &mut Vec<Yaml>) -> Result<()> {
        let mut add = |stop: Yaml| {
            if !stops.contains(&stop) {
                stops.push(stop);
            }
        };
        if is_absence(test, cursor) {
            return Ok(());
        }
        if let Some(conditions) = conditions(test) {
            conditions.into_iter().for_each(|condition| add(Yaml::Map(condition)));
            return Ok(());
        }
        match test {
            Test::Or(tests) => tests.iter().try_for_each(|test| self.stop(test, cursor, stops)),
            // What holds only together with the cursor's absence says no more than that.
            Test::And(tests) if tests.iter().any(|test| is_absence(test, cursor)) => Ok(()),
            Test::Compare("==" | "<=", Term::At(Root::PageCount, _), Term::Known(number))
                if number.as_u64() == Some(0) =>
            {
                add("empty_page".into());
                Ok(())
            }
            Test::Compare("<", Term::At(Root::PageCount, _), Term::Known(number))
                if number.as_u64() == Some(1) =>
            {
                add("empty_page".into());
                Ok(())
            }
            Test::Not(inner) if matches!(&**inner, Test::Truthy(Term::At(Root::PageCount, _))) => {
                add("empty_page".into());
                Ok(())
            }
            Test::Not(inner) if matches!(&**inner, Test::Truthy(Term::At(Root::LastRecord, path)) if path.is_empty()) =>
            {
                add("empty_page".into());
                Ok(())
            }
            Test::Compare("<", Term::At(Root::PageCount, _), Term::Known(number))
                if number.as_u64() == self.size && self.size.is_some() =>
            {
                add("short_page".into());
                Ok(())
            }
            Test::Compare("!=", Term::At(Root::PageCount, _), Term::Known(number))
                if number.as_u64() == self.size && self.size.is_some() =>
            {
                add("short_page".into());
                Ok(())
            }
            _ => refuse(
                "stop expression",
                "the end of the pages is a test that no condition says",
                self.strategy,
            ),
        }
    }
}

/// Whether a test says that the cursor, or what holds it, is not there.
fn is_absence(test: &Test, cursor: &Term) -> bool {
    let holds = |term: &Term| {
        term == cursor
            || matches!((term, cursor), (Term::At(one, outer), Term::At(other, inner)) if one == other && !outer.is_empty() && inner.starts_with(outer))
    };
    match test {
        Test::Not(inner) => match &**inner {
            Test::Truthy(term) | Test::Exists(term) => holds(term),
            Test::Compare("!=", term, Term::Known(Value::Null)) => holds(term),
            _ => false,
        },
        Test::Compare("==", term, Term::Known(value)) => holds(term) && !super::term::truthy(value),
        Test::Or(tests) => tests.iter().all(|test| is_absence(test, cursor)),
        _ => false,
    }
}

/// A test as conditions of which one holds; `None` where no condition says it.
pub(super) fn conditions(test: &Test) -> Option<Vec<Map>> {
    let at = |term: &Term| response_place(term, &[]).map(|place| Map::new().with("at", place));
    match test {
        Test::Truthy(term @ Term::At(Root::Response | Root::Headers, _)) => {
            Some(vec![at(term)?.with("equals", true)])
        }
        Test::Exists(term) => Some(vec![at(term)?.with("exists", true)]),
        Test::Not(inner) => match &**inner {
            Test::Truthy(term @ Term::At(Root::Response | Root::Headers, _)) => Some(vec![
                at(term)?.with("equals", false),
                at(term)?.with("exists", false),
                at(term)?.with("equals", Value::Null),
            ]),
            Test::Exists(term) => Some(vec![at(term)?.with("exists", false)]),
            Test::Compare("==", term, value) => conditions(&Test::Compare("!=", term.clone(), value.clone())),
            Test::Compare("!=", term, value) => conditions(&Test::Compare("==", term.clone(), value.clone())),
            _ => None,
        },
        Test::Compare("==", term, Term::Known(Value::Null)) => {
            Some(vec![at(term)?.with("equals", Value::Null), at(term)?.with("exists", false)])
        }
        Test::Compare("==", term, Term::Known(value)) => Some(vec![at(term)?.with("equals", value.clone())]),
        Test::Compare("!=", term, Term::Known(Value::Bool(flag))) => {
            Some(vec![at(term)?.with("equals", !flag), at(term)?.with("exists", false)])
        }
        Test::Compare(">", term, Term::Known(Value::Number(number))) => {
            Some(vec![at(term)?.with("over", Value::Number(number.clone()))])
        }
        Test::Or(tests) => {
            let all: Option<Vec<_>> = tests.iter().map(conditions).collect();
            all.map(|all| all.into_iter().flatten().collect())
        }
        _ => None,
    }
}

/// A rule of `responses` for each way in which a test holds.
pub(super) fn rules(test: &Test) -> Option<Vec<Vec<Map>>> {
    match test {
        Test::And(tests) => {
            let each: Option<Vec<_>> = tests.iter().map(conditions).collect();
            // Each with each.
            each.map(|each| {
                each.into_iter().fold(vec![Vec::new()], |rules: Vec<Vec<Map>>, ways| {
                    rules
                        .iter()
                        .flat_map(|rule| {
                            ways.iter().map(move |way| rule.iter().cloned().chain([way.clone()]).collect())
                        })
                        .collect()
                })
            })
        }
        Test::Or(tests) => {
            let all: Option<Vec<_>> = tests.iter().map(rules).collect();
            all.map(|all| all.into_iter().flatten().collect())
        }
        test => conditions(test).map(|ways| ways.into_iter().map(|way| vec![way]).collect()),
    }
}

/// `{ at: { status: true }, equals: n }`.
pub(super) fn status(code: u64) -> Map {
    Map::new().with("at", one("status", true)).with("equals", code)
}
