//! The request for a position: the source file's settings, with the position put in.

use http::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::payload::Payload;
use super::stream_context::StreamContext;
use crate::config::{
    self, BodyTemplate, Initial, Kind, OtherRequest, RequestClock, Scope, Sent, Stream, Target, Template,
    stands_for_a_secret,
};
use crate::error::{Error, ErrorKind};
use crate::extract::paging::{Branch, Carried, JobState, PageState, Position, RequestedRange};
use crate::http::{ApiRequest, append_path};
use crate::redact::line;

/// Makes the requests of one branch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Requests<'a> {
    context: &'a StreamContext,
    branch: &'a Branch,
    asked: Option<&'a RequestedRange>,
}

/// A request that is being put together.
struct Draft {
    url: Url,
    /// The URL is the source's own; else the API has given it.
    below_base: bool,
    headers: HeaderMap,
    body: Option<Payload>,
}

impl<'a> Requests<'a> {
    /// The requests of a branch.
    pub(crate) fn new(context: &'a StreamContext, branch: &'a Branch) -> Self {
        Self { context, branch, asked: context.asked.asked(branch) }
    }

    /// The request for the state's position.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] where a template cannot be filled in or gives no valid URL or header;
    /// [`ErrorKind::Data`] where there are values that the API gave, which the file's check could not know: a
    /// parent's, a cursor, a job's id, what is carried.
    pub(crate) fn at(&self, state: &PageState) -> Result<ApiRequest, Error> {
        let is_given = matches!(state.position, Position::Cursor(_) | Position::Url(_))
            || state.job.is_some()
            || state.token().is_some()
            || state.carry.iter().any(Option::is_some);
        self.check_given(state)?;
        self.page(state).map_err(|error| self.blamed(error, is_given))
    }

    /// Nothing that the API gives can stand for a secret: that would be sent instead.
    fn check_given(&self, state: &PageState) -> Result<(), Error> {
        let cursor = match &state.position {
            Position::Cursor(cursor) => Some(cursor),
            _ => None,
        };
        let job =
            state.job.iter().flat_map(|job| job.carried.iter().map(|(_, value)| value).chain([&job.id]));
        let carried = state.carry.iter().flatten().chain(cursor).chain(state.token());
        let of_parent = self.branch.parent().iter().map(|(_, value)| value);
        if carried
            .map(|carried| &carried.text)
            .chain(job)
            .chain(of_parent)
            .any(|text| stands_for_a_secret(text))
        {
            let cause = "a value that the API gave is what stands for a secret in requests; nothing is sent";
            return Err(Error::new(ErrorKind::Data, cause));
        }
        Ok(())
    }

    fn page(&self, state: &PageState) -> Result<ApiRequest, Error> {
        let mut draft = match &state.position {
            // A link is followed as it is given, never rebuilt.
            Position::Url(url) => Draft { url: url.clone(), below_base: false, ..self.draft(state)? },
            _ => self.draft(state)?,
        };
        let token = self.context.stream.pagination.sync_token.as_ref().zip(state.token());
        if let Some((token, sent)) = token.filter(|(token, _)| token.to != Target::Url)
            && !matches!(state.position, Position::Url(_))
        {
            draft.put(&token.to, sent)?;
        }
        for (carry, value) in self.context.stream.pagination.carry.iter().zip(&state.carry) {
            if let Some(value) = value {
                draft.put(&carry.to, value)?;
            }
        }
        if !matches!(state.position, Position::Url(_)) {
            self.put_position(&mut draft, state)?;
        }
        let is_once = self.context.stream.pagination.is_stateful && state.pages > 0;
        let method = self.later(state).map_or(self.context.stream.method, |later| later.method);
        Ok(ApiRequest { is_once, ..draft.finish(method) })
    }

    /// The request that submits an export job.
    ///
    /// # Errors
    /// As [`at`](Self::at).
    pub(crate) fn submission(&self, job: &OtherRequest) -> Result<ApiRequest, Error> {
        let draft = self.filled(&job.path, &job.params, job.body.as_ref(), &self.scope());
        let windowed = draft.and_then(|mut draft| self.put_window(&mut draft).map(|()| draft));
        Ok(windowed.map_err(|error| self.blamed(error, false))?.finish(job.method))
    }

    /// A request about an export job that is submitted.
    ///
    /// # Errors
    /// As [`at`](Self::at).
    pub(crate) fn about(&self, job: &OtherRequest, state: &JobState) -> Result<ApiRequest, Error> {
        let scope = Scope { job_id: Some(&state.id), job_values: &state.carried, ..self.scope() };
        let draft = self.filled(&job.path, &job.params, job.body.as_ref(), &scope);
        Ok(draft.map_err(|error| self.blamed(error, true))?.finish(job.method))
    }

    /// The request for a URL that the API has named for an export job.
    ///
    /// # Errors
    /// As [`at`](Self::at).
    pub(crate) fn at_url(&self, url: Url) -> Result<ApiRequest, Error> {
        let headers = self.headers(&self.scope());
        let headers = headers.map_err(|error| self.blamed(error, true))?;
        Ok(Draft { url, below_base: false, headers, body: None }.finish(config::Method::Get))
    }

    /// The error of a request that cannot be made: the file's, unless it holds what the API gave.
    fn blamed(&self, error: Error, is_given: bool) -> Error {
        if is_given || !self.branch.parent().is_empty() {
            Error::new(ErrorKind::Data, error.to_string())
        } else {
            error
        }
    }

    fn put_position(&self, draft: &mut Draft, state: &PageState) -> Result<(), Error> {
        if self.later(state).is_none()
            && let Some(size) = &self.context.stream.pagination.page_size
            && let Sent(Some(to)) = &size.to
        {
            draft.put(to, &Carried::number(size.value))?;
        }
        match (&self.context.stream.pagination.kind, &state.position) {
            (Kind::Cursor { send, .. }, Position::Cursor(cursor)) => draft.put(send, cursor),
            (Kind::Cursor { send, .. }, Position::First) if state.token().is_none() => {
                match self.initial(state)? {
                    Some(initial) => draft.put(send, &Carried::text(&initial)),
                    None => Ok(()),
                }
            }
            (Kind::Offset { send: Sent(Some(send)), .. }, Position::Offset(number))
            | (Kind::Page { send: Sent(Some(send)), .. }, Position::Page(number)) => {
                draft.put(send, &Carried::number(*number))
            }
            _ => Ok(()),
        }
    }

    /// The request for the pages after the first, where the file has another one for them.
    fn later(&self, state: &PageState) -> Option<&OtherRequest> {
        self.context
            .stream
            .pagination
            .next_request
            .as_ref()
            .filter(|_| state.pages > 0 || state.token().is_some())
    }

    /// The first request's cursor, where it is filled in with the request.
    fn initial(&self, state: &PageState) -> Result<Option<String>, Error> {
        match &self.context.stream.pagination.kind {
            Kind::Cursor { initial: Some(Initial(template)), .. } => {
                template.render(&self.scope_of(state)).map(Some).map_err(bad)
            }
            _ => Ok(None),
        }
    }

    /// The values that do not depend on the page, with those of the export job.
    fn scope_of<'s>(&'s self, state: &'s PageState) -> Scope<'s> {
        let job_id = state.job.as_ref().map(|job| job.id.as_str());
        let job_values = state.job.as_ref().map_or(&[][..], |job| &job.carried);
        Scope { job_id, job_values, ..self.scope() }
    }

    fn draft(&self, state: &PageState) -> Result<Draft, Error> {
        let initial = if state.position == Position::First { self.initial(state)? } else { None };
        let cursor = match &state.position {
            Position::Cursor(cursor) => Some(cursor.text.as_str()),
            _ => initial.as_deref(),
        };
        let is_cursor_bare = matches!(&state.position, Position::Cursor(cursor) if cursor.bare);
        let (page, offset) = match state.position {
            Position::Page(page) => (Some(page), None),
            Position::Offset(offset) => (None, Some(offset)),
            _ => (None, None),
        };
        let scope = Scope { cursor, is_cursor_bare, page, offset, ..self.scope_of(state) };
        if let Some(files) = state.job.as_ref().and_then(|job| job.files.as_ref()) {
            let url =
                files.get(state.position.file()).cloned().ok_or_else(|| lacks_files(state, files.len()))?;
            // It may be signed: a parameter more would break it.
            return Ok(Draft { url, below_base: false, headers: self.headers(&scope)?, body: None });
        }
        if let Some(OtherRequest { path, params, body, .. }) = self.later(state) {
            return self.filled(path, params, body.as_ref(), &scope);
        }
        let Stream { path, params, body, .. } = &*self.context.stream;
        let mut draft = self.filled(path, params, body.as_ref(), &scope)?;
        if self.context.stream.job.is_none() {
            self.put_window(&mut draft)?;
        }
        Ok(draft)
    }

    /// The values that do not depend on the page.
    fn scope(&self) -> Scope<'_> {
        Scope {
            vars: &self.context.source.vars,
            text_vars: &self.context.source.text_vars,
            cursor: None,
            is_cursor_bare: false,
            page: None,
            offset: None,
            window_from: self.asked.and_then(|asked| Some(asked.from.as_ref()?.text.as_str())),
            window_to: self.asked.and_then(|asked| Some(asked.to.as_ref()?.text.as_str())),
            run_time: Some(&self.context.run_time),
            partition: self.branch.partition(),
            text_partitions: self.branch.text_partitions(),
            parent: self.branch.parent(),
            parent_json: self.branch.parent_json(),
            job_id: None,
            job_values: &[],
            clock: self.context.stream.incremental.as_ref().map(|settings| RequestClock {
                format: &settings.request_format,
                zone: settings.request_timezone.zone(),
            }),
        }
    }

    fn filled(
        &self,
        path: &Template,
        params: &[(String, Vec<Template>)],
        body: Option<&BodyTemplate>,
        scope: &Scope<'_>,
    ) -> Result<Draft, Error> {
        let path = path.render(scope).map_err(bad)?;
        let url = append_path(&self.context.source.base_url, &path);
        let mut url = url.ok_or_else(|| bad(format!("`{}` does not make a URL", line(&path))))?;
        for (name, values) in params {
            for value in values {
                let value = value.render(scope).map_err(bad)?;
                url.query_pairs_mut().append_pair(name, &value);
            }
        }
        let body = body.map(|body| body.render(scope)).transpose().map_err(bad)?.map(Payload::from);
        Ok(Draft { url, below_base: true, headers: self.headers(scope)?, body })
    }

    fn headers(&self, scope: &Scope<'_>) -> Result<HeaderMap, Error> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.context.stream.headers {
            let value = value.render(scope).map_err(bad)?;
            headers.insert(header_name(name)?, header_value(name, &value)?);
        }
        Ok(headers)
    }

    fn put_window(&self, draft: &mut Draft) -> Result<(), Error> {
        let (Some(incremental), Some(asked)) = (&self.context.stream.incremental, self.asked) else {
            return Ok(());
        };
        for (target, value) in [(&incremental.from, &asked.from), (&incremental.to, &asked.to)] {
            if let (Some(target), Some(value)) = (target, value) {
                draft.put(target, value)?;
            }
        }
        Ok(())
    }
}

impl Draft {
    fn finish(self, method: config::Method) -> ApiRequest {
        ApiRequest {
            method: method.into(),
            url: self.url,
            below_base: self.below_base,
            headers: self.headers,
            is_once: false,
            body: self.body.map(Payload::finish),
            on_its_way: None,
        }
    }

    fn put(&mut self, target: &Target, value: &Carried) -> Result<(), Error> {
        match target {
            Target::Query(name) => {
                crate::http::strip_parameter(&mut self.url, name);
                self.url.query_pairs_mut().append_pair(name, &value.text);
            }
            Target::Header(name) => {
                self.headers.insert(header_name(name)?, header_value(name, &value.text)?);
            }
            Target::Body(pointer) => {
                self.body.get_or_insert_with(Payload::empty).set(pointer, value)?;
            }
            Target::Url => {
                self.url = self.url.join(&value.text).map_err(|_| bad("the next URL is not one"))?;
            }
        }
        Ok(())
    }
}

fn header_name(name: &str) -> Result<HeaderName, Error> {
    name.parse().map_err(|_| bad(format!("`{name}` is not a header name")))
}

fn header_value(name: &str, value: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(value).map_err(|_| bad(format!("the value of header `{name}` cannot be sent")))
}

fn bad(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(ErrorKind::Config, cause)
}

fn lacks_files(state: &PageState, count: usize) -> Error {
    let cause = format!(
        "the job names {count} files now, and file {} is next: an earlier segment had more",
        state.position.file().saturating_add(1)
    );
    Error::new(ErrorKind::Data, cause)
}
