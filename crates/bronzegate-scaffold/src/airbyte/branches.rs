//! Partition routers: lists of values, and records of parents.

use serde_json::Value;

use super::jinja::Scope;
use super::part::Part;
use super::refused::{Result, refuse};
use super::templates::ABOVE;
use super::term::{Root, Term, Test, shown};
use super::transformations::{Made, Transformations};
use crate::place::{Target, written};
use crate::tree::Node;
use crate::yaml::{Map, Yaml};

/// What a stream's requests are repeated for.
#[derive(Debug, Default)]
pub(super) struct Branches {
    pub(super) partitions: Map,
    /// The parent's definition, and its fields.
    pub(super) parent: Option<Parent>,
    /// Parameters and headers that say the branch.
    pub(super) sent: Vec<(Target, String)>,
}

/// A parent: the node of its stream, and the fields that are taken from its records.
#[derive(Debug)]
pub(super) struct Parent {
    pub(super) stream: Node,
    /// The field that is its value for the requests.
    pub(super) key: String,
    pub(super) fields: Vec<String>,
    /// Conditions on its records: others have no children.
    pub(super) passing: Vec<Yaml>,
    /// Only those that are new or have changed since the last run have children.
    pub(super) by_change: bool,
}

/// Reads the partition routers of a retriever.
pub(super) fn branches(part: &mut Part<'_>, node: Option<&Node>) -> Result<Branches> {
    let mut branches = Branches::default();
    for router in node.map(Node::items).unwrap_or_default() {
        match router.kind() {
            "ListPartitionRouter" => listed(part, router, &mut branches)?,
            "SubstreamPartitionRouter" => parent(part, router, &mut branches)?,
            "GroupingPartitionRouter" => {
                return refuse("parents in groups", "partitions are asked for in groups", router);
            }
            kind => {
                return refuse(
                    "custom component",
                    format!("the partition router is code of the connector ({kind})"),
                    router,
                );
            }
        }
    }
    Ok(branches)
}

fn listed(part: &mut Part<'_>, router: &Node, branches: &mut Branches) -> Result<()> {
    let field = field(part, router, "cursor_field")?;
    let values = match router.get("values") {
        Some(list) if list.str().is_none() => {
            let values = list.items().iter().map(|value| {
                let term = part.scope(router).value(value);
                Part::known(term, "a value of a partition", value)
            });
            values.collect::<Result<Vec<_>>>()?
        }
        Some(text) => {
            let scope = part.scope(router);
            let term = match scope.value(text) {
                Term::Known(Value::Null) => Scope { stands_in: true, ..scope }.value(text),
                term => term,
            };
            match Part::known(term, "the list of partitions", text)? {
                Value::Array(values) => values,
                Value::Null => Vec::new(),
                value => vec![value],
            }
        }
        None => Vec::new(),
    };
    if values.is_empty() {
        return refuse(
            "empty list of partitions",
            format!("the list of `{field}` is empty: give its values with --config"),
            router,
        );
    }
    let name = partition_name(&field);
    part.listed.push((field.clone(), values.clone()));
    part.partitions.push((field.clone(), format!("partition.{name}")));
    branches
        .partitions
        .set(name.as_str(), values.into_iter().map(|value| Yaml::from(bare(value))).collect::<Vec<_>>());
    if let Some(option) = router.get("request_option") {
        branches.sent.push((part.target(option)?, format!("{{{{ partition.{name} }}}}")));
    }
    Ok(())
}

/// A text that is a number or boolean as one, since that is what a manifest's `{{ }}` makes of it.
fn bare(value: Value) -> Value {
    let Value::String(text) = value else { return value };
    let read = serde_json::from_str(&text).ok().filter(|read: &Value| read.is_number() || read.is_boolean());
    // Digits that would be lost are kept as a text.
    read.filter(|read| format!("{read}") == text).unwrap_or(Value::String(text))
}

fn parent(part: &mut Part<'_>, router: &Node, branches: &mut Branches) -> Result<()> {
    let configs = router.get("parent_stream_configs").map(Node::items).unwrap_or_default();
    let [config] = configs else {
        return refuse("several parents", format!("{} parents at once", configs.len()), router);
    };
    if branches.parent.is_some() {
        return refuse("several parents", "two routers with parents", router);
    }
    let Some(stream) = config.get("stream") else { return refuse("parent", "no parent is named", config) };
    let key = field(part, config, "parent_key")?;
    let field = field(part, config, "partition_field")?;
    let path: Vec<String> = key.split('.').map(str::to_owned).collect();
    if path.iter().any(|step| step == "*") {
        return refuse("several values of a parent", format!("the parent's key is `{key}`"), config);
    }
    above(part, stream);
    part.parent_made = Transformations::read(&mut Part::new(part.settings, part.source), stream);
    // The record itself, of which templates take members.
    let key = if key == "/" { "$".to_owned() } else { own_field(part, &path.join("."), config)? };
    part.partitions.push((field, format!("parent.{key}")));
    let mut fields = Vec::new();
    for extra in config.get("extra_fields").map(Node::items).unwrap_or_default() {
        let path: Vec<String> = extra.items().iter().filter_map(Node::text).collect();
        let address = own_field(part, &path.join("."), config)?;
        part.partitions.push((path.last().cloned().unwrap_or_default(), format!("parent.{address}")));
        if !fields.contains(&address) {
            fields.push(address);
        }
    }
    if config.get("lazy_read_pointer").is_some_and(|pointer| !pointer.items().is_empty()) {
        return refuse(
            "children inside of the parent",
            "the first children stand in the parent's record (lazy_read_pointer)",
            config,
        );
    }
    if let Some(option) = config.get("request_option") {
        if key == "$" {
            return refuse(
                "whole record of a parent",
                "the parent's record is a value of the request",
                option,
            );
        }
        part.uses_parent_key = true;
        branches.sent.push((part.target(option)?, format!("{{{{ parent.{key} }}}}")));
    }
    let passing = passing(part, stream)?;
    let by_change = config.is_true("incremental_dependency");
    branches.parent = Some(Parent { stream: stream.clone(), key, fields, passing, by_change });
    Ok(())
}

/// A field of the parent's records, as the API writes it.
fn own_field(part: &Part<'_>, member: &str, at: &Node) -> Result<String> {
    match part.parent_field(member) {
        Some(field) => Ok(field),
        None => refuse(
            "field made by a transformation",
            format!("the parent's field `{member}` is made by a transformation"),
            at,
        ),
    }
}

impl Part<'_> {
    /// The field of the parent's records for a member that the manifest names: a value of its own slice is a field, too.
    pub(super) fn parent_field(&self, member: &str) -> Option<String> {
        match self.parent_made.of(member) {
            Made::Of(mut members) if members.len() == 1 => {
                let path: Vec<_> = members.pop()?.split('.').map(str::to_owned).collect();
                Some(written(&path))
            }
            Made::Partition(name) => {
                let own = self.partitions.iter().find(|(known, _)| *known == format!("{ABOVE}{name}"))?;
                own.1.strip_prefix("parent.").map(str::to_owned)
            }
            _ => None,
        }
    }
}

/// The filter of the parent's records as conditions: those that it leaves out have no children.
fn passing(part: &Part<'_>, stream: &Node) -> Result<Vec<Yaml>> {
    let Some(filter) = stream.path(&["retriever", "record_selector", "record_filter"]) else {
        return Ok(Vec::new());
    };
    let condition = filter.get("condition").map(|condition| part.scope(filter).value(condition));
    let tests = match condition.map(|term| (term.as_test(), term)) {
        Some((Ok(true), _)) => return Ok(Vec::new()),
        Some((Err(test), _)) => match *test {
            Test::And(tests) => tests,
            test => vec![test],
        },
        _ => Vec::new(),
    };
    let conditions: Option<Vec<_>> = tests.iter().map(of_record).collect();
    match conditions.filter(|conditions| !conditions.is_empty()) {
        Some(conditions) => Ok(conditions.into_iter().map(Yaml::Map).collect()),
        None => refuse("filter of a parent", "a filter leaves out parents, and no condition says it", filter),
    }
}

/// A test of a record as the condition of a parent.
fn of_record(test: &Test) -> Option<Map> {
    let at = |term: &Term| match term {
        Term::At(Root::Record, path) => {
            let path = super::jinja::address(path).filter(|path| !path.is_empty())?;
            Some(Map::new().with("at", written(&path)))
        }
        _ => None,
    };
    match test {
        Test::Exists(term) => Some(at(term)?.with("exists", true)),
        Test::Not(inner) => match &**inner {
            Test::Exists(term) => Some(at(term)?.with("exists", false)),
            _ => None,
        },
        Test::Compare("==", term, Term::Known(value)) if !value.is_null() => {
            Some(at(term)?.with("equals", value.clone()))
        }
        Test::Compare(">", term, Term::Known(Value::Number(number))) => {
            Some(at(term)?.with("over", Value::Number(number.clone())))
        }
        _ => None,
    }
}

/// What the parent's own slice holds: each of its records has it as a field here.
fn above(part: &mut Part<'_>, stream: &Node) {
    let router = stream.path(&["retriever", "partition_router"]);
    for router in router.map(Node::items).unwrap_or_default() {
        if let Ok(name) = field(part, router, "cursor_field") {
            let own = format!("parent._partition_{}", partition_name(&name));
            part.partitions.push((format!("{ABOVE}{name}"), own));
        }
        for config in router.get("parent_stream_configs").map(Node::items).unwrap_or_default() {
            let (key, name) = (field(part, config, "parent_key"), field(part, config, "partition_field"));
            if let (Ok(key), Ok(name)) = (key, name) {
                part.partitions
                    .push((format!("{ABOVE}{name}"), format!("parent._parent_{}", key.replace('.', "_"))));
            }
        }
    }
}

/// The name of a partition in a source file.
fn partition_name(field: &str) -> String {
    field.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect()
}

fn field(part: &Part<'_>, node: &Node, key: &str) -> Result<String> {
    let Some(value) = node.get(key) else { return refuse("partition", format!("`{key}` is missing"), node) };
    let known = Part::known(part.scope(node).value(value), "the name of a partition", value)?;
    Ok(shown(&known))
}
