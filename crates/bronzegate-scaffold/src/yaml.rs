//! YAML as it is written: maps in order, with comments, short ones on one line.

use std::fmt::Write as _;

use serde_json::Value;

/// The longest line of a map or list that is written on one.
const LONGEST_LINE: usize = 100;

/// A value of a source file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Yaml {
    /// A value of JSON: quoted where YAML would read it as something else.
    Value(Value),
    /// A list.
    List(Vec<Self>),
    /// A map.
    Map(Map),
}

/// A map whose entries carry comments.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Map {
    entries: Vec<Entry>,
    /// Comments after the last entry.
    end: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
struct Entry {
    key: String,
    value: Yaml,
    /// Lines above.
    above: Vec<String>,
    /// At the end of the line.
    beside: Option<String>,
}

impl Map {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Sets a key, and replaces it where there is one.
    pub(crate) fn set(&mut self, key: impl Into<String>, value: impl Into<Yaml>) -> &mut Self {
        let (key, value) = (key.into(), value.into());
        match self.entries.iter_mut().find(|entry| entry.key == key) {
            Some(entry) => entry.value = value,
            None => self.entries.push(Entry { key, value, above: Vec::new(), beside: None }),
        }
        self
    }

    /// The same, to be chained.
    pub(crate) fn with(mut self, key: impl Into<String>, value: impl Into<Yaml>) -> Self {
        self.set(key, value);
        self
    }

    /// A comment at the end of the newest entry's line.
    pub(crate) fn beside(&mut self, comment: impl Into<String>) -> &mut Self {
        if let Some(entry) = self.entries.last_mut() {
            entry.beside = Some(one_line(&comment.into()));
        }
        self
    }

    /// A comment above the newest entry.
    pub(crate) fn above(&mut self, comment: impl AsRef<str>) -> &mut Self {
        let lines = comment.as_ref().lines().map(one_line);
        match self.entries.last_mut() {
            Some(entry) => entry.above.extend(lines),
            None => self.end.extend(lines),
        }
        self
    }

    /// A comment after the last entry.
    pub(crate) fn end(&mut self, comment: impl AsRef<str>) -> &mut Self {
        self.end.extend(comment.as_ref().lines().map(one_line));
        self
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Yaml> {
        self.entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Yaml> {
        self.entries.iter_mut().find(|entry| entry.key == key).map(|entry| &mut entry.value)
    }

    pub(crate) fn remove(&mut self, key: &str) -> Option<Yaml> {
        let at = self.entries.iter().position(|entry| entry.key == key)?;
        Some(self.entries.remove(at).value)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, &Yaml)> {
        self.entries.iter().map(|entry| (entry.key.as_str(), &entry.value))
    }

    fn is_bare(&self) -> bool {
        let bare = |entry: &Entry| entry.above.is_empty() && entry.beside.is_none() && entry.value.is_bare();
        self.end.is_empty() && self.entries.iter().all(bare)
    }

    /// The text of a file.
    pub(crate) fn to_text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text, 0);
        text
    }

    fn write(&self, text: &mut String, depth: usize) {
        let indent = "  ".repeat(depth);
        for entry in &self.entries {
            for line in &entry.above {
                comment_line(text, &indent, line);
            }
            let _ = write!(text, "{indent}{}:", key(&entry.key));
            entry.value.write(text, depth, entry.beside.as_deref());
        }
        for line in &self.end {
            comment_line(text, &indent, line);
        }
    }
}

fn comment_line(text: &mut String, indent: &str, line: &str) {
    let _ = writeln!(text, "{}", format!("{indent}# {line}").trim_end());
}

/// A comment must not end before its line does.
fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

impl Yaml {
    fn is_bare(&self) -> bool {
        match self {
            Self::Value(_) => true,
            Self::List(items) => items.iter().all(Self::is_bare),
            Self::Map(map) => map.is_bare(),
        }
    }

    /// What it holds as JSON.
    #[cfg(test)]
    pub(crate) fn to_value(&self) -> Value {
        match self {
            Self::Value(value) => value.clone(),
            Self::List(items) => Value::Array(items.iter().map(Self::to_value).collect()),
            Self::Map(map) => {
                Value::Object(map.entries().map(|(key, value)| (key.to_owned(), value.to_value())).collect())
            }
        }
    }

    fn write(&self, text: &mut String, depth: usize, beside: Option<&str>) {
        let comment = |text: &mut String| {
            if let Some(beside) = beside {
                let _ = write!(text, "  # {beside}");
            }
            text.push('\n');
        };
        if let Some(flow) = self.short(LONGEST_LINE.saturating_sub(2 * depth)) {
            let _ = write!(text, " {flow}");
            comment(text);
            return;
        }
        comment(text);
        match self {
            Self::Value(_) => {}
            Self::Map(map) => map.write(text, depth + 1),
            Self::List(items) => {
                let indent = "  ".repeat(depth + 1);
                for item in items {
                    match item {
                        Self::Map(map) if item.short(LONGEST_LINE).is_none() && !map.is_empty() => {
                            let mut inner = String::new();
                            map.write(&mut inner, depth + 2);
                            let inner = inner.trim_start();
                            let _ = write!(text, "{indent}- {inner}");
                        }
                        item => {
                            let _ = writeln!(text, "{indent}- {}", item.flow());
                        }
                    }
                }
            }
        }
    }

    /// It on one line, where that is short and no comment is lost.
    fn short(&self, longest: usize) -> Option<String> {
        match self {
            Self::Value(_) => Some(self.flow()),
            Self::Map(map)
                if map
                    .entries
                    .iter()
                    .any(|entry| matches!(&entry.value, Self::Map(inner) if inner.entries.len() > 2)) =>
            {
                None
            }
            // A stream is read line by line.
            Self::Map(map) if map.get("path").is_some() && map.get("records").is_some() => None,
            _ => self.is_bare().then(|| self.flow()).filter(|flow| flow.len() <= longest),
        }
    }

    fn flow(&self) -> String {
        match self {
            Self::Value(value) => scalar(value),
            Self::List(items) => {
                format!("[{}]", items.iter().map(Self::flow).collect::<Vec<_>>().join(", "))
            }
            Self::Map(map) if map.is_empty() => "{}".to_owned(),
            Self::Map(map) => {
                let entries = map.entries.iter();
                let entries = entries.map(|entry| format!("{}: {}", key(&entry.key), entry.value.flow()));
                format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

fn key(text: &str) -> String {
    scalar(&Value::from(text))
}

/// A scalar; a text is written plainly only if no reader of YAML could take it for something else.
fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) if is_plain(text) => text.clone(),
        // A string of JSON is one of YAML.
        Value::String(text) => quoted(text),
        Value::Array(items) => format!("[{}]", items.iter().map(scalar).collect::<Vec<_>>().join(", ")),
        Value::Object(members) if members.is_empty() => "{}".to_owned(),
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| format!("{}: {}", key(name), scalar(value)));
            format!("{{ {} }}", members.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

fn quoted(text: &str) -> String {
    let json = Value::from(text).to_string();
    // What JSON leaves as it is, and YAML would read as a line break or refuse.
    json.chars()
        .map(|letter| match letter {
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => format!("\\u{:04x}", letter as u32),
            letter => letter.to_string(),
        })
        .collect()
}

fn is_plain(text: &str) -> bool {
    let first = |byte: u8| byte.is_ascii_alphabetic() || matches!(byte, b'/' | b'$' | b'_');
    let inner = |byte: u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-' | b'.' | b'$' | b'+' | b'=' | b';')
    };
    let word = text.bytes().next().is_some_and(first) && text.bytes().all(|byte| inner(byte) || byte == b':');
    // A colon is one of YAML's own only before a space or at the end.
    let lower = text.to_ascii_lowercase();
    let reserved = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"];
    word && !text.ends_with(':') && !reserved.contains(&lower.as_str())
}

impl From<Value> for Yaml {
    fn from(value: Value) -> Self {
        match value {
            Value::Array(items) => Self::List(items.into_iter().map(Self::from).collect()),
            Value::Object(members) => {
                let mut map = Map::new();
                for (name, value) in members {
                    map.set(name, value);
                }
                Self::Map(map)
            }
            value => Self::Value(value),
        }
    }
}

impl From<&str> for Yaml {
    fn from(text: &str) -> Self {
        Self::Value(text.into())
    }
}

impl From<String> for Yaml {
    fn from(text: String) -> Self {
        Self::Value(text.into())
    }
}

impl From<u64> for Yaml {
    fn from(number: u64) -> Self {
        Self::Value(number.into())
    }
}

impl From<bool> for Yaml {
    fn from(flag: bool) -> Self {
        Self::Value(flag.into())
    }
}

impl From<Map> for Yaml {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}

impl From<Vec<Self>> for Yaml {
    fn from(items: Vec<Self>) -> Self {
        Self::List(items)
    }
}

/// `{ key: value }`.
pub(crate) fn one(key: &str, value: impl Into<Yaml>) -> Yaml {
    Yaml::Map(Map::new().with(key, value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn comments_stand_where_they_were_put_and_short_maps_on_one_line() {
        let mut map = Map::new().with("source", "crm").with("next", one("body", "paging.next"));
        map.beside("page 1 named page 2");
        map.set("params", json!({"a": "1", "b": {"c": [1, 2.5, null, true]}}))
            .above("sent with\nevery request");
        map.end("incremental:");
        insta::assert_snapshot!(map.to_text(), @r#"
        source: crm
        next: { body: paging.next }  # page 1 named page 2
        # sent with
        # every request
        params: { a: "1", b: { c: [1, 2.5, null, true] } }
        # incremental:
        "#);
    }

    #[test]
    fn a_text_that_yaml_would_take_for_something_else_is_quoted() {
        for (text, written) in [
            ("/a/b?c=d", "\"/a/b?c=d\""),
            ("/a/b", "/a/b"),
            ("1", "\"1\""),
            ("true", "\"true\""),
            ("No", "\"No\""),
            ("a: b", "\"a: b\""),
            ("a:", "\"a:\""),
            ("https://a.b:8/c", "https://a.b:8/c"),
            ("", "\"\""),
            ("a #b", "\"a #b\""),
            ("{{ x }}", "\"{{ x }}\""),
            ("2026-01-01", "\"2026-01-01\""),
            ("a\u{2028}\u{85}\"b\"\n", "\"a\\u2028\\u0085\\\"b\\\"\\n\""),
            ("$", "$"),
            ("-", "\"-\""),
        ] {
            assert_eq!(scalar(&text.into()), written);
        }
    }

    #[test]
    fn a_comment_cannot_become_a_line_of_its_own() {
        let mut map = Map::new().with("a", "b");
        map.beside("x\nevil: true");
        assert_eq!(map.to_text(), "a: b  # x evil: true\n");
    }
}
