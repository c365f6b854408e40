//! Pages that are written as a layout says, without code of a vendor's own.

use super::{
    ask::point_id,
    cursor::Codec,
    envelope::{Envelope, List},
    plan::Plan,
    scene::Scene,
};
use crate::quirks::Said;
use serde_json::{Map, Value};

/// Stands where the records will be, until the text around them is cut there.
const HERE: &str = "\u{1}records\u{1}";

pub(crate) fn layout(scene: &Scene<'_>, plan: &Plan) -> Envelope {
    let layout = &scene.stream.quirks.layout;
    let mut envelope = match layout.records.as_str() {
        "$" => Envelope { list: List::Root, ..Envelope::object("", String::new()) },
        path => {
            let mut body = Value::Object(Map::new());
            let said =
                layout.body.iter().filter_map(|(at, said)| Some((at, said, value(scene, plan, said)?)));
            said.for_each(|(at, said, value)| put(&mut body, named(scene, plan, at, said), value));
            if scene.stream.quirks.point_in_time.is_some() {
                put(&mut body, "pit_id", point_id(plan.first + plan.count).into());
            }
            put(&mut body, path, HERE.into());
            let mut envelope = around(path, &body.to_string());
            if scene.stream.quirks.omits_empty && plan.count == 0 {
                envelope.list = List::Absent;
            }
            envelope
        }
    };
    for (name, said) in &layout.headers {
        match value(scene, plan, said) {
            Some(Value::String(text)) => envelope.headers.push(name, &text),
            Some(value) => envelope.headers.push(name, &value),
            None => {}
        }
    }
    envelope
}

/// The place of what is said, under the name that it has on this page.
fn named<'a>(scene: &'a Scene<'_>, plan: &'a Plan, at: &'a str, said: &Said) -> &'a str {
    if *said != Said::Next {
        return at;
    }
    match (&plan.renamed, &scene.stream.quirks.renames_next) {
        (Some(name), _) => name,
        (None, Some((from, name))) if plan.number() >= *from => name,
        _ => at,
    }
}

/// The text before and after the member that holds the records.
fn around(path: &str, body: &str) -> Envelope {
    let member = path.rsplit('.').next().unwrap_or(path);
    let member_text = format!("{}:{}", Value::from(member), Value::from(HERE));
    let (before, after) = body.split_once(&member_text).unwrap_or(("{", "}"));
    Envelope { before: before.to_owned(), ..Envelope::object(member, after.to_owned()) }
}

fn put(body: &mut Value, path: &str, value: Value) {
    let mut at = body;
    // A name may have dots of its own: `/@odata.nextLink`.
    let (path, between) = path.strip_prefix('/').map_or((path, '.'), |pointer| (pointer, '/'));
    for name in path.split(between) {
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        at = &mut at[name];
    }
    *at = value;
}

fn value(scene: &Scene<'_>, plan: &Plan, said: &Said) -> Option<Value> {
    let next = || {
        let mark = scene.next(plan)?;
        Some(Value::from(plan.elsewhere.clone().unwrap_or_else(|| Codec::Base64.encode(mark))))
    };
    match said {
        Said::Next => next(),
        Said::NextOr(end) => Some(next().unwrap_or_else(|| end.clone())),
        Said::Link => scene.next_link(plan).map(Value::from),
        Said::LinkValue => Some(format!("<{}>; rel=\"next\"", scene.next_link(plan)?).into()),
        Said::Total => Some(plan.total.into()),
        Said::TotalText => Some(plan.total.to_string().into()),
        Said::Count => Some(plan.count.into()),
        Said::Pages => Some(plan.pages().into()),
        Said::More => Some(plan.next.is_some().into()),
        Said::Last => Some(plan.next.is_none().into()),
        Said::WhileMore(value) => plan.next.is_some().then(|| value.clone()),
        Said::Just(value) => Some(value.clone()),
        Said::JustFirst(value) => (plan.position == 0).then(|| value.clone()),
        Said::Token => token(scene, plan).map(|(_, token)| token.into()),
        Said::TokenLink => {
            let (parameter, token) = token(scene, plan)?;
            let path = scene.call.target().split('?').next().unwrap_or_default();
            Some(format!("http://{}{path}?{parameter}={token}", scene.call.host()).into())
        }
    }
}

/// The parameter of a token, and the one after the last page.
fn token<'a>(scene: &'a Scene<'_>, plan: &Plan) -> Option<(&'a str, String)> {
    let parameter = scene.stream.quirks.token.as_deref().filter(|_| plan.next.is_none())?;
    let before = scene.call.argument(parameter).and_then(since).unwrap_or_default();
    Some((parameter, format!("t{}", before + plan.total)))
}

/// How many records a token has seen.
pub(crate) fn since(token: &str) -> Option<u64> {
    token.strip_prefix('t')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_records_may_stand_as_deep_as_they_like() {
        let mut body = Value::Object(Map::new());
        put(&mut body, "hits.total", 3.into());
        put(&mut body, "took", 1.into());
        put(&mut body, "hits.hits", HERE.into());
        let envelope = around("hits.hits", &body.to_string());
        let whole = format!("{}\"hits\":[7]{}", envelope.before, envelope.after);
        let whole: Value = serde_json::from_str(&whole).unwrap();
        assert_eq!(whole, serde_json::json!({"hits": {"total": 3, "hits": [7]}, "took": 1}));
    }
}
