//! What an answer says beside its records: totals, whether there is more, and the rate limit.

use serde_json::Value;

use super::facts::facts;
use super::page::Page;
use crate::place::{Path, normal, written};
use crate::yaml::{Map, one};

const MORE: [&str; 7] =
    ["hasmore", "hasnextpage", "hasnext", "ismore", "hasmoreitems", "moreitemsincollection", "morepages"];
const END: [&str; 8] =
    ["islast", "done", "last", "islastpage", "isend", "lastpage", "endofstream", "endoflist"];
const TOTALS: [&str; 17] = [
    "total",
    "totalcount",
    "totalsize",
    "totalitems",
    "totalresults",
    "totalrecords",
    "odatacount",
    "recordcount",
    "nbhits",
    "numfound",
    "count",
    "totalentries",
    "xtotalcount",
    "rowcount",
    "totalrows",
    "totalhits",
    "totalelements",
];
const PAGES: [&str; 6] = ["totalpages", "pages", "pagecount", "numpages", "nbpages", "lastpage"];

/// A flag that says whether there is more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flag {
    pub(crate) path: Path,
    /// What it is where there is no more.
    pub(crate) end: bool,
    /// Whether it says on this page that there is more.
    pub(crate) says_more: bool,
}

/// A flag that says whether there is more.
pub(crate) fn more_flag(page: &Page) -> Option<Flag> {
    facts(&page.body).into_iter().find_map(|fact| {
        let name = normal(fact.path.last()?);
        let value = fact.value.as_bool()?;
        let end = match name.as_str() {
            name if MORE.contains(&name) => false,
            name if END.contains(&name) => true,
            _ => return None,
        };
        Some(Flag { path: fact.path, end, says_more: value != end })
    })
}

/// A number of all records that both pages state alike: its address in the file's words, and the number.
pub(crate) fn total(first: &Page, second: Option<&Page>, on_page: u64) -> Option<(Map, u64)> {
    // Some write the number as a text.
    let count = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
    let body = |page: &Page, path: &Path| crate::place::at(&page.body, path).and_then(count);
    let found = facts(&first.body).into_iter().find_map(|fact| {
        let number = count(fact.value)?;
        let name = normal(fact.path.last()?);
        let inner = name == "value"
            && fact.path.iter().rev().nth(1).is_some_and(|outer| normal(outer).contains("total"));
        let is_total = (TOTALS.contains(&name.as_str()) || inner) && number > on_page;
        let agrees = second.is_none_or(|second| body(second, &fact.path) == Some(number));
        (is_total && agrees).then(|| (Map::new().with("body", written(&fact.path)), number))
    });
    found.or_else(|| {
        let number = |page: &Page| {
            page.answer
                .headers
                .iter()
                .find(|(name, _)| matches!(name.as_str(), "x-total-count" | "x-total" | "total-count"))
                .and_then(|(name, value)| Some((name.clone(), value.parse::<u64>().ok()?)))
        };
        let (name, all) = number(first).filter(|(_, all)| *all > on_page)?;
        second
            .is_none_or(|second| number(second).is_some_and(|(_, other)| other == all))
            .then(|| (Map::new().with("header", name), all))
    })
}

/// A number of all pages.
pub(crate) fn total_pages(page: &Page) -> Option<Path> {
    facts(&page.body).into_iter().find_map(|fact| {
        let is = PAGES.contains(&normal(fact.path.last()?).as_str()) && fact.value.as_u64()? > 1;
        is.then_some(fact.path)
    })
}

/// What the headers say of the rate limit: a setting where their names are unusual, and a comment.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rate {
    pub(crate) setting: Option<Map>,
    pub(crate) told: Vec<String>,
}

/// The dialect of the rate limit.
pub(crate) fn rate(page: &Page) -> Rate {
    let headers = &page.answer.headers;
    let is_rate = |name: &str| name.contains("ratelimit") || name.contains("rate-limit");
    let told: Vec<_> = headers
        .iter()
        .filter(|(name, _)| is_rate(name))
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    let usual = ["ratelimit", "ratelimit-remaining", "x-ratelimit-remaining", "x-rate-limit-remaining"];
    if told.is_empty() || headers.iter().any(|(name, _)| usual.contains(&name.as_str())) {
        return Rate { setting: None, told };
    }
    let ends = |parts: &[&str]| {
        headers
            .iter()
            .map(|(name, _)| name)
            .find(|name| is_rate(name) && parts.iter().any(|part| name.contains(part)))
    };
    let remaining =
        headers.iter().map(|(name, _)| name).find(|name| is_rate(name) && name.ends_with("remaining"));
    let reset = ends(&["reset", "interval"]);
    let setting = remaining.zip(reset).map(|(remaining, reset)| {
        let unit = if reset.contains("millisecond") || reset.ends_with("-ms") { "ms" } else { "seconds" };
        Map::new().with("remaining", one("header", remaining.as_str())).with(
            "reset",
            crate::yaml::Yaml::Map(Map::new().with("header", reset.as_str()).with("unit", unit)),
        )
    });
    Rate { setting, told }
}
