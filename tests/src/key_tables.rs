//! The tables of keys in `docs/source-files`, made from the JSON Schema of source files.
//!
//! A page says where a table goes: `<!-- keys: Incremental -->`, then the table, then `<!-- end of keys -->`. The name is
//! that of a type in the schema. `Source`, `Shared` and `Stream` are the keys of a source alone, those that a source and a
//! stream have, and those of a stream alone. A type that no page names is written below the key that has it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde_json::{Map, Value};

use crate::marked_tables;

const BEGIN: &str = "<!-- keys: ";
const END: &str = "<!-- end of keys -->";
const STREAM: &str = "StreamWithShared";
/// The words of an enumeration that one cell lists.
const MOST_LISTED: usize = 6;

/// A page of the documentation, as it is and as it should be.
#[derive(Debug)]
pub struct Page {
    /// The file.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// Its text with the tables of this schema.
    pub wanted: String,
}

/// The pages of a folder, with the tables made from a schema.
///
/// # Errors
/// A file cannot be read, or a page names a type that the schema does not have.
pub fn pages(folder: &Path, schema: &Value) -> io::Result<Vec<Page>> {
    let mut texts = Vec::new();
    for file in fs::read_dir(folder)? {
        let path = file?.path();
        if path.extension().is_some_and(|extension| extension == "md") {
            texts.push((path.clone(), fs::read_to_string(&path)?));
        }
    }
    texts.sort();
    let mut tables = Tables { schema, places: BTreeMap::new() };
    for (path, text) in &texts {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        tables.find_places(name, text);
    }
    texts
        .into_iter()
        .map(|(path, text)| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
            let wanted = marked_tables::rewritten(&text, BEGIN, END, |of| tables.table(of, &name));
            let wanted = wanted.map_err(|what| io::Error::other(format!("{name}: {what}")))?;
            Ok(Page { path, text, wanted })
        })
        .collect()
}

struct Tables<'a> {
    schema: &'a Value,
    /// Where each type has its table: page and anchor.
    places: BTreeMap<String, (String, String)>,
}

/// A type without a table of its own, below a key: what stands between the two, its schema, and keys to leave out.
type Nested<'a> = (&'static str, &'a Value, Vec<&'a str>);

impl<'a> Tables<'a> {
    fn find_places(&mut self, page: &str, text: &str) {
        let mut heading = "";
        for line in text.lines() {
            if line.starts_with('#') {
                heading = line.trim_start_matches('#').trim();
            } else if let Some(name) = marked_tables::named(line, BEGIN) {
                self.places.insert(name.to_owned(), (page.to_owned(), anchor(heading)));
            }
        }
    }

    fn table(&self, name: &str, page: &str) -> Result<String, String> {
        let schema = self.marked_type(name).ok_or(format!("the schema has no type {name}"))?;
        let mut rows = Vec::new();
        let shared = self.shared();
        let left_out = if matches!(name, "Source" | "Stream") { shared.clone() } else { Vec::new() };
        if let Some(words) = described_words(schema) {
            let mut table = "| word | meaning |\n|---|---|\n".to_owned();
            for (word, meaning) in words {
                let _ = writeln!(table, "| `{word}` | {} |", sentence(meaning));
            }
            return Ok(table);
        }
        self.forms(schema, page, "", &left_out, &mut rows);
        if name == "Shared" {
            rows.retain(|row| row.key.split(['.', '[']).next().is_some_and(|key| shared.contains(&key)));
        }
        let mut table = "| key | value | meaning |\n|---|---|---|\n".to_owned();
        for Row { key, required, value, meaning } in rows {
            let required = if required { " (required)" } else { "" };
            let key = if key.starts_with("**") { key } else { format!("`{key}`{required}") };
            let _ = writeln!(table, "| {key} | {value} | {} |", sentence(&meaning));
        }
        Ok(table)
    }

    /// The rows of a map, of each type of a tagged one, or of each form of one that has several.
    fn forms(&self, schema: &'a Value, page: &str, prefix: &str, left_out: &[&str], rows: &mut Vec<Row>) {
        let Some(forms) = schema["oneOf"].as_array() else {
            return self.rows(schema, page, prefix, left_out, rows);
        };
        let is_tagged = forms.iter().all(|form| form["properties"]["type"]["const"].is_string());
        let common = if is_tagged { common_keys(forms) } else { Vec::new() };
        for form in forms {
            if let Some(word) = form["properties"]["type"]["const"].as_str() {
                let leaving: Vec<&str> = common.iter().copied().chain(["type"]).collect();
                rows.push(Row::heading(&format!("**`{prefix}type: {word}`**"), &form["description"]));
                self.rows(form, page, prefix, &leaving, rows);
            } else {
                let before = rows.len();
                self.rows(form, page, prefix, left_out, rows);
                if let (Some(row), Some(meaning)) = (rows.get_mut(before), form["description"].as_str()) {
                    row.required = false;
                    meaning.clone_into(&mut row.meaning);
                }
            }
        }
        if !common.is_empty() {
            rows.push(Row::heading("**every type**", &Value::from("Further keys.")));
            let own: Vec<&str> = keys(&forms[0]).filter(|key| !common.contains(key)).collect();
            self.rows(&forms[0], page, prefix, &own, rows);
        }
    }

    fn rows(&self, schema: &'a Value, page: &str, prefix: &str, left_out: &[&str], rows: &mut Vec<Row>) {
        let required = schema["required"].as_array();
        for (key, property) in schema["properties"].as_object().into_iter().flatten() {
            if left_out.contains(&key.as_str()) {
                continue;
            }
            let mut nested = Vec::new();
            let value = self.value(property, page, &mut nested);
            let mut meaning = property["description"].as_str().unwrap_or_default().to_owned();
            for (word, what) in self.words_to_explain(property) {
                meaning = format!("{} `{word}`: {what}", sentence(&meaning));
            }
            rows.push(Row {
                key: format!("{prefix}{key}"),
                required: required.is_some_and(|required| required.contains(&Value::from(key.as_str()))),
                value,
                meaning,
            });
            for (between, schema, left_out) in nested {
                self.forms(schema, page, &format!("{prefix}{key}{between}."), &left_out, rows);
            }
        }
    }

    /// What a key may hold, in words. Types without a table of their own are handed to the caller.
    fn value(&self, schema: &'a Value, page: &str, nested: &mut Vec<Nested<'a>>) -> String {
        if let Some(name) = reference(schema) {
            return self.named(name, page, nested);
        }
        if let Some(words) = words(schema) {
            return listed(&words);
        }
        if let Some(forms) = schema["anyOf"].as_array().or(schema["oneOf"].as_array()) {
            let mut texts: Vec<String> = forms.iter().map(|form| self.value(form, page, nested)).collect();
            texts.dedup();
            return match &texts[..] {
                [one, many] if *many == format!("list of: {one}") => format!("{one}, or a list of them"),
                _ => texts.join(" or "),
            };
        }
        match schema["type"].as_str() {
            Some("array") => format!("list of: {}", self.within(&schema["items"], "[]", page, nested)),
            Some("object") if schema["additionalProperties"].is_object() => {
                format!("map of: {}", self.within(&schema["additionalProperties"], ".*", page, nested))
            }
            Some("object") => "map".to_owned(),
            Some("boolean") => "`true` or `false`".to_owned(),
            Some("integer") => "whole number".to_owned(),
            Some("number") => "number".to_owned(),
            Some("string") => text_of(schema).to_owned(),
            _ if schema["type"].is_array() => "text or number".to_owned(),
            _ => "any value".to_owned(),
        }
    }

    fn within(
        &self,
        schema: &'a Value,
        between: &'static str,
        page: &str,
        nested: &mut Vec<Nested<'a>>,
    ) -> String {
        let mut found = Vec::new();
        let value = self.value(schema, page, &mut found);
        nested.extend(found.into_iter().map(|(_, schema, left_out)| (between, schema, left_out)));
        value
    }

    fn named(&self, name: &str, page: &str, nested: &mut Vec<Nested<'a>>) -> String {
        if name == "SecretRef" {
            return "secret".to_owned();
        }
        let schema = &self.schema["$defs"][name];
        if let Some(words) = words(schema) {
            return listed(&words);
        }
        let base = name.split_once("With").map_or(name, |(base, _)| base);
        let Some((target, anchor)) = self.places.get(base) else {
            nested.push(("", schema, Vec::new()));
            return "map".to_owned();
        };
        let of_base = &self.schema["$defs"][base];
        if base != name && !of_base.is_null() {
            let form = |schema: &'a Value| schema["oneOf"].get(0).unwrap_or(schema);
            nested.push(("", form(schema), keys(form(of_base)).collect()));
        }
        let target = if target == page { "" } else { target };
        format!("[{}]({target}#{anchor})", label(base))
    }

    /// The words that a key takes, with what they mean: unless they have a table, or are their own meaning.
    fn words_to_explain(&self, schema: &'a Value) -> Vec<(&'a str, &'a str)> {
        let name = reference(schema);
        if name.is_some_and(|name| self.places.contains_key(name)) {
            return Vec::new();
        }
        let words =
            described_words(name.map_or(schema, |name| &self.schema["$defs"][name])).unwrap_or_default();
        let says_itself = |(word, meaning): &(&str, &str)| meaning.trim_end_matches('.').ends_with(word);
        if words.iter().all(says_itself) { Vec::new() } else { words }
    }

    fn marked_type(&self, name: &str) -> Option<&'a Value> {
        let types = self.schema["$defs"].as_object()?;
        match name {
            "Source" | "Shared" => Some(self.schema),
            _ => types.get(name).or_else(|| {
                types
                    .iter()
                    .find(|(other, _)| other.starts_with(&format!("{name}With")))
                    .map(|(_, schema)| schema)
            }),
        }
    }

    /// The keys that a source and a stream have.
    fn shared(&self) -> Vec<&'a str> {
        let stream = &self.schema["$defs"][STREAM]["properties"];
        keys(self.schema).filter(|key| stream.get(key).is_some()).collect()
    }
}

struct Row {
    key: String,
    required: bool,
    value: String,
    meaning: String,
}

impl Row {
    fn heading(key: &str, meaning: &Value) -> Row {
        let meaning = meaning.as_str().unwrap_or_default().to_owned();
        Row { key: key.to_owned(), required: false, value: String::new(), meaning }
    }
}

/// A heading's anchor, as GitHub makes it.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase().replace(' ', "-");
    kept.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_')).collect()
}

/// What a link to a type's table says.
fn label(base: &str) -> &str {
    match base {
        "Address" => "place in a response",
        "Target" => "place in a request",
        "Condition" => "condition",
        "ResponseRule" => "rule",
        "OtherRequest" => "request",
        _ => "map",
    }
}

fn reference(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix("#/$defs/")
}

fn keys(schema: &Value) -> impl Iterator<Item = &str> {
    schema["properties"].as_object().into_iter().flat_map(Map::keys).map(String::as_str)
}

fn common_keys(forms: &[Value]) -> Vec<&str> {
    let Some((first, others)) = forms.split_first() else { return Vec::new() };
    let same =
        |key: &&str| others.iter().all(|form| form["properties"].get(*key) == first["properties"].get(*key));
    keys(first).filter(same).collect()
}

/// The words of an enumeration.
fn words(schema: &Value) -> Option<Vec<&str>> {
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().map(Value::as_str).collect();
    }
    schema["oneOf"].as_array()?.iter().map(|word| word["const"].as_str()).collect()
}

/// The words of an enumeration in which each has a meaning.
fn described_words(schema: &Value) -> Option<Vec<(&str, &str)>> {
    let words = schema["oneOf"].as_array()?;
    words.iter().map(|word| Some((word["const"].as_str()?, word["description"].as_str()?))).collect()
}

/// Words as a cell shows them. The many formats of times have a table on their page.
fn listed(words: &[&str]) -> String {
    if words.len() > MOST_LISTED {
        return "a word".to_owned();
    }
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

fn text_of(schema: &Value) -> &'static str {
    match schema["pattern"].as_str() {
        Some("^[0-9]+(ms|s|m|h|d)$" | "^[0-9]+(m|h|d|w|mo|y)$") => "duration",
        Some(pattern) if pattern.contains("KiB") => "size",
        Some("%") => "pattern",
        _ => "text",
    }
}

/// One cell: a capital at the beginning, a full stop at the end.
fn sentence(text: &str) -> String {
    let text = text.replace('\n', " ").replace('|', "\\|");
    let mut letters = text.chars();
    let Some(first) = letters.next() else { return text };
    let end = if text.ends_with('.') { "" } else { "." };
    format!("{}{}{end}", first.to_uppercase(), letters.as_str())
}
