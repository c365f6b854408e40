//! Ends that may be none: what a page says of the end is compared with the pages before it.

use super::page_state::Position;
use super::progress::Progress;
use crate::config::Kind;
use crate::http::Facts;

/// Why the page at the state's position may not be the last, although it says so.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Doubt {
    /// It has no records, and the one before it was as long as pages are. Where pages are counted, a later one
    /// may have some.
    Empty {
        /// The page after it.
        behind: Option<Position>,
    },
    /// It is the last one by the stated number of pages, and as long as pages are.
    Stated {
        /// The page after it.
        behind: Position,
    },
    /// It is as long as pages are, and names no next one, as those before it did, in this run or in earlier ones.
    Unnamed,
}

/// Numbers of records at which servers cut what they give out.
const CUTS: [u64; 2] = [1_000, 10_000];

impl Progress<'_> {
    /// Why the last page may not be the last; it had so many records, `None` where it was no page. `leads_on` says
    /// that pages of the stream are known to lead to others.
    pub(crate) fn doubt(
        &self,
        records: Option<u64>,
        facts: &Facts,
        (is_branched, leads_on): (bool, bool),
    ) -> Option<Doubt> {
        if self.is_stopped || self.is_total_reached() || self.settings.is_stateful {
            return None;
        }
        match records.unwrap_or_default() {
            0 => self.doubts_emptiness(is_branched).then(|| Doubt::Empty { behind: self.behind() }),
            _ if self.is_last_by_number() && self.is_full(false) => {
                self.behind().map(|behind| Doubt::Stated { behind })
            }
            _ => {
                let is_gone = self.paginator.names_next(facts) == Some(false);
                // An only page may be as long as it is: it has to be what was asked for.
                let is_full =
                    if self.state.pages > 1 { self.is_full(true) } else { leads_on && self.is_full(false) };
                (is_gone && is_full).then_some(Doubt::Unnamed)
            }
        }
    }

    /// Whether something has proved that there are no more: a total, a number of pages, a flag.
    pub(crate) fn is_proven(&self) -> bool {
        self.is_stopped || self.is_total_reached() || self.state.total_pages.is_some()
    }

    /// So many records as servers cut at, and nothing proves that they are all: no total, no flag, nothing that
    /// stands where the next page is named, no page that is shorter than others. `None` for any other number.
    pub(crate) fn is_cut_at(&self, facts: &Facts) -> Option<u64> {
        let is_ended = self.paginator.names_next(facts) == Some(true);
        let is_short = self.filled > 1 && self.usual.is_some_and(|usual| usual < self.largest);
        let is_bare = !self.is_proven() && !is_ended && !is_short;
        Some(self.state.records).filter(|records| is_bare && CUTS.contains(records))
    }

    /// Whether a page without records lies within the stated number of pages, which is more than that of a list
    /// without any.
    pub(crate) fn doubts_empty_page(&self, at: &Position) -> bool {
        match (&self.settings.kind, at, self.state.total_pages) {
            (Kind::Page { start, .. }, Position::Page(page), Some(stated)) => {
                *page < start.saturating_add(stated) && (stated > 1 || self.state.records > 0)
            }
            _ => false,
        }
    }

    /// Takes the last page back, of so many records: it is asked for again at this position.
    pub(crate) fn take_back(&mut self, records: u64, at: Position) {
        self.state.pages = self.state.pages.saturating_sub(1);
        self.state.records = self.state.records.saturating_sub(records);
        self.state.recent_pages.pop();
        self.state.position = at;
    }

    /// More pages have come than the API states.
    pub(crate) fn exceeds_stated_pages(&mut self, behind: Position) {
        self.state.has_more_pages_than_stated = true;
        self.state.total_pages = None;
        self.stated_pages = None;
        self.state.position = behind;
    }

    /// Whether a page with these records has come before.
    pub(crate) fn knows(&self, hash: u128) -> bool {
        self.pages.contains(&hash)
    }

    fn is_total_reached(&self) -> bool {
        // Without one the end is not let pass.
        self.settings.total.is_some() && self.state.total.is_some()
    }

    fn is_last_by_number(&self) -> bool {
        matches!(self.settings.kind, Kind::Page { .. }) && self.state.total_pages.is_some()
    }

    /// An empty page is no news after one that was shorter than others.
    fn doubts_emptiness(&self, is_branched: bool) -> bool {
        let is_counted = self.behind().is_some();
        if self.state.total_pages.is_some() {
            return self.doubts_empty_page(&self.state.position);
        }
        if self.settings.kind == Kind::None {
            return false;
        }
        if self.state.records == 0 {
            return is_counted && !is_branched;
        }
        let size = self.settings.page_size.as_ref().map(|size| size.value);
        match (self.usual, size) {
            (Some(usual), _) if self.filled > 1 => usual >= self.largest,
            // Servers lower page sizes silently; of many branches most have few records.
            (Some(usual), Some(size)) => usual >= size || is_counted && !is_branched,
            (Some(_), None) => !is_branched,
            // The pages before were read by an earlier segment.
            (None, _) => true,
        }
    }

    /// Whether the last page with records was as long as pages are; the only one by what was asked for, if
    /// anything was.
    fn is_full(&self, if_unknown: bool) -> bool {
        let Some(usual) = self.usual else { return false };
        match &self.settings.page_size {
            _ if self.filled > 1 => usual >= self.largest,
            Some(size) => usual >= size.value,
            None => if_unknown,
        }
    }

    fn behind(&self) -> Option<Position> {
        match (&self.settings.kind, &self.state.position) {
            (Kind::Page { .. }, Position::Page(page)) => page.checked_add(1).map(Position::Page),
            (Kind::Offset { .. }, Position::Offset(offset)) => {
                let size = self.settings.page_size.as_ref()?.value;
                offset.checked_add(self.usual.unwrap_or(size)).map(Position::Offset)
            }
            _ => None,
        }
    }
}
