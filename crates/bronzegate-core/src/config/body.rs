//! `body`: the JSON body of a POST, with templates in its strings.
//!
//! ```yaml
//! body: { filter: { portal: "{{ vars.portal }}" }, properties: [email] }
//! ```

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::address::Target;
use super::method::Method;
use super::pointer::Pointer;
use super::problem::{At, Draft, Report};
use super::read::Slot;
use super::template::{Escaping, Scope, Template, TemplateError, TemplateText};

/// A JSON object whose strings may be templates; other values are kept as they are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BodyTemplate(Vec<(String, Node)>);

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Text(Template),
    Plain(Value),
    List(Vec<Self>),
    Map(Vec<(String, Self)>),
}

/// A JSON object; strings may use `{{ }}`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub(super) struct BodySpec(Map<String, Value>);

impl BodyTemplate {
    /// Fills in the values of one request.
    ///
    /// # Errors
    /// Those of [`Template::render`].
    pub fn render(&self, scope: &Scope<'_>) -> Result<Value, TemplateError> {
        render_map(&self.0, scope)
    }

    /// Returns the names its templates use.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let mut names = Vec::new();
        self.0.iter().for_each(|(_, node)| node.collect(&mut names));
        names.into_iter()
    }

    /// The numbers that members of these names state, at whatever depth; texts count where they are one.
    pub(crate) fn numbers(&self, names: &[&str]) -> Vec<u64> {
        let mut numbers = Vec::new();
        Node::collect_numbers(&self.0, names, &mut numbers);
        numbers
    }

    /// Whether it has such a member.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// Why a value cannot be put at `place`, if so: something stands there, or on the way to it. One that
    /// `replaces` may take the place of a text.
    pub(super) fn conflict(&self, place: &Pointer, replaces: bool) -> Option<&'static str> {
        let (last, parents) = place.tokens().split_last()?;
        let mut entries = &self.0;
        for token in parents {
            match entries.iter().find(|(key, _)| key == token) {
                Some((_, Node::Map(inner))) => entries = inner,
                Some((_, Node::Plain(Value::Null))) | None => return None,
                Some(_) => return Some("goes through a member of body that is not a map"),
            }
        }
        match entries.iter().find(|(key, _)| key == last) {
            Some((_, Node::Text(_))) if replaces => None,
            Some((_, node)) if *node != Node::Plain(Value::Null) => Some("is given in body too"),
            _ => None,
        }
    }
}

impl Node {
    fn render(&self, scope: &Scope<'_>) -> Result<Value, TemplateError> {
        match self {
            Self::Text(template) => template.render(scope).map(Value::String),
            Self::Plain(value) => Ok(value.clone()),
            Self::List(items) => items.iter().map(|item| item.render(scope)).collect(),
            Self::Map(entries) => render_map(entries, scope),
        }
    }

    fn collect<'a>(&'a self, names: &mut Vec<&'a str>) {
        match self {
            Self::Text(template) => names.extend(template.names()),
            Self::Plain(_) => {}
            Self::List(items) => items.iter().for_each(|item| item.collect(names)),
            Self::Map(entries) => entries.iter().for_each(|(_, node)| node.collect(names)),
        }
    }
}

impl Node {
    fn collect_numbers(entries: &[(String, Self)], names: &[&str], numbers: &mut Vec<u64>) {
        for (key, node) in entries {
            let number = match node {
                Self::Plain(value) => value.as_u64(),
                Self::Text(template) if template.is_literal() => template.as_str().trim().parse().ok(),
                Self::Map(inner) => {
                    Self::collect_numbers(inner, names, numbers);
                    None
                }
                Self::Text(_) | Self::List(_) => None,
            };
            numbers.extend(number.filter(|_| names.contains(&key.as_str())));
        }
    }
}

fn render_map(entries: &[(String, Node)], scope: &Scope<'_>) -> Result<Value, TemplateError> {
    let members = entries.iter().map(|(key, node)| Ok((key.clone(), node.render(scope)?)));
    members.collect::<Result<Map<_, _>, _>>().map(Value::Object)
}

/// The body of a request, with its place: the one given, or an empty one that pagination or the window
/// write into.
pub(super) fn resolve(
    given: Option<&Slot<BodySpec>>,
    method: Method,
    window_targets: &[(Target, At)],
    paged: bool,
    vars: &BTreeMap<String, String>,
    report: &Report,
) -> Option<(BodyTemplate, At)> {
    let given = given.and_then(|slot| Some((slot.get()?, slot.at())));
    match (given, method) {
        (Some((body, at)), Method::Get) if !body.is_empty() => {
            report.say(at, "a GET has no body; write method: POST or remove it");
            None
        }
        (_, Method::Get) => None,
        (Some((body, at)), Method::Post) => Some((body.resolve(vars, at, report)?, at.clone())),
        (None, Method::Post) => {
            let window = window_targets.iter().any(|(target, _)| matches!(target, Target::Body(_)));
            (window || paged).then(|| (BodyTemplate::default(), At::default()))
        }
    }
}

impl BodySpec {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn resolve(&self, vars: &BTreeMap<String, String>, at: &At, report: &Report) -> Option<BodyTemplate> {
        Check { vars, report }.map(&self.0, at).map(BodyTemplate)
    }
}

/// Whether an object is one that names a secret, and nothing else.
fn is_secret(members: &Map<String, Value>) -> bool {
    members.get("secret").is_some_and(Value::is_string)
        && members.keys().all(|key| matches!(key.as_str(), "secret" | "field"))
}

struct Check<'a> {
    vars: &'a BTreeMap<String, String>,
    report: &'a Report,
}

impl Check<'_> {
    /// Looks at every member before giving up, so that all problems are found.
    fn map(&self, members: &Map<String, Value>, at: &At) -> Option<Vec<(String, Node)>> {
        let nodes: Vec<_> = members
            .iter()
            .map(|(key, value)| {
                let mut inner = at.clone();
                inner.path = format!("{}.{key}", at.path);
                if key.contains("{{") {
                    self.report.add(&inner, Draft::new("a member's name cannot be a template"));
                    return None;
                }
                Some((key.clone(), self.node(value, &inner)?))
            })
            .collect();
        nodes.into_iter().collect()
    }

    fn node(&self, value: &Value, at: &At) -> Option<Node> {
        match value {
            Value::String(text) => {
                let text = TemplateText(text.clone());
                Template::check(&text, Escaping::Text, self.vars, at, self.report).map(Node::Text)
            }
            Value::Array(items) => {
                let nodes: Vec<_> = items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| {
                        let mut inner = at.clone();
                        inner.path = format!("{}[{index}]", at.path);
                        self.node(item, &inner)
                    })
                    .collect();
                nodes.into_iter().collect::<Option<_>>().map(Node::List)
            }
            // Sent as it stands, it would tell the secret's name and not the secret.
            Value::Object(members) if is_secret(members) => {
                let draft = Draft::new("is a secret, and this body can hold none");
                let accepted = "it under auth: a header, a parameter, or a login, in whose request secrets may stand anywhere";
                self.report.add(at, draft.accepted(accepted));
                None
            }
            Value::Object(members) => self.map(members, at).map(Node::Map),
            plain => Some(Node::Plain(plain.clone())),
        }
    }
}
