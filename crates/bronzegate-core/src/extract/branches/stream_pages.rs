//! The pages of a stream over all its branches: several branches are read at the same time, and the page
//! that comes first is handed on first. Within a branch, pages keep their order.

use std::sync::Arc;

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;

use super::branch_pages::{BranchEnd, BranchPages, Room, WAITING};
use super::branch_queue::BranchQueue;
use super::next_branch::Begin;
use super::stream_state::{BranchState, NextBranch, StreamState};
use super::warnings::Warnings;
use crate::cursor::{EndedBranch, PartitionMarks, SkippedBranches, Verbatim};
use crate::error::{Error, ErrorKind};
use crate::extract::page::{Page, StreamContext};
use crate::extract::paging::{Branch, Carried, JobState, Owners};
use crate::redact::secret_at;
use crate::unfinished::Unfinished;

/// How many branches are named that have ended: all those that have marks, and as many that a rule leaves out as
/// may keep one.
const MOST_ENDED: usize = PartitionMarks::MOST + 2 * SkippedBranches::MOST;

/// The pages of one segment.
pub(crate) struct StreamPages {
    context: Arc<StreamContext>,
    upcoming: BranchQueue,
    running: FuturesUnordered<BoxFuture<'static, (Running, Event)>>,
    at_once: usize,
    room: Room,
    /// Branches whose pages ended before there were no more.
    stopped: Vec<BranchState>,
    pages: u64,
    has_progress: bool,
    /// A job was submitted, of a branch or of the parents.
    has_submitted: bool,
    /// A job goes on, of a branch or of the parents.
    is_waiting: bool,
    notes: Warnings,
    /// Branches that have ended and whose marks are remembered.
    ended: Vec<EndedBranch>,
    /// Branches beyond these that a rule has left out.
    lost: u64,
    /// Why there is no going on.
    over: Option<Unfinished>,
    is_halted: bool,
    /// The token for the next run, once the pages have come to their end.
    token: Option<Carried>,
}

/// What is told where `then: skip` has left nothing.
const NOTHING_BUT_LEFT_OUT: &str = "no page has come, because `then: skip` has left out all that was asked for: a wrong or \
    moved path is answered so too";

/// A branch that is read.
struct Running {
    branch: Arc<Branch>,
    pages: BranchPages,
    /// Its pages in earlier segments.
    before: u64,
    /// Its job's id and how many of its steps are done, where an earlier segment has submitted one.
    job: Option<(String, usize)>,
}

/// What a branch comes up with.
enum Event {
    /// A page whose response has begun.
    Page(Box<Page>),
    Ended(Box<BranchEnd>),
}

impl StreamPages {
    /// Begins to fetch at a state. Needs a tokio runtime.
    pub(crate) fn start(context: Arc<StreamContext>, state: StreamState) -> Self {
        let (at_once, concurrency) = context.shares();
        let room = Room { concurrency, waiting: WAITING };
        Self::begin(context, state, at_once, room)
    }

    pub(crate) fn begin(context: Arc<StreamContext>, state: StreamState, at_once: usize, room: Room) -> Self {
        let pages = state.pages;
        if pages > 0 {
            context.fetcher.answered();
        }
        Self {
            upcoming: BranchQueue::new(context.clone(), state),
            context,
            running: FuturesUnordered::new(),
            at_once,
            room,
            stopped: Vec::new(),
            pages,
            has_progress: false,
            has_submitted: false,
            is_waiting: false,
            notes: Warnings::default(),
            ended: Vec::new(),
            lost: 0,
            over: None,
            is_halted: false,
            token: None,
        }
    }

    /// The next page and its branch, or `None` when there are no more. The page before it must have been
    /// gone through.
    pub(crate) async fn next(&mut self) -> Option<(Arc<Branch>, Page)> {
        while self.over.is_none() {
            self.is_halted = self.is_halted || self.context.is_over();
            let begins = !self.is_halted && self.running.len() < self.at_once && !self.upcoming.is_done();
            tokio::select! {
                biased;
                begin = self.upcoming.next(), if begins => self.began(begin),
                Some((running, event)) = self.running.next(), if !self.running.is_empty() => {
                    match event {
                        Event::Page(page) => {
                            let branch = running.branch.clone();
                            self.running.push(Box::pin(running.next()));
                            return Some((branch, *page));
                        }
                        Event::Ended(end) => self.ended(&running, *end),
                    }
                }
                else => return None,
            }
        }
        None
    }

    /// How the pages ended; to be asked when `next` has come to its end: no state where there are no more, or the one
    /// after the pages handed on.
    ///
    /// # Errors
    /// Why there is nothing to go on from. Stopped or waiting, not even one page has come, and no export job was submitted.
    pub(crate) fn ending(self) -> Result<Option<StreamState>, Unfinished> {
        if let Some(over) = self.over {
            return Err(over);
        }
        if self.stopped.is_empty() && self.upcoming.is_done() {
            if self.pages == 0 && self.notes.has_skipped() {
                self.context.seen.lacks();
                self.context.seen.warn("left out", || NOTHING_BUT_LEFT_OUT.to_owned());
            }
            return Ok(None);
        }
        if !self.has_progress {
            return Err(if self.is_waiting { Unfinished::Waiting } else { Unfinished::Stopped });
        }
        let (resumed, next) = self.upcoming.state();
        let branches = self.stopped.into_iter().chain(resumed).collect();
        let state = StreamState { branches, next, pages: self.pages };
        if is_stateful(&self.context, &state) {
            return Err(cannot_go_on(self.context.stop.is_cancelled()).into());
        }
        match secret_at(&state, |text| self.context.knows_as_secret(text)) {
            Some(place) => Err(holds_secret(&place).into()),
            None => Ok(Some(state)),
        }
    }

    /// What somebody should know of what was read so far.
    pub(crate) fn warnings(&mut self) -> Vec<String> {
        let found = self.upcoming.take_notes();
        self.notes.merge(found);
        self.notes.warnings(&self.context)
    }

    /// What the pages come from.
    pub(crate) fn context(&self) -> &Arc<StreamContext> {
        &self.context
    }

    /// What was found since it was last asked.
    pub(crate) fn take_notes(&mut self) -> Warnings {
        let mut notes = std::mem::take(&mut self.notes);
        notes.merge(self.upcoming.take_notes());
        notes
    }

    /// The branches that have ended and whose marks are remembered, and how many more a rule has left out.
    pub(crate) fn take_ended(&mut self) -> (Vec<EndedBranch>, u64) {
        (std::mem::take(&mut self.ended), std::mem::take(&mut self.lost))
    }

    /// Whether parents were left out, so that their children did not come.
    pub(crate) fn has_skipped_parents(&mut self) -> bool {
        let found = self.upcoming.take_notes();
        self.notes.merge(found);
        self.notes.above.as_ref().is_some_and(|above| above.has_skipped())
    }

    /// Whether a rule has left out branches, or parents with their children.
    pub(crate) fn has_skipped(&mut self) -> bool {
        let found = self.upcoming.take_notes();
        self.notes.merge(found);
        self.notes.has_skipped()
    }

    /// The token for the next run, once the pages have come to their end.
    pub(crate) fn token(&self) -> Option<Verbatim> {
        self.token.as_ref().map(|token| Verbatim { text: token.text.clone(), bare: token.bare })
    }

    /// Whether a job was submitted, of a branch or of the parents.
    pub(crate) fn has_submitted(&self) -> bool {
        self.has_submitted
    }

    /// The state that a page which `next` has just returned can be asked for with again; for a walk of one
    /// branch at a time.
    pub(crate) fn state_before(&self, branch: &Branch, page: &Page) -> StreamState {
        let (_, next) = self.upcoming.state();
        let state = BranchState { id: branch.id().clone(), page: page.start.clone() };
        StreamState { branches: vec![state], next, pages: self.pages }
    }

    fn began(&mut self, begin: Begin) {
        match begin {
            Begin::Branch(branch, state) => {
                let (before, job) = (state.pages, state.job.as_ref().map(JobState::step));
                let pages = BranchPages::start(self.context.clone(), branch.clone(), *state, self.room);
                self.running.push(Box::pin(Running { branch, pages, before, job }.next()));
            }
            Begin::Done => {}
            Begin::Stopped { has_submitted, is_waiting } => {
                self.is_halted = true;
                self.has_submitted |= has_submitted;
                self.has_progress |= has_submitted;
                self.is_waiting |= is_waiting;
            }
            Begin::Failed(error) => self.over = Some(error.into()),
        }
    }

    fn ended(&mut self, running: &Running, BranchEnd { state, ended }: BranchEnd) {
        let is_finished = match ended {
            Ok(()) => {
                self.token = state.tokens.as_ref().and_then(|tokens| tokens.found.clone());
                self.note_ended(&running.branch, false);
                // Of a branch that an earlier segment has begun, records may have come there.
                let owners = running.branch.owners().filter(|_| running.before == 0);
                if let Some((count, first)) = owners.and_then(Owners::told) {
                    self.notes.unnamed.add(|| format!("{count} ({first})"));
                }
                true
            }
            Err(Unfinished::LeftOut(cause)) => {
                self.note_ended(&running.branch, true);
                let label = running.branch.label().unwrap_or_default();
                self.notes.skipped.add(|| format!("{label} ({cause})"));
                true
            }
            Err(Unfinished::Stopped) => false,
            Err(Unfinished::Waiting) => {
                self.is_waiting |= state.job.is_some();
                false
            }
            Err(why @ (Unfinished::TooLarge | Unfinished::Failed(_))) => {
                self.over = Some(why.map_error(|error| match running.branch.label() {
                    Some(label) => error.in_branch(label),
                    None => error,
                }));
                return;
            }
        };
        let came = state.pages.saturating_sub(running.before);
        self.pages = self.pages.saturating_add(came);
        // A job that was submitted is worth a segment without pages: the next continues with it.
        let submitted = state.job.as_ref().is_some_and(|job| running.job != Some(job.step()));
        self.has_submitted |= submitted;
        self.has_progress |= came > 0 || is_finished || submitted;
        if is_finished {
            // A branch without records is worth committing too.
            self.context.fetcher.wait_budget().page_arrived();
        } else {
            self.is_halted = true;
            self.stopped.push(BranchState { id: running.branch.id().clone(), page: state });
        }
    }

    fn note_ended(&mut self, branch: &Branch, is_skipped: bool) {
        let asked = &self.context.asked;
        let matters = asked.remembers(branch) || is_skipped && asked.has_marks();
        if !matters {
            return;
        }
        if self.ended.len() == MOST_ENDED {
            self.lost = self.lost.saturating_add(u64::from(is_skipped));
            return;
        }
        let (partition, id) = (branch.id().partition.clone(), branch.key().id);
        self.ended.push(EndedBranch { partition, id, is_skipped });
    }
}

/// Whether a state is between two pages of the stream, or of its parents, whose place the API keeps.
fn is_stateful(context: &StreamContext, state: &StreamState) -> bool {
    let own = context.stream.pagination.is_stateful && state.is_between_pages();
    let above = match &state.next {
        NextBranch::At { parent: Some(place), .. } => Some(&place.before),
        _ => None,
    };
    own || context.parent.as_ref().zip(above).is_some_and(|(parent, before)| is_stateful(parent, before))
}

fn cannot_go_on(is_interrupted: bool) -> Error {
    let kind = if is_interrupted { ErrorKind::Interrupted } else { ErrorKind::Api };
    let cause = "the run was cut between pages whose place in the list the API keeps (`stateful`), where no other run can go \
                 on: nothing was committed, and the next run begins again. Let it have the time that all pages take";
    Error::new(kind, cause)
}

/// The error of a segment whose commit would hold a secret.
pub(crate) fn holds_secret(place: &str) -> Error {
    let cause = format!(
        "the API has put a credential into what the next segment resumes from (`{place}` of its state), and the \
         commit log holds none: the segment is not committed. Let the run have more time, or take the cursor from \
         elsewhere"
    );
    Error::new(ErrorKind::Data, cause)
}

impl Running {
    async fn next(mut self) -> (Self, Event) {
        let event = match self.pages.next().await {
            Some(mut page) => {
                page.begun().await;
                Event::Page(Box::new(page))
            }
            None => Event::Ended(Box::new(self.pages.ending().await)),
        };
        (self, event)
    }
}

impl std::fmt::Debug for StreamPages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StreamPages").field("upcoming", &self.upcoming).finish_non_exhaustive()
    }
}
