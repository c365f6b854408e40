//! The requests of a stream: that of its path, those of its export job, and the one for later pages.

use super::body::{self, Given};
use super::incremental::window_targets;
use super::job;
use super::layers::{Layers, SharedSpec};
use super::method::Method;
use super::other_request::{Beside, OtherRequest};
use super::pagination::Pagination;
use super::params;
use super::problem::{At, MISSING};
use super::read::Slot;
use super::request::{Pages, Request};
use super::stream::{FromSource, StreamSpec};
use super::sync_token::SyncTokenSpec;
use super::template::Template;
use super::{pagination_check, path, stream_check};

/// The requests of a stream, as the checks between settings see them.
pub(super) struct StreamRequests {
    /// For its pages.
    pub(super) request: Request,
    /// For those after the first, where that is another one.
    pub(super) later: Option<Request>,
    /// For its export job.
    pub(super) job: job::Resolved,
}

impl StreamRequests {
    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &Request> {
        self.job.requests.iter().chain([&self.request]).chain(&self.later)
    }
}

impl FromSource<'_> {
    /// Looks at all requests of a stream.
    pub(super) fn requests(&self, spec: &StreamSpec, own: &SharedSpec, at: &At) -> StreamRequests {
        let mut request = self.request(spec, own, at);
        stream_check::check(&request, self.report);
        let later = self.next_request(spec, own, &request);
        if let Some(later) = &later {
            stream_check::check(later, self.report);
            if let Some(pagination) = &mut request.pagination {
                pagination.next_request = OtherRequest::of(Some(later));
            }
        }
        let pages: Vec<_> = std::iter::once(&request).chain(&later).collect();
        let job = self.job(spec, own, &pages);
        StreamRequests { request, later, job }
    }

    fn request(&self, spec: &StreamSpec, own: &SharedSpec, at: &At) -> Request {
        let Self { shared, named, report, .. } = *self;
        let layers = Layers { own, source: shared };
        let method = spec.method.as_ref().and_then(Slot::cloned).unwrap_or_default();
        // Source first: the stream's entries come after it and win.
        let mut params: Vec<_> = layers.maps(|shared| shared.params.as_ref());
        params.reverse();
        let mut headers: Vec<_> = layers.maps(|shared| shared.headers.as_ref());
        headers.reverse();
        let paging = spec.pagination.as_ref().map(|slot| (slot.get(), slot.at()));
        let pagination = match paging {
            None => Some(Pagination::default()),
            Some((spec, _)) => spec.and_then(|spec| pagination_check::resolve(spec, named, report)),
        };
        let token = spec.sync_token.as_ref().and_then(Slot::get);
        let sync_token = token.and_then(|token| token.resolve(&spec.beside_token(), report));
        let pagination = pagination.map(|pagination| Pagination { sync_token, ..pagination });
        let paging = paging.and_then(|(spec, _)| spec);
        // An export is asked for its window when it is submitted.
        let window_targets =
            if spec.job.is_some() { Vec::new() } else { window_targets(spec.incremental.as_ref()) };
        let paged = pagination.as_ref().is_some_and(stream_check::writes_body);
        let (path, path_at) = self.path(spec, at);
        Request {
            path,
            path_at,
            method,
            params: params::params(&params, named, report),
            headers: params::headers(&headers, named, report),
            body: body::resolve(
                Given {
                    body: spec.body.as_ref(),
                    form: spec.form.as_ref(),
                    text: spec.text.as_ref(),
                    has_method: spec.method.is_some(),
                },
                method,
                &window_targets,
                paged,
                named,
                report,
            ),
            auth: self.auth(layers.first(|shared| shared.auth.as_ref())),
            pages: match &pagination {
                Some(_) if paging.and_then(pagination_check::next_request).is_some() => Pages::First,
                _ => Pages::All,
            },
            pagination,
            initial_at: paging.and_then(pagination_check::initial_at).cloned(),
            pagination_places: paging.map(pagination_check::places).unwrap_or_default(),
            window_targets,
            token: token.and_then(SyncTokenSpec::target),
        }
    }

    /// The path, which a stream needs unless its job names where the pages are.
    fn path(&self, spec: &StreamSpec, at: &At) -> (Option<Template>, At) {
        let Self { named, report, .. } = *self;
        let file = spec.job.as_ref().and_then(Slot::get).filter(|job| job.names_its_file());
        match (&spec.path, file) {
            (Some(slot), None) => (path::check(slot, named, report), slot.at().clone()),
            (Some(slot), Some(_)) => {
                report.say(slot.at(), "means nothing beside job.download, which says where the pages are");
                (None, slot.at().clone())
            }
            (None, None) => {
                let mut at = at.clone();
                at.path.push_str(".path");
                report.say(&at, MISSING);
                (None, at)
            }
            (None, Some(_)) => (Some(Template::root()), at.clone()),
        }
    }

    /// The request for the pages after the first, where it is another one.
    fn next_request(&self, spec: &StreamSpec, own: &SharedSpec, request: &Request) -> Option<Request> {
        let paging = spec.pagination.as_ref().and_then(Slot::get)?;
        let slot = pagination_check::next_request(paging)?;
        let beside = Beside { window_targets: Vec::new(), ..self.beside(spec, own, request) };
        let later = beside.request(slot.get()?, slot.at(), request.method, Vec::new());
        Some(Request {
            pagination: request.pagination.clone(),
            pagination_places: request.pagination_places.clone(),
            pages: Pages::Later,
            token: request.token.clone(),
            ..later
        })
    }

    /// What further requests take from the source and the stream.
    fn beside<'a>(&'a self, spec: &StreamSpec, own: &SharedSpec, request: &'a Request) -> Beside<'a> {
        let layers = Layers { own, source: self.shared };
        let mut headers: Vec<_> = layers.maps(|shared| shared.headers.as_ref());
        headers.reverse();
        Beside {
            named: self.named,
            report: self.report,
            params: self.shared.params.as_ref().and_then(Slot::get),
            headers: params::headers(&headers, self.named, self.report),
            auth: request.auth.as_ref(),
            window_targets: window_targets(spec.incremental.as_ref()),
        }
    }

    fn job(&self, spec: &StreamSpec, own: &SharedSpec, pages: &[&Request]) -> job::Resolved {
        let report = self.report;
        let Some(job) = spec.job.as_ref().and_then(Slot::get) else {
            for request in pages {
                stream_check::no_job(request, "has no value without job", report);
            }
            return job::Resolved { job: None, requests: Vec::new() };
        };
        for request in pages {
            if job.names_its_file() && request.method == Method::Post {
                report.say(&request.path_at, "the URL that a job names is read with GET");
            }
            job::unknown_names(request, &job.names(), report);
        }
        let Some(first) = pages.first() else { return job::Resolved { job: None, requests: Vec::new() } };
        job.resolve(&self.beside(spec, own, first))
    }
}
