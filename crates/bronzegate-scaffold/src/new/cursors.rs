//! Cursors of the next page: where answers name them, and where requests send them.

use serde_json::Value;

use super::draft::{Change, Draft};
use super::page::Page;
use super::paging::{Guess, Kind, Look};
use crate::place::{Path, Target, at, normal, written};
use crate::yaml::{Map, Yaml, one};

/// A cursor: where it is found, and where it goes.
#[derive(Clone, Debug)]
pub(crate) struct Cursor {
    pub(crate) next: Place,
    pub(crate) send: Target,
    /// What else goes with the next request.
    carry: Vec<(Path, Target)>,
    /// What the first request sends instead.
    initial: Option<String>,
    /// Its text stays the same from page to page: the API keeps the position.
    pub(crate) stays: bool,
}

/// Where a page names the cursor of the next one.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    Body(Path),
    Header(String),
    LastRecord(&'static str),
}

impl Place {
    fn yaml(&self) -> Map {
        match self {
            Self::Body(path) => Map::new().with("body", written(path)),
            Self::Header(name) => Map::new().with("header", name.as_str()),
            Self::LastRecord(member) => Map::new().with("last_record", *member),
        }
    }

    /// What a page has there, outside of its records.
    fn of(&self, page: &Page) -> Option<Value> {
        match self {
            Self::Body(path) => at(&page.body, path).cloned(),
            Self::Header(name) => page.answer.header(name).map(Value::from),
            Self::LastRecord(_) => None,
        }
    }

    /// Whether two pages have the same there.
    pub(crate) fn stays(&self, first: &Page, second: &Page) -> bool {
        self.of(first).is_some_and(|value| !value.is_null() && self.of(second) == Some(value))
    }
}

impl Cursor {
    fn new(draft: &Draft, next: Place, send: Target) -> Self {
        let initial = match &send {
            Target::Query(name) => draft.params.iter().find(|(known, _)| known == name),
            _ => None,
        };
        // Any other value is a page in the middle of the list.
        let initial = initial.map(|(_, value)| value.clone()).filter(|value| FIRST.contains(&value.as_str()));
        Self { next, send, carry: Vec::new(), initial, stays: false }
    }

    /// The setting `pagination`, without the page size.
    pub(crate) fn yaml(&self) -> Map {
        let mut next = self.next.yaml();
        if self.stays {
            next.set("stateful", true);
        }
        let mut map = Map::new().with("type", "cursor");
        if let Some(initial) = &self.initial {
            map.set("initial", initial.as_str());
        }
        map.set("next", next).set("send", self.send.yaml());
        if !self.carry.is_empty() {
            let carried = self.carry.iter().map(|(from, to)| {
                Yaml::Map(Map::new().with("from", one("body", written(from))).with("to", to.yaml()))
            });
            map.set("carry", carried.collect::<Vec<_>>());
        }
        if self.stays {
            map.set("stop", vec!["empty_page".into()]);
        }
        map
    }
}

/// What requests send for the first page in place of a cursor.
const FIRST: [&str; 6] = ["*", "-1", "0", "first", "start", "initial"];

/// Names of cursors in bodies, and what requests may call them besides.
const CURSORS: [(&str, &[&str]); 25] = [
    ("nextpagetoken", &["nextPageToken", "pageToken", "page_token"]),
    ("nextcursor", &["cursor", "start_cursor", "next_cursor", "after"]),
    ("endcursor", &["after", "cursor"]),
    ("after", &["after", "cursor"]),
    ("aftercursor", &["cursor", "after", "after_cursor"]),
    ("startingafter", &["starting_after"]),
    ("cursor", &["cursor", "after"]),
    ("pagecursor", &["page_cursor", "cursor"]),
    ("nextpagecursor", &["page_cursor", "cursor", "next_page_cursor"]),
    ("nexttoken", &["next_token", "nextToken", "token"]),
    ("paginationtoken", &["pagination_token", "paginationToken"]),
    ("continuationtoken", &["continuationToken", "continuation_token"]),
    ("continuation", &["continuation"]),
    ("resumptiontoken", &["resumptionToken"]),
    ("scrollid", &["scroll_id"]),
    ("pagetoken", &["pageToken", "page_token"]),
    ("nextpagekey", &["nextPageKey", "next-page-key"]),
    ("bookmark", &["bookmark"]),
    ("marker", &["marker"]),
    ("nextmarker", &["marker"]),
    ("offset", &["offset"]),
    ("nextoffset", &["offset"]),
    ("next", &["cursor", "after", "next", "page"]),
    ("nextpage", &["page", "page_token", "cursor"]),
    ("nextpageid", &["page_id", "page_token", "next_page_id"]),
];
/// What requests may call a cursor that an answer calls so; `None` for a name that is no cursor's.
pub(crate) fn cursor_parameters(name: &str) -> Option<Vec<&str>> {
    let (_, sends) = CURSORS.iter().find(|(known, _)| *known == normal(name))?;
    Some(sends.iter().copied().chain([name]).collect())
}

const LAST_IDS: [&str; 4] = ["starting_after", "after_id", "last_id", "since_id"];

impl Look<'_> {
    /// Cursors: in headers, in the body, and the last record's own id.
    pub(super) fn cursors(&self) -> Vec<Guess> {
        let mut guesses = self.header_cursors();
        guesses.extend(self.merged());
        guesses.extend(self.body_cursors());
        guesses.extend(self.last_record());
        guesses
    }

    fn guess(&self, next: Place, send: Target, value: Value, why: String) -> Guess {
        let cursor = Cursor::new(self.draft, next, send.clone());
        Guess { kind: Kind::Cursor(cursor), change: Change::Set(send, value), why }
    }

    fn header_cursors(&self) -> Vec<Guess> {
        let mut guesses = Vec::new();
        for (name, value) in &self.page.answer.headers {
            let plain = normal(name);
            let is_cursor = ["cursor", "locator", "continuation", "nexttoken", "nextpage", "pagetoken"]
                .iter()
                .any(|part| plain.contains(part));
            if !is_cursor || value.is_empty() || value == "null" {
                continue;
            }
            let last = name.rsplit('-').next().unwrap_or(name);
            let is_number = plain.contains("nextpage") && value.bytes().all(|byte| byte.is_ascii_digit());
            let send = if is_number { "page" } else { last };
            let send = Target::Query(self.present(&[send]).unwrap_or_else(|| send.to_owned()));
            let why = format!("the header `{name}` of the first page looks like a cursor");
            guesses.push(self.guess(Place::Header(name.clone()), send, value.as_str().into(), why));
        }
        guesses.truncate(1);
        guesses
    }

    /// Members of `continue`, all of which belong into the next query, as `MediaWiki` has it.
    fn merged(&self) -> Option<Guess> {
        let members = self.page.body.as_object()?;
        let (outer, inner) = members.iter().find(|(name, _)| normal(name) == "continue")?;
        let inner = inner.as_object().filter(|_| !self.draft.is_post())?;
        let value = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let is_plain = |value: &Value| value.is_string() || value.is_number();
        let main = inner.keys().find(|name| normal(name) != "continue").or_else(|| inner.keys().next())?;
        if !inner.values().all(is_plain) {
            return None;
        }
        let path = |name: &String| vec![outer.clone(), name.clone()];
        let mut cursor = Cursor::new(self.draft, Place::Body(path(main)), Target::Query(main.clone()));
        let others = inner.keys().filter(|name| *name != main);
        cursor.carry = others.map(|name| (path(name), Target::Query(name.clone()))).collect();
        let sent = inner.iter().map(|(name, of)| (Target::Query(name.clone()), value(of).into()));
        Some(Guess {
            kind: Kind::Cursor(cursor),
            change: Change::All(sent.collect()),
            why: format!("the members of `{outer}` are parameters of the next request"),
        })
    }

    fn body_cursors(&self) -> Vec<Guess> {
        let mut guesses = Vec::new();
        for fact in &self.facts {
            let Some(own) = fact.path.last() else { continue };
            let name = normal(own);
            let Some((_, sends)) = CURSORS.iter().find(|(known, _)| *known == name) else { continue };
            let text = match fact.value {
                Value::String(text)
                    if !text.is_empty() && !text.starts_with("http") && !text.starts_with('/') =>
                {
                    text.clone()
                }
                Value::Number(number) if name.starts_with("next") => number.to_string(),
                _ => continue,
            };
            // What the API says of the page that was asked for is not the next one's.
            if name == "offset" && fact.value.is_number() {
                continue;
            }
            for send in self.sends(own, sends) {
                let value =
                    if matches!(send, Target::Body(_)) { fact.value.clone() } else { text.as_str().into() };
                let why = format!("`{}` of the first page looks like a cursor", written(&fact.path));
                guesses.push(self.guess(Place::Body(fact.path.clone()), send, value, why));
            }
            break;
        }
        guesses
    }

    /// Where a cursor may go: where the request names one already, else beside the page size.
    fn sends(&self, own: &str, names: &[&str]) -> Vec<Target> {
        if let Some(present) = self.present(names) {
            return vec![self.beside(&present)];
        }
        if let Some(variable) = self.variable(names) {
            return vec![variable];
        }
        let bracketed =
            self.size.and_then(|size| size.target.name().split_once('[')).map(|(outer, _)| outer.to_owned());
        // An API that takes the name back spells it alike.
        let is_own = |name: &&str| normal(name) == normal(own);
        let own = names.iter().copied().find(is_own).map(|_| own);
        let names = own.into_iter().chain(names.iter().copied().filter(|name| !is_own(name)));
        let mut sends: Vec<Target> = names.map(|name| self.beside(name)).collect();
        if let Some(outer) = bracketed {
            sends.splice(0..0, ["cursor", "after"].map(|name| self.beside(&format!("{outer}[{name}]"))));
        }
        sends.truncate(3);
        sends
    }

    /// A name that the request has already, in any spelling.
    fn present(&self, names: &[&str]) -> Option<String> {
        let is = |known: &str| names.iter().any(|name| normal(name) == normal(known));
        let query = self.draft.params.iter().map(|(name, _)| name).find(|name| is(name));
        let body = self.draft.body.as_ref().and_then(Value::as_object);
        query.or_else(|| body.and_then(|members| members.keys().find(|name| is(name)))).cloned()
    }

    /// A variable of a GraphQL query that has a cursor's name.
    fn variable(&self, names: &[&str]) -> Option<Target> {
        let body = self.draft.body.as_ref()?;
        let query = body.get("query")?.as_str()?;
        let name = names.iter().find(|name| query.contains(&format!("${name}")))?;
        Some(Target::Body(vec!["variables".to_owned(), (*name).to_owned()]))
    }

    fn beside(&self, name: &str) -> Target {
        match self.size {
            Some(size) => size.target.sibling(name),
            None if self.draft.is_post() && self.draft.body.is_some() => Target::Body(vec![name.to_owned()]),
            None => Target::Query(name.to_owned()),
        }
    }

    fn last_record(&self) -> Vec<Guess> {
        let Some(last) = self.page.records(self.records).last() else { return Vec::new() };
        if let Some(sort) = last.get("sort").filter(|sort| sort.is_array())
            && self.draft.body.as_ref().is_some_and(|body| body.get("sort").is_some())
        {
            let send = Target::Body(vec!["search_after".to_owned()]);
            let why = "each record has the values it is sorted by, as Elasticsearch writes them";
            return vec![self.guess(Place::LastRecord("sort"), send, sort.clone(), why.to_owned())];
        }
        let more = self.stated.as_ref().filter(|flag| flag.says_more);
        let Some((id, flag)) = last.get("id").filter(|id| id.is_string() || id.is_u64()).zip(more) else {
            return Vec::new();
        };
        let send = self.present(&LAST_IDS).unwrap_or_else(|| LAST_IDS[0].to_owned());
        let why = format!(
            "`{}` says that there is more, nothing names it, and records have an `id`",
            written(&flag.path)
        );
        vec![self.guess(Place::LastRecord("id"), self.beside(&send), id.clone(), why)]
    }
}
