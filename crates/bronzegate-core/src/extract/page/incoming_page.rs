//! A page on its way from its fetch to the writer.

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::record_channel::{PageEvent, RecordReceiver};
use crate::extract::paging::PageState;

/// One page on its way.
#[derive(Debug)]
pub(crate) struct Page {
    /// Its number in its branch, counted from 1 over all segments.
    pub number: u64,
    /// The state it is asked for with; where it is fetched ahead, with the counts of the last page that had come.
    pub(crate) start: PageState,
    events: RecordReceiver,
    decision: oneshot::Receiver<PageDecision>,
    /// Its place among the pages that are not written yet.
    _place: OwnedSemaphorePermit,
}

/// What becomes of a page whose records have been handed on.
#[derive(Debug)]
pub(crate) enum PageDecision {
    /// It is written.
    Keep {
        /// What somebody should know.
        warning: Option<String>,
    },
    /// It is not: it was fetched ahead in vain, repeats an earlier page, or failed.
    Discard,
}

impl Page {
    /// A page, and where its fate is to be told.
    pub(crate) fn new(
        number: u64,
        start: PageState,
        events: RecordReceiver,
        place: OwnedSemaphorePermit,
    ) -> (Self, oneshot::Sender<PageDecision>) {
        let (sender, decision) = oneshot::channel();
        (Self { number, start, events, decision, _place: place }, sender)
    }

    /// The page's next records, or `None` when there are no more.
    pub(crate) async fn next(&mut self) -> Option<PageEvent> {
        self.events.next().await
    }

    /// What becomes of the page; to be asked when `next` has come to its end.
    pub(crate) async fn decision(&mut self) -> PageDecision {
        (&mut self.decision).await.unwrap_or(PageDecision::Discard)
    }

    /// Waits until its response has begun, or it has none.
    pub(crate) async fn begun(&mut self) {
        self.events.begun().await;
    }
}
