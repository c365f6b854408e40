//! `| json`: a value with the type that it has, as JSON.
//!
//! | value | its type |
//! |---|---|
//! | `parent.<field>` | that of the parent's record; of a batch a list |
//! | `cursor` | that of the answer |
//! | `vars.<name>`, `partition.<name>` | a number or boolean where it is written as one, without quotes, else a text |
//! | anything else | a number of the template's own (`page`, `\| epoch`), else a text |

use std::borrow::Cow;

use minijinja::value::Value;

use super::template::{Scope, invalid, tree};

/// The root under which a scope has the JSON of its values.
pub(super) const ROOT: &str = "json";

/// Whether a template is one value as JSON, and nothing else.
pub(super) fn is_one_value(text: &str) -> bool {
    let inner = text.trim().strip_prefix("{{").and_then(|text| text.strip_suffix("}}"));
    let Some(inner) = inner.filter(|inner| !inner.contains("{{") && !inner.contains("}}")) else {
        return false;
    };
    let before = inner.trim_end().strip_suffix(ROOT).map(str::trim_end);
    before.is_some_and(|before| before.ends_with('|'))
}

/// The template with the JSON of each value in place of `value | json`.
pub(super) fn with_types(text: &str) -> Cow<'_, str> {
    if !text.contains('|') {
        return text.into();
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("{{") {
        let Some((inner, after)) = behind.split_once("}}") else { break };
        out.push_str(before);
        match typed(inner) {
            Some(name) => out.extend(["{{ ", ROOT, ".", name, " }}"]),
            None => out.extend(["{{", inner, "}}"]),
        }
        rest = after;
    }
    out.push_str(rest);
    out.into()
}

/// The name of a value whose type is known, where it is asked for as JSON.
fn typed(inner: &str) -> Option<&str> {
    let (name, function) = inner.split_once('|')?;
    let name = name.trim();
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'));
    let root = name.split('.').next().unwrap_or_default();
    let is_typed = matches!(root, "parent" | "cursor" | "vars" | "partition");
    (is_name && is_typed && function.trim() == ROOT).then_some(name)
}

/// The JSON of a scope's values, under their names.
pub(super) fn values(scope: &Scope<'_>) -> Value {
    let as_written = |name: &String, text: &String, texts: &[String]| {
        (name.clone(), if texts.contains(name) { quoted(text) } else { of_text(text) })
    };
    let vars: Vec<_> =
        scope.vars.iter().map(|(name, text)| as_written(name, text, scope.text_vars)).collect();
    let partition = scope.partition.iter().map(|(name, text)| as_written(name, text, scope.text_partitions));
    let partition: Vec<_> = partition.collect();
    let cursor = match scope.cursor {
        Some(cursor) if scope.is_cursor_bare => cursor.to_owned(),
        Some(cursor) => quoted(cursor),
        None => "null".to_owned(),
    };
    let named =
        |values: &[(String, String)]| tree(values.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    Value::from_pairs([
        ("vars", named(&vars)),
        ("partition", named(&partition)),
        ("parent", named(scope.parent_json)),
        ("cursor", Value::from(cursor)),
    ])
}

/// A value of the template's own as JSON.
pub(super) fn json(value: &Value) -> Result<String, minijinja::Error> {
    serde_json::to_string(value).map_err(|_| invalid("the value cannot be written as JSON"))
}

/// A text as the number or boolean that it is, else as a text.
fn of_text(text: &str) -> String {
    let is_bare = matches!(text.as_bytes().first(), Some(b'-' | b'0'..=b'9' | b't' | b'f'));
    if is_bare && serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok() {
        return text.to_owned();
    }
    quoted(text)
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_name_alone_keeps_its_type() {
        for (text, expected) in [
            ("{{ parent.id | json }}", "{{ json.parent.id }}"),
            ("{{parent.id|json}}-{{ cursor | json }}", "{{ json.parent.id }}-{{ json.cursor }}"),
            ("{{ parent.id[:2] | json }}", "{{ parent.id[:2] | json }}"),
            ("{{ window.from | epoch | json }}", "{{ window.from | epoch | json }}"),
            ("{{ page | json }} {{ vars.a }}", "{{ page | json }} {{ vars.a }}"),
            ("a|b {{ vars.a | json", "a|b {{ vars.a | json"),
        ] {
            assert_eq!(with_types(text), expected, "{text}");
        }
        for (text, expected) in [
            ("{{ page | json }}", true),
            (" {{ window.from | epoch | json }}", true),
            ("x{{ page | json }}", false),
            ("{{ page | json }}{{ page | json }}", false),
            ("{{ page }}", false),
            ("{{ vars.json }}", false),
        ] {
            assert_eq!(is_one_value(text), expected, "{text}");
        }
        for (text, expected) in [
            ("7", "7"),
            ("-1.50", "-1.50"),
            ("007", "\"007\""),
            ("true", "true"),
            ("t", "\"t\""),
            ("", "\"\""),
        ] {
            assert_eq!(of_text(text), expected);
        }
    }
}
