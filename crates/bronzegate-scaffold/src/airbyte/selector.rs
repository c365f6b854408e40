//! Record selectors, decoders and transformations.

use serde_json::Value;

use super::part::Part;
use super::refused::{Result, refuse};
use super::term::{Term, shown};
use super::transformations::Transformations;
use crate::place::written;
use crate::tree::Node;
use crate::yaml::{Map, Yaml};

/// Where the records are.
#[derive(Debug, Default)]
pub(super) struct Selected {
    /// The path of the list.
    pub(super) path: Vec<String>,
    /// The setting `records`.
    pub(super) records: Option<Yaml>,
    /// The setting `format`.
    pub(super) format: Option<Yaml>,
}

/// Reads the record selector and the decoder of a retriever.
pub(super) fn selected(part: &mut Part<'_>, retriever: &Node) -> Result<Selected> {
    let mut selected = Selected::default();
    let selector = retriever.get("record_selector");
    if let Some(selector) = selector.filter(|selector| selector.kind() != "RecordSelector") {
        return refuse("custom component", "the record selector is code of the connector", selector);
    }
    let decoder = retriever
        .get("decoder")
        .or_else(|| selector.and_then(|selector| selector.path(&["extractor", "decoder"])));
    selected.format = decoder.map(|decoder| format(part, decoder)).transpose()?.flatten();
    if let Some(extractor) = selector.and_then(|selector| selector.get("extractor")) {
        match extractor.kind() {
            "DpathExtractor" => {}
            "ResponseToFileExtractor" => {
                return refuse("export job", "the records are read from a file of an export job", extractor);
            }
            kind => {
                return refuse(
                    "custom component",
                    format!("the extractor is code of the connector ({kind})"),
                    extractor,
                );
            }
        }
        if extractor.get("record_expander").is_some() {
            return refuse("record expander", "records are expanded from lists in records", extractor);
        }
        for step in extractor
            .get("field_path")
            .or_else(|| extractor.get("field_pointer"))
            .map(Node::items)
            .unwrap_or_default()
        {
            let step = Part::known(part.scope(extractor).value(step), "the path of the records", step)?;
            selected.path.push(shown(&step));
        }
        if selected.path.iter().any(|step| step == "**" || step.starts_with('[')) {
            return refuse(
                "path of records",
                format!("the records are at `{}`", selected.path.join(".")),
                extractor,
            );
        }
        if is_list_or_map(&selected.path) {
            return refuse(
                "path of records",
                format!(
                    "the records are at `{}`: of a list its elements, of a map its members, and the manifest does not \
                     say which it is",
                    selected.path.join(".")
                ),
                extractor,
            );
        }
    }
    selected.records = Some(records(part, &selected.path));
    if let Some(filter) = selector.and_then(|selector| selector.get("record_filter")) {
        let condition = filter.text_at("condition").unwrap_or_else(|| "code of the connector".to_owned());
        part.left_out.push(format!("the filter `{}`: its records land too", condition.trim()));
    }
    Ok(selected)
}

/// Whether a path ends in its only `*`. Airbyte takes elements and members alike; a source file names one of the two.
fn is_list_or_map(path: &[String]) -> bool {
    path.last().is_some_and(|last| last == "*") && path.iter().filter(|step| *step == "*").count() == 1
}

/// The setting `records` of a path.
fn records(part: &mut Part<'_>, path: &[String]) -> Yaml {
    if path.is_empty() {
        return "$".into();
    }
    let at = if path.iter().any(|step| step == "*") {
        part.rewrite("records of several lists or members: `*`");
        // Elements of a list within each: the list itself is named.
        let path = match path {
            [before @ .., last]
                if last == "*"
                    && before.iter().any(|step| step == "*")
                    && before.last().is_some_and(|step| step != "*") =>
            {
                before
            }
            path => path,
        };
        if path[0] == "*" { format!("$.{}", path.join(".")) } else { path.join(".") }
    } else {
        written(path)
    };
    Yaml::Map(Map::new().with("at", at).with("if_absent", "empty"))
}

fn format(part: &mut Part<'_>, decoder: &Node) -> Result<Option<Yaml>> {
    Ok(match decoder.kind() {
        "" | "JsonDecoder" => None,
        "JsonlDecoder" => Some("ndjson".into()),
        "CsvDecoder" => {
            let mut csv = Map::new();
            if let Some(delimiter) = decoder.text_at("delimiter").filter(|delimiter| delimiter != ",") {
                csv.set("delimiter", if delimiter == "\\t" { "\t".to_owned() } else { delimiter });
            }
            let encoding = decoder
                .text_at("encoding")
                .filter(|encoding| !matches!(encoding.to_lowercase().as_str(), "utf-8" | "utf8"));
            let mut options = Map::new();
            match (csv.is_empty(), encoding) {
                (true, None) => return Ok(Some("csv".into())),
                (true, Some(encoding)) => {
                    options.set("type", "csv").set("encoding", encoding);
                }
                (false, encoding) => {
                    options.set("csv", csv);
                    if let Some(encoding) = encoding {
                        options.set("encoding", encoding);
                    }
                }
            }
            Some(Yaml::Map(options))
        }
        // A packed body is known by its first bytes.
        "GzipDecoder" | "GzipJsonDecoder" | "ZipfileDecoder" => {
            match decoder.get("decoder").or_else(|| decoder.get("parser")) {
                Some(inner) => format(part, inner)?,
                None => None,
            }
        }
        "XmlDecoder" => {
            part.rewrite("XML as bronze writes it: an element that comes twice in a record fails the run until `format` names it in xml.lists");
            Some("xml".into())
        }
        kind => {
            return refuse(
                "custom component",
                format!("the decoder is code of the connector ({kind})"),
                decoder,
            );
        }
    })
}

/// The primary key, where it is one member.
pub(super) fn key(part: &mut Part<'_>, stream: &Node, transformations: &Transformations) -> Option<String> {
    let node = stream.get("primary_key")?;
    let scope = part.scope(stream);
    let value = scope.value(node);
    let names: Vec<String> = match value {
        Term::Known(Value::String(name)) => vec![name],
        Term::Known(Value::Array(items)) => items
            .iter()
            .map(|item| match item {
                Value::Array(path) => path.iter().map(shown).collect::<Vec<_>>().join("."),
                item => shown(item),
            })
            .collect(),
        _ => Vec::new(),
    };
    match names.as_slice() {
        [name] if !name.is_empty() => {
            let original = transformations.original(name);
            if original.is_none() {
                part.note("the key is made by a transformation: records at a run's boundary may come twice");
            }
            original.map(|name| written(&name.split('.').map(str::to_owned).collect::<Vec<_>>()))
        }
        [] => None,
        _ => {
            part.note("the key has several members: records at a run's boundary may come twice");
            None
        }
    }
}
