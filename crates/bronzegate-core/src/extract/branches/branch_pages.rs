//! The stream of pages: fetched ahead where that is possible, handed on in order.
//!
//! A driver task owns the paginator. It keeps up to `concurrency` fetches in flight where the
//! requests are known ahead; where they are not, it sends the next request as soon as a page has
//! come, while the encoder still works on that page's records. Where a page names the next one before its records, in
//! a header or at the body's beginning, that request leaves while the records still come. It counts only if the whole
//! page names the same.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::{JoinError, JoinHandle};

use super::length::{note_cut, note_single};
use super::second_look::{SecondLook, empty_within, hides_rows, instead_of, second_look};
use crate::config::Job;
use crate::cursor::AgeWatch;
use crate::error::Error;
use crate::extract::page::{
    Fetched, Jobs, Page, PageDecision, Requests, StreamContext, judge, record_channel,
};
use crate::extract::paging::{Branch, FirstSeen, Judged, PageState, Paginator, Position, Progress};
use crate::http::Facts;
use crate::redact::SafeUrl;
use crate::unfinished::Unfinished;

/// How a branch's pages ended.
#[derive(Debug)]
pub(crate) struct BranchEnd {
    /// After the last page that was handed on.
    pub(crate) state: PageState,
    /// Whether there are no more, or why they did not come.
    pub(crate) ended: Result<(), Unfinished>,
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
    driver: JoinHandle<BranchEnd>,
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
                names_early: room.concurrency > 1 && paginator.may_name_early(),
                progress: Progress::new(pagination, paginator, state),
                context: &context,
                branch: &branch,
                first: None,
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
    pub(crate) async fn ending(&mut self) -> BranchEnd {
        (&mut self.driver).await.unwrap_or_else(|error| unwind(error))
    }
}

impl Drop for BranchPages {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// What a page says before its records, once it is there; a page that says nothing so early is never waited for.
async fn announced(early: &mut Option<oneshot::Receiver<Facts>>) -> Facts {
    if let Some(receiver) = early.as_mut() {
        let facts = receiver.await;
        *early = None;
        if let Ok(facts) = facts {
            return facts;
        }
    }
    std::future::pending().await
}

/// Continues with the panic of a task. Tasks are aborted only when nobody waits for them any more.
fn unwind(error: JoinError) -> ! {
    std::panic::resume_unwind(error.into_panic())
}

struct Driver<'a> {
    job: Option<&'a Job>,
    requests: Requests<'a>,
    concurrency: usize,
    /// Whether a page may name the next one before its records. Given up once one does not: it names it after them.
    names_early: bool,
    progress: Progress<'a>,
    context: &'a StreamContext,
    branch: &'a Arc<Branch>,
    /// The branch's first page, once it has come.
    first: Option<FirstSeen>,
    pages: mpsc::UnboundedSender<Page>,
    /// One for each page in flight, and [`WAITING`] for those that have come and are not written: a
    /// store that is slower than the API holds the fetching back.
    places: Arc<Semaphore>,
    flying: VecDeque<Flight>,
}

/// A fetch in flight. Dropped, it is cancelled.
struct Flight {
    position: Position,
    task: JoinHandle<Result<Fetched, Unfinished>>,
    decision: oneshot::Sender<PageDecision>,
    /// What its response says before the records.
    early: Option<oneshot::Receiver<Facts>>,
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Driver<'_> {
    async fn run(mut self) -> BranchEnd {
        let ended = self.pages().await;
        BranchEnd { state: self.progress.state, ended }
    }

    /// Fetches, judges and hands on page after page.
    async fn pages(&mut self) -> Result<(), Unfinished> {
        if let Some(job) = self.job {
            let (fetcher, stop) = (&self.context.fetcher, &self.context.stop);
            let jobs = Jobs { job, requests: self.requests, fetcher, stop };
            jobs.finish(&mut self.progress.state).await?;
            if self.progress.state.has_no_pages() {
                return Ok(());
            }
        }
        loop {
            self.launch().await?;
            let number = self.progress.state.pages.saturating_add(1);
            let fetched = self.oldest().await.map_err(|why| why.map_error(|error| error.on_page(number)))?;
            let (judged, is_cut) = self.judged(&fetched).await.map_err(|error| error.on_page(number))?;
            let Some(flight) = self.flying.pop_front() else { return Ok(()) };
            if self
                .flying
                .front()
                .is_some_and(|next| judged.last || next.position != self.progress.state.position)
            {
                // The page was short: what was fetched ahead assumed a full one.
                self.flying.clear();
            }
            if !judged.last && !is_cut && !self.context.is_over() {
                self.launch_at_once()?;
            }
            self.hand_over(flight, &judged);
            if judged.last {
                self.note_end(&fetched);
                return Ok(());
            }
            if is_cut || self.context.is_over() {
                return Err(Unfinished::Stopped);
            }
        }
    }

    /// Judges the page that is next in order, and looks again where it is to be the last and may not be. Whether
    /// there was no time for that is told besides.
    async fn judged(&mut self, fetched: &Fetched) -> Result<(Judged, bool), Error> {
        let is_first = self.progress.state.pages == 0;
        let start = is_first.then(|| self.progress.state.clone());
        let position = self.progress.state.position.clone();
        let has_records = fetched.body.as_ref().is_some_and(|body| body.records > 0);
        let looked = match judge(self.context, &mut self.progress, fetched) {
            Ok(judged) if fetched.is_all_older => {
                // After it there is nothing that is new: what it states of pages and totals is about older ones.
                return Ok((Judged { last: true, ..judged }, false));
            }
            Ok(judged) if judged.last && !fetched.is_ended_by_rule() => {
                // What was fetched ahead is not needed, most likely.
                self.flying.truncate(1);
                let looked = second_look(self.context, self.branch, &mut self.progress, fetched).await?;
                (judged, looked)
            }
            Ok(judged) if !judged.last && !has_records && self.progress.doubts_empty_page(&position) => {
                let at = position.clone();
                (judged, empty_within(self.context, self.branch, &mut self.progress, at).await?)
            }
            Ok(judged) => (judged, SecondLook::End),
            Err(error) if has_records || !self.progress.falls_short() => return Err(error),
            Err(error) => {
                self.flying.truncate(1);
                let looked = instead_of(error, self.context, self.branch, &mut self.progress).await?;
                (Judged { write: fetched.body.is_some(), last: false, warning: None }, looked)
            }
        };
        let (judged, mut looked) = looked;
        if let Position::Offset(offset) = position
            && !hides_rows(self.context, self.branch, (offset, &self.progress.state), fetched).await?
        {
            looked = SecondLook::NoTime;
        }
        if let Some(body) = fetched.body.as_ref().filter(|_| has_records && looked == SecondLook::NoTime) {
            // It has to be looked at again by whoever goes on, so it is theirs.
            self.progress.take_back(body.records, position);
            return Ok((Judged { write: false, last: false, warning: None }, true));
        }
        if let Some(body) = &fetched.body {
            let is_named = self.progress.names_next(&fetched.facts);
            self.context.seen.page(is_named.unwrap_or(!is_first && body.records > 0));
        }
        self.first = self.first.take().or(start.map(|start| self.first_seen(start, fetched)));
        Ok(match looked {
            SecondLook::End => (judged, false),
            SecondLook::GoesOn => (Judged { last: false, ..judged }, false),
            SecondLook::NoTime => (Judged { last: false, ..judged }, true),
        })
    }

    fn first_seen(&self, start: PageState, fetched: &Fetched) -> FirstSeen {
        // What is looked at later may lack the columns that the first page has named.
        let start = PageState { shape: self.progress.state.shape.clone(), ..start };
        let (records, hash) = fetched.body.as_ref().map_or((0, 0), |body| (body.records, body.hash));
        FirstSeen { branch: self.branch.clone(), start, records, hash, is_whole: false }
    }

    /// Remembers how the branch ended.
    fn note_end(&mut self, fetched: &Fetched) {
        if fetched.is_all_older {
            return;
        }
        if fetched.is_ended_by_status() && self.progress.state.pages == 0 {
            self.context.seen.refused(format!(
                "HTTP {} from {}",
                fetched.facts.status,
                SafeUrl(&fetched.facts.url)
            ));
        }
        note_single(self.context, fetched);
        note_cut(self.context, self.progress.is_cut_at(&fetched.facts));
        if let Some(first) = self.first.take() {
            self.context.seen.ended(FirstSeen { is_whole: self.progress.is_proven(), ..first });
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
            // The first page may name the columns for all.
            Some(_) if self.lacks_columns() => None,
            None => Some(self.progress.state.position.clone()),
            Some(last) if self.flying.len() < self.concurrency => self.progress.ahead(&last.position),
            Some(_) => None,
        }
    }

    fn launch_one(&mut self, position: Position, place: OwnedSemaphorePermit) -> Result<(), Error> {
        let number = self.progress.state.pages.saturating_add(1 + self.flying.len() as u64);
        let state = PageState { position, pages: number - 1, ..self.progress.state.clone() };
        let request = self.requests.at(&state).map_err(|error| error.on_page(number))?;
        let watch = self.watch();
        let is_early = self.names_early && watch.is_none() && !self.lacks_columns();
        let (early, facts) = is_early.then(oneshot::channel).unzip();
        let (sender, receiver) = record_channel(watch, early);
        let fetcher = self.context.fetcher.clone();
        let shape = state.shape.clone();
        let task = tokio::spawn(async move { fetcher.fetch(&request, shape.as_ref(), &sender).await });
        // A closed channel means that the run has failed elsewhere; the driver is about to be dropped.
        let position = state.position.clone();
        let (page, decision) = Page::new(number, state, receiver, place);
        let _ = self.pages.send(page);
        self.flying.push_back(Flight { position, task, decision, early: facts });
        Ok(())
    }

    /// Where the newest records come first, what tells that all of a page have been read.
    fn watch(&self) -> Option<AgeWatch> {
        let settings = self.context.stream.incremental.as_ref().filter(|settings| settings.is_descending)?;
        let mark = self.context.asked.mark(self.branch)?;
        Some(AgeWatch::new(Arc::new(settings.clone()), mark.clone()))
    }

    /// Waits for the page that is next in order. The request after it leaves meanwhile, where the page names it early.
    async fn oldest(&mut self) -> Result<Fetched, Unfinished> {
        let wait_budget = self.context.fetcher.wait_budget().clone();
        loop {
            let Some(flight) = self.flying.front_mut() else { return Err(Unfinished::Stopped) };
            let facts = tokio::select! {
                biased;
                fetched = &mut flight.task => {
                    return match fetched.unwrap_or_else(|error| unwind(error)) {
                        Ok(fetched) if fetched.is_too_large => Err(Unfinished::TooLarge),
                        fetched => fetched,
                    };
                }
                facts = announced(&mut flight.early) => facts,
                () = self.context.stop.cancelled() => return Err(Unfinished::Stopped),
                () = wait_budget.time_up() => return Err(Unfinished::Stopped),
            };
            self.launch_early(&facts);
        }
    }

    /// Sends the request that a page names before its records, if there is a place for it. One that cannot be made is
    /// an error once the page is whole.
    fn launch_early(&mut self, facts: &Facts) {
        let named = self.progress.named_by(facts);
        self.names_early = named.is_some();
        if let Some(position) = named
            && self.flying.len() == 1
            && !self.context.is_over()
            && let Ok(place) = self.places.clone().try_acquire_owned()
        {
            let _ = self.launch_one(position, place);
        }
    }

    /// Whether the first page is to name the columns for all, and has not come.
    fn lacks_columns(&self) -> bool {
        self.context.stream.records.columns.is_some() && self.progress.state.shape.is_none()
    }

    fn hand_over(&self, mut flight: Flight, judged: &Judged) {
        if self.progress.has_drifted() {
            self.context.seen.lacks();
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
