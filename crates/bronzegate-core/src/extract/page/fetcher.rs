//! One page, fetched: the attempts at its request until it is a page, an end, or an error.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use super::content::{Content, Wish};
use super::errors_beside::errors_address;
use super::fetched::{Fetched, facts};
use super::record_channel::RecordSender;
use super::retrying::{Again, sent_away};
use crate::config::{Address, Job, Stream};
use crate::error::{Error, ErrorKind};
use crate::extract::paging;
use crate::extract::paging::{PageShape, Paginator};
use crate::formats::{self, PageBody, SplitErrorKind};
use crate::http::{
    Answered, ApiRequest, Backoff, BodyFault, BodyState, Client, Credential, Facts, Paths, Response,
    SendError, TooLong, Verdict, WaitBudget, excerpt, judge, stated_wait,
};
use crate::unfinished::Unfinished;

/// The most that is read of a response that is not a page.
const LONGEST_ERROR_BODY: usize = 1 << 20;

/// Fetches the pages of one stream.
#[derive(Clone, Debug)]
pub(crate) struct Fetcher {
    pub(super) client: Arc<Client>,
    pub(super) stream: Arc<Stream>,
    /// What is read of pages.
    paths: Paths,
    /// What is read of the answers to other requests.
    answer_paths: Paths,
    /// Where a page that is the only one may say that there are more.
    more: Arc<[Address]>,
    pub(super) wait_budget: WaitBudget,
    /// A page is looked at, and may not be there: that is no error of the API's.
    pub(super) is_look: bool,
    /// Somebody waits for the answer: an API that is down is told soon.
    pub(super) is_check: bool,
    /// The API has answered what was asked: what is no data then is a gateway's, and may pass.
    has_answered: Arc<AtomicBool>,
}

/// How one attempt ended.
enum Attempt {
    Page(Box<Fetched>),
    Again(Again),
}

/// What a response is read for.
#[derive(Clone, Copy)]
enum Aim<'a> {
    /// A page's records.
    Page(Wish<'a>),
    /// The answer to a question, which may be asked again.
    Answer,
    /// The answer to a request that has an effect.
    Effect,
}

impl Fetcher {
    /// A fetcher for one stream.
    pub(crate) fn new(client: Arc<Client>, stream: Arc<Stream>, wait_budget: WaitBudget) -> Self {
        let of_job = stream.job.iter().flat_map(Job::addresses);
        let of_pages = Paginator::addresses(&stream);
        let errors = errors_address(&stream);
        let more: Arc<[Address]> = paging::more_addresses(&stream).into();
        let paths = Paths::of(of_pages.iter().copied().chain(&errors).chain(more.iter()));
        let answer_paths = Paths::of(of_pages.into_iter().chain(of_job));
        let has_answered = Arc::default();
        Self {
            client,
            stream,
            paths,
            answer_paths,
            more,
            wait_budget,
            is_look: false,
            is_check: false,
            has_answered,
        }
    }

    /// One that looks at pages which may not be there, and reads what stands at these addresses besides.
    pub(crate) fn looking(&self, also: &[Address]) -> Self {
        let of_pages = Paginator::addresses(&self.stream);
        let errors = errors_address(&self.stream);
        let paths = Paths::of(of_pages.into_iter().chain(&errors).chain(self.more.iter()).chain(also));
        Self { paths, is_look: true, ..self.clone() }
    }

    /// One that tells an API that is down after two attempts.
    pub(crate) fn checking(&self) -> Self {
        Self { is_check: true, ..self.clone() }
    }

    /// The API has answered what was asked, now or in an earlier segment.
    pub(crate) fn answered(&self) {
        self.has_answered.store(true, Relaxed);
    }

    /// Where a page that is the only one may say that there are more.
    pub(crate) fn more(&self) -> &[Address] {
        &self.more
    }

    /// How long the run may wait.
    pub(crate) fn wait_budget(&self) -> &WaitBudget {
        &self.wait_budget
    }

    /// The client.
    pub(crate) fn client(&self) -> &Arc<Client> {
        &self.client
    }

    /// Fetches a page and passes its records on as they come. What is `known` of the pages before it may be needed to
    /// read it.
    pub(crate) async fn fetch(
        &self,
        request: &ApiRequest,
        known: Option<&PageShape>,
        events: &RecordSender,
    ) -> Result<Fetched, Unfinished> {
        let columns = known.and_then(PageShape::names);
        let fetched = self.pursue(request, Aim::Page(Wish { events, columns })).await?;
        Ok(Fetched { is_all_older: events.is_all_older(), ..fetched })
    }

    /// Asks a question and returns the answer's facts; 404 and 410 are answers too.
    pub(crate) async fn ask(&self, request: &ApiRequest) -> Result<Facts, Unfinished> {
        self.pursue(request, Aim::Answer).await.map(|answer| answer.facts)
    }

    /// Sends a request that has an effect and returns the answer's facts. It is sent again only where it
    /// surely had none: the API was not reached, or has refused it (a 4xx that is retried, but for 408, and 503).
    pub(crate) async fn submit(&self, request: &ApiRequest) -> Result<Facts, Unfinished> {
        self.pursue(request, Aim::Effect).await.map(|answer| answer.facts)
    }

    async fn pursue(&self, request: &ApiRequest, aim: Aim<'_>) -> Result<Fetched, Unfinished> {
        let mut backoff = Backoff::new(&self.stream.retry);
        let mut refused: Option<Arc<Credential>> = None;
        let mut renewed = false;
        loop {
            let attempt = self.attempt(request, refused.take().as_ref(), aim).await;
            if let Some(way) = &request.on_its_way {
                way.ends();
            }
            let again = match attempt {
                Ok(Attempt::Page(page)) => return Ok(*page),
                Ok(Attempt::Again(again)) => again,
                Err(why) => return Err(why.map_error(|error| error.at_attempt(backoff.attempt()))),
            };
            if again.had_effect && matches!(aim, Aim::Effect) {
                let cause = format!("{}; it may have had its effect, so it is not sent again", again.cause);
                return Err(self.failed(again.kind, &cause, backoff.attempt()));
            }
            if again.had_effect && request.is_once {
                let cause = format!(
                    "{}; the API keeps the place in the list, and may have moved on, so the page is not asked for again",
                    again.cause
                );
                return Err(self.failed(again.kind, &cause, backoff.attempt()));
            }
            if let Some(credential) = again.refused {
                if renewed || !self.client.auth().is_renewable() {
                    return Err(self.failed(ErrorKind::Auth, &again.cause, backoff.attempt()));
                }
                renewed = true;
                refused = Some(credential);
                self.client.stats().retry();
                continue;
            }
            self.wait(&mut backoff, &again).await?;
        }
    }

    async fn attempt(
        &self,
        request: &ApiRequest,
        refused: Option<&Arc<Credential>>,
        aim: Aim<'_>,
    ) -> Result<Attempt, Unfinished> {
        let again = |cause, demanded: Option<Duration>, had_effect: bool| {
            let is_unreached = !had_effect && demanded.is_none() && !self.has_answered.load(Relaxed);
            let kind = ErrorKind::Api;
            Ok(Attempt::Again(Again { kind, cause, demanded, refused: None, had_effect, is_unreached }))
        };
        let began = self.client.clock().elapsed();
        let response = match self.client.send(request, refused, &self.wait_budget).await {
            Ok(response) => response,
            Err(SendError::Transient(cause, demanded)) => return again(cause, demanded, false),
            Err(SendError::Lost(cause)) => return again(cause, None, true),
            Err(SendError::Wait(TooLong::Deadline)) => return Err(Unfinished::Stopped),
            Err(SendError::Wait(TooLong::Budget { until })) => {
                return Err(Error::new(ErrorKind::Api, sent_away(until)).quota(true).into());
            }
            Err(SendError::Fatal(error)) => return Err(error.into()),
        };
        // Made for the log alone, so not on every page of every run.
        let answered =
            tracing::enabled!(tracing::Level::DEBUG).then(|| Answered::of(&request.method, &response));
        let read = self.read(response, aim).await;
        if let Some(answered) = answered {
            let took = self.client.clock().elapsed().saturating_sub(began);
            tracing::debug!("{}: {}", self.name(), self.client.told(&answered.line(took)));
        }
        read
    }

    /// Reads a response and judges it.
    async fn read(&self, mut response: Response, aim: Aim<'_>) -> Result<Attempt, Unfinished> {
        let paths = match aim {
            Aim::Page(_) => &self.paths,
            Aim::Answer | Aim::Effect => &self.answer_paths,
        };
        let (state, body) = self.receive(&mut response, aim, paths).await?;
        let had_effect = has_effect(response.status, &state);
        let (signals, credential) = (response.rate_signals(), response.credential.clone());
        let facts = facts(response, paths, body.as_ref());
        let split_when = self.stream.incremental.as_ref().and_then(|settings| settings.split_when.as_ref());
        let whole = !matches!(state, BodyState::Cut(_) | BodyState::Damaged(_));
        if whole && matches!(aim, Aim::Page(_)) && split_when.is_some_and(|condition| facts.holds(condition))
        {
            let fetched = Fetched { is_too_large: true, ..Fetched::of(facts, body, None) };
            return Ok(Attempt::Page(Box::new(fetched)));
        }
        // A request with an effect is not asked again anyway, and says so.
        let is_known = self.has_answered.load(Relaxed) || matches!(aim, Aim::Effect);
        let now = self.client.clock().now();
        let verdict = judge(&self.stream.responses, &facts, &state, &signals, is_known, now);
        if !self.is_look && !matches!(verdict, Verdict::Accept | Verdict::End(_) | Verdict::Skip(_)) {
            self.client.stats().api_error();
        }
        match verdict {
            Verdict::Accept | Verdict::End(_) if !matches!(aim, Aim::Page(_)) => {
                self.answered();
                Ok(answered(facts))
            }
            Verdict::Accept => {
                let body = body.ok_or_else(|| Error::new(ErrorKind::Data, "no body was read"))?;
                paging::check_whole(&self.stream, &facts)?;
                paging::check(&self.stream, &body)?;
                self.answered();
                self.pause_as_stated(&facts);
                Ok(Attempt::Page(Box::new(Fetched::of(facts, Some(body), None))))
            }
            Verdict::Skip(cause) => Err(Unfinished::LeftOut(cause)),
            Verdict::End(ended_by) => Ok(Attempt::Page(Box::new(Fetched::of(facts, None, Some(ended_by))))),
            Verdict::RefreshAuth(cause) => Ok(Attempt::Again(Again {
                kind: ErrorKind::Auth,
                cause,
                demanded: None,
                refused: Some(credential),
                had_effect,
                is_unreached: false,
            })),
            Verdict::Retry(kind, cause, demanded) => {
                let is_unreached = false;
                Ok(Attempt::Again(Again { kind, cause, demanded, refused: None, had_effect, is_unreached }))
            }
            Verdict::Fail(..) if matches!(aim, Aim::Answer) && matches!(facts.status, 404 | 410) => {
                Ok(answered(facts))
            }
            Verdict::Restart(cause) => Err(self.error(ErrorKind::Api, &cause).restart(true).into()),
            Verdict::Fail(kind, cause) => Err(self.error(kind, &cause).into()),
        }
    }

    /// The whole source waits for as long as a good page says.
    fn pause_as_stated(&self, facts: &Facts) {
        let wait = self.stream.rate_limit.wait.as_ref();
        if let Some(wait) = stated_wait(wait, facts, self.client.clock().now()).filter(|wait| !wait.is_zero())
        {
            self.client.limiter().pause(wait);
        }
    }

    /// Reads a response's body, as what it is read for.
    async fn receive(
        &self,
        response: &mut Response,
        aim: Aim<'_>,
        paths: &Paths,
    ) -> Result<(BodyState, Option<PageBody>), Unfinished> {
        let arrived = self.client.clock().now();
        let is_page = (200..300).contains(&response.status) && response.status != 204;
        Ok(match aim {
            Aim::Page(wish) if is_page => {
                wish.events.begin(arrived)?;
                let content = Content { stream: &self.stream, paths: &self.paths, columns: wish.columns };
                content.split(response, wish.events).await?
            }
            Aim::Answer | Aim::Effect if is_page => self.read_answer(response).await,
            _ => self.read_error(response, paths).await,
        })
    }

    /// Reads the values of an answer; a body is not needed.
    async fn read_answer(&self, response: &mut Response) -> (BodyState, Option<PageBody>) {
        let framing = response.body.framing();
        let text = match response.body.start(LONGEST_ERROR_BODY).await {
            Ok(text) => text,
            Err(fault @ BodyFault::Cut(_)) => return (BodyState::Cut(fault.to_string()), None),
            Err(fault) => return (BodyState::Refused(fault.to_string()), None),
        };
        match formats::values(text, self.answer_paths.tokens()) {
            Ok(body) => (BodyState::Whole, Some(body)),
            Err(error) if error.kind == SplitErrorKind::Empty => (BodyState::Whole, None),
            Err(error) => (BodyState::Invalid(error, framing), None),
        }
    }

    /// Reads the values of a body that is not a page, as far as it is JSON.
    async fn read_error(&self, response: &mut Response, paths: &Paths) -> (BodyState, Option<PageBody>) {
        let Ok(text) = response.body.start(LONGEST_ERROR_BODY).await else {
            return (BodyState::Unread(None), None);
        };
        let excerpt = excerpt(&response.headers, &text, self.client.auth().scrubber());
        (BodyState::Unread(excerpt), formats::values(text, paths.tokens()).ok())
    }
}

fn answered(facts: Facts) -> Attempt {
    Attempt::Page(Box::new(Fetched::of(facts, None, None)))
}

/// Whether a request that was answered so may have had its effect.
fn has_effect(status: u16, state: &BodyState) -> bool {
    // A whole 2xx is tried again only because a rule of the source file says that it was none.
    let by_rule = (200..300).contains(&status) && matches!(state, BodyState::Whole);
    // Whoever refuses has done nothing (RFC 9110, section 15.5); 408 alone says that the server gave up waiting.
    let is_refused = matches!(status, 400..=407 | 409..=499 | 503);
    !by_rule && !is_refused
}
