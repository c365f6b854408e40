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

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::address::{Address, Target};
use super::auth::Auth;
use super::body::{BodySpec, BodyTemplate};
use super::condition::{Condition, ConditionSpec};
use super::method::Method;
use super::pagination::Pagination;
use super::params::{self, FormSpec, ParamsSpec, Placed};
use super::problem::{At, Draft, Report};
use super::read::{Joined, OneOrMany, Slot};
use super::request::Request;
use super::template::{Template, TemplateText};
use super::units::Period;
use super::{path, stream_check};

/// How an export is submitted, waited for and found.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// The request that submits it.
    pub submit: JobRequest,
    /// Where the answer to it names the job.
    pub id: Address,
    /// The request that asks after it.
    pub poll: JobRequest,
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
    /// Where a poll names the URL of the first page, or a list of URLs of files, if it does.
    pub file: Option<Address>,
    /// The lists of which `file` leads to an element: such a list must have no other.
    pub lists: Vec<Address>,
}

/// A request about a job.
#[derive(Clone, Debug, PartialEq)]
pub struct JobRequest {
    /// What is appended to the source's `base_url`.
    pub path: Template,
    /// The method.
    pub method: Method,
    /// Query parameters; several values repeat the parameter.
    pub params: Vec<(String, Vec<Template>)>,
    /// What it carries.
    pub body: Option<BodyTemplate>,
}

impl Job {
    /// Returns the places of its answers that it reads.
    pub fn addresses(&self) -> impl Iterator<Item = &Address> {
        let conditions = self.done.iter().chain(&self.failed).map(|condition| &condition.at);
        conditions.chain([&self.id]).chain(&self.message).chain(&self.file).chain(&self.lists)
    }
}

/// An export that is submitted and waited for before its pages are read.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Job")]
pub(super) struct JobSpec {
    /// How it is submitted.
    submit: Slot<Joined<JobRequestSpec, SubmitSpec>>,
    /// How it is asked after.
    poll: Slot<Joined<JobRequestSpec, PollSpec>>,
    /// Where its pages are, if not at the stream's path.
    download: Option<Slot<DownloadSpec>>,
}

/// A request about a job.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "JobRequest")]
struct JobRequestSpec {
    /// What is appended to `base_url`; `{{ }}` values are percent-encoded as one segment.
    path: Slot<TemplateText>,
    /// GET, POST, PUT or PATCH; default POST to submit, GET to poll.
    method: Option<Slot<Method>>,
    /// Query parameters beside the source's; a list repeats the parameter.
    params: Option<Slot<ParamsSpec>>,
    /// The JSON body; strings may use `{{ }}`, and a value may be `{ secret: … }`.
    body: Option<Slot<BodySpec>>,
    /// The fields of a form, in place of a body; a list repeats the field.
    form: Option<Slot<FormSpec>>,
    /// A text, in place of a body; `headers` may name its content type.
    text: Option<Slot<TemplateText>>,
}

/// What the answer to a submission says.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Submit")]
struct SubmitSpec {
    /// Where it names the job.
    id: Slot<Address>,
}

/// How often a job is asked after, and what the answers mean.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Poll")]
struct PollSpec {
    /// The wait before the first poll, doubled with each further one; default 5s.
    every: Option<Slot<Period>>,
    /// The longest wait between two polls; default 60s.
    max: Option<Slot<Period>>,
    /// The job is done when this condition, or one of this list, holds.
    done: Slot<OneOrMany<ConditionSpec>>,
    /// It has failed when this condition, or one of this list, holds.
    failed: Option<Slot<OneOrMany<ConditionSpec>>>,
    /// Where a poll says why it failed.
    message: Option<Slot<Address>>,
    /// The longest time from submission to the end of the job; default 1h.
    timeout: Option<Slot<Period>>,
}

/// Where a job's pages are.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Download")]
struct DownloadSpec {
    /// Where a poll names the first page's URL, or a list of URLs: each of these files is a page.
    url: Slot<Address>,
}

/// What a job takes from its source and stream.
pub(super) struct FromStream<'a> {
    pub(super) vars: &'a BTreeMap<String, String>,
    pub(super) report: &'a Report,
    /// Parameters of every request.
    pub(super) params: Option<&'a ParamsSpec>,
    pub(super) headers: Vec<Placed<Template>>,
    pub(super) auth: Option<&'a Auth>,
    /// Where `incremental` writes the window.
    pub(super) window_targets: Vec<(Target, At)>,
}

/// A job, and its requests as the checks between settings see them.
pub(super) struct Resolved {
    pub(super) job: Option<Job>,
    pub(super) requests: [Option<Request>; 2],
}

impl JobSpec {
    /// Whether a poll names where the pages are.
    pub(super) fn names_its_file(&self) -> bool {
        self.download.is_some()
    }

    /// Checks a job.
    pub(super) fn resolve(&self, from: &FromStream<'_>) -> Resolved {
        let (submit, poll) = (self.submit.get(), self.poll.get());
        let targets = from.window_targets.clone();
        let submit_request =
            submit.and_then(|joined| joined.0.get()).map(|spec| from.request(spec, Method::Post, targets));
        let poll_request =
            poll.and_then(|joined| joined.0.get()).map(|spec| from.request(spec, Method::Get, Vec::new()));
        if let Some(request) = &submit_request {
            stream_check::no_job(request, "has no value before the job is submitted", from.report);
        }
        if let Some(request) = &poll_request
            && !request.names().any(|(name, _)| name == "job.id")
        {
            let draft = Draft::new("nothing in the poll says which job");
            from.report.add(&request.path_at, draft.accepted("a path such as /jobs/{{ job.id }}"));
        }
        for request in [&submit_request, &poll_request].into_iter().flatten() {
            stream_check::check(request, from.report);
        }
        let job = self.joined(submit_request.as_ref(), poll_request.as_ref(), from.report);
        Resolved { job, requests: [submit_request, poll_request] }
    }

    fn joined(&self, submit: Option<&Request>, poll: Option<&Request>, report: &Report) -> Option<Job> {
        let id = self.submit.get()?.1.get().map(|spec| &spec.id);
        let keys = self.poll.get()?.1.get();
        let message = keys.and_then(|keys| keys.message.as_ref());
        let file = self.download.as_ref().map(|slot| slot.get().map(|spec| &spec.url));
        for slot in id.into_iter().chain(message).chain(file.flatten()) {
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
        Some(Job {
            submit: own(submit)?,
            id: id?.cloned()?,
            poll: own(poll)?,
            every: period(keys.every.as_ref(), 5),
            max: period(keys.max.as_ref(), 60),
            done: conditions(&keys.done),
            failed: keys.failed.as_ref().map(conditions).unwrap_or_default(),
            message: keys.message.as_ref().and_then(Slot::cloned),
            timeout: period(keys.timeout.as_ref(), 3600),
            lists: file.iter().flatten().filter_map(|slot| slot.get()).flat_map(lists).collect(),
            file: match file {
                Some(slot) => Some(slot?.cloned()?),
                None => None,
            },
        })
    }
}

/// The lists that an address leads through by the place of an element.
fn lists(address: &Address) -> Vec<Address> {
    let Address::Body(pointer) = address else { return Vec::new() };
    pointer.lists().into_iter().map(Address::Body).collect()
}

fn own(request: Option<&Request>) -> Option<JobRequest> {
    let request = request?;
    Some(JobRequest {
        path: request.path.clone()?,
        method: request.method,
        params: request.params.iter().map(|(name, values, _)| (name.clone(), values.clone())).collect(),
        body: request.body.as_ref().map(|(body, _)| body.clone()),
    })
}

impl FromStream<'_> {
    fn request(&self, spec: &JobRequestSpec, usual: Method, window_targets: Vec<(Target, At)>) -> Request {
        let Self { vars, report, .. } = *self;
        let method = spec.method.as_ref().and_then(Slot::cloned).unwrap_or(usual);
        let own = spec.params.as_ref().and_then(Slot::get);
        let params: Vec<_> = self.params.into_iter().chain(own).collect();
        Request {
            path: path::check(&spec.path, vars, report),
            path_at: spec.path.at().clone(),
            method,
            params: params::params(&params, vars, report),
            headers: self.headers.clone(),
            body: super::body::resolve(
                super::body::Given {
                    body: spec.body.as_ref(),
                    form: spec.form.as_ref(),
                    text: spec.text.as_ref(),
                    is_method_given: spec.method.is_some(),
                },
                method,
                &window_targets,
                false,
                vars,
                report,
            ),
            auth: self.auth.cloned(),
            pagination: Some(Pagination::default()),
            pagination_places: Vec::new(),
            window_targets,
        }
    }
}
