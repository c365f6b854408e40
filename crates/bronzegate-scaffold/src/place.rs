//! Places in requests and responses, in the words of source files.

use serde_json::Value;

use crate::yaml::{Yaml, one};

/// An address in a JSON text: names of members, one inside the other.
pub(crate) type Path = Vec<String>;

/// An address as source files write it: `a.b`, or a JSON Pointer where a name has a dot; `$` for the whole.
pub(crate) fn written(path: &[String]) -> String {
    let is_simple = |name: &String| {
        !name.is_empty() && !name.contains(['.', '/', '~', '$', '*', ' ']) && !name.starts_with('/')
    };
    if path.is_empty() {
        "$".to_owned()
    } else if path.iter().all(is_simple) {
        path.join(".")
    } else {
        path.iter()
            .fold(String::new(), |pointer, name| pointer + "/" + &name.replace('~', "~0").replace('/', "~1"))
    }
}

/// Lower-case letters and digits of a name alone, so that spellings are compared.
pub(crate) fn normal(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// The value at an address.
pub(crate) fn at<'a>(value: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, name| match value {
        Value::Object(members) => members.get(name),
        Value::Array(items) => items.get(name.parse::<usize>().ok()?),
        _ => None,
    })
}

/// Where something goes in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A parameter of the query.
    Query(String),
    /// A header.
    Header(String),
    /// A member of the body.
    Body(Path),
}

impl Target {
    pub(crate) fn yaml(&self) -> Yaml {
        match self {
            Self::Query(name) => one("query", name.as_str()),
            Self::Header(name) => one("header", name.as_str()),
            Self::Body(path) => one("body", written(path)),
        }
    }

    /// The name that it has there.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Query(name) | Self::Header(name) => name,
            Self::Body(path) => path.last().map_or("", String::as_str),
        }
    }

    /// A place of another name beside this one: in the query, or in the same object of the body.
    pub(crate) fn sibling(&self, name: &str) -> Self {
        match self {
            Self::Query(_) => Self::Query(name.to_owned()),
            Self::Header(_) => Self::Header(name.to_owned()),
            Self::Body(path) => {
                let mut path = path.clone();
                path.pop();
                path.push(name.to_owned());
                Self::Body(path)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_dot_is_written_as_a_pointer() {
        for (path, text) in [
            (&[][..], "$"),
            (&["data", "items"], "data.items"),
            (&["@odata.nextLink"], "/@odata.nextLink"),
            (&["a/b", "c~d"], "/a~1b/c~0d"),
        ] {
            let path: Vec<_> = path.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(written(&path), text);
        }
    }
}
