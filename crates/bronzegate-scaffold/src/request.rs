//! A request as somebody gives it: with its credentials still in it.

use serde_json::Value;
use url::Url;

/// How it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// May have an effect: it is sent only after somebody has confirmed it.
    Post,
}

/// A body: JSON, or the fields of a form.
#[derive(Clone, Debug, PartialEq)]
pub struct Body {
    /// What it holds: of a form an object whose members are texts, or lists of texts where a field is repeated.
    pub value: Value,
    /// It is sent as `application/x-www-form-urlencoded`.
    pub is_form: bool,
}

/// A request that has not been sent. It holds credentials: it has no `Debug` text.
#[derive(Clone)]
pub struct Request {
    /// How.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// Its headers, in order.
    pub headers: Vec<(String, String)>,
    /// `user:password`.
    pub user: Option<String>,
    /// Its body.
    pub body: Option<Body>,
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request").field("method", &self.method).finish_non_exhaustive()
    }
}

impl Body {
    /// Reads a JSON object or list, or the fields of a form.
    ///
    /// # Errors
    /// What it is instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        let start = text.trim_start();
        if start.starts_with(['{', '[']) {
            return serde_json::from_str(text)
                .map(|value| Self { value, is_form: false })
                .map_err(|error| format!("line {}, column {}", error.line(), error.column()));
        }
        let is_form = !start.is_empty()
            && !start.contains(['<', ' ', '\n'])
            && start.split('&').all(|field| field.split_once('=').is_some_and(|(name, _)| !name.is_empty()));
        if is_form {
            Ok(Self { value: fields(start), is_form })
        } else {
            Err("it begins with neither { nor [, and is no form".to_owned())
        }
    }
}

fn fields(text: &str) -> Value {
    let mut fields = serde_json::Map::new();
    for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
        let value = Value::from(value.into_owned());
        match fields.get_mut(&*name) {
            None => {
                fields.insert(name.into_owned(), value);
            }
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    Value::Object(fields)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_form_is_read_as_its_fields_and_other_texts_are_none() {
        let body = Body::parse("limit=100&name=a+b%26c&tag=x&tag=y&empty=").unwrap();
        assert!(body.is_form);
        assert_eq!(body.value, json!({"limit": "100", "name": "a b&c", "tag": ["x", "y"], "empty": ""}));
        for text in ["<a href=x>", "a=b&c", "=x", "select a from b where c=d", ""] {
            assert!(Body::parse(text).is_err(), "{text}");
        }
    }
}
