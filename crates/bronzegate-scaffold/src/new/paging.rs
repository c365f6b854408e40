//! How a list may go on: guesses from one answer, the surest first. Each is tried; none is taken on trust.

use serde_json::Value;
use url::Url;

use super::draft::{Change, Draft};
use super::facts::{Fact, facts};
use super::page::Page;
use super::size::Size;
use crate::place::{Path, Target, normal, written};
use crate::yaml::{Map, one};

/// One way to the second page.
#[derive(Clone, Debug)]
pub(crate) struct Guess {
    pub(crate) kind: Kind,
    /// What changes in the request for the second page.
    pub(crate) change: Change,
    /// What it rests on.
    pub(crate) why: String,
}

/// The kinds of pagination that a source file knows.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    LinkHeader,
    NextUrl {
        next: Path,
    },
    /// A cursor: where it is found, as the file writes it.
    Cursor {
        next: Map,
        send: Target,
    },
    Offset {
        send: Target,
    },
    Page {
        send: Target,
    },
}

/// Names of cursors in bodies, and what requests may call them.
const CURSORS: [(&str, &[&str]); 17] = [
    ("nextpagetoken", &["nextPageToken", "pageToken", "page_token"]),
    ("nextcursor", &["cursor", "start_cursor", "next_cursor", "after"]),
    ("endcursor", &["after", "cursor"]),
    ("after", &["after", "cursor"]),
    ("cursor", &["cursor", "after"]),
    ("nexttoken", &["next_token", "nextToken", "token"]),
    ("paginationtoken", &["pagination_token", "paginationToken"]),
    ("continuationtoken", &["continuationToken", "continuation_token"]),
    ("scrollid", &["scroll_id"]),
    ("pagetoken", &["pageToken", "page_token"]),
    ("bookmark", &["bookmark"]),
    ("marker", &["marker"]),
    ("nextmarker", &["marker"]),
    ("offset", &["offset"]),
    ("nextoffset", &["offset"]),
    ("next", &["cursor", "after", "next", "page"]),
    ("nextpage", &["page", "page_token", "cursor"]),
];
const LAST_IDS: [&str; 4] = ["starting_after", "after_id", "last_id", "since_id"];
const OFFSETS: [&str; 9] = [
    "offset",
    "skip",
    "startat",
    "start",
    "sysparmoffset",
    "startindex",
    "from",
    "startposition",
    "pageoffset",
];
const PAGES: [&str; 7] = ["page", "pagenumber", "pageno", "p", "pageindex", "currentpage", "pagenum"];

/// The ways that an answer and its request suggest.
pub(crate) fn guesses(draft: &Draft, page: &Page, records: &Path, size: Option<&Size>) -> Vec<Guess> {
    let look = Look {
        draft,
        page,
        records,
        size,
        facts: facts(&page.body),
        stated: super::signals::more_flag(page),
    };
    let mut guesses: Vec<Guess> = look.link_header().into_iter().chain(look.next_urls()).collect();
    guesses.extend(look.header_cursors());
    guesses.extend(look.body_cursors());
    guesses.extend(look.last_record());
    guesses.extend(look.counted());
    guesses
}

struct Look<'a> {
    draft: &'a Draft,
    page: &'a Page,
    records: &'a Path,
    size: Option<&'a Size>,
    facts: Vec<Fact<'a>>,
    stated: Option<super::signals::Flag>,
}

impl Look<'_> {
    fn link_header(&self) -> Option<Guess> {
        let links = self.page.answer.headers.iter().filter(|(name, _)| name == "link");
        let next = links.flat_map(|(_, value)| value.split(',')).find_map(|link| {
            let (url, params) = link.split_once('>')?;
            let is_next =
                params.split(';').any(|param| param.trim().replace('"', "").eq_ignore_ascii_case("rel=next"));
            is_next.then(|| url.trim().trim_start_matches('<').to_owned())
        })?;
        let change = Change::Url(self.page.answer.url.join(&next).ok()?);
        Some(Guess {
            kind: Kind::LinkHeader,
            change,
            why: "the header `Link` names a page with rel=\"next\"".to_owned(),
        })
    }

    fn next_urls(&self) -> Vec<Guess> {
        let is_next = |fact: &&Fact<'_>| fact.path.iter().any(|name| normal(name).contains("next"));
        let guess = |fact: &Fact<'_>| {
            let text = fact
                .value
                .as_str()
                .filter(|text| text.starts_with(['/', '?']) || text.starts_with("http"))?;
            // A template of RFC 6570 is expanded without variables, as a run does.
            let text = text.split_once('{').map_or(text, |(before, _)| before);
            let change = Change::Url(self.page.answer.url.join(text).ok()?);
            let why = format!("`{}` of the first page is an address", written(&fact.path));
            Some(Guess { kind: Kind::NextUrl { next: fact.path.clone() }, change, why })
        };
        // The link of a POST has no body.
        if self.draft.is_post() {
            Vec::new()
        } else {
            self.facts.iter().filter(is_next).filter_map(guess).take(2).collect()
        }
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
            guesses.push(Guess {
                kind: Kind::Cursor { next: Map::new().with("header", name.as_str()), send: send.clone() },
                change: Change::Set(send, value.as_str().into()),
                why: format!("the header `{name}` of the first page looks like a cursor"),
            });
        }
        guesses.truncate(1);
        guesses
    }

    fn body_cursors(&self) -> Vec<Guess> {
        let mut guesses = Vec::new();
        for fact in &self.facts {
            let name = fact.path.last().map(|name| normal(name)).unwrap_or_default();
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
            let next = Map::new().with("body", written(&fact.path));
            for send in self.sends(sends) {
                let value =
                    if matches!(send, Target::Body(_)) { fact.value.clone() } else { text.as_str().into() };
                guesses.push(Guess {
                    kind: Kind::Cursor { next: next.clone(), send: send.clone() },
                    change: Change::Set(send, value),
                    why: format!("`{}` of the first page looks like a cursor", written(&fact.path)),
                });
            }
            break;
        }
        guesses
    }

    /// Where a cursor may go: where the request names one already, else beside the page size.
    fn sends(&self, names: &[&str]) -> Vec<Target> {
        if let Some(present) = self.present(names) {
            return vec![self.beside(&present)];
        }
        if let Some(variable) = self.variable(names) {
            return vec![variable];
        }
        let bracketed =
            self.size.and_then(|size| size.target.name().split_once('[')).map(|(outer, _)| outer.to_owned());
        let mut sends: Vec<Target> = names.iter().map(|name| self.beside(name)).collect();
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
            return vec![Guess {
                kind: Kind::Cursor { next: Map::new().with("last_record", "sort"), send: send.clone() },
                change: Change::Set(send, sort.clone()),
                why: "each record has the values it is sorted by, as Elasticsearch writes them".to_owned(),
            }];
        }
        let more = self.stated.as_ref().filter(|flag| flag.says_more);
        let Some((id, flag)) = last.get("id").filter(|id| id.is_string() || id.is_u64()).zip(more) else {
            return Vec::new();
        };
        let sends = self.present(&LAST_IDS).map_or(vec![LAST_IDS[0].to_owned()], |name| vec![name]);
        let guess = |send: String| {
            let send = self.beside(&send);
            Guess {
                kind: Kind::Cursor { next: Map::new().with("last_record", "id"), send: send.clone() },
                change: Change::Set(send, id.clone()),
                why: format!(
                    "`{}` says that there is more, nothing names it, and records have an `id`",
                    written(&flag.path)
                ),
            }
        };
        sends.into_iter().map(guess).collect()
    }

    /// Pages that are counted: by what the request has, else by the names that go with its page size.
    fn counted(&self) -> Vec<Guess> {
        let count = self.page.records(self.records).len() as u64;
        let known = |names: &[&str]| {
            self.draft
                .params
                .iter()
                .map(|(name, _)| name.clone())
                .find(|name| names.contains(&normal(name).as_str()))
        };
        let offset = |send: Target, why: String| Guess {
            change: Change::Set(send.clone(), count.into()),
            kind: Kind::Offset { send },
            why,
        };
        let page = |send: Target, why: String| Guess {
            change: Change::Set(send.clone(), 2.into()),
            kind: Kind::Page { send },
            why,
        };
        if let Some(name) = known(&OFFSETS) {
            return vec![offset(
                Target::Query(name.clone()),
                format!("the request has the parameter `{name}`"),
            )];
        }
        if let Some(name) = known(&PAGES) {
            return vec![page(
                Target::Query(name.clone()),
                format!("the request has the parameter `{name}`"),
            )];
        }
        let Some(size) = self.size else {
            let why = "nothing names the next page; the usual parameters were tried".to_owned();
            return if self.draft.is_post() || count < 2 {
                Vec::new()
            } else {
                vec![
                    page(Target::Query("page".to_owned()), why.clone()),
                    offset(Target::Query("offset".to_owned()), why),
                ]
            };
        };
        let beside = |name: &str| size.target.sibling(name);
        let why = format!("`{}` is a name that goes with this one", size.target.name());
        match normal(size.target.name()).as_str() {
            "maxresults" => vec![offset(beside("startAt"), why)],
            "top" if size.target.name().starts_with('$') => vec![offset(beside("$skip"), why)],
            "top" | "take" => vec![offset(beside("skip"), why)],
            "sysparmlimit" => vec![offset(beside("sysparm_offset"), why)],
            "perpage" | "pagesize" | "itemsperpage" | "resultsperpage" => vec![page(beside("page"), why)],
            "rows" => vec![offset(beside("start"), why)],
            "size" => vec![page(beside("page"), why.clone()), offset(beside("from"), why)],
            _ => vec![offset(beside("offset"), why.clone()), page(beside("page"), why)],
        }
    }
}

impl Kind {
    /// The setting `pagination`, without the page size.
    pub(crate) fn yaml(&self) -> Map {
        match self {
            Self::LinkHeader => Map::new().with("type", "link_header"),
            Self::NextUrl { next } => {
                Map::new().with("type", "next_url").with("next", one("body", written(next)))
            }
            Self::Cursor { next, send } => {
                Map::new().with("type", "cursor").with("next", next.clone()).with("send", send.yaml())
            }
            Self::Offset { send } => Map::new().with("type", "offset").with("send", send.yaml()),
            Self::Page { send } => Map::new().with("type", "page").with("send", send.yaml()),
        }
    }

    /// Where the place of the page goes.
    pub(crate) fn send(&self) -> Option<&Target> {
        match self {
            Self::Cursor { send, .. } | Self::Offset { send } | Self::Page { send } => Some(send),
            Self::LinkHeader | Self::NextUrl { .. } => None,
        }
    }
}

/// The address without what the API adds, for messages.
pub(crate) fn shown(change: &Change) -> String {
    match change {
        Change::Url(url) => shown_url(url),
        Change::Set(target, _) => target.name().to_owned(),
    }
}

fn shown_url(url: &Url) -> String {
    bronzegate_core::redact::SafeUrl(url).to_string()
}
