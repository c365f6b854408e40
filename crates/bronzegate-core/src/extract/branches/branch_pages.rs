//! The stream of pages: fetched ahead where that is possible, handed on in order.
//!
//! A driver task owns the paginator. It keeps up to `concurrency` fetches in flight where the
//! requests are known ahead; where they are not, it sends the next request as soon as a page has
//! come, while the encoder still works on that page's records.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::{JoinError, JoinHandle};

use crate::config::Job;
use crate::error::Error;
use crate::extract::page::{
    FetchError, Fetched, Jobs, NotDone, Page, PageDecision, Requests, StreamContext, judge, record_channel,
};
use crate::extract::paging::{Branch, Judged, PageState, Paginator, Position, Progress};

/// How a branch's pages ended.
#[derive(Debug)]
pub(crate) enum Ending {
    /// There are no more.
    Complete(PageState),
    /// Time was up, or a stop was asked for: the state is behind the last page handed on.
    Stopped(PageState),
    /// Time was up, or a stop was asked for, before the branch's export job was done.
    Waiting(PageState),
    /// A rule leaves the branch out from here on, and says why.
    Skipped(PageState, String),
    /// A response says that its window holds more than the API gives out.
    TooLarge,
    /// Something failed.
    Failed(Error),
}

/// What the fetch of the page that is next in order came to.
enum Came {
    Page(Box<Fetched>),
    Nothing,
    Skipped(String),
    TooLarge,
    Failed(Error),
}

/// Pages that may have come and wait to be written.
pub(crate) const WAITING: usize = 2;

/// How many pages of a branch there may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// In flight.
    pub(crate) concurrency: usize,
    /// That have come and are not gone through.
    pub(crate) waiting: usize,
}

/// The pages of one branch, in order.
#[derive(Debug)]
pub(crate) struct BranchPages {
    pages: mpsc::UnboundedReceiver<Page>,
    driver: JoinHandle<Ending>,
}

impl BranchPages {
    /// Begins to fetch a branch at `state`. Needs a tokio runtime.
    pub(crate) fn start(
        context: Arc<StreamContext>,
        branch: Arc<Branch>,
        state: PageState,
        room: Room,
    ) -> Self {
        let (sender, pages) = mpsc::unbounded_channel();
        let driver = tokio::spawn(async move {
            let pagination = &context.stream.pagination;
            let paginator = Paginator::new(pagination, context.fetcher.client().auth().query_parameter());
            let driver = Driver {
                job: context.stream.job.as_ref(),
                requests: Requests::new(&context, &branch),
                concurrency: room.concurrency,
                progress: Progress::new(pagination, paginator, state),
                context: &context,
                pages: sender,
                places: Arc::new(Semaphore::new(room.concurrency + room.waiting)),
                flying: VecDeque::new(),
            };
            driver.run().await
        });
        Self { pages, driver }
    }

    /// The next page, or `None` when there are no more.
    pub(crate) async fn next(&mut self) -> Option<Page> {
        self.pages.recv().await
    }

    /// How the pages ended; to be asked when `next` has come to its end.
    pub(crate) async fn ending(&mut self) -> Ending {
        (&mut self.driver).await.unwrap_or_else(|error| unwind(error))
    }
}

impl Drop for BranchPages {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Goes on with the panic of a task. Tasks are aborted only when nobody waits for them any more.
fn unwind(error: JoinError) -> ! {
    std::panic::resume_unwind(error.into_panic())
}

struct Driver<'a> {
    job: Option<&'a Job>,
    requests: Requests<'a>,
    concurrency: usize,
    progress: Progress<'a>,
    context: &'a StreamContext,
    pages: mpsc::UnboundedSender<Page>,
    /// One for each page in flight, and [`WAITING`] for those that have come and are not written: a
    /// store that is slower than the API holds the fetching back.
    places: Arc<Semaphore>,
    flying: VecDeque<Flight>,
}

/// A fetch in flight. Dropped, it is cancelled.
struct Flight {
    position: Position,
    task: JoinHandle<Result<Fetched, FetchError>>,
    decision: oneshot::Sender<PageDecision>,
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Driver<'_> {
    async fn run(mut self) -> Ending {
        if let Some(job) = self.job {
            let jobs = Jobs {
                job,
                requests: self.requests,
                fetcher: &self.context.fetcher,
                stop: &self.context.stop,
            };
            match jobs.finish(&mut self.progress.state).await {
                Ok(()) => {}
                Err(NotDone::Cut) => return Ending::Waiting(self.progress.state),
                Err(NotDone::Skipped(cause)) => return Ending::Skipped(self.progress.state, cause),
                Err(NotDone::Failed(error)) => return Ending::Failed(error),
            }
            if self.progress.state.has_no_pages() {
                return Ending::Complete(self.progress.state);
            }
        }
        loop {
            if let Err(error) = self.launch().await {
                return Ending::Failed(error);
            }
            let number = self.progress.state.pages.saturating_add(1);
            let fetched = match self.oldest().await {
                Came::Page(fetched) => fetched,
                Came::Nothing => return Ending::Stopped(self.progress.state),
                Came::Skipped(cause) => return Ending::Skipped(self.progress.state, cause),
                Came::TooLarge => return Ending::TooLarge,
                Came::Failed(error) => return Ending::Failed(error.on_page(number)),
            };
            let judged = match judge(self.context, &mut self.progress, &fetched) {
                Ok(judged) => judged,
                Err(error) => return Ending::Failed(error.on_page(number)),
            };
            let Some(flight) = self.flying.pop_front() else { return Ending::Complete(self.progress.state) };
            if self
                .flying
                .front()
                .is_some_and(|next| judged.last || next.position != self.progress.state.position)
            {
                // The page was short: what was fetched ahead assumed a full one.
                self.flying.clear();
            }
            if !judged.last
                && !self.context.is_over()
                && let Err(error) = self.launch_at_once()
            {
                return Ending::Failed(error);
            }
            self.hand_over(flight, &judged);
            if judged.last {
                return Ending::Complete(self.progress.state);
            }
            if self.context.is_over() {
                return Ending::Stopped(self.progress.state);
            }
        }
    }

    /// Brings as many requests into flight as are known ahead, and waits for places. All pages that were
    /// judged have been handed over by then, so the writer makes room.
    async fn launch(&mut self) -> Result<(), Error> {
        while let Some(position) = self.wanted() {
            let place = self.places.clone().acquire_owned().await.expect("nobody closes the places");
            self.launch_one(position, place)?;
        }
        Ok(())
    }

    /// The same as far as there are places, for the moment before a page is handed over: the next
    /// request leaves before that page is encoded.
    fn launch_at_once(&mut self) -> Result<(), Error> {
        while let Some(position) = self.wanted()
            && let Ok(place) = self.places.clone().try_acquire_owned()
        {
            self.launch_one(position, place)?;
        }
        Ok(())
    }

    /// The position that is to be fetched next, if it is known and there may be another request.
    fn wanted(&self) -> Option<Position> {
        match self.flying.back() {
            None => Some(self.progress.state.position.clone()),
            Some(last) if self.flying.len() < self.concurrency => self.progress.ahead(&last.position),
            Some(_) => None,
        }
    }

    fn launch_one(&mut self, position: Position, place: OwnedSemaphorePermit) -> Result<(), Error> {
        let number = self.progress.state.pages.saturating_add(1 + self.flying.len() as u64);
        let state = PageState { position, ..self.progress.state.clone() };
        let request = self.requests.at(&state).map_err(|error| error.on_page(number))?;
        let (sender, receiver) = record_channel();
        let fetcher = self.context.fetcher.clone();
        let task = tokio::spawn(async move { fetcher.fetch(&request, &sender).await });
        // A closed channel means that the run has failed elsewhere; the driver is about to be dropped.
        let position = state.position.clone();
        let (page, decision) = Page::new(number, state, receiver, place);
        let _ = self.pages.send(page);
        self.flying.push_back(Flight { position, task, decision });
        Ok(())
    }

    /// Waits for the page that is next in order; nothing when the segment ends before it comes.
    async fn oldest(&mut self) -> Came {
        let wait_budget = self.context.fetcher.wait_budget().clone();
        let Some(flight) = self.flying.front_mut() else { return Came::Nothing };
        tokio::select! {
            biased;
            fetched = &mut flight.task => match fetched {
                Ok(Ok(fetched)) => Came::Page(Box::new(fetched)),
                Ok(Err(FetchError::Failed(error))) => Came::Failed(error),
                Ok(Err(FetchError::Skipped(cause))) => Came::Skipped(cause),
                Ok(Err(FetchError::TooLarge(_))) => Came::TooLarge,
                Ok(Err(FetchError::OutOfTime | FetchError::Unwanted)) => Came::Nothing,
                Err(error) => unwind(error),
            },
            () = self.context.stop.cancelled() => Came::Nothing,
            () = wait_budget.time_up() => Came::Nothing,
        }
    }

    fn hand_over(&self, mut flight: Flight, judged: &Judged) {
        if self.progress.has_drifted() {
            self.context.drifted.store(true, Relaxed);
        }
        let decision = if judged.write {
            self.context.fetcher.wait_budget().page_arrived();
            PageDecision::Keep { warning: judged.warning.clone() }
        } else {
            PageDecision::Discard
        };
        let (dead, _) = oneshot::channel();
        // As above: a closed channel means that the run has failed elsewhere.
        let _ = std::mem::replace(&mut flight.decision, dead).send(decision);
    }
}
