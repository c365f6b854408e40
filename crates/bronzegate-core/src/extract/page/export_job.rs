//! An export job: submitted once, asked after until it is done.
//!
//! What is known of it is in the page state, so that a run that is cut while it waits continues with the
//! same job.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use serde_json::value::RawValue;
use url::Url;

use super::fetcher::Fetcher;
use super::request::Requests;
use crate::clock::later;
use crate::config::{Address, Job};
use crate::cursor::member;
use crate::error::{Error, ErrorKind};
use crate::extract::paging::{JobState, PageState};
use crate::http::{ApiRequest, Facts, Found, OnItsWay};
use crate::redact::line;
use crate::unfinished::Unfinished;
use tokio_util::sync::CancellationToken;

/// The time between two jobs that take the place of lost ones.
const REPLACED_AGAIN: Duration = Duration::from_hours(24);

/// So many polls after a submission may find no such job: answers may lag behind.
const POLLS_UNTIL_KNOWN: u32 = 3;

/// The most files of a job: a short text may name very many.
const MOST_FILES: usize = 10_000;

/// Brings a branch's job to its end.
pub(crate) struct Jobs<'a> {
    pub(crate) job: &'a Job,
    pub(crate) requests: Requests<'a>,
    pub(crate) fetcher: &'a Fetcher,
    pub(crate) stop: &'a CancellationToken,
}

/// What a poll says.
enum Polled {
    Running,
    /// It is done; where its files are, if it says so.
    Done(Option<Vec<Url>>),
    /// The API knows no such job any more.
    Gone,
    /// The API knows no such job, perhaps not yet.
    Unknown,
    Failed(String),
}

impl Jobs<'_> {
    /// Waits until the state's job is done; one that the state has not is submitted.
    ///
    /// A job of an earlier segment that is gone, has failed or has taken too long is submitted again as
    /// long as none of its pages is committed: nothing else would ever end the run. Once a day, because a
    /// job that never ends would be submitted for ever, unseen.
    pub(crate) async fn finish(&self, state: &mut PageState) -> Result<(), Unfinished> {
        let mut replaces = false;
        if let Some(job) = &mut state.job {
            let polled = match self.start(job).await {
                Ok(()) => self.poll(job).await?,
                Err(Unfinished::Failed(error)) => Polled::Failed(error.to_string()),
                Err(other) => return Err(other),
            };
            let lost = match polled {
                Polled::Done(files) => {
                    job.files = files;
                    return Ok(());
                }
                Polled::Running if self.left(job).is_some() => None,
                Polled::Running => Some(self.too_long()),
                Polled::Gone | Polled::Unknown => Some(GONE.to_owned()),
                Polled::Failed(message) => Some(message),
            };
            match lost {
                Some(why) if state.pages > 0 => return Err(committed(&job.id, &why).into()),
                Some(why) => {
                    let now = self.fetcher.client().clock().now();
                    if job.replaces && now < later(job.submitted, REPLACED_AGAIN) {
                        let why = format!(
                            "{why}; it was submitted at {:.0} in place of another that was lost, which is done once \
                             a day",
                            job.submitted
                        );
                        return Err(failed(&job.id, &why).into());
                    }
                    replaces = true;
                    tracing::warn!(
                        job = self.told(&job.id),
                        cause = self.told(&why),
                        "submitting the job again"
                    );
                    state.job = None;
                }
                None => {}
            }
        }
        let (job, wait_budget) = match &mut state.job {
            Some(job) => (job, 0),
            none => (none.insert(JobState { replaces, ..self.submit().await? }), POLLS_UNTIL_KNOWN),
        };
        self.start(job).await?;
        self.wait(job, wait_budget).await
    }

    /// Sends the requests that make the job begin, as far as they are not done.
    async fn start(&self, job: &mut JobState) -> Result<(), Unfinished> {
        while let Some(request) = self.job.start.get(job.started) {
            let request = self.requests.about(request, job)?;
            self.submitted(request).await?;
            job.started += 1;
        }
        Ok(())
    }

    async fn submit(&self) -> Result<JobState, Unfinished> {
        let request = self.requests.submission(&self.job.submit)?;
        let submitted = self.fetcher.client().clock().now();
        let facts = self.submitted(request).await?;
        let unnamed = || {
            let cause = format!("the answer to the submission names no job at {}", self.job.id);
            Error::new(ErrorKind::Data, cause)
        };
        let id = facts.look(&self.job.id).and_then(|found| found.text()).ok_or_else(unnamed)?;
        let id = if self.job.poll.is_some() {
            id
        } else {
            let mut url = facts.url.join(&id).map_err(|_| unnamed())?;
            facts.credential.withdraw(&mut url);
            url.to_string()
        };
        // From here on there is something to commit.
        self.fetcher.wait_budget().has_something();
        tracing::info!(job = self.told(&id), "submitted a job");
        Ok(JobState::submitted(id, submitted))
    }

    /// Asks until it is done. The first answers, so many, may be that there is no such job: what takes the
    /// submission and what answers the polls may be different servers.
    async fn wait(&self, job: &mut JobState, mut until_known: u32) -> Result<(), Unfinished> {
        let mut pause = self.job.every;
        loop {
            let left = self.left(job).ok_or_else(|| failed(&job.id, &self.too_long()))?;
            self.pause(pause.min(left)).await?;
            pause = pause.saturating_mul(2).min(self.job.max).max(self.job.every);
            match self.poll(job).await? {
                Polled::Running => {}
                Polled::Unknown if until_known > 0 => {
                    tracing::warn!(job = self.told(&job.id), "the API does not know the job yet");
                }
                Polled::Done(files) => {
                    job.files = files;
                    return Ok(());
                }
                Polled::Gone | Polled::Unknown => return Err(failed(&job.id, GONE).into()),
                Polled::Failed(message) => return Err(failed(&job.id, &message).into()),
            }
            until_known = until_known.saturating_sub(1);
        }
    }

    async fn poll(&self, job: &mut JobState) -> Result<Polled, Unfinished> {
        let request = if let Some(request) = &self.job.poll {
            self.requests.about(request, job)?
        } else {
            let url = job.id.parse().map_err(|_| failed(&job.id, "its name is no URL"))?;
            self.requests.at_url(url)?
        };
        let facts = self.in_time(self.fetcher.ask(&request)).await?;
        if self.job.failed.iter().any(|condition| facts.holds(condition)) {
            let message = self.job.message.as_ref().and_then(|at| facts.look(at)?.text());
            let message = message.unwrap_or_else(|| "the API says so".to_owned());
            return Ok(Polled::Failed(line(&message)));
        }
        if self.job.done.iter().any(|condition| facts.holds(condition)) {
            job.carried = self.carried(&facts)?;
            return self.resolved(job, facts).await;
        }
        Ok(match facts.status {
            404 => Polled::Unknown,
            410 => Polled::Gone,
            _ => Polled::Running,
        })
    }

    /// What the poll that finds a job done says of it.
    fn carried(&self, facts: &Facts) -> Result<Vec<(String, String)>, Error> {
        let value = |(name, at): &(String, Address)| {
            let nothing =
                || Error::new(ErrorKind::Data, format!("the job is done, and there is nothing at {at}"));
            Ok((name.clone(), facts.look(at).and_then(|found| found.text()).ok_or_else(nothing)?))
        };
        self.job.carry.iter().map(value).collect()
    }

    /// A job that is done, and its files, for which another request may have to ask.
    async fn resolved(&self, job: &JobState, facts: Facts) -> Result<Polled, Unfinished> {
        let Some(request) = &self.job.resolve else { return Ok(Polled::Done(self.files(&facts)?)) };
        let request = self.requests.about(request, job)?;
        let facts = self.in_time(self.fetcher.ask(&request)).await?;
        if matches!(facts.status, 404 | 410) {
            return Ok(Polled::Gone);
        }
        Ok(Polled::Done(self.files(&facts)?))
    }

    /// Where a job that is done says that its files are: a URL, or a list of them.
    fn files(&self, facts: &Facts) -> Result<Option<Vec<Url>>, Error> {
        let Some(address) = &self.job.file else { return Ok(None) };
        let bad = |cause| Error::new(ErrorKind::Data, cause);
        let lists = self.job.lists.iter().filter_map(|list| Some((list, elements(&facts.look(list)?)?)));
        if let Some((list, count)) = lists.into_iter().find(|(_, count)| *count > 1) {
            return Err(bad(format!(
                "the job is done, and has {count} files at {list}, of which {address} leads to one; let \
                 `download.url` lead to the list"
            )));
        }
        let no_url = || bad(format!("the job is done, and there is no URL at {address}"));
        let named = match facts.look(address).ok_or_else(no_url)? {
            Found::Json(json) if self.job.each.is_some() => {
                each_url(&json, self.job.each.as_deref().unwrap_or_default()).ok_or_else(|| {
                    bad(format!("the job is done, and an element of the list at {address} has no URL"))
                })?
            }
            Found::Json(json) if json.starts_with(b"[") => serde_json::from_slice::<Vec<String>>(&json)
                .map_err(|_| bad(format!("the job is done: expected a list of URL strings at {address}")))?,
            found => vec![found.text().ok_or_else(no_url)?],
        };
        if named.len() > MOST_FILES {
            return Err(bad(format!("the job is done, and names more than {MOST_FILES} files at {address}")));
        }
        let urls = named.iter().map(|named| {
            let mut url = facts.url.join(named).map_err(|_| no_url())?;
            facts.credential.withdraw(&mut url);
            Ok(url)
        });
        urls.collect::<Result<_, Error>>().map(Some)
    }

    /// What is logged of a text of the API.
    fn told(&self, text: &str) -> String {
        self.fetcher.client().told(text)
    }

    /// What is left of the time that the job may take.
    fn left(&self, job: &JobState) -> Option<Duration> {
        let passed = self.fetcher.client().clock().now().duration_since(job.submitted);
        let passed = Duration::try_from(passed).unwrap_or_default();
        self.job.timeout.checked_sub(passed).filter(|left| !left.is_zero())
    }

    fn too_long(&self) -> String {
        format!("it is not done within {} s of its submission", self.job.timeout.as_secs_f64())
    }

    /// Waits, unless the segment would end meanwhile: then at once.
    async fn pause(&self, time: Duration) -> Result<(), Unfinished> {
        if self.fetcher.wait_budget().left().is_some_and(|left| time >= left) {
            return Err(Unfinished::Waiting);
        }
        let clock = self.fetcher.client().clock();
        tokio::select! {
            () = clock.sleep(time) => Ok(()),
            () = self.time_up() => Err(Unfinished::Waiting),
        }
    }

    /// The outcome of a request, unless the segment ends before it comes.
    async fn in_time(
        &self,
        work: impl Future<Output = Result<Facts, Unfinished>>,
    ) -> Result<Facts, Unfinished> {
        tokio::select! {
            biased;
            done = work => outcome(done),
            () = self.time_up() => Err(Unfinished::Waiting),
        }
    }

    /// The same of a submission. One that is on its way when the segment ends is waited for: the job that
    /// it makes would be an orphan that goes on for nobody.
    async fn submitted(&self, request: ApiRequest) -> Result<Facts, Unfinished> {
        if self.stop.is_cancelled() {
            return Err(Unfinished::Waiting);
        }
        let way = OnItsWay::default();
        let request = ApiRequest { on_its_way: Some(way.clone()), ..request };
        let mut work = pin!(self.fetcher.submit(&request));
        tokio::select! {
            biased;
            done = &mut work => return outcome(done),
            () = self.time_up() => {}
        }
        let grace = async {
            match self.fetcher.wait_budget().grace() {
                Some(grace) => self.fetcher.client().clock().sleep(grace).await,
                // The request has a time of its own.
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            done = work => outcome(done),
            () = way.ended() => Err(Unfinished::Waiting),
            () = grace => Err(Unfinished::Waiting),
        }
    }

    /// Waits until the segment is to end.
    async fn time_up(&self) {
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = self.fetcher.wait_budget().time_up() => {}
        }
    }
}

/// What a request of a job came to: where the segment ends before its answer, the job goes on.
fn outcome(done: Result<Facts, Unfinished>) -> Result<Facts, Unfinished> {
    done.map_err(|why| if matches!(why, Unfinished::Stopped) { Unfinished::Waiting } else { why })
}

/// The texts that the elements of a list have at a path.
fn each_url(json: &[u8], path: &[String]) -> Option<Vec<String>> {
    let elements: Vec<&RawValue> = serde_json::from_slice(json).ok()?;
    let text = |element: &RawValue| serde_json::from_str(member(element.get().as_bytes(), path)?).ok();
    elements.into_iter().map(text).collect()
}

/// How many elements a list has.
fn elements(found: &Found) -> Option<usize> {
    let Found::Json(json) = found else { return None };
    Some(serde_json::from_slice::<Vec<&RawValue>>(json).ok()?.len())
}

const GONE: &str = "the API does not know it any more";

fn failed(id: &str, why: &str) -> Error {
    Error::new(ErrorKind::Api, format!("the job {} failed: {why}", line(id)))
}

fn committed(id: &str, why: &str) -> Error {
    let cause = format!(
        "the job {} is lost ({why}), and some of its pages are committed: a new job's pages would not continue the committed ones",
        line(id)
    );
    Error::new(ErrorKind::Data, cause)
}
