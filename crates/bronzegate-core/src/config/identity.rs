//! What the commit log knows settings by: JSON in the words of a source file, with defaults left out.
//!
//! Commits hold a hash of it, and a later release must find the same. So what stands here does not change for a file that
//! stays the same: names of Rust are no part of it, and a new key is left out where it has its default.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::body::{BodyTemplate, JsonTemplate};
use super::branches::{MissingField, Parent, ParentField};
use super::condition::Test;
use super::cursor_format::CursorFormat;
use super::cut::Cut;
use super::incremental::{Incremental, Start};
use super::method::Method;
use super::other_request::OtherRequest;
use super::pagination::{Advance, Kind, Pagination};
use super::records::{Columns, IfAbsent, Nulls, Records};
use super::stream::Stream;
use super::template::Template;
use super::timezone::Timezone;

/// Keys with their values.
#[derive(Default)]
struct Words(Map<String, Value>);

/// A request as the file has it.
struct Asked<'a> {
    path: &'a Template,
    method: Method,
    params: &'a [(String, Vec<Template>)],
    body: Option<&'a BodyTemplate>,
}

impl Stream {
    /// How its pages lead to each other.
    pub(crate) fn paging_identity(&self) -> Value {
        pagination(&self.pagination).into()
    }

    /// What a sync token is good for; `None` without one.
    pub(crate) fn token_identity(&self, vars: &BTreeMap<String, String>) -> Option<Value> {
        let token = self.pagination.sync_token.as_ref()?;
        let places = json!({ "from": written(&token.from), "to": written(&token.to) });
        Some(self.asked().words(vars).with("sync_token", places).into())
    }

    /// Which records of its parents its runs ask for; `parents` are those above it, from the nearest on.
    pub(crate) fn parents_identity<'a>(
        &'a self,
        parents: impl Iterator<Item = &'a Self>,
        vars: &BTreeMap<String, String>,
    ) -> Value {
        let own = Words::default().with("parent", self.parent.as_ref().map(parent));
        std::iter::once(own).chain(parents.map(|above| above.as_parent(vars))).map(Value::from).collect()
    }

    fn as_parent(&self, vars: &BTreeMap<String, String>) -> Words {
        let partitions = self.partitions.all().map(|(name, values)| (name.to_owned(), json!(values)));
        self.asked()
            .words(vars)
            .with("name", self.name.as_str())
            .with("records", records(&self.records))
            .with("partitions", partitions.collect::<Map<_, _>>())
            .with("parent", self.parent.as_ref().map(parent))
            .with("incremental", self.incremental.as_ref().map(incremental))
    }

    fn asked(&self) -> Asked<'_> {
        Asked { path: &self.path, method: self.method, params: &self.params, body: self.body.as_ref() }
    }
}

impl Asked<'_> {
    /// With the vars that are written into it.
    fn words(&self, vars: &BTreeMap<String, String>) -> Words {
        let params = self.params.iter().flat_map(|(_, values)| values).flat_map(Template::names);
        let body = self.body.into_iter().flat_map(BodyTemplate::names);
        let names: BTreeSet<&str> = self.path.names().chain(params).chain(body).collect();
        let used = names.into_iter().filter_map(|name| name.strip_prefix("vars."));
        let used = used.filter_map(|name| Some((name.to_owned(), vars.get(name)?.as_str().into())));
        let words = Words::default()
            .with("path", self.path.as_str())
            .with("method", (self.method != Method::default()).then(|| written(&self.method)))
            .with("params", fields(self.params))
            .with("vars", used.collect::<Map<_, _>>());
        match self.body {
            None => words,
            Some(BodyTemplate::Json(body)) => words.with("body", json_body(body)),
            Some(BodyTemplate::Form(form)) => words.with("form", fields(form)),
            Some(BodyTemplate::Text(text)) => words.with("text", text.as_str()),
        }
    }
}

impl Words {
    /// Adds a key, unless its value says nothing.
    fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        let value = value.into();
        let says_nothing = match &value {
            Value::Null | Value::Bool(false) => true,
            Value::String(text) => text.is_empty(),
            Value::Array(elements) => elements.is_empty(),
            Value::Object(members) => members.is_empty(),
            _ => false,
        };
        if !says_nothing {
            self.0.insert(key.to_owned(), value);
        }
        self
    }
}

impl From<Words> for Value {
    fn from(Words(members): Words) -> Self {
        Self::Object(members)
    }
}

/// A value in the words that it is read from.
fn written(value: &impl Serialize) -> Value {
    serde_json::to_value(value).expect("names of places and words are texts")
}

/// The same, unless it is the default.
fn unless_default<T: Serialize + Default + PartialEq>(value: &T) -> Value {
    if *value == T::default() { Value::Null } else { written(value) }
}

fn pagination(pagination: &Pagination) -> Words {
    let of_kind = Words::default();
    let of_kind = match &pagination.kind {
        Kind::None => of_kind.with("type", "none"),
        Kind::Cursor { next, send, initial } => of_kind
            .with("type", "cursor")
            .with("next", written(next))
            .with("send", written(send))
            .with("initial", initial.as_ref().map(|initial| initial.0.as_str())),
        Kind::Offset { send, start, advance } => of_kind
            .with("type", "offset")
            .with("send", send.0.as_ref().map(written))
            .with("start", (*start != 0).then_some(*start))
            .with("advance", unless_default::<Advance>(advance)),
        Kind::Page { send, start, is_start_stated, total_pages } => of_kind
            .with("type", "page")
            .with("send", send.0.as_ref().map(written))
            .with("start", is_start_stated.then_some(*start))
            .with("total_pages", total_pages.as_ref().map(written)),
        Kind::LinkHeader { rel } => {
            of_kind.with("type", "link_header").with("rel", (rel != "next").then_some(rel.as_str()))
        }
        Kind::NextUrl { next } => of_kind.with("type", "next_url").with("next", written(next)),
    };
    let size = pagination.page_size.as_ref();
    let size = size.map(|size| json!({ "to": size.to.0.as_ref().map(written), "value": size.value }));
    let cut = match &pagination.next_cut {
        None => Words::default(),
        Some(Cut::Parameter(name)) => Words::default().with("parameter", name.as_str()),
        Some(Cut::Match(pattern)) => Words::default().with("match", pattern.as_str()),
    };
    let later = pagination.next_request.as_ref().map(|later| {
        let OtherRequest { path, method, params, body } = later;
        Value::from(Asked { path, method: *method, params, body: body.as_ref() }.words(&BTreeMap::new()))
    });
    of_kind.with("page_size", size).with("cut", cut).with("next_request", later)
}

fn fields(fields: &[(String, Vec<Template>)]) -> Map<String, Value> {
    let texts = |values: &[Template]| values.iter().map(Template::as_str).collect::<Value>();
    fields.iter().map(|(name, values)| (name.clone(), texts(values))).collect()
}

fn json_body(body: &JsonTemplate) -> Value {
    match body {
        JsonTemplate::Text(template) | JsonTemplate::Typed(template) => template.as_str().into(),
        JsonTemplate::Plain(value) => value.clone(),
        JsonTemplate::List(elements) => elements.iter().map(json_body).collect(),
        JsonTemplate::Map(members) => {
            Value::Object(members.iter().map(|(name, value)| (name.clone(), json_body(value))).collect())
        }
    }
}

fn records(records: &Records) -> Words {
    let columns = records.columns.as_ref().map(|columns| match columns {
        Columns::FirstRow => "first_row".into(),
        Columns::At { at, name } => json!({ "at": written(at), "name": name.as_ref().map(written) }),
    });
    Words::default()
        .with("at", records.at.to_string())
        .with("if_absent", unless_default::<IfAbsent>(&records.if_absent))
        .with("shape", records.shape.as_ref().map(written))
        .with("nulls", unless_default::<Nulls>(&records.nulls))
        .with("columns", columns)
}

fn parent(parent: &Parent) -> Value {
    let conditions = parent.conditions.iter().map(|condition| {
        let (test, value) = match &condition.test {
            Test::Equals(value) => ("equals", value.clone()),
            Test::Exists(exists) => ("exists", json!(exists)),
            Test::Over(number) => ("over", json!(number)),
        };
        json!({ "at": written(&condition.at), test: value })
    });
    let fields = parent.fields.iter().map(ParentField::as_str);
    Words::default()
        .with("fields", fields.collect::<Value>())
        .with("missing", unless_default::<MissingField>(&parent.missing))
        .with("where", conditions.collect::<Value>())
        .into()
}

fn incremental(settings: &Incremental) -> Value {
    let members = settings.cursor.members().iter().map(written);
    let start = settings.start.as_ref().map(|start| match start {
        Start::Time(time) => time.to_string(),
        Start::Value(text) => text.clone(),
    });
    let zone = match &settings.timezone {
        Timezone::Unstated => None,
        Timezone::Utc => Some("UTC"),
        Timezone::Local(zone) => Some(zone.name()),
    };
    Words::default()
        .with("cursor", members.collect::<Value>())
        .with("empty", settings.cursor.empty_values().iter().map(String::as_str).collect::<Value>())
        .with("format", settings.format.all().map(CursorFormat::name).collect::<Value>())
        .with("timezone", zone)
        .with("start", start)
        .into()
}
