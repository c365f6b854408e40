//! What the pages of a stream come from.

use std::sync::Arc;

use jiff::Timestamp;

use super::fetcher::Fetcher;
use crate::config::{Source, Stream, Target};
use crate::cursor::ParentMark;
use crate::extract::paging::{
    Carried, PageState, Paginator, Position, RequestedRanges, SeenColumns, SeenPages, Tokens, shown_time,
};
use tokio_util::sync::CancellationToken;

/// What the pages of one stream come from: its settings, its client, and what is asked for.
#[derive(Clone, Debug)]
pub(crate) struct StreamContext {
    /// The source file.
    pub source: Arc<Source>,
    /// The stream.
    pub stream: Arc<Stream>,
    /// What fetches its pages.
    pub fetcher: Arc<Fetcher>,
    /// The stretch of records that is asked for of each branch.
    pub asked: RequestedRanges,
    /// What its parents come from, where it has any.
    pub parent: Option<Arc<Self>>,
    /// How far the parents have been read, where only those that have changed are asked for.
    pub changed: Option<Arc<ParentMark>>,
    /// The token that the run asks with, where the last run has given one.
    pub token: Option<Carried>,
    /// The time that the run is for, as requests write times.
    pub run_time: String,
    /// Ends the pages at the next boundary.
    pub stop: CancellationToken,
    /// What the pages have shown, those of all branches.
    pub seen: Arc<SeenPages>,
    /// The columns of its tables, in this run and before it.
    pub columns: Arc<SeenColumns>,
}

impl StreamContext {
    /// The state before a branch's first request.
    pub(crate) fn first(&self) -> PageState {
        let pagination = &self.stream.pagination;
        let first = PageState::first(Paginator::new(pagination, None).first(), pagination.carry.len());
        let Some(token) = &pagination.sync_token else { return first };
        let tokens = Tokens { sent: self.token.clone(), found: None };
        let position = match &tokens.sent {
            Some(sent) if token.to == Target::Url => sent.text.parse().map_or(first.position, Position::Url),
            _ => first.position,
        };
        PageState { position, tokens: Some(Box::new(tokens)), ..first }
    }

    /// The same of a run for this time, also of the parents.
    #[must_use]
    pub(crate) fn at(self, time: Timestamp) -> Self {
        let parent = self.parent.map(|parent| Arc::new(Self::clone(&parent).at(time)));
        Self { run_time: shown_time(self.stream.incremental.as_ref(), time), parent, ..self }
    }

    /// The same for somebody who waits for one page: what fetches it, and its parents, gives up soon.
    #[must_use]
    pub(crate) fn checking(self) -> Self {
        let fetcher = Arc::new(self.fetcher.checking());
        let parent = self.parent.map(|parent| Arc::new(Self::clone(&parent).checking()));
        Self { fetcher, parent, ..self }
    }

    /// How many branches are read at the same time, and how many requests of each. Together with one
    /// for each level of parents they are as many as the stream may have, if that is more than the levels.
    pub(crate) fn shares(&self) -> (usize, usize) {
        let concurrency = self.stream.concurrency;
        let (branches, all) = match &self.stream.parent {
            Some(parent) => {
                let branches = parent.concurrency.unwrap_or(concurrency);
                (branches, concurrency.max(branches))
            }
            None => (usize::try_from(self.stream.partitions.count()).unwrap_or(usize::MAX), concurrency),
        };
        let levels = std::iter::successors(self.parent.as_ref(), |above| above.parent.as_ref()).count();
        let own = all.saturating_sub(levels).max(1);
        let at_once = branches.clamp(1, own);
        (at_once, own / at_once)
    }

    /// Whether a text holds a secret that any stream of the source has used.
    pub(crate) fn knows_as_secret(&self, text: &str) -> bool {
        self.fetcher.client().auth().scrubber().finds_in(text)
    }

    /// `<source>/<stream>`.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.source.name, self.stream.name)
    }

    /// Whether some records may be missing, of the stream or of its parents.
    pub(crate) fn may_lack(&self) -> bool {
        self.seen.may_lack() || self.parent.as_ref().is_some_and(|parent| parent.may_lack())
    }

    /// What somebody should know of the pages, and of those of the parents.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let own = self.seen.warnings();
        let above = self.parent.iter().flat_map(|parent| {
            let named = move |warning: String| format!("{}: {warning}", parent.name());
            parent.warnings().into_iter().map(named)
        });
        own.into_iter().chain(above).collect()
    }

    /// The stream and its parents, from the bottom up.
    pub(crate) fn levels(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |level| level.parent.as_deref())
    }

    /// The same with pages of another size.
    pub(crate) fn with_page_size(&self, records: u64) -> Self {
        let mut stream = (*self.stream).clone();
        if let Some(size) = &mut stream.pagination.page_size {
            size.value = records;
        }
        Self { stream: Arc::new(stream), ..self.clone() }
    }

    /// Whether no further request is to be made.
    pub(crate) fn is_over(&self) -> bool {
        self.stop.is_cancelled() || self.fetcher.wait_budget().left().is_some_and(|left| left.is_zero())
    }
}
