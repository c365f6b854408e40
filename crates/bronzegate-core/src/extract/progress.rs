//! Progress, proved: each page is held against what came before, before it is written.

use std::collections::HashSet;

use super::paginator::{Next, Paginator};
use super::state::{PageState, Position};
use crate::config::{Advance, Kind, OnRepeat, Pagination, Tolerance};
use crate::error::{Error, ErrorKind};
use crate::http::Facts;

/// Pages without records that may follow each other while the API names a next one.
const MAX_EMPTY_PAGES: u64 = 1000;

/// What a run has seen, and where it is.
#[derive(Debug)]
pub(super) struct Progress<'a> {
    settings: &'a Pagination,
    paginator: Paginator<'a>,
    positions: HashSet<u128>,
    pages: HashSet<u128>,
    pub(super) state: PageState,
    /// Records of the last page that had some.
    usual: Option<u64>,
    /// Whether a person knows that the total has fallen.
    drift_told: bool,
}

/// What becomes of a page.
#[derive(Debug)]
pub(super) struct Judged {
    /// Whether its records are written.
    pub(super) write: bool,
    /// Whether it is the last.
    pub(super) last: bool,
    /// What a person should know.
    pub(super) warning: Option<String>,
}

/// Why there is no progress, or not enough data.
#[derive(Debug, thiserror::Error)]
enum Stuck {
    #[error(
        "the API names a cursor or next URL again that it has named before ({0}); it makes no progress. If that is how it says \"done\", set `on_repeat: end`"
    )]
    Position(String),
    #[error(
        "the page's records are those of an earlier page; the API makes no progress. If that is how it says \"done\", set `on_repeat: end`; if pages may be equal, `on_repeat: allow`"
    )]
    Records,
    #[error("{MAX_EMPTY_PAGES} pages in a row had no records although each named a next one")]
    Empty,
    #[error("the stream needs more than max_pages ({0})")]
    MaxPages(u64),
    #[error("the API says there are {total} records, but {reached} {what}")]
    Shortfall { total: u64, reached: u64, what: &'static str },
}

impl From<Stuck> for Error {
    fn from(cause: Stuck) -> Self {
        Self::new(ErrorKind::Data, cause)
    }
}

impl<'a> Progress<'a> {
    pub(super) fn new(settings: &'a Pagination, paginator: Paginator<'a>, state: PageState) -> Self {
        let mut positions: HashSet<u128> = state.recent_positions.iter().collect();
        positions.extend(state.position.fingerprint());
        Self {
            settings,
            paginator,
            positions,
            pages: state.recent_pages.iter().collect(),
            state,
            usual: None,
            drift_told: false,
        }
    }

    /// The positions that are known ahead, after `position`.
    pub(super) fn ahead(&self, position: &Position) -> Option<Position> {
        self.paginator.ahead(position, &self.state, self.usual)
    }

    /// Judges the page at the state's position and moves the state behind it.
    pub(super) fn accept(&mut self, records: u64, hash: u128, facts: &Facts) -> Result<Judged, Error> {
        let drift = self.read_totals(facts);
        let judged = self.judge(records, hash, facts)?;
        let told: Vec<_> = drift.into_iter().chain(judged.warning).collect();
        Ok(Judged { warning: (!told.is_empty()).then(|| told.join("; ")), ..judged })
    }

    fn judge(&mut self, records: u64, hash: u128, facts: &Facts) -> Result<Judged, Error> {
        let repeats = records > 0 && !self.pages.insert(hash);
        if repeats {
            match self.settings.on_repeat {
                OnRepeat::Fail => return Err(Stuck::Records.into()),
                OnRepeat::End => return self.end(false),
                OnRepeat::Allow => {}
            }
        }
        let next = self.paginator.after(&self.state, records, facts)?;
        self.count(records, hash);
        let Next::At(position) = next else { return self.end(true) };
        if let Some(fingerprint) = position.fingerprint() {
            if !self.positions.insert(fingerprint) {
                return match self.settings.on_repeat {
                    OnRepeat::End => self.end(true),
                    OnRepeat::Fail | OnRepeat::Allow => {
                        Err(Stuck::Position(position.shown().unwrap_or_default()).into())
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
        for (value, newer) in self.state.carry.iter_mut().zip(self.paginator.carry(facts)?) {
            *value = newer.or(value.take());
        }
        Ok(Judged { write: true, last: false, warning: None })
    }

    /// The API has said that there are no more pages, with a response that is none itself.
    pub(super) fn end_without_page(&mut self) -> Result<Judged, Error> {
        self.end(false)
    }

    fn count(&mut self, records: u64, hash: u128) {
        self.state.pages += 1;
        self.state.records += records;
        if records == 0 {
            self.state.empty_pages += 1;
        } else {
            self.state.empty_pages = 0;
            self.usual = Some(records);
            self.state.recent_pages.push(hash);
        }
    }

    /// Takes the totals that the API states; where one falls, returns what a person should know.
    fn read_totals(&mut self, facts: &Facts) -> Option<String> {
        let number = |address| facts.look(address).and_then(|found| found.whole_number());
        let mut drift = None;
        if let Some(total) = self.settings.total.as_ref().and_then(|total| number(&total.at)) {
            drift = self.state.total.replace(total).and_then(|before| self.drift(before, total));
        }
        if let Kind::Page { total_pages: Some(address), .. } = &self.settings.kind
            && let Some(total) = number(address)
        {
            self.state.total_pages = Some(total);
        }
        drift
    }

    /// Where pages are counted, rows that go while they are read move those behind them up, some of them
    /// to a page that has been read. Told once a segment.
    fn drift(&mut self, before: u64, total: u64) -> Option<String> {
        let is_counted = matches!(self.settings.kind, Kind::Offset { .. } | Kind::Page { .. });
        let is_news = is_counted && total < before && !self.drift_told;
        self.drift_told |= is_news;
        is_news.then(|| {
            format!(
                "the stated total fell from {before} to {total} while pages were read: rows behind those that went moved up, and some may not have been read"
            )
        })
    }

    /// Ends the pages: what came is held against the total that the API has stated.
    fn end(&mut self, write: bool) -> Result<Judged, Error> {
        let warning = match (&self.settings.total, self.state.total) {
            (Some(settings), Some(total)) => self.check_total(total, &settings.tolerance)?,
            _ => None,
        };
        Ok(Judged { write, last: true, warning })
    }

    fn check_total(&self, total: u64, tolerance: &Tolerance) -> Result<Option<String>, Error> {
        let (reached, what) = match (&self.settings.kind, &self.state.position, &self.settings.page_size) {
            (Kind::Offset { advance: Advance::Requested, .. }, Position::Offset(offset), Some(size)) => {
                (offset + size.value, "were asked for")
            }
            _ => (self.state.records, "came"),
        };
        let allowed = match tolerance {
            Tolerance::Records(records) => *records,
            Tolerance::Percent(percent) => (total as f64 * percent / 100.0).floor() as u64,
        };
        if reached.saturating_add(allowed) < total {
            return Err(Stuck::Shortfall { total, reached, what }.into());
        }
        let surplus = self.state.records > total;
        Ok(surplus
            .then(|| format!("the API says there are {total} records, and {} came", self.state.records)))
    }
}
