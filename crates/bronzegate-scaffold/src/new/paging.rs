//! How a list may go on: guesses from one answer, the surest first. Each is tried; none is taken on trust.

use url::Url;

use super::cursors::Cursor;
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
    Cursor(Cursor),
    /// The next page begins after what came, or after what was `requested`.
    Offset {
        send: Target,
        requested: bool,
    },
    Page {
        send: Target,
    },
}

/// Words of the names that next addresses have, besides `next`: `after_url`, `continuationUri`.
const NEXT_URLS: [&str; 2] = ["after", "continuation"];
const OFFSETS: [&str; 11] = [
    "offset",
    "skip",
    "startat",
    "start",
    "sysparmoffset",
    "startindex",
    "from",
    "startposition",
    "pageoffset",
    "retstart",
    "startrow",
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
    guesses.extend(look.cursors());
    let counted = look.counted();
    let hidden = look.behind_hidden(&counted);
    guesses.extend(counted);
    guesses.extend(hidden);
    guesses
}

/// What a guess rests on.
pub(super) struct Look<'a> {
    pub(super) draft: &'a Draft,
    pub(super) page: &'a Page,
    pub(super) records: &'a Path,
    pub(super) size: Option<&'a Size>,
    pub(super) facts: Vec<Fact<'a>>,
    pub(super) stated: Option<super::signals::Flag>,
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
        let has = |name: &String, word: &str| normal(name).contains(word);
        let is_next = |fact: &&Fact<'_>| {
            let leads_on = |name: &String| NEXT_URLS.iter().any(|word| has(name, word));
            fact.path.iter().any(|name| has(name, "next")) || fact.path.last().is_some_and(leads_on)
        };
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

    /// Offsets after what was asked for: some APIs take rows out of a page after it is cut.
    fn behind_hidden(&self, counted: &[Guess]) -> Vec<Guess> {
        let count = self.page.records(self.records).len() as u64;
        let Some(size) = self.size.filter(|size| count < size.value) else { return Vec::new() };
        let behind = |guess: &Guess| {
            let Kind::Offset { send, .. } = &guess.kind else { return None };
            Some(Guess {
                kind: Kind::Offset { send: send.clone(), requested: true },
                change: Change::Set(send.clone(), size.value.into()),
                why: format!(
                    "{count} of {} came, and the next page begins after all that were asked for",
                    size.value
                ),
            })
        };
        counted.iter().filter_map(behind).collect()
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
            kind: Kind::Offset { send, requested: false },
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
            "retmax" => vec![offset(beside("retstart"), why)],
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
            Self::Cursor(cursor) => cursor.yaml(),
            Self::Offset { send, requested } => {
                let map = Map::new().with("type", "offset").with("send", send.yaml());
                if *requested { map.with("advance", "requested") } else { map }
            }
            Self::Page { send } => Map::new().with("type", "page").with("send", send.yaml()),
        }
    }

    /// Where the place of the page goes.
    pub(crate) fn send(&self) -> Option<&Target> {
        match self {
            Self::Offset { send, .. } | Self::Page { send } => Some(send),
            Self::Cursor(cursor) => Some(&cursor.send),
            Self::LinkHeader | Self::NextUrl { .. } => None,
        }
    }
}

/// The address without what the API adds, for messages.
pub(crate) fn shown(change: &Change) -> String {
    match change {
        Change::Url(url) => shown_url(url),
        Change::Set(target, _) => target.name().to_owned(),
        Change::All(values) => {
            values.iter().map(|(target, _)| target.name()).collect::<Vec<_>>().join(" and ")
        }
    }
}

fn shown_url(url: &Url) -> String {
    bronzegate_core::redact::SafeUrl(url).to_string()
}
