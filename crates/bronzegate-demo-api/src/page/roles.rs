//! The vendors' parts, as docs/source-files/apis.md names them.

use super::{
    cursor::{Codec, Mark},
    envelope::{Envelope, quoted},
    generic::link_header,
    link::moved,
    plan::Plan,
    scene::Scene,
};
use std::fmt::Write;

pub(crate) fn hubspot(scene: &Scene<'_>, plan: &Plan) -> Envelope {
    let mut after = String::new();
    // Only the search, a POST, states a total.
    if scene.call.method() == http::Method::POST {
        after = format!(",\"total\":{}", plan.total);
    }
    if let (Some(cursor), Some(link)) = (scene.cursor(plan), scene.next_link(plan)) {
        let (cursor, link) = (quoted(&cursor), quoted(&link));
        let paging = format!(",\"paging\":{{\"next\":{{\"after\":{cursor},\"link\":{link}}}}}");
        after.push_str(&paging);
    }
    after.push('}');
    Envelope::object("results", after)
}

pub(crate) fn shopify_rest(scene: &Scene<'_>, plan: &Plan) -> Envelope {
    let mut envelope = Envelope::object(&scene.stream.name, "}".into());
    let mut all = Vec::new();
    if plan.position > 0 {
        let previous = Mark { position: plan.position.saturating_sub(plan.limit), salt: 0 };
        all.push(format!("<{}>; rel=\"previous\"", page_info(scene, plan, previous)));
    }
    if let Some(next) = plan.next {
        all.push(format!("<{}>; rel=\"next\"", page_info(scene, plan, next)));
    }
    if !all.is_empty() {
        envelope.headers.push("link", &all.join(", "));
    }
    envelope
}

/// A link with `limit`, `fields` and `page_info`: nothing else may stand beside `page_info`.
fn page_info(scene: &Scene<'_>, plan: &Plan, mark: Mark) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    if let Some(fields) = scene.call.argument("fields") {
        query.append_pair("fields", fields);
    }
    query.append_pair("limit", &plan.limit.to_string());
    query.append_pair("page_info", &Codec::Base64.encode(mark));
    let path = format!("{}?{}", scene.stream.path, query.finish());
    match &plan.elsewhere {
        Some(url) => moved(url, &path),
        None => format!("http://{}{path}", scene.call.host()),
    }
}

pub(crate) fn shopify_graphql(scene: &Scene<'_>, plan: &Plan) -> Envelope {
    let more = plan.next.is_some();
    // The last page names its end too: only `hasNextPage` tells.
    let end = scene
        .cursor(plan)
        .unwrap_or_else(|| Codec::Base64.encode(Mark { position: plan.first + plan.count, salt: 0 }));
    let cost = cost(scene);
    let end = quoted(&end);
    let after =
        format!(",\"pageInfo\":{{\"hasNextPage\":{more},\"endCursor\":{end}}}}}}},\"extensions\":{cost}}}");
    Envelope {
        before: format!("{{\"data\":{{\"{}\":{{", scene.stream.name),
        ..Envelope::object("nodes", after)
    }
}

/// What a query cost and what is left of the budget.
fn cost(scene: &Scene<'_>) -> String {
    let (most, left, rate) = match scene.rate {
        Some((limit, verdict)) => (
            limit.requests,
            verdict.remaining,
            f64::from(limit.requests) / limit.per.as_secs_f64().max(0.001),
        ),
        None => (1_000, 990, 50.0),
    };
    format!(
        "{{\"cost\":{{\"requestedQueryCost\":1,\"actualQueryCost\":1,\"throttleStatus\":\
         {{\"maximumAvailable\":{most}.0,\"currentlyAvailable\":{left},\"restoreRate\":{rate:.1}}}}}}}"
    )
}

pub(crate) fn github(scene: &Scene<'_>, plan: &Plan) -> Envelope {
    link_header(scene, plan)
}

pub(crate) fn stripe(scene: &Scene<'_>, plan: &Plan) -> Envelope {
    let more = plan.next.is_some();
    Envelope {
        before: format!("{{\"object\":\"list\",\"url\":\"{}\",\"has_more\":{more},", scene.stream.path),
        ..Envelope::object("data", "}".into())
    }
}

pub(crate) fn salesforce(scene: &Scene<'_>, plan: &Plan) -> Envelope {
    let mut before = format!("{{\"totalSize\":{},\"done\":{},", plan.total, plan.next.is_none());
    if let Some(mark) = scene.next(plan) {
        let path = format!("{}/01g{}-{}", scene.stream.path, mark.salt, mark.position);
        let url = match &plan.elsewhere {
            Some(url) => moved(url, &path),
            None => path,
        };
        let _ = write!(before, "\"nextRecordsUrl\":{},", quoted(&url));
    }
    let mut envelope = Envelope { before, ..Envelope::object("records", "}".into()) };
    envelope.headers.push("sforce-limit-info", "api-usage=18/5000");
    envelope
}

pub(crate) fn salesforce_bulk(scene: &Scene<'_>, plan: &Plan) -> Envelope {
    let mut envelope = Envelope::object("", String::new());
    envelope.headers.push("sforce-locator", scene.cursor(plan).as_deref().unwrap_or("null"));
    envelope.headers.push("sforce-numberofrecords", &plan.count);
    envelope
}

pub(crate) fn slack(scene: &Scene<'_>, plan: &Plan) -> Envelope {
    let cursor = quoted(&scene.cursor(plan).unwrap_or_default());
    Envelope {
        before: "{\"ok\":true,".into(),
        ..Envelope::object(
            &scene.stream.name,
            format!(",\"response_metadata\":{{\"next_cursor\":{cursor}}}}}"),
        )
    }
}

pub(crate) fn jira(scene: &Scene<'_>, plan: &Plan) -> Envelope {
    let is_last = plan.next.is_none();
    let after = match scene.cursor(plan) {
        Some(cursor) => format!(",\"nextPageToken\":{},\"isLast\":{is_last}}}", quoted(&cursor)),
        None => ",\"isLast\":true}".into(),
    };
    Envelope::object("issues", after)
}

pub(crate) fn notion(scene: &Scene<'_>, plan: &Plan) -> Envelope {
    let cursor = scene.cursor(plan);
    let more = plan.next.is_some();
    let cursor = cursor.map_or_else(|| "null".into(), |text| quoted(&text));
    Envelope {
        before: "{\"object\":\"list\",".into(),
        ..Envelope::object(
            "results",
            format!(",\"next_cursor\":{cursor},\"has_more\":{more},\"type\":\"page\"}}"),
        )
    }
}

pub(crate) fn graph(scene: &Scene<'_>, plan: &Plan) -> Envelope {
    let context = format!("http://{}/$metadata#{}", scene.call.host(), scene.stream.name);
    let mut before = format!("{{\"@odata.context\":{},", quoted(&context));
    if scene.call.argument("$count") == Some("true") {
        let _ = write!(before, "\"@odata.count\":{},", plan.total);
    }
    if let Some(next) = scene.next_link(plan) {
        let _ = write!(before, "\"@odata.nextLink\":{},", quoted(&next));
    }
    Envelope { before, ..Envelope::object("value", "}".into()) }
}
