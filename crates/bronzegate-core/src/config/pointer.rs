//! Where a member is in a JSON value: `a.b.c`, or a JSON Pointer (RFC 6901) when it starts with `/`.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

/// A path into a JSON value, never empty. A token of digits also names a place in an array.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, with = "String", extend("minLength" = 1))]
pub struct Pointer {
    text: String,
    tokens: Vec<String>,
}

const FORM: &str = "a path such as a.b.c, or a JSON Pointer such as /@odata.nextLink";
const JSONPATH: &str = "the path without $ (a.b.c); JSONPath is not understood here";
const BRACKETS: &str =
    "an array's place as a.0.b; a member whose name has brackets as a JSON Pointer (/a[0])";
const ESCAPES: &str = "a JSON Pointer whose ~ is ~0 and whose / is ~1 (RFC 6901)";

impl Pointer {
    /// Returns the member names from the outside in, at least one.
    pub fn tokens(&self) -> &[String] {
        &self.tokens
    }

    /// Returns where what holds its member is; nothing for one at the top.
    pub fn above(&self) -> Option<Self> {
        let tokens = self.tokens[..self.tokens.len() - 1].to_vec();
        let is_plain = !self.text.starts_with('/');
        let escape = |token: &String| format!("/{}", token.replace('~', "~0").replace('/', "~1"));
        let text = if is_plain { tokens.join(".") } else { tokens.iter().map(escape).collect() };
        (!tokens.is_empty()).then_some(Self { text, tokens })
    }

    /// Returns the list before a `*`, and what leads on from each of its elements; nothing without a `*`.
    pub(super) fn each(&self) -> Option<(Self, Vec<String>)> {
        let star = self.tokens.iter().position(|token| token == "*").filter(|star| *star > 0)?;
        let tokens = self.tokens[..star].to_vec();
        Some((Self { text: tokens.join("."), tokens }, self.tokens[star + 1..].to_vec()))
    }

    /// Returns what it leads through where a token of digits follows: these may be arrays.
    pub fn lists(&self) -> Vec<Self> {
        let is_place = |nth: &usize| self.tokens[*nth].bytes().all(|byte| byte.is_ascii_digit());
        let above = |nth: usize| {
            let tokens = self.tokens[..nth].to_vec();
            Self { text: tokens.join("."), tokens }
        };
        (1..self.tokens.len()).filter(is_place).map(above).collect()
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Pointer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl std::str::FromStr for Pointer {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::try_from(text.to_owned())
    }
}

impl TryFrom<String> for Pointer {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let tokens = match text.strip_prefix('/') {
            Some(rest) => rest.split('/').map(unescape).collect::<Result<_, _>>()?,
            None => dotted(&text)?,
        };
        Ok(Self { text, tokens })
    }
}

fn dotted(text: &str) -> Result<Vec<String>, &'static str> {
    if text == "$" || text.starts_with("$.") || text.starts_with("$[") {
        return Err(JSONPATH);
    }
    if text.contains(['[', ']']) {
        return Err(BRACKETS);
    }
    let tokens: Vec<String> = text.split('.').map(str::to_owned).collect();
    if tokens.iter().any(|token| token.trim() != token || token.is_empty()) {
        return Err(FORM);
    }
    Ok(tokens)
}

fn unescape(token: &str) -> Result<String, &'static str> {
    let mut name = String::with_capacity(token.len());
    let mut chars = token.chars();
    while let Some(c) = chars.next() {
        match (c, c == '~') {
            (_, false) => name.push(c),
            (_, true) => name.push(match chars.next() {
                Some('0') => '~',
                Some('1') => '/',
                _ => return Err(ESCAPES),
            }),
        }
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_dotted_paths_and_json_pointers() {
        for (text, want) in [
            ("results", vec!["results"]),
            ("paging.next.after", vec!["paging", "next", "after"]),
            ("/@odata.nextLink", vec!["@odata.nextLink"]),
            ("/a~1b/c~0d", vec!["a/b", "c~d"]),
            ("/", vec![""]),
            ("data.0.id", vec!["data", "0", "id"]),
        ] {
            let pointer = Pointer::try_from(text.to_owned()).unwrap();
            assert_eq!(pointer.tokens(), want, "{text}");
            assert_eq!(pointer.to_string(), text);
        }
    }

    #[test]
    fn refuses_other_notations_with_the_right_one() {
        for (text, want) in [
            ("", FORM),
            ("a..b", FORM),
            ("a.", FORM),
            ("a. b", FORM),
            ("$.a", JSONPATH),
            ("$", JSONPATH),
            ("a[0].b", BRACKETS),
            ("/a~2", ESCAPES),
        ] {
            assert_eq!(Pointer::try_from(text.to_owned()), Err(want), "{text}");
        }
    }

    #[test]
    fn what_a_place_leads_through_may_be_a_list() {
        for (path, lists) in
            [("files", ""), ("files.0", "files"), ("/a/0/b/12", "a a.0.b"), ("a.x0", ""), ("0", "")]
        {
            let found = path.parse::<Pointer>().unwrap().lists();
            let found: Vec<_> = found.iter().map(Pointer::to_string).collect();
            assert_eq!(found.join(" "), lists, "{path}");
        }
    }
}
