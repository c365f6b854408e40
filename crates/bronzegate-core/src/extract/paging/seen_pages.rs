//! What the pages of a run have shown, over all its branches: whether one led to another, whether some may be
//! missing, and the first page that may be all there is without having proved it.

use std::sync::{Arc, Mutex, MutexGuard};

use super::branch::Branch;
use super::page_state::PageState;

/// What the pages of a run have shown.
#[derive(Debug, Default)]
pub(crate) struct SeenPages(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    pages: u64,
    has_followed: bool,
    led_on_before: bool,
    may_lack: bool,
    /// What somebody should know, each by its kind and told once.
    told: Vec<(&'static str, String)>,
    happened: Vec<&'static str>,
    refused: Option<String>,
    first: Option<FirstSeen>,
}

/// The first page of a branch, which named no next one.
#[derive(Clone, Debug)]
pub(crate) struct FirstSeen {
    /// The branch.
    pub branch: Arc<Branch>,
    /// What it was asked for with.
    pub start: PageState,
    /// How many records it had.
    pub records: u64,
    /// The hash of its records.
    pub hash: u128,
    /// Whether something has proved that there are no more: a total, a number of pages, a flag.
    pub is_whole: bool,
}

impl SeenPages {
    /// A page was accepted; `has_followed` where it says how to go on, or was reached by going on.
    pub(crate) fn page(&self, has_followed: bool) {
        let mut seen = self.lock();
        seen.pages += 1;
        seen.has_followed |= has_followed;
    }

    /// Pages that have come.
    pub(crate) fn pages(&self) -> u64 {
        self.lock().pages
    }

    /// Whether a page has led to another, or has said that there is none.
    pub(crate) fn has_followed(&self) -> bool {
        self.lock().has_followed
    }

    /// In earlier runs pages have led to others.
    pub(crate) fn has_led_on_before(&self) {
        self.lock().led_on_before = true;
    }

    /// Whether pages are known to lead to others, by this run or by earlier ones.
    pub(crate) fn leads_on(&self) -> bool {
        let seen = self.lock();
        seen.has_followed || seen.led_on_before
    }

    /// Some records may be missing.
    pub(crate) fn lacks(&self) {
        self.lock().may_lack = true;
    }

    /// Whether some records may be missing.
    pub(crate) fn may_lack(&self) -> bool {
        self.lock().may_lack
    }

    /// Somebody should know this; of a kind the first is told.
    pub(crate) fn warn(&self, kind: &'static str, text: impl FnOnce() -> String) {
        let mut seen = self.lock();
        if seen.told.iter().all(|(told, _)| *told != kind) {
            seen.told.push((kind, text()));
        }
    }

    /// Whether this happens for the first time.
    pub(crate) fn is_first(&self, what: &'static str) -> bool {
        let mut seen = self.lock();
        let is_first = !seen.happened.contains(&what);
        seen.happened.extend(is_first.then_some(what));
        is_first
    }

    /// What somebody should know.
    pub(crate) fn warnings(&self) -> Vec<String> {
        self.lock().told.iter().map(|(_, text)| text.clone()).collect()
    }

    /// A rule has ended a branch before its first page, for the reason that the status gives alone.
    pub(crate) fn refused(&self, why: String) {
        self.lock().refused.get_or_insert(why);
    }

    /// Why a branch has no page, where a rule has ended it by the status alone.
    pub(crate) fn refusal(&self) -> Option<String> {
        self.lock().refused.clone()
    }

    /// A branch has ended, and this was its first page. The one with the most records is kept, one that is not
    /// known to be all there is before others.
    pub(crate) fn ended(&self, first: FirstSeen) {
        let mut seen = self.lock();
        let rank = |page: &FirstSeen| (!page.is_whole, page.records);
        if seen.first.as_ref().is_none_or(|kept| rank(kept) < rank(&first)) {
            seen.first = Some(first);
        }
    }

    /// The first page that tells most.
    pub(crate) fn first(&self) -> Option<FirstSeen> {
        self.lock().first.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().expect("no holder of this lock panics")
    }
}
