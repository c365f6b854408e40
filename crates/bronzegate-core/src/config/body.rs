//! `body`, `form` and `text`: what a request carries, with templates in its strings.
//!
//! ```yaml
//! body: { filter: { portal: "{{ vars.portal }}" }, key: { secret: crm-key } }   # JSON: a map, or a list
//! form: { grant: read, key: { secret: crm-key } }                               # application/x-www-form-urlencoded
//! text: "SELECT * FROM t WHERE changed >= {{ window.from }}"                    # as it stands; text/plain
//! ```

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::address::Target;
use super::method::Method;
use super::named::Named;
use super::params::{FormSpec, fields};
use super::pointer::Pointer;
use super::problem::{At, Draft, Report};
use super::read::Slot;
use super::secret_ref::named_in_json;
use super::template::{Escaping, Scope, Template, TemplateError, TemplateText};

/// What a request carries.
#[derive(Clone, Debug, PartialEq)]
pub enum BodyTemplate {
    /// JSON whose strings may be templates; other values are kept as they are.
    Json(JsonTemplate),
    /// The fields of a form; several values repeat the field.
    Form(Vec<(String, Vec<Template>)>),
    /// Text.
    Text(Template),
}

/// A JSON value whose strings may be templates.
#[derive(Clone, Debug, PartialEq)]
pub enum JsonTemplate {
    /// A string, or a secret.
    Text(Template),
    /// One value as JSON: `{{ parent.id | json }}`.
    Typed(Template),
    /// A value that is kept as it is.
    Plain(Value),
    /// An array.
    List(Vec<Self>),
    /// An object.
    Map(Vec<(String, Self)>),
}

/// A body with the values of one request. Secrets are still to be put in.
#[derive(Clone, Debug, PartialEq)]
pub enum RenderedBody {
    /// JSON.
    Json(RenderedJson),
    /// The fields of a form, not encoded.
    Form(Vec<(String, String)>),
    /// Text.
    Text(String),
}

/// A JSON value with the values of one request.
#[derive(Clone, Debug, PartialEq)]
pub enum RenderedJson {
    /// A value without members.
    Plain(Value),
    /// JSON as it stands.
    Verbatim(String),
    /// An array.
    List(Vec<Self>),
    /// An object.
    Map(Vec<(String, Self)>),
}

/// A JSON object or list; strings may use `{{ }}`, and a value may be `{ secret: … }`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub(super) struct BodySpec(#[schemars(with = "MapOrList")] Value);

/// A JSON object or list.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
#[expect(dead_code, reason = "it is only a schema")]
enum MapOrList {
    Map(Map<String, Value>),
    List(Vec<Value>),
}

/// What the file gives for a body.
#[derive(Clone, Copy, Default)]
pub(super) struct Given<'a> {
    pub(super) body: Option<&'a Slot<BodySpec>>,
    pub(super) form: Option<&'a Slot<FormSpec>>,
    pub(super) text: Option<&'a Slot<TemplateText>>,
    /// The method is written out: a GET that has a body means it.
    pub(super) has_method: bool,
}

impl Default for BodyTemplate {
    fn default() -> Self {
        Self::Json(JsonTemplate::Map(Vec::new()))
    }
}

impl BodyTemplate {
    /// Fills in the values of one request.
    ///
    /// # Errors
    /// Those of [`Template::render`].
    pub fn render(&self, scope: &Scope<'_>) -> Result<RenderedBody, TemplateError> {
        Ok(match self {
            Self::Json(json) => RenderedBody::Json(json.render(scope)?),
            Self::Form(fields) => {
                let pairs = fields.iter().flat_map(|(name, values)| {
                    values.iter().map(move |value| Ok((name.clone(), value.render(scope)?)))
                });
                RenderedBody::Form(pairs.collect::<Result<_, _>>()?)
            }
            Self::Text(text) => RenderedBody::Text(text.render(scope)?),
        })
    }

    /// Returns the names its templates use.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.templates().into_iter().flat_map(Template::names)
    }

    /// The numbers that members or fields of these names state, at whatever depth; texts count where they are one.
    pub(crate) fn numbers(&self, names: &[&str]) -> Vec<u64> {
        let mut numbers = Vec::new();
        match self {
            Self::Json(json) => json.collect_numbers(None, names, &mut numbers),
            Self::Form(fields) => {
                let named = fields.iter().filter(|(name, _)| names.contains(&name.as_str()));
                numbers.extend(named.flat_map(|(_, values)| values).filter_map(number));
            }
            Self::Text(_) => {}
        }
        numbers
    }

    /// Returns its templates, secrets among them.
    pub fn templates(&self) -> Vec<&Template> {
        match self {
            Self::Json(json) => {
                let mut found = Vec::new();
                json.collect(&mut found);
                found
            }
            Self::Form(fields) => fields.iter().flat_map(|(_, values)| values).collect(),
            Self::Text(text) => vec![text],
        }
    }

    /// Whether it is JSON with such a member.
    pub(crate) fn has(&self, name: &str) -> bool {
        matches!(self, Self::Json(JsonTemplate::Map(members)) if members.iter().any(|(key, _)| key == name))
    }

    /// Why a value cannot be put at `place`, if so: something stands there, or on the way to it. One that
    /// `replaces` may take the place of a text.
    pub(super) fn conflict(&self, place: &Pointer, replaces: bool) -> Option<&'static str> {
        match self {
            Self::Json(JsonTemplate::Map(members)) => in_members(members, place, replaces),
            Self::Json(_) => Some("needs a body that is a map"),
            Self::Form(fields) => match place.tokens() {
                [name] if replaces || !fields.iter().any(|(known, _)| known == name) => None,
                [_] => Some("is given in form too"),
                _ => Some("names no field: a form has no members of members"),
            },
            Self::Text(_) => Some("needs body or form: a text has no members"),
        }
    }
}

fn in_members(members: &[(String, JsonTemplate)], place: &Pointer, replaces: bool) -> Option<&'static str> {
    let (last, parents) = place.tokens().split_last()?;
    let mut entries = members;
    for token in parents {
        match entries.iter().find(|(key, _)| key == token) {
            Some((_, JsonTemplate::Map(inner))) => entries = inner,
            Some((_, JsonTemplate::Plain(Value::Null))) | None => return None,
            Some(_) => return Some("goes through a member of body that is not a map"),
        }
    }
    match entries.iter().find(|(key, _)| key == last) {
        Some((_, JsonTemplate::Text(_))) if replaces => None,
        Some((_, node)) if *node != JsonTemplate::Plain(Value::Null) => Some("is given in body too"),
        _ => None,
    }
}

impl JsonTemplate {
    fn render(&self, scope: &Scope<'_>) -> Result<RenderedJson, TemplateError> {
        Ok(match self {
            Self::Text(template) => RenderedJson::Plain(Value::String(template.render(scope)?)),
            Self::Typed(template) => RenderedJson::Verbatim(template.render(scope)?),
            Self::Plain(value) => RenderedJson::Plain(value.clone()),
            Self::List(items) => {
                RenderedJson::List(items.iter().map(|item| item.render(scope)).collect::<Result<_, _>>()?)
            }
            Self::Map(entries) => {
                let members = entries.iter().map(|(key, node)| Ok((key.clone(), node.render(scope)?)));
                RenderedJson::Map(members.collect::<Result<_, _>>()?)
            }
        })
    }

    /// Collects the numbers at these names; `name` is the value's own.
    fn collect_numbers(&self, name: Option<&str>, names: &[&str], numbers: &mut Vec<u64>) {
        let is_meant = name.is_some_and(|name| names.contains(&name));
        match self {
            Self::Map(entries) => {
                for (key, node) in entries {
                    node.collect_numbers(Some(key), names, numbers);
                }
            }
            Self::Plain(value) if is_meant => numbers.extend(value.as_u64()),
            Self::Text(template) if is_meant => numbers.extend(number(template)),
            Self::Plain(_) | Self::Text(_) | Self::Typed(_) | Self::List(_) => {}
        }
    }

    fn collect<'a>(&'a self, found: &mut Vec<&'a Template>) {
        match self {
            Self::Text(template) | Self::Typed(template) => found.push(template),
            Self::Plain(_) => {}
            Self::List(items) => items.iter().for_each(|item| item.collect(found)),
            Self::Map(entries) => entries.iter().for_each(|(_, node)| node.collect(found)),
        }
    }
}

/// The number that a literal is.
fn number(template: &Template) -> Option<u64> {
    if template.is_literal() { template.as_str().trim().parse().ok() } else { None }
}

/// The body of a request, with its place: the one given, or an empty one that pagination or the window
/// write into.
pub(super) fn resolve(
    given: Given<'_>,
    method: Method,
    window_targets: &[(Target, At)],
    paged: bool,
    named: &Named,
    report: &Report,
) -> Option<(BodyTemplate, At)> {
    let places = [given.body.map(Slot::at), given.form.map(Slot::at), given.text.map(Slot::at)];
    let mut places = places.into_iter().flatten();
    let Some(at) = places.next() else {
        let window = window_targets.iter().any(|(target, _)| matches!(target, Target::Body(_)));
        let is_written = (method != Method::Get || given.has_method) && (window || paged);
        return is_written.then(|| (BodyTemplate::default(), At::default()));
    };
    for other in places {
        report.say(other, "only one of body, form and text may be given");
    }
    if method == Method::Get && !given.has_method {
        report.say(at, "a GET has no body as a rule; write method: POST, or method: GET if it is meant");
        return None;
    }
    let body = match given {
        // What has no members is no body of a GET, as it was before a GET could have one.
        Given { body: Some(slot), .. } if method == Method::Get && slot.get()?.is_empty() && !paged => {
            return None;
        }
        Given { body: Some(slot), .. } => slot.get()?.resolve(named, slot.at(), report)?,
        Given { form: Some(slot), .. } => BodyTemplate::Form(fields(slot.get()?, named, report)?),
        Given { text: Some(slot), .. } => {
            BodyTemplate::Text(Template::check(slot.get()?, Escaping::Text, named, slot.at(), report)?)
        }
        Given { .. } => return None,
    };
    Some((body, at.clone()))
}

impl BodySpec {
    fn is_empty(&self) -> bool {
        self.0.as_object().is_some_and(Map::is_empty)
    }

    fn resolve(&self, named: &Named, at: &At, report: &Report) -> Option<BodyTemplate> {
        if !self.0.is_object() && !self.0.is_array() {
            report.add(at, Draft::refused("a map or a list; `text` sends a text as it stands"));
            return None;
        }
        Check { named, report }.node(&self.0, at).map(BodyTemplate::Json)
    }
}

struct Check<'a> {
    named: &'a Named,
    report: &'a Report,
}

impl Check<'_> {
    /// Looks at every member before giving up, so that all problems are found.
    fn map(&self, members: &Map<String, Value>, at: &At) -> Option<Vec<(String, JsonTemplate)>> {
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

    fn node(&self, value: &Value, at: &At) -> Option<JsonTemplate> {
        match value {
            Value::String(text) => {
                let text = TemplateText(text.clone());
                let template = Template::check(&text, Escaping::Text, self.named, at, self.report)?;
                Some(if template.is_json() {
                    JsonTemplate::Typed(template)
                } else {
                    JsonTemplate::Text(template)
                })
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
                nodes.into_iter().collect::<Option<_>>().map(JsonTemplate::List)
            }
            Value::Object(members) => match named_in_json(members) {
                Some(Ok(secret)) => Some(JsonTemplate::Text(Template::of_secret(secret))),
                // An object of the API's own may have a member of this name.
                Some(Err(_)) | None => self.map(members, at).map(JsonTemplate::Map),
            },
            plain => Some(JsonTemplate::Plain(plain.clone())),
        }
    }
}
