//! Progress, proved: each page is compared with what came before, before it is written.

use std::collections::HashSet;

use xxhash_rust::xxh3::Xxh3Default;

use super::page_state::{Carried, PageState, Position, Tokens};
use super::paginator::{NextPage, Paginator};
use crate::config::{Address, Advance, Kind, OnRepeat, Pagination, Pattern, Target, Tolerance};
use crate::error::{Error, ErrorKind};
use crate::http::Facts;
use crate::redact::printable;

/// The longest value that a message shows.
const LONGEST_SHOWN: usize = 60;
/// How often the pages of a branch without records are asked for again.
const MAX_LOOKS: u32 = 8;
/// Pages without records that may follow each other while the API names a next one.
const MAX_EMPTY_PAGES: u64 = 1000;

/// What a run has seen, and where it is.
#[derive(Debug)]
pub(crate) struct Progress<'a> {
    pub(super) settings: &'a Pagination,
    pub(super) paginator: Paginator<'a>,
    positions: HashSet<u128>,
    pub(super) pages: HashSet<u128>,
    pub(crate) state: PageState,
    /// Records of the last page that had some.
    pub(super) usual: Option<u64>,
    /// Records of the largest page.
    pub(super) largest: u64,
    /// Pages that had records.
    pub(super) filled: u64,
    /// A condition of `stop` has ended the pages.
    pub(super) is_stopped: bool,
    /// The number of pages that the last page states.
    pub(super) stated_pages: Option<u64>,
    /// Whether somebody knows that the total has fallen.
    drift_told: bool,
    /// What came falls short of the stated total.
    falls_short: bool,
    /// How often a page was asked for again that had no records.
    looked_again: u32,
}

/// What becomes of a page.
#[derive(Debug)]
pub(crate) struct Judged {
    /// Whether its records are written.
    pub(crate) write: bool,
    /// Whether it is the last.
    pub(crate) last: bool,
    /// What somebody should know.
    pub(crate) warning: Option<String>,
}

/// Why there is no progress, or not enough data.
#[derive(Debug, thiserror::Error)]
enum Stuck {
    #[error(
        "the API names a cursor or next URL again that it has named before ({shown}): it makes no progress. {likely}If that is how it says \"done\", `on_repeat: end` ends the stream here: what lies after is not read"
    )]
    Position { shown: String, likely: String },
    #[error(
        "the page's records are those of an earlier page: the API makes no progress. {likely}If pages may be equal, set `on_repeat: allow`; if a repeat is how it says \"done\", `on_repeat: end`, which ends the stream here: what lies after is not read"
    )]
    Records { likely: String },
    #[error("{MAX_EMPTY_PAGES} pages in a row had no records although each named a next one")]
    Empty,
    #[error("the stream needs more than max_pages ({0})")]
    MaxPages(u64),
    #[error("the API says there are {total} records, but {reached} {what}")]
    Shortfall { total: u64, reached: u64, what: &'static str },
    #[error(
        "`{key}` leads to {value} (at {at}), which is no whole number, so that the end cannot be compared with it. Name the place of the number, or leave `{key}` out"
    )]
    NoNumber { key: &'static str, at: String, value: String },
    #[error(
        "the last page has no token for the next run at {0}, where `sync_token` looks for it. `bronzegate check` shows what stands there. Name its place, or leave `sync_token` out"
    )]
    NoToken(String),
    #[error(
        "no response has stated a total: there is nothing at {0}, where `total` looks for it, so that a shortfall would not be noticed. `bronzegate check` shows what stands there. Name the place of the number; where the API states none, leave `total` out"
    )]
    NoTotal(String),
}

impl From<Stuck> for Error {
    fn from(cause: Stuck) -> Self {
        Self::new(ErrorKind::Data, cause)
    }
}

impl<'a> Progress<'a> {
    pub(crate) fn new(settings: &'a Pagination, paginator: Paginator<'a>, state: PageState) -> Self {
        let mut positions: HashSet<u128> = state.recent_positions.iter().collect();
        positions.extend(state.position.fingerprint());
        Self {
            settings,
            paginator,
            positions,
            pages: state.recent_pages.iter().collect(),
            state,
            usual: None,
            largest: 0,
            filled: 0,
            is_stopped: false,
            stated_pages: None,
            drift_told: false,
            falls_short: false,
            looked_again: 0,
        }
    }

    /// The positions that are known ahead, after `position`.
    pub(crate) fn ahead(&self, position: &Position) -> Option<Position> {
        self.paginator.ahead(position, &self.state, self.usual)
    }

    /// The position that a page names before its records, if its response says so plainly. Nothing is decided by it: the
    /// whole page is judged later.
    pub(crate) fn named_by(&self, facts: &Facts) -> Option<Position> {
        match self.paginator.after(&self.state, 1, facts) {
            Ok(NextPage::At(position)) => Some(position),
            Ok(NextPage::End) | Err(_) => None,
        }
    }

    /// Where the next page is named; `None` where pages are counted.
    pub(crate) fn next_address(&self) -> Option<Address> {
        self.paginator.next_address()
    }

    /// Whether something stands where the next page is named; `None` where pages are counted.
    pub(crate) fn names_next(&self, facts: &Facts) -> Option<bool> {
        self.paginator.names_next(facts)
    }

    /// Whether what came falls short of the stated total.
    pub(crate) fn falls_short(&self) -> bool {
        self.falls_short
    }

    /// Whether a page without records may be asked for once more: so often, and no more.
    pub(crate) fn may_look_again(&mut self) -> bool {
        self.looked_again += 1;
        self.looked_again <= MAX_LOOKS
    }

    /// Judges the page at the state's position and moves the state after it.
    pub(crate) fn accept(&mut self, records: u64, hash: u128, facts: &Facts) -> Result<Judged, Error> {
        let drift = self.read_totals(facts)?;
        let judged = self.judge(records, hash, facts)?;
        let told: Vec<_> = drift.into_iter().chain(judged.warning).collect();
        Ok(Judged { warning: (!told.is_empty()).then(|| told.join("; ")), ..judged })
    }

    fn judge(&mut self, records: u64, hash: u128, facts: &Facts) -> Result<Judged, Error> {
        let repeats = records > 0 && !self.pages.insert(hash);
        if repeats && self.repeats_the_last(hash) {
            return self.end(false);
        }
        if repeats {
            match self.settings.on_repeat {
                OnRepeat::Fail => return Err(Stuck::Records { likely: self.likely() }.into()),
                OnRepeat::End => return self.end(false),
                OnRepeat::Allow => {}
            }
        }
        let next = self.paginator.after(&self.state, records, facts)?;
        self.is_stopped = self.paginator.is_told_to_stop(records, facts);
        if let Some(tokens) = &mut self.state.tokens {
            tokens.found = self.paginator.token(facts)?;
            // It says that there is nothing after it.
            self.is_stopped |= tokens.found.is_some() && next == NextPage::End;
        }
        self.count(records, hash);
        let NextPage::At(position) = next else { return self.end(true) };
        if records == 0 && self.is_past_the_stated_end() {
            return self.end(true);
        }
        // What the last page does not name any more is not sent any more, unless the file keeps it.
        let carry = self.paginator.carry(&self.state.carry, facts)?;
        // A cursor may stay the same where the API keeps the place: there the records tell.
        if let Some(fingerprint) = self.place(&position, &carry).filter(|_| !self.settings.is_stateful) {
            if !self.positions.insert(fingerprint) {
                return match self.settings.on_repeat {
                    OnRepeat::End => self.end(true),
                    OnRepeat::Fail | OnRepeat::Allow => {
                        let shown = position.shown().unwrap_or_default();
                        Err(Stuck::Position { shown, likely: self.likely() }.into())
                    }
                };
            }
            self.state.recent_positions.push(fingerprint);
        }
        if self.state.empty_pages >= MAX_EMPTY_PAGES {
            return Err(Stuck::Empty.into());
        }
        if let Some(max) = self.settings.max_pages
            && self.state.pages >= max
        {
            return Err(Stuck::MaxPages(max).into());
        }
        self.state.position = position;
        self.state.carry = carry;
        Ok(Judged { write: true, last: false, warning: None })
    }

    /// What tells a place in the list from others. A cursor may be one of several values that go on together; where pages
    /// may be equal, nothing but the cursor tells that there is no progress.
    fn place(&self, position: &Position, carry: &[Option<Carried>]) -> Option<u128> {
        let cursor = position.fingerprint()?;
        if carry.is_empty() || self.settings.on_repeat == OnRepeat::Allow {
            return Some(cursor);
        }
        let mut all = Xxh3Default::new();
        all.update(&cursor.to_le_bytes());
        for value in carry {
            let text = value.as_ref().map_or("", |value| &value.text);
            all.update(&(text.len() as u64).to_le_bytes());
            all.update(text.as_bytes());
        }
        Some(all.digest128())
    }

    /// The API has said that there are no more pages, with a response that is none itself.
    pub(crate) fn end_without_page(&mut self) -> Result<Judged, Error> {
        self.end(false)
    }

    fn count(&mut self, records: u64, hash: u128) {
        self.state.pages = self.state.pages.saturating_add(1);
        self.state.records = self.state.records.saturating_add(records);
        if records == 0 {
            self.state.empty_pages = self.state.empty_pages.saturating_add(1);
        } else {
            self.state.empty_pages = 0;
            self.usual = Some(records);
            self.largest = self.largest.max(records);
            self.filled += 1;
            self.state.recent_pages.push(hash);
        }
    }

    /// Why the API may give out the same again, where it can be told.
    fn likely(&self) -> String {
        let send = match &self.settings.kind {
            Kind::Cursor { send, .. } => Some(send),
            Kind::Offset { send, .. } | Kind::Page { send, .. } => send.0.as_ref(),
            Kind::None | Kind::LinkHeader { .. } | Kind::NextUrl { .. } => None,
        };
        let send = send.filter(|send| !matches!(send, Target::Url));
        send.map_or_else(String::new, |send| {
            format!("Most likely it ignores what is sent: does `send` ({send}) name the API's parameter? ")
        })
    }

    /// Whether a page without records lies after the last one that its response states. Where that
    /// number has fallen, pages are asked for up to the higher one, unless they have nothing.
    fn is_past_the_stated_end(&self) -> bool {
        match (&self.settings.kind, &self.state.position, self.stated_pages) {
            (Kind::Page { start, .. }, Position::Page(page), Some(stated)) => {
                *page >= start.saturating_add(stated.saturating_sub(1))
            }
            _ => false,
        }
    }

    /// Takes the totals that the API states; where one falls, returns what somebody should know.
    fn read_totals(&mut self, facts: &Facts) -> Result<Option<String>, Stuck> {
        let mut drift = None;
        if let Some(total) = &self.settings.total
            && let Some(total) = stated("total", &total.at, total.pattern.as_ref(), facts)?
        {
            let before = self.state.total.replace(total);
            drift = before.and_then(|before| self.drift("total", before, total));
        }
        if let Kind::Page { total_pages: Some(address), .. } = &self.settings.kind
            && !self.state.has_more_pages_than_stated
        {
            self.stated_pages = stated("total_pages", address, None, facts)?;
            match (self.state.total_pages, self.stated_pages) {
                // Rows went, or the API miscounts: the pages after tell.
                (Some(before), Some(pages)) if pages < before => {
                    drift = drift.or(self.drift("number of pages", before, pages));
                }
                (_, Some(pages)) => self.state.total_pages = Some(pages),
                (_, None) => {}
            }
        }
        Ok(drift)
    }

    /// Where pages are counted, rows that go while they are read move those after them up, some of them
    /// to a page that has been read. Told once a segment.
    fn drift(&mut self, what: &str, before: u64, now: u64) -> Option<String> {
        let is_counted = matches!(self.settings.kind, Kind::Offset { .. } | Kind::Page { .. });
        let is_news = is_counted && now < before && !self.drift_told;
        self.drift_told |= is_news;
        is_news.then(|| {
            format!(
                "the stated {what} fell from {before} to {now} while pages were read: rows after those that went moved up, and some may not have been read"
            )
        })
    }

    /// Whether the stated total is reached, and the page is the last one again: an API that answers what is
    /// asked for after its end with its last page.
    fn repeats_the_last(&self, hash: u128) -> bool {
        let Some(total) = self.state.total else { return false };
        let is_reached = match self.state.position {
            Position::Offset(offset) => offset.max(self.state.records) >= total,
            _ => self.state.records >= total,
        };
        is_reached && self.state.recent_pages.iter().last() == Some(hash)
    }

    /// Whether rows were seen to move while they were read.
    pub(crate) fn has_drifted(&self) -> bool {
        self.drift_told
    }

    /// Ends the pages: what came is compared with the total that the API has stated.
    fn end(&mut self, write: bool) -> Result<Judged, Error> {
        let settings = self.settings;
        if let (Some(token), Some(Tokens { found: None, .. })) =
            (&settings.sync_token, self.state.tokens.as_deref())
        {
            return Err(Stuck::NoToken(token.from.to_string()).into());
        }
        let warning = match (&settings.total, self.state.total) {
            (Some(settings), Some(total)) => self.check_total(total, &settings.tolerance)?,
            // An API may state no total where there is nothing.
            (Some(settings), None) if self.state.records > 0 => {
                return Err(Stuck::NoTotal(settings.at.to_string()).into());
            }
            (Some(_) | None, _) => None,
        };
        Ok(Judged { write, last: true, warning })
    }

    fn check_total(&mut self, total: u64, tolerance: &Tolerance) -> Result<Option<String>, Error> {
        let (reached, what) = match (&self.settings.kind, &self.state.position, &self.settings.page_size) {
            (Kind::Offset { advance: Advance::Requested, .. }, Position::Offset(offset), Some(size)) => {
                (offset.saturating_add(size.value), "were asked for")
            }
            _ => (self.state.records, "came"),
        };
        let allowed = match tolerance {
            Tolerance::Records(records) => *records,
            Tolerance::Percent(percent) => (total as f64 * percent / 100.0).floor() as u64,
        };
        if reached.saturating_add(allowed) < total {
            // Where the API keeps the place, nothing is asked for again.
            self.falls_short = !self.settings.is_stateful;
            return Err(Stuck::Shortfall { total, reached, what }.into());
        }
        let surplus = self.state.records > total;
        Ok(surplus
            .then(|| format!("the API says there are {total} records, and {} came", self.state.records)))
    }
}

/// A number that the API states; `None` where it states none, by an absent value, a null or an empty text.
fn stated(
    key: &'static str,
    at: &Address,
    pattern: Option<&Pattern>,
    facts: &Facts,
) -> Result<Option<u64>, Stuck> {
    let Some((found, text)) = facts.look(at).and_then(|found| found.text().map(|text| (found, text))) else {
        return Ok(None);
    };
    let no_number = || Stuck::NoNumber { key, at: at.to_string(), value: printable(&text, LONGEST_SHOWN) };
    let number = match pattern {
        Some(pattern) => pattern.find(&text).and_then(|digits| digits.parse().ok()),
        None => found.whole_number(),
    };
    number.map(Some).ok_or_else(no_number)
}
