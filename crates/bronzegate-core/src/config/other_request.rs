//! Requests that a stream makes beside those of its own path: those about an export job, and those for later pages.

use schemars::JsonSchema;
use serde::Deserialize;

use super::address::Target;
use super::auth::Auth;
use super::body::{self, BodySpec, BodyTemplate, Given};
use super::method::Method;
use super::named::Named;
use super::pagination::Pagination;
use super::params::{self, FormSpec, ParamsSpec, Placed};
use super::path;
use super::problem::{At, MISSING, Report};
use super::read::Slot;
use super::request::{Pages, Request};
use super::template::{Template, TemplateText};

/// A request beside those of the stream's own path.
#[derive(Clone, Debug, PartialEq)]
pub struct OtherRequest {
    /// What is appended to the source's `base_url`.
    pub path: Template,
    /// The method.
    pub method: Method,
    /// Query parameters; several values repeat the parameter.
    pub params: Vec<(String, Vec<Template>)>,
    /// What it carries.
    pub body: Option<BodyTemplate>,
}

/// A request beside those of the stream's own path.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "OtherRequest")]
pub(super) struct OtherRequestSpec {
    /// What is appended to `base_url`; `{{ }}` values are percent-encoded as one segment. A poll has none where the
    /// submission names a URL.
    pub(super) path: Option<Slot<TemplateText>>,
    /// GET, POST, PUT or PATCH. Default POST to submit and start a job, GET to poll and resolve, and that of the stream
    /// for later pages.
    pub(super) method: Option<Slot<Method>>,
    /// Query parameters beside the source's; a list repeats the parameter.
    pub(super) params: Option<Slot<ParamsSpec>>,
    /// The JSON body; strings may use `{{ }}`, and a value may be `{ secret: … }`.
    pub(super) body: Option<Slot<BodySpec>>,
    /// The fields of a form, in place of a body; a list repeats the field.
    pub(super) form: Option<Slot<FormSpec>>,
    /// A text, in place of a body; `headers` may name its content type.
    pub(super) text: Option<Slot<TemplateText>>,
}

/// What such a request takes from its source and stream.
pub(super) struct Beside<'a> {
    pub(super) named: &'a Named,
    pub(super) report: &'a Report,
    /// Parameters of every request.
    pub(super) params: Option<&'a ParamsSpec>,
    pub(super) headers: Vec<Placed<Template>>,
    pub(super) auth: Option<&'a Auth>,
    /// Where `incremental` writes the window.
    pub(super) window_targets: Vec<(Target, At)>,
}

impl OtherRequest {
    /// A request that has been looked at; `None` when the report says what is wrong.
    pub(super) fn of(request: Option<&Request>) -> Option<Self> {
        let request = request?;
        Some(Self {
            path: request.path.clone()?,
            method: request.method,
            params: request.params.iter().map(|(name, values, _)| (name.clone(), values.clone())).collect(),
            body: request.body.as_ref().map(|(body, _)| body.clone()),
        })
    }

    /// Returns its templates with values that are no part of its path.
    pub(super) fn values(&self) -> impl Iterator<Item = &Template> {
        let params = self.params.iter().flat_map(|(_, values)| values);
        params.chain(self.body.iter().flat_map(BodyTemplate::templates))
    }
}

impl Beside<'_> {
    /// Looks at a request; `usual` is the method that it has unless it names another.
    pub(super) fn request(
        &self,
        spec: &OtherRequestSpec,
        at: &At,
        usual: Method,
        window_targets: Vec<(Target, At)>,
    ) -> Request {
        let Self { named, report, .. } = *self;
        let mut path_at = at.clone();
        path_at.path.push_str(".path");
        if spec.path.is_none() {
            report.say(&path_at, MISSING);
        }
        let method = spec.method.as_ref().and_then(Slot::cloned).unwrap_or(usual);
        let own = spec.params.as_ref().and_then(Slot::get);
        let params: Vec<_> = self.params.into_iter().chain(own).collect();
        let given = Given {
            body: spec.body.as_ref(),
            form: spec.form.as_ref(),
            text: spec.text.as_ref(),
            has_method: spec.method.is_some(),
        };
        Request {
            path: spec.path.as_ref().and_then(|slot| path::check(slot, named, report)),
            path_at: spec.path.as_ref().map_or(path_at, |slot| slot.at().clone()),
            method,
            params: params::params(&params, named, report),
            headers: self.headers.clone(),
            body: body::resolve(given, method, &window_targets, false, named, report),
            token: None,
            auth: self.auth.cloned(),
            pagination: Some(Pagination::default()),
            initial_at: None,
            pagination_places: Vec::new(),
            pages: Pages::All,
            window_targets,
        }
    }
}
