//! The records of a parent stream, page by page, as values for its children's requests.
//!
//! They are read by a task of their own, one page ahead of the one that is gone through, so memory does
//! not grow with their number. Nothing of them is written: bringing them is the parent's own run's work.

use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::branch_pages::Room;
use super::parent_values::values;
use super::parent_windows::ParentWindow;
use super::stream_pages::StreamPages;
use super::stream_state::{ParentPlace, StreamState};
use super::warnings::Warnings;
use crate::config::Parent;
use crate::cursor::{CursorFilter, ParentMark};
use crate::error::{Error, ErrorKind};
use crate::extract::page::{Page, StreamContext};
use crate::unfinished::Unfinished;

/// The next of the parents.
#[derive(Debug)]
pub(crate) enum Parents {
    /// A page of them.
    Page(Box<ParentPage>),
    /// There are no more.
    End(Box<Warnings>),
    /// Time was up, or a stop was asked for.
    Stopped(Box<StoppedAt>),
    /// They cannot be read.
    Failed(Error),
}

/// The parents of one page.
#[derive(Debug)]
pub(crate) struct ParentPage {
    /// Where the page can be asked for again.
    pub(crate) place: ParentPlace,
    /// The values of each parent as JSON text, in the order of `fields`.
    pub(crate) values: Vec<Vec<String>>,
    /// What was found since the page before it.
    pub(crate) notes: Warnings,
    /// Kept for its place: the next but one is only asked for when this one is gone through.
    _page: Page,
}

/// Where the reading of the parents ended early.
#[derive(Debug)]
pub(crate) struct StoppedAt {
    /// After the last page.
    pub(crate) place: ParentPlace,
    /// An export job was submitted, which the place names: it must not be lost.
    pub(crate) has_submitted: bool,
    /// An export job of an earlier segment goes on.
    pub(crate) is_waiting: bool,
    /// What was found since the last page.
    pub(crate) notes: Warnings,
}

/// Reads parents.
#[derive(Debug)]
pub(crate) struct ParentReader {
    pages: mpsc::Receiver<Parents>,
    task: JoinHandle<()>,
}

impl ParentReader {
    /// Begins to read at a place: all of them, or those that have changed. Needs a tokio runtime.
    pub(crate) fn start(
        (context, changed): (Arc<StreamContext>, Option<Arc<ParentMark>>),
        parent: Parent,
        place: ParentPlace,
    ) -> Self {
        let (sender, pages) = mpsc::channel(1);
        Self { pages, task: tokio::spawn(Reading { context, changed, parent, sender }.run(place)) }
    }

    /// The next page. Nothing is lost when the future is dropped.
    pub(crate) async fn next(&mut self) -> Parents {
        match self.pages.recv().await {
            Some(parents) => parents,
            None => {
                Parents::Failed(Error::new(ErrorKind::Api, "the task that reads the parents has ended early"))
            }
        }
    }
}

impl Drop for ParentReader {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Reading {
    context: Arc<StreamContext>,
    /// How far they have been read, where only those that have changed are asked for.
    changed: Option<Arc<ParentMark>>,
    parent: Parent,
    sender: mpsc::Sender<Parents>,
}

/// How the reading of one stretch ended.
enum Read {
    Whole,
    /// It holds more than the API gives out, and none of it has been handed on.
    TooLarge,
    Stopped(Box<StoppedAt>),
    /// Nobody wants parents any more.
    Unwanted,
}

impl Reading {
    /// Boxed, because parents may have parents.
    fn run(self, place: ParentPlace) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let mut notes = Warnings::default();
            let last = match self.stretches(place, &mut notes).await {
                Ok(Read::Unwanted) => return,
                Ok(Read::Stopped(at)) => Parents::Stopped(at),
                Ok(Read::Whole | Read::TooLarge) => Parents::End(Box::new(notes)),
                Err(error) => Parents::Failed(error.in_stream(self.context.name())),
            };
            // A closed channel means that nobody wants parents any more.
            let _ = self.sender.send(last).await;
        })
    }

    /// Reads one stretch after the other; what was found since the last page is left in `notes`.
    async fn stretches(&self, place: ParentPlace, notes: &mut Warnings) -> Result<Read, Error> {
        let settings = self.context.stream.incremental.as_ref();
        let now = self.context.fetcher.client().clock().now();
        let mut stretch = ParentWindow::new((settings, self.changed.as_deref()), place.window, now)?;
        let mut state = place.before;
        loop {
            stretch = match self.stretch(&stretch, state, notes).await? {
                Read::Whole => match stretch.after() {
                    Some(next) => next,
                    None => return Ok(Read::Whole),
                },
                Read::TooLarge => stretch.halved()?,
                over => return Ok(over),
            };
            state = StreamState::default();
        }
    }

    async fn stretch(
        &self,
        stretch: &ParentWindow<'_>,
        state: StreamState,
        notes: &mut Warnings,
    ) -> Result<Read, Error> {
        let (asked, mut filter) = stretch.asked()?;
        let context = Arc::new(StreamContext { asked, ..(*self.context).clone() });
        let place = |before| ParentPlace { window: stretch.window(), before, ..ParentPlace::default() };
        let mut has_pages = state.pages > 0;
        let mut walk = StreamPages::begin(context, state.clone(), 1, Room { concurrency: 1, waiting: 1 });
        while let Some((branch, mut page)) = walk.next().await {
            let before = place(walk.state_before(&branch, &page));
            let read = values(&self.parent, &branch, &mut page, filter.as_mut(), notes).await;
            let Some(values) = read.map_err(|error| error.on_page(page.number))? else { continue };
            if let (Some(changed), Some(filter)) = (&self.changed, &filter) {
                changed.note(filter);
            }
            notes.merge(walk.take_notes());
            has_pages = true;
            let notes = std::mem::take(notes);
            let page = ParentPage { place: before, values, notes, _page: page };
            if self.sender.send(Parents::Page(Box::new(page))).await.is_err() {
                return Ok(Read::Unwanted);
            }
        }
        notes.merge(walk.take_notes());
        notes.without_cursor += filter.as_ref().map_or(0, |filter| filter.left_out().without);
        if let Some(told) = filter.as_ref().map_or(Ok(None), CursorFilter::judged)? {
            notes.of_pages.add(|| told);
        }
        let has_submitted = walk.has_submitted();
        let stopped = |before, is_waiting, notes: &mut Warnings| {
            let notes = std::mem::take(notes);
            Read::Stopped(Box::new(StoppedAt { place: place(before), has_submitted, is_waiting, notes }))
        };
        match walk.ending() {
            Ok(None) => Ok(Read::Whole),
            Ok(Some(behind)) => Ok(stopped(behind, false, notes)),
            Err(Unfinished::Waiting) => Ok(stopped(state, true, notes)),
            Err(Unfinished::TooLarge) if has_pages => {
                Err(stretch.too_large("some of its pages are gone through"))
            }
            Err(Unfinished::TooLarge) => Ok(Read::TooLarge),
            Err(Unfinished::Failed(error)) => Err(error),
            Err(Unfinished::Stopped | Unfinished::LeftOut(_)) => Ok(stopped(state, false, notes)),
        }
    }
}
