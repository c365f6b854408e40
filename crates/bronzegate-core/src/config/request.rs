//! A request as the checks between settings see it: what the file gives for it, with the places.

use super::address::Target;
use super::auth::Auth;
use super::body::BodyTemplate;
use super::method::Method;
use super::pagination::Pagination;
use super::params::Placed;
use super::problem::At;
use super::template::Template;

/// Settings whose checks compare several keys, with their places.
pub(super) struct Request {
    pub(super) path: Option<Template>,
    pub(super) path_at: At,
    pub(super) method: Method,
    pub(super) params: Vec<Placed<Vec<Template>>>,
    pub(super) headers: Vec<Placed<Template>>,
    pub(super) body: Option<(BodyTemplate, At)>,
    pub(super) auth: Option<Auth>,
    pub(super) pagination: Option<Pagination>,
    /// Where each of [`Pagination::targets`] is given.
    pub(super) pagination_places: Vec<At>,
    /// Where `incremental` writes the window.
    pub(super) window_targets: Vec<(Target, At)>,
}

impl Request {
    /// The names that templates of the request use, each with its place.
    pub(super) fn names(&self) -> impl Iterator<Item = (&str, &At)> {
        let path = self.path.iter().flat_map(Template::names).map(|name| (name, &self.path_at));
        let params = self
            .params
            .iter()
            .flat_map(|(_, values, at)| values.iter().flat_map(Template::names).map(move |name| (name, at)));
        let headers =
            self.headers.iter().flat_map(|(_, value, at)| value.names().map(move |name| (name, at)));
        let body = self.body.iter().flat_map(|(body, at)| body.names().map(move |name| (name, at)));
        path.chain(params).chain(headers).chain(body)
    }
}
