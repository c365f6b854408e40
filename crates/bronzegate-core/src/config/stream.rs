//! A stream: one list of records behind one path, and how to get all of it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::auth::{Auth, AuthSpec};
use super::body::{BodySpec, BodyTemplate};
use super::branch_check::{self, Branched};
use super::branches::{self, BranchFields, Parent, ParentField, ParentSpec, Partitions, PartitionsSpec};
use super::expect::{Expect, ExpectSpec};
use super::format::{self, Format, FormatSpec, Reading};
use super::incremental::{Incremental, IncrementalSpec, Used};
use super::job::{Job, JobSpec};
use super::layers::{Layers, SharedSpec, as_list, concurrency, responses};
use super::method::Method;
use super::named::Named;
use super::output::{Output, OutputSpec};
use super::pagination::{Pagination, PaginationSpec};
use super::params::{self, FormSpec};
use super::problem::{At, Report};
use super::rate_limit::{RateLimit, RateLimitSpec};
use super::read::{Joined, Slot, TextOr};
use super::records::{self, Records, RecordsPath, RecordsSpec};
use super::request::Request;
use super::responses::{ResponseRule, Then};
use super::retry::{Retry, RetrySpec};
use super::schedule::{Schedule, ScheduleSpec};
use super::stream_requests::StreamRequests;
use super::sync_token::{self, SyncTokenSpec};
use super::template::{Template, TemplateText};
use super::timeout::{Timeout, TimeoutSpec};
use super::tls::{Tls, TlsSpec};
use super::{records_check, stream_check};

/// A stream with the source's settings merged in.
#[derive(Clone, Debug, PartialEq)]
pub struct Stream {
    /// The name, which becomes a folder.
    pub name: String,
    /// What is appended to the source's `base_url`.
    pub path: Template,
    /// The method (GET).
    pub method: Method,
    /// Query parameters; several values repeat the parameter.
    pub params: Vec<(String, Vec<Template>)>,
    /// Headers, names in lower case.
    pub headers: Vec<(String, Template)>,
    /// The body of a POST; `{}` when the file gives none and pagination writes into it.
    pub body: Option<BodyTemplate>,
    /// The format of bodies; by content type without it.
    pub format: Option<Format>,
    /// How bodies are read, whatever their format.
    pub reading: Reading,
    /// Where the records are.
    pub records: Records,
    /// How pages follow each other.
    pub pagination: Pagination,
    /// How only what is new is asked for; without it every run reads all there is.
    pub incremental: Option<Incremental>,
    /// Values that the requests are repeated for.
    pub partitions: Partitions,
    /// The stream whose records the requests are repeated for.
    pub parent: Option<Parent>,
    /// Which of these values each record gets (both).
    pub branch_fields: BranchFields,
    /// The export that the pages are those of.
    pub job: Option<Job>,
    /// How requests are authenticated.
    pub auth: Auth,
    /// The pace of requests.
    pub rate_limit: RateLimit,
    /// The pace is the stream's own; else all streams of the source share one.
    pub own_rate_limit: bool,
    /// The bounds of retrying one request.
    pub retry: Retry,
    /// The time limits of one request.
    pub timeout: Timeout,
    /// Certificates of its connections.
    pub tls: Option<Tls>,
    /// Requests in flight at most, 1 to 64 (4).
    pub concurrency: usize,
    /// Rules that see every response before the defaults do.
    pub responses: Vec<ResponseRule>,
    /// The form of the parts.
    pub output: Output,
    /// When it runs by itself.
    pub schedule: Option<Schedule>,
    /// What a healthy run brings.
    pub expect: Expect,
}

/// The members of a record that carries no time: the window that was asked for.
pub const WINDOW_MEMBERS: [&str; 2] = ["_window_from", "_window_to"];

impl Stream {
    /// The names of the members that its records get from their branch, and from their window where they carry no time.
    pub fn branch_members(&self) -> Vec<String> {
        let partition = self.partitions.names().filter(|_| self.branch_fields.has_partition());
        let parent = self.parent.iter().flat_map(|parent| &parent.fields);
        let parent = parent.filter(|_| self.has_parent_fields());
        let members = partition.map(branches::partition_member).chain(parent.map(ParentField::member));
        let has_window = self.incremental.as_ref().is_some_and(|incremental| incremental.windows_only);
        let window = WINDOW_MEMBERS.into_iter().filter(|_| has_window);
        members.chain(window.map(str::to_owned)).collect()
    }

    /// Whether its records get the values of their parent. Of a batch it is not known whose they are.
    pub(crate) fn has_parent_fields(&self) -> bool {
        let is_batched = self.parent.as_ref().is_some_and(|parent| parent.batch.is_some());
        self.branch_fields.has_parent() && !is_batched
    }
}

/// A stream's own keys, and those it may share with its source.
pub(super) type StreamEntry = Joined<StreamSpec, SharedSpec>;

/// One list of records behind one path.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Stream")]
pub(super) struct StreamSpec {
    /// What is appended to `base_url`; `{{ }}` values are percent-encoded as one segment. Needed unless a job
    /// names where its pages are.
    pub(super) path: Option<Slot<TemplateText>>,
    /// GET, POST, PUT or PATCH; default GET.
    pub(super) method: Option<Slot<Method>>,
    /// The JSON body; strings may use `{{ }}`, and a value may be `{ secret: … }`.
    pub(super) body: Option<Slot<BodySpec>>,
    /// The fields of a form, in place of a body; a list repeats the field.
    pub(super) form: Option<Slot<FormSpec>>,
    /// A text, in place of a body; `headers` may name its content type.
    pub(super) text: Option<Slot<TemplateText>>,
    /// The format of bodies; without it the content type says.
    format: Option<Slot<FormatSpec>>,
    /// Where the records are; `$` is the whole body.
    records: Slot<TextOr<RecordsPath, RecordsSpec>>,
    /// How pages follow each other; default one page.
    pub(super) pagination: Option<Slot<PaginationSpec>>,
    /// Only what is new; default all there is.
    pub(super) incremental: Option<Slot<IncrementalSpec>>,
    /// A token that the last page of a run gives, with which the next run asks for what has changed since.
    pub(super) sync_token: Option<Slot<SyncTokenSpec>>,
    /// Values that the requests are repeated for, by name, each with each: `{{ partition.<name> }}`.
    pub(super) partitions: Option<Slot<PartitionsSpec>>,
    /// The stream for whose records the requests are repeated: `{{ parent.<field> }}`.
    pub(super) parent: Option<Slot<ParentSpec>>,
    /// Which values of its partition and parent each record gets, as `_partition_<name>` and `_parent_<field>`; default
    /// both.
    branch_fields: Option<Slot<BranchFields>>,
    /// An export that is submitted and waited for before its pages are read.
    pub(super) job: Option<Slot<JobSpec>>,
    /// When it runs by itself; without it only when it is asked for.
    schedule: Option<Slot<ScheduleSpec>>,
    /// What a healthy run brings.
    expect: Option<Slot<ExpectSpec>>,
}

impl StreamSpec {
    /// What it has that a token does not go with.
    pub(super) fn beside_token(&self) -> sync_token::Beside<'_> {
        sync_token::Beside {
            incremental: self.incremental.as_ref().map(Slot::at),
            partitions: self.partitions.as_ref().map(Slot::at),
            parent: self.parent.as_ref().map(Slot::at),
            job: self.job.as_ref().map(Slot::at),
        }
    }
}

/// What a stream takes from its source.
pub(super) struct FromSource<'a> {
    pub(super) shared: &'a SharedSpec,
    pub(super) named: &'a Named,
    pub(super) allow_http: bool,
    pub(super) report: &'a Report,
}

impl FromSource<'_> {
    /// Checks what stands at the source, also where every stream has its own, and returns the
    /// pace that streams without their own share.
    pub(super) fn shared(&self) -> RateLimit {
        let Self { shared, named, report, .. } = *self;
        self.auth(shared.auth.as_ref());
        params::params(&as_list(shared.params.as_ref()), named, report);
        params::headers(&as_list(shared.headers.as_ref()), named, report);
        RetrySpec::resolve(&as_list(shared.retry.as_ref()), report);
        if let Some(output) = shared.output.as_ref().and_then(Slot::get) {
            output.check(report);
        }
        responses(shared.responses.as_ref(), report);
        self.tls(shared.tls.as_ref());
        concurrency(shared.concurrency.as_ref(), report);
        RateLimitSpec::resolve(&as_list(shared.rate_limit.as_ref()), report)
    }

    /// Checks and joins a stream's settings; `None` when the report says what is wrong.
    pub(super) fn stream(&self, name: &str, entry: &Slot<StreamEntry>) -> Option<Stream> {
        let joined = entry.get()?;
        let own = SharedSpec::default();
        let own = joined.1.get().unwrap_or(&own);
        let spec = joined.0.get()?;
        let report = self.report;
        let made = self.requests(spec, own, entry.at());
        let requests: Vec<&Request> = made.all().collect();
        let incremental = self.incremental(spec, &requests);
        let layers = Layers { own, source: self.shared };
        let rules = layers.first(|shared| shared.responses.as_ref());
        let responses = responses(rules, report);
        let skips = rules.map(Slot::at).filter(|_| responses.iter().any(|rule| rule.then == Then::Skip));
        let (partitions, parent) = self.branches(spec, requests, incremental.iter().flatten().next(), skips);
        let rate_limit = RateLimitSpec::resolve(&layers.maps(|shared| shared.rate_limit.as_ref()), report);
        let retry = RetrySpec::resolve(&layers.maps(|shared| shared.retry.as_ref()), report);
        let output = OutputSpec::resolve(&layers.maps(|shared| shared.output.as_ref()), report);
        let schedule = spec.schedule.as_ref().map(|slot| slot.get()?.resolve(slot.at(), report));
        let expect = spec.expect.as_ref().and_then(Slot::get).map(|expect| expect.resolve(report));
        let concurrency = concurrency(layers.first(|shared| shared.concurrency.as_ref()), report);
        let StreamRequests { request, job, .. } = made;
        let ((format, reading), records) = self.content(spec, &request);
        let split = incremental.iter().flatten().find_map(|settings| settings.split_when.as_ref());
        let at = spec.pagination.as_ref().map_or(spec.records.at(), Slot::at);
        let paced_at = layers.first(|shared| shared.rate_limit.as_ref()).map(Slot::at);
        let read = records_check::Read {
            pagination: request.pagination.as_ref().map(|pagination| (pagination, at)),
            split_when: split.zip(spec.incremental.as_ref()).map(|(split, slot)| (&split.at, slot.at())),
            wait: rate_limit.wait.as_ref().map(|wait| &wait.at).zip(paced_at),
            responses: rules.map(|rules| (&*responses, rules.at())),
        };
        records_check::outside(records.as_ref(), format.as_ref(), &read, report);
        Some(Stream {
            name: name.to_owned(),
            path: request.path?,
            method: request.method,
            params: request.params.into_iter().map(|(name, values, _)| (name, values)).collect(),
            headers: request.headers.into_iter().map(|(name, value, _)| (name, value)).collect(),
            body: request.body.map(|(body, _)| body),
            format,
            reading,
            records: records?,
            pagination: request.pagination?,
            incremental: incremental?,
            partitions,
            parent: parent?,
            branch_fields: spec.branch_fields.as_ref().and_then(Slot::cloned).unwrap_or_default(),
            job: if spec.job.is_some() { Some(job.job?) } else { None },
            auth: request.auth?,
            rate_limit,
            own_rate_limit: own.rate_limit.is_some(),
            retry,
            timeout: TimeoutSpec::resolve(&layers.maps(|shared| shared.timeout.as_ref())),
            tls: self.tls(layers.first(|shared| shared.tls.as_ref()))?,
            concurrency,
            responses,
            output,
            schedule: schedule.flatten(),
            expect: expect.unwrap_or_default(),
        })
    }

    /// Its partitions and its parent, compared with the rest; no parent when the report says what is wrong.
    #[expect(clippy::option_option, reason = "whether it is valid, and whether there is one")]
    fn branches(
        &self,
        spec: &StreamSpec,
        requests: Vec<&Request>,
        incremental: Option<&Incremental>,
        skips: Option<&At>,
    ) -> (Partitions, Option<Option<Parent>>) {
        let partitions = branches::partitions(spec.partitions.as_ref(), self.report);
        let parent = spec.parent.as_ref().map(|slot| slot.get()?.resolve(self.report));
        let branched = Branched {
            requests,
            incremental_at: spec.incremental.as_ref().map(Slot::at),
            partitions_spec: spec.partitions.as_ref(),
            parent_spec: spec.parent.as_ref(),
            partitions: &partitions,
            parent: parent.as_ref().and_then(Option::as_ref),
            incremental,
            skips,
            fields_at: spec.branch_fields.as_ref().map(Slot::at),
        };
        branch_check::stream(&branched, self.report);
        (partitions, parent.map_or(Some(None), |parent| parent.map(Some)))
    }

    /// What a page holds, and where.
    fn content(&self, spec: &StreamSpec, request: &Request) -> ((Option<Format>, Reading), Option<Records>) {
        let records = spec.records.get().and_then(|records| records::resolve(records, self.report));
        let format = spec.format.as_ref().and_then(Slot::get);
        let (format, reading) = format.map(|spec| format::resolve(spec, self.report)).unwrap_or_default();
        let pagination_at = spec.pagination.as_ref().map_or(spec.records.at(), Slot::at);
        let paged = (request.pagination.as_ref(), pagination_at);
        format::fits(format.as_ref(), (records.as_ref(), spec.records.at()), paged, self.report);
        ((format, reading), records)
    }

    /// The stream's `incremental`, for which its requests must ask; `None` when the report says what is wrong.
    #[expect(clippy::option_option, reason = "whether it is valid, and whether there is one")]
    fn incremental(&self, spec: &StreamSpec, requests: &[&Request]) -> Option<Option<Incremental>> {
        let Some(slot) = &spec.incremental else {
            for request in requests {
                stream_check::no_window(request, self.report);
            }
            return Some(None);
        };
        let used = requests.iter().map(|request| stream_check::window_names(request));
        let used = used.reduce(Used::or)?;
        slot.get()?.resolve(used, slot.at(), self.report).map(Some)
    }

    #[expect(clippy::option_option, reason = "whether it is valid, and whether there is any")]
    fn tls(&self, slot: Option<&Slot<TlsSpec>>) -> Option<Option<Tls>> {
        match slot {
            None => Some(None),
            Some(slot) => slot.get()?.resolve(self.report).map(Some),
        }
    }

    pub(super) fn auth(&self, slot: Option<&Slot<AuthSpec>>) -> Option<Auth> {
        match slot {
            None => Some(Auth::None),
            Some(slot) => slot.get()?.resolve(slot.at(), self.allow_http, self.report),
        }
    }
}
