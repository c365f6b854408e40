//! `job`: an export that is submitted, asked after until it is done, and then read as pages.
//!
//! ```yaml
//! job:
//!   submit:
//!     path: /jobs/query                       # method: POST unless it says another
//!     body: { operation: query, query: "SELECT Id FROM Account WHERE Changed >= {{ window.from }}" }
//!     id: { body: id }
//!   poll:
//!     path: /jobs/query/{{ job.id }}          # method: GET unless it says another
//!     every: 5s                               # doubled with each poll up to max
//!     max: 60s
//!     done: { at: { body: state }, equals: JobComplete }
//!     failed: { at: { body: state }, equals: Failed }
//!     message: { body: errorMessage }
//!     timeout: 1h
//!   download: { url: { body: file } }         # instead of the stream's path
//! path: /jobs/query/{{ job.id }}/results
//! ```
//!
//! In several steps, as some vendors have it:
//!
//! ```yaml
//! job:
//!   submit: { path: /export, url: { header: Content-Location } }    # the answer names the URL to ask
//!   start: [{ path: "/jobs/{{ job.id }}/enqueue" }]                 # further requests that make it begin
//!   poll: { done: …, carry: { document: { body: documentId } } }    # what the last poll says, as {{ job.document }}
//!   resolve: { path: "/documents/{{ job.document }}", url: { body: url } }
//!   download: { url: { body: output.*.url } }                       # the files of a list of objects
//! ```

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::address::Address;
use super::condition::{Condition, ConditionSpec};
use super::job_spec::{DownloadSpec, PollSpec, ResolveSpec, SubmitSpec};
use super::method::Method;
use super::other_request::{Beside, OtherRequest, OtherRequestSpec};
use super::problem::{Draft, Report};
use super::read::{Joined, OneOrMany, Slot};
use super::request::Request;
use super::stream_check;
use super::template_name::{NAME_FORM, is_name};
use super::units::Period;

/// How an export is submitted, waited for and found.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// The request that submits it.
    pub submit: OtherRequest,
    /// Where the answer to it names the job, or the URL to ask after it.
    pub id: Address,
    /// The requests that make it begin, sent once each, in order.
    pub start: Vec<OtherRequest>,
    /// The request that asks after it; without it the submission has named its URL.
    pub poll: Option<OtherRequest>,
    /// What the poll that finds it done says, by name: `{{ job.<name> }}` from then on.
    pub carry: Vec<(String, Address)>,
    /// The request whose answer names the file, once the job is done.
    pub resolve: Option<OtherRequest>,
    /// The wait before the first poll, doubled with each further one (5 s).
    pub every: Duration,
    /// The longest wait between two polls (60 s).
    pub max: Duration,
    /// The job is done when one of these holds.
    pub done: Vec<Condition>,
    /// It has failed when one of these holds.
    pub failed: Vec<Condition>,
    /// Where a poll says why it failed.
    pub message: Option<Address>,
    /// The longest time from submission to the end of the job (1 h).
    pub timeout: Duration,
    /// Where a poll, or the answer of `resolve`, names the URL of the first page, or a list of URLs of files, if it does.
    pub file: Option<Address>,
    /// The member of each element of the list at `file` that has the URL; without it the elements are URLs.
    pub each: Option<Vec<String>>,
    /// The lists of which `file` leads to an element: such a list must have no other.
    pub lists: Vec<Address>,
}

impl Job {
    /// Returns the requests about it.
    pub(super) fn requests(&self) -> impl Iterator<Item = &OtherRequest> + Clone {
        let submit = std::iter::once(&self.submit);
        submit.chain(&self.start).chain(&self.poll).chain(&self.resolve)
    }

    /// Returns the places of its answers that it reads.
    pub fn addresses(&self) -> impl Iterator<Item = &Address> {
        let conditions = self.done.iter().chain(&self.failed).map(|condition| &condition.at);
        let carried = self.carry.iter().map(|(_, address)| address);
        conditions.chain([&self.id]).chain(&self.message).chain(&self.file).chain(&self.lists).chain(carried)
    }
}

/// An export that is submitted and waited for before its pages are read.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Job")]
pub(super) struct JobSpec {
    /// How it is submitted.
    submit: Slot<Joined<OtherRequestSpec, SubmitSpec>>,
    /// Further requests that make it begin, sent once each, in order.
    start: Option<Slot<Vec<Slot<OtherRequestSpec>>>>,
    /// How its state is requested.
    poll: Slot<Joined<OtherRequestSpec, PollSpec>>,
    /// A request, once it is done, whose answer names where its pages are.
    resolve: Option<Slot<Joined<OtherRequestSpec, ResolveSpec>>>,
    /// Where its pages are, if not at the stream's path.
    download: Option<Slot<DownloadSpec>>,
}

/// A job, and its requests as the checks between settings see them.
pub(super) struct Resolved {
    pub(super) job: Option<Job>,
    pub(super) requests: Vec<Request>,
}

impl JobSpec {
    /// Whether a poll names where the pages are.
    pub(super) fn names_its_file(&self) -> bool {
        self.download.is_some() || self.resolve.is_some()
    }

    /// The names of `job.<name>` that the stream's templates may use.
    pub(super) fn names(&self) -> Vec<&str> {
        let carried = self.poll.get().and_then(|joined| joined.1.get()?.carry.as_ref()?.get());
        let carried = carried.into_iter().flat_map(|entries| &entries.0).map(|(name, _)| name.as_str());
        std::iter::once("id").chain(carried).collect()
    }

    /// Checks a job.
    pub(super) fn resolve(&self, from: &Beside<'_>) -> Resolved {
        let report = from.report;
        let by_url = self.submit.get().and_then(|joined| joined.1.get()?.url.as_ref()).is_some();
        let submit = self.submit.get().and_then(|joined| joined.0.get());
        let submit = submit
            .map(|spec| from.request(spec, self.submit.at(), Method::Post, from.window_targets.clone()));
        if let Some(request) = &submit {
            stream_check::no_job(request, "has no value before the job is submitted", report);
        }
        let start = self.start.as_ref().and_then(Slot::get).map_or(&[][..], Vec::as_slice);
        let start = start.iter().filter_map(|slot| Some((slot.get()?, slot.at())));
        let start: Vec<_> =
            start.map(|(spec, at)| from.request(spec, at, Method::Post, Vec::new())).collect();
        let poll = self.poll.get().and_then(|joined| joined.0.get());
        if let (Some(path), true) = (poll.and_then(|spec| spec.path.as_ref()), by_url) {
            report.say(path.at(), "means nothing beside submit.url, which says what is asked");
        }
        let poll = poll.filter(|_| !by_url);
        let poll = poll.map(|spec| from.request(spec, self.poll.at(), Method::Get, Vec::new()));
        let resolve = self.resolve.as_ref().and_then(|slot| Some((slot.get()?.0.get()?, slot.at())));
        let resolve = resolve.map(|(spec, at)| from.request(spec, at, Method::Get, Vec::new()));
        self.check_names(poll.as_ref(), &start, resolve.as_ref(), report);
        for request in [&submit, &poll, &resolve].into_iter().flatten().chain(&start) {
            stream_check::check(request, report);
        }
        let requests = Requests {
            submit: submit.as_ref(),
            start: &start,
            poll: poll.as_ref(),
            resolve: resolve.as_ref(),
        };
        let job = self.joined(&requests, by_url, report);
        Resolved { job, requests: [submit, poll, resolve].into_iter().flatten().chain(start).collect() }
    }

    /// A poll says which job it is about, and only what comes after it uses what it says.
    fn check_names(
        &self,
        poll: Option<&Request>,
        start: &[Request],
        resolve: Option<&Request>,
        report: &Report,
    ) {
        if let Some(request) = poll.filter(|request| !request.names().any(|(name, _)| name == "job.id")) {
            let draft = Draft::new("nothing in the poll says which job");
            report.add(&request.path_at, draft.accepted("a path such as /jobs/{{ job.id }}"));
        }
        for request in poll.into_iter().chain(start) {
            unknown_names(request, &["id"], report);
        }
        if let Some(request) = resolve {
            unknown_names(request, &self.names(), report);
        }
        if let (true, Some(download)) = (self.resolve.is_some(), &self.download) {
            report.say(download.at(), "means nothing beside resolve, whose answer names where the pages are");
        }
        let carry = self.poll.get().and_then(|joined| joined.1.get()?.carry.as_ref()?.get());
        for (name, slot) in carry.map_or(&[][..], |entries| &entries.0) {
            if !is_name(name) || name == "id" {
                let draft = Draft::new("is not a name that a template can use").value(name);
                report.add(slot.at(), draft.accepted(NAME_FORM));
            }
        }
    }

    fn joined(&self, requests: &Requests<'_>, by_url: bool, report: &Report) -> Option<Job> {
        let answer = self.submit.get()?.1.get();
        let named = answer.map(|spec| (&spec.id, &spec.url));
        let Some((Some(id), None) | (None, Some(id))) = named else {
            report.say(self.submit.at(), "needs exactly one of id and url: where its answer names the job");
            return None;
        };
        let keys = self.poll.get()?.1.get();
        let message = keys.and_then(|keys| keys.message.as_ref());
        let carried = keys.and_then(|keys| keys.carry.as_ref()?.get());
        let carried: Vec<_> = carried.into_iter().flat_map(|entries| &entries.0).collect();
        let resolved = self.resolve.as_ref().map(|slot| slot.get()?.1.get().map(|spec| &spec.url));
        let download = self.download.as_ref().map(|slot| slot.get().map(|spec| &spec.url));
        let file = resolved.or(download);
        let carried_at = carried.iter().map(|(_, slot)| slot);
        for slot in [id].into_iter().chain(message).chain(file.flatten()).chain(carried_at) {
            if matches!(slot.get(), Some(Address::Status | Address::Link(_) | Address::LastRecord(_))) {
                let draft = Draft::new("that is not to be found there");
                report.add(slot.at(), draft.accepted("{ body: … } or { header: … }"));
            }
        }
        let keys = keys?;
        let conditions = |slot: &Slot<OneOrMany<ConditionSpec>>| {
            let all = slot.get().map_or(&[][..], OneOrMany::as_slice);
            all.iter().filter_map(|slot| slot.get()?.resolve(report)).collect::<Vec<_>>()
        };
        let period = |slot: Option<&Slot<Period>>, default: u64| {
            let given = slot.and_then(Slot::cloned);
            given.map_or(Duration::from_secs(default), |Period(time)| time)
        };
        let file = match file {
            Some(slot) => Some(slot?.cloned()?),
            None => None,
        };
        let (file, each) = file.map(spread).unzip();
        Some(Job {
            submit: OtherRequest::of(requests.submit)?,
            id: id.cloned()?,
            start: requests
                .start
                .iter()
                .map(|request| OtherRequest::of(Some(request)))
                .collect::<Option<_>>()?,
            poll: if by_url { None } else { Some(OtherRequest::of(requests.poll)?) },
            carry: carried.iter().filter_map(|(name, slot)| Some((name.clone(), slot.cloned()?))).collect(),
            resolve: if self.resolve.is_some() { Some(OtherRequest::of(requests.resolve)?) } else { None },
            every: period(keys.every.as_ref(), 5),
            max: period(keys.max.as_ref(), 60),
            done: conditions(&keys.done),
            failed: keys.failed.as_ref().map(conditions).unwrap_or_default(),
            message: keys.message.as_ref().and_then(Slot::cloned),
            timeout: period(keys.timeout.as_ref(), 3600),
            lists: file.iter().flat_map(lists).collect(),
            file,
            each: each.flatten(),
        })
    }
}

/// The requests about a job.
struct Requests<'a> {
    submit: Option<&'a Request>,
    start: &'a [Request],
    poll: Option<&'a Request>,
    resolve: Option<&'a Request>,
}

/// Reports names of a job's values that the request cannot have.
pub(super) fn unknown_names(request: &Request, known: &[&str], report: &Report) {
    for (name, at) in request.names() {
        let Some(wanted) = name.strip_prefix("job.") else { continue };
        if !known.contains(&wanted) {
            let draft = Draft::new("has no value here").value(name).near(wanted, known.iter().copied());
            report.add(at, draft.accepted("job.id, or a name of poll.carry in what comes after the poll"));
        }
    }
}

/// A list, and the member of each of its elements: `output.*.url`.
fn spread(address: Address) -> (Address, Option<Vec<String>>) {
    let Address::Body(pointer) = &address else { return (address, None) };
    match pointer.each() {
        Some((list, rest)) => (Address::Body(list), Some(rest)),
        None => (address, None),
    }
}

/// The lists that an address leads through by the place of an element.
fn lists(address: &Address) -> Vec<Address> {
    let Address::Body(pointer) = address else { return Vec::new() };
    pointer.lists().into_iter().map(Address::Body).collect()
}
