//! What an answer looks like: its one list of objects, and how the list goes on.

use serde_json::Value;

use super::Spec;
use crate::place::{normal, written};
use crate::tree::Node;
use crate::yaml::{Map, one};

const SIZES: [&str; 6] = ["limit", "perpage", "pagesize", "maxresults", "size", "top"];
const LISTS: [&str; 10] =
    ["data", "items", "results", "records", "value", "values", "entries", "rows", "objects", "nodes"];

impl<'a> Spec<'a> {
    /// What the answer looks like.
    fn answer(&self, get: &'a Node) -> Result<&'a Node, String> {
        let responses = get.get("responses").map(Node::entries).unwrap_or_default();
        let good = responses
            .iter()
            .find(|(status, _)| status.starts_with('2'))
            .map(|(_, response)| self.seen(response));
        let response = good.ok_or("no answer with a status of success is described")?;
        let json = response
            .get("content")
            .map(Node::entries)
            .unwrap_or_default()
            .iter()
            .find(|(kind, _)| kind.contains("json"))
            .map(|(_, media)| media);
        let schema = json
            .and_then(|media| media.get("schema"))
            .or_else(|| response.get("schema"))
            .ok_or("the answer has no schema")?;
        Ok(self.seen(schema))
    }

    /// The one list of objects in the answer.
    pub(super) fn records(&self, get: &'a Node) -> Result<Vec<String>, String> {
        let schema = self.answer(get)?;
        let mut found = Vec::new();
        self.lists(schema, &mut Vec::new(), &mut found);
        match found.as_slice() {
            [] => Err("the answer has no list of objects".to_owned()),
            [only] => Ok(only.clone()),
            several => {
                let named: Vec<_> = several
                    .iter()
                    .filter(|path| path.last().is_some_and(|name| LISTS.contains(&normal(name).as_str())))
                    .collect();
                match named.as_slice() {
                    [only] => Ok((*only).clone()),
                    _ => Err(format!("the answer has {} lists of objects", several.len())),
                }
            }
        }
    }

    fn lists(&self, schema: &'a Node, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
        let is_object = |node: &Node| {
            node.get("properties").is_some() || node.kind() == "object" || node.get("allOf").is_some()
        };
        if schema.kind() == "array" {
            if schema.get("items").is_some_and(|items| is_object(self.seen(items))) {
                found.push(path.clone());
            }
            return;
        }
        for part in schema.get("allOf").map(Node::items).unwrap_or_default() {
            if path.len() < 4 {
                self.lists(self.seen(part), path, found);
            }
        }
        for (name, property) in schema.get("properties").map(Node::entries).unwrap_or_default() {
            if path.len() < 3 {
                path.push(name.clone());
                self.lists(self.seen(property), path, found);
                path.pop();
            }
        }
    }

    pub(super) fn pagination(&self, parameters: &[&Node]) -> Option<Map> {
        let named = |names: &[&str]| {
            parameters.iter().find_map(|parameter| {
                parameter
                    .text_at("name")
                    .filter(|name| names.contains(&normal(name).as_str()))
                    .map(|name| (name, *parameter))
            })
        };
        let (kind, send) = if let Some((name, _)) = named(&["offset", "skip", "startat"]) {
            ("offset", name)
        } else if let Some((name, _)) = named(&["page", "pagenumber", "pageno"]) {
            ("page", name)
        } else {
            return None;
        };
        let mut map = Map::new().with("type", kind).with("send", one("query", send));
        self.size(parameters, &mut map);
        Some(map)
    }

    /// A cursor that the answer describes, and a parameter that takes it.
    pub(super) fn cursor(&self, parameters: &[&Node], get: &'a Node) -> Option<Map> {
        let schema = self.answer(get).ok()?;
        let mut members = Vec::new();
        self.members(schema, &mut Vec::new(), &mut members);
        let names: Vec<_> = parameters.iter().filter_map(|parameter| parameter.text_at("name")).collect();
        let (next, send) = members.iter().find_map(|path| {
            let sends = crate::new::cursor_parameters(path.last()?)?;
            let is_taken = |name: &&String| sends.iter().any(|send| normal(send) == normal(name));
            Some((path, names.iter().find(is_taken)?))
        })?;
        let mut map = Map::new()
            .with("type", "cursor")
            .with("next", one("body", written(next)))
            .with("send", one("query", send.as_str()));
        self.size(parameters, &mut map);
        Some(map)
    }

    /// The members of an answer that are no objects and no lists.
    fn members(&self, schema: &'a Node, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
        for part in schema.get("allOf").map(Node::items).unwrap_or_default() {
            if path.len() < 4 {
                self.members(self.seen(part), path, found);
            }
        }
        for (name, property) in schema.get("properties").map(Node::entries).unwrap_or_default() {
            let property = self.seen(property);
            path.push(name.clone());
            if property.get("properties").is_some() && path.len() < 4 {
                self.members(property, path, found);
            } else if property.kind() != "array" {
                found.push(path.clone());
            }
            path.pop();
        }
    }

    /// The page size, where a parameter says it.
    fn size(&self, parameters: &[&Node], map: &mut Map) {
        let named = |names: &[&str]| {
            parameters.iter().find_map(|parameter| {
                let name = parameter.text_at("name")?;
                names.contains(&normal(&name).as_str()).then_some((name, *parameter))
            })
        };
        if let Some((name, size)) = named(&SIZES) {
            let schema = size.get("schema").map_or(size, |schema| self.seen(schema));
            let number = ["maximum", "default"]
                .iter()
                .find_map(|key| schema.get(key))
                .map(Node::to_value)
                .as_ref()
                .and_then(Value::as_u64);
            map.set("page_size", Map::new().with("query", name).with("value", number.unwrap_or(100)));
        }
    }
}
