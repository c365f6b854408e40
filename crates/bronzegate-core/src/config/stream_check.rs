//! What a stream's settings need from each other: what pagination sends must not collide with
//! what the request has already, and must have a place to go.

use super::address::{Sent, Target};
use super::auth::Auth;
use super::body::BodyTemplate;
use super::incremental::Used;
use super::method::Method;
use super::pagination::{Kind, Pagination};
use super::problem::{Draft, Report};
use super::request::Request;

/// Reports what does not fit together.
pub(super) fn check(request: &Request, report: &Report) {
    auth_names(request, report);
    template_names(request, report);
    content_type(request, report);
    let written = request.written();
    for (index, (target, at)) in request.window_targets.iter().enumerate() {
        if written.iter().any(|(known, ..)| *known == target)
            || request.window_targets[..index].iter().any(|(known, _)| known == target)
        {
            report.say(at, format!("{target} is written twice"));
        }
        if let Some(why) = collision(target, false, request) {
            report.say(at, format!("{target} {why}"));
        }
    }
    if let Some((target, at)) = &request.token {
        // It may be a cursor like that of the pages, and go where that goes.
        if let Some(why) = collision(target, true, request) {
            report.say(at, format!("{target} {why}"));
        }
    }
    for (index, (target, at, is_carried)) in written.iter().enumerate() {
        if written[..index].iter().any(|(known, ..)| known == target) {
            report.say(at, format!("{target} is written twice by pagination"));
        }
        // What is carried comes with the second page, and takes the place of the first one's.
        if let Some(why) = collision(target, *is_carried, request) {
            report.say(at, format!("{target} {why}"));
        }
    }
}

/// Whether pagination writes into the body.
pub(super) fn writes_body(pagination: &Pagination) -> bool {
    let token = pagination.sync_token.as_ref().map(|token| &token.to);
    pagination.targets().into_iter().chain(token).any(|target| matches!(target, Target::Body(_)))
}

fn collision(target: &Target, is_carried: bool, request: &Request) -> Option<&'static str> {
    match target {
        Target::Query(name) => {
            if request.params.iter().any(|(known, ..)| known == name) {
                return Some("is given in params too");
            }
            (key(request) == Some(name)).then_some("is where auth puts its key")
        }
        Target::Header(name) => {
            if request.headers.iter().any(|(known, ..)| known == name) {
                return Some("is given in headers too");
            }
            auth_headers(request).contains(&name.as_str()).then_some("is set by auth")
        }
        Target::Body(_) if request.method == Method::Get && request.body.is_none() => {
            Some("needs method: POST")
        }
        Target::Body(place) => request.body.as_ref().and_then(|(body, _)| body.conflict(place, is_carried)),
        Target::Url => None,
    }
}

/// Params and headers that auth sets as well.
fn auth_names(request: &Request, report: &Report) {
    let set = auth_headers(request);
    for (_, _, at) in request.headers.iter().filter(|(name, ..)| set.contains(&name.as_str())) {
        report.say(at, "this header is set by auth");
    }
    if let Some(key) = key(request) {
        for (_, _, at) in request.params.iter().filter(|(name, ..)| name == key) {
            report.say(at, "this parameter is set by auth");
        }
    }
}

/// A body is sent as JSON and a form as a form, whatever a header calls it.
fn content_type(request: &Request, report: &Report) {
    let is_form = match &request.body {
        Some((BodyTemplate::Json(_), _)) => false,
        Some((BodyTemplate::Form(_), _)) => true,
        Some((BodyTemplate::Text(_), _)) | None => return,
    };
    for (_, value, at) in request.headers.iter().filter(|(name, ..)| name == "content-type") {
        let media_type = value.as_str().to_ascii_lowercase();
        if is_form && !media_type.contains("form-urlencoded") {
            let draft = Draft::new("does not fit: form is sent as application/x-www-form-urlencoded");
            report.add(at, draft.value(value.as_str()).accepted("that, or leave the header out"));
        } else if !is_form
            && ["form-urlencoded", "multipart/", "xml"].iter().any(|other| media_type.contains(other))
        {
            let draft = Draft::new("does not fit: body is sent as JSON").value(value.as_str());
            report.add(
                at,
                draft.accepted(
                    "application/json, or leave the header out; `form` and `text` are sent otherwise",
                ),
            );
        }
    }
}

/// The query parameter that auth sets.
fn key(request: &Request) -> Option<&str> {
    request.auth.as_ref()?.query_parameter()
}

fn auth_headers(request: &Request) -> Vec<&str> {
    request.auth.as_ref().map(Auth::header_names).unwrap_or_default()
}

/// `cursor`, `page` and `offset` have values only with the pagination that makes them.
fn template_names(request: &Request, report: &Report) {
    let Some(pagination) = &request.pagination else {
        return;
    };
    let has = match pagination.kind {
        Kind::Cursor { .. } => Some("cursor"),
        Kind::Offset { .. } => Some("offset"),
        Kind::Page { .. } => Some("page"),
        Kind::None | Kind::LinkHeader { .. } | Kind::NextUrl { .. } => None,
    };
    let unsent = match &pagination.kind {
        Kind::Offset { send: Sent(None), .. } => Some("offset"),
        Kind::Page { send: Sent(None), .. } => Some("page"),
        _ => None,
    };
    if let Some(name) = unsent.filter(|unsent| !request.names().any(|(name, _)| name == *unsent)) {
        let draft = Draft::new(format!("nothing in the request says which {name} is asked for"));
        let accepted = format!("send: {{ query: … }} in pagination, or {{{{ {name} }}}} in a template");
        report.add(&request.path_at, draft.accepted(accepted));
    }
    let lacks = |name: &str| matches!(name, "cursor" | "offset" | "page") && has != Some(name);
    for (name, at) in request.names().filter(|(name, _)| lacks(name)) {
        let draft = Draft::new(format!("has no value: only pagination of type {name} gives one"));
        report.add(at, draft.value(name));
    }
}

/// The window's names that templates of the request use.
pub(super) fn window_names(request: &Request) -> Used {
    request.names().fold(Used::default(), |used, (name, _)| Used {
        from: used.from || name == "window.from",
        to: used.to || name == "window.to",
    })
}

/// A stream without `incremental` has no window.
pub(super) fn no_window(request: &Request, report: &Report) {
    for (name, at) in request.names().filter(|(name, _)| name.starts_with("window.")) {
        let draft = Draft::new("has no value without incremental").value(name);
        report.add(at, draft.accepted("incremental: { cursor: …, format: … } beside it"));
    }
}

/// A job's id has a value only in what follows its submission.
pub(super) fn no_job(request: &Request, why: &str, report: &Report) {
    for (name, at) in request.names().filter(|(name, _)| name.starts_with("job.")) {
        report.add(at, Draft::new(why).value(name));
    }
}
