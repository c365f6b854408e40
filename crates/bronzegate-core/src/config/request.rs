//! A request as the checks between settings see it: what the file gives for it, with the places.

use super::address::Target;
use super::auth::Auth;
use super::body::BodyTemplate;
use super::method::Method;
use super::pagination::{Initial, Kind, Pagination};
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
    /// Where its `initial` is given.
    pub(super) initial_at: Option<At>,
    /// Which pages it asks for.
    pub(super) pages: Pages,
    /// Where each of [`Pagination::targets`] is given.
    pub(super) pagination_places: Vec<At>,
    /// Where `incremental` writes the window.
    pub(super) window_targets: Vec<(Target, At)>,
    /// Where the token of the last run is written to.
    pub(super) token: Option<(Target, At)>,
}

/// Which pages a request asks for, where they are not all asked for alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pages {
    /// All there are.
    All,
    /// The first, where `next_request` asks for the others.
    First,
    /// All but the first.
    Later,
}

impl Request {
    /// What pagination writes into it, each with its place, and whether it is a value that is carried.
    pub(super) fn written(&self) -> Vec<(&Target, &At, bool)> {
        let Some(pagination) = &self.pagination else { return Vec::new() };
        let targets = pagination.targets();
        let carried_from = targets.len() - pagination.carry.len();
        let is_sized = pagination.page_size.as_ref().is_some_and(|size| size.to.0.is_some());
        let has_initial = matches!(&pagination.kind, Kind::Cursor { initial: Some(_), .. });
        let written = targets.into_iter().enumerate().map(|(nth, target)| {
            let is_carried = nth >= carried_from;
            let is_size = is_sized && nth + 1 == carried_from;
            let is_there = match self.pages {
                Pages::All => true,
                Pages::First => is_size || !is_carried && has_initial,
                Pages::Later => !is_size,
            };
            let at = self.pagination_places.get(nth).unwrap_or(&self.path_at);
            is_there.then_some((target, at, is_carried))
        });
        written.flatten().collect()
    }

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
        let initial = self.pagination.iter().filter_map(|pagination| match &pagination.kind {
            Kind::Cursor { initial: Some(Initial(template)), .. } => Some(template),
            _ => None,
        });
        let initial = initial
            .zip(&self.initial_at)
            .flat_map(|(template, at)| template.names().map(move |name| (name, at)));
        path.chain(params).chain(headers).chain(body).chain(initial)
    }
}
