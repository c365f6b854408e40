//! What the pages of a stream come from.

use std::sync::Arc;

use super::asked::Asked;
use super::fetch::Fetcher;
use super::paginator::Paginator;
use super::state::PageState;
use super::stop::Stop;
use crate::config::{Source, Stream};

/// What the pages of one stream come from: its settings, its client, and what is asked for.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The source file.
    pub source: Arc<Source>,
    /// The stream.
    pub stream: Arc<Stream>,
    /// What fetches its pages.
    pub fetcher: Arc<Fetcher>,
    /// The stretch of records that is asked for.
    pub asked: Asked,
    /// What its parents come from, where it has any.
    pub parent: Option<Arc<Self>>,
    /// Ends the pages at the next boundary.
    pub stop: Stop,
}

impl Origin {
    /// The state before a branch's first request.
    pub(super) fn first(&self) -> PageState {
        let pagination = &self.stream.pagination;
        PageState::first(Paginator::new(pagination, None).first(), pagination.carry.len())
    }

    /// Branches whose requests are made at the same time.
    pub(super) fn at_once(&self) -> usize {
        let Some(parent) = &self.stream.parent else { return self.stream.concurrency };
        parent.concurrency.unwrap_or(self.stream.concurrency)
    }

    /// Whether the stream has more than one branch.
    pub(super) fn is_branched(&self) -> bool {
        self.stream.parent.is_some() || self.stream.partitions.count() > 1
    }

    /// `<source>/<stream>`.
    pub(super) fn name(&self) -> String {
        format!("{}/{}", self.source.name, self.stream.name)
    }

    /// Whether no further request is to be made.
    pub(super) fn is_over(&self) -> bool {
        self.stop.is_asked() || self.fetcher.patience().left().is_some_and(|left| left.is_zero())
    }
}
