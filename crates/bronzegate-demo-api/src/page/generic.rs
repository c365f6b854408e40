//! The plain styles.

use super::{
    cursor::Mark,
    envelope::{Envelope, List, quoted},
    plan::Plan,
    scene::Scene,
};
use crate::serve::Headers;

pub(crate) fn single(plan: &Plan) -> Envelope {
    Envelope::object("results", format!(",\"count\":{}}}", plan.total))
}

pub(crate) fn cursor(scene: &Scene<'_>, plan: &Plan) -> Envelope {
    let paging = match scene.cursor(plan) {
        Some(cursor) => format!("{{\"next\":{{\"after\":{}}}}}", quoted(&cursor)),
        None => "{}".into(),
    };
    let after = format!(",\"total\":{},\"paging\":{paging}}}", plan.total);
    Envelope::object("results", after)
}

pub(crate) fn offset(plan: &Plan) -> Envelope {
    let mut headers = Headers::default();
    headers.push("x-total-count", &plan.total);
    Envelope {
        before: format!("{{\"total\":{},\"offset\":{},", plan.total, plan.position),
        headers,
        ..Envelope::object("results", "}".into())
    }
}

pub(crate) fn page(plan: &Plan) -> Envelope {
    let (page, pages) = (plan.number(), plan.pages());
    Envelope {
        before: format!("{{\"page\":{page},\"total_pages\":{pages},"),
        ..Envelope::object("results", "}".into())
    }
}

pub(crate) fn link_header(scene: &Scene<'_>, plan: &Plan) -> Envelope {
    Envelope { list: List::Root, headers: links(scene, plan), ..Envelope::object("", String::new()) }
}

/// The `Link` header of RFC 8288, in the order GitHub writes it.
pub(crate) fn links(scene: &Scene<'_>, plan: &Plan) -> Headers {
    let at = |position| {
        let mark = Mark { position, salt: 0 };
        scene.link(plan, mark)
    };
    let mut links = Vec::new();
    if plan.position > 0 {
        let previous = plan.position.saturating_sub(plan.limit);
        links.push(format!("<{}>; rel=\"prev\"", at(previous)));
    }
    if let Some(next) = scene.next_link(plan) {
        let last = plan.pages().saturating_sub(1) * plan.limit;
        links.push(format!("<{next}>; rel=\"next\""));
        links.push(format!("<{}>; rel=\"last\"", at(last)));
    }
    if plan.position > 0 {
        links.push(format!("<{}>; rel=\"first\"", at(0)));
    }
    let mut headers = Headers::default();
    if !links.is_empty() {
        headers.push("link", &links.join(", "));
    }
    headers
}

pub(crate) fn next_url(scene: &Scene<'_>, plan: &Plan) -> Envelope {
    let next = scene.next_link(plan).map_or_else(|| "null".into(), |url| quoted(&url));
    let after = format!(",\"count\":{},\"next\":{next}}}", plan.total);
    Envelope::object("results", after)
}

pub(crate) fn ndjson() -> Envelope {
    Envelope { list: List::Lines, ..Envelope::object("", String::new()) }
}
