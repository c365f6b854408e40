//! An invocation as the Functions host sends it: `{"Data": {…}, "Metadata": {…}}`.
//!
//! What a binding brings may be JSON, JSON in a string, or that in a string again; the host's versions and
//! extensions differ. Scalars of the metadata are JSON texts as often as not.

use bronzegate_core::error::{Error, ErrorKind, Result};
use serde::Deserialize;
use serde_json::{Map, Value};

/// What the host sends.
#[derive(Debug, Deserialize)]
pub(crate) struct Invocation {
    /// The host's own id of it, by which its telemetry knows it.
    #[serde(skip)]
    pub(crate) id: Option<String>,
    #[serde(rename = "Data", default)]
    data: Map<String, Value>,
    #[serde(rename = "Metadata", default)]
    metadata: Map<String, Value>,
}

/// How often JSON in a string is taken out of it.
const WRAPPED: usize = 3;

impl Invocation {
    /// Reads an invocation.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when it is not one.
    pub(crate) fn parse(id: Option<&str>, body: &[u8]) -> Result<Self> {
        let none =
            |why: &dyn std::fmt::Display| wrong(format!("it is no invocation of a custom handler: {why}"));
        let value: Value = serde_json::from_slice(body).map_err(|error| none(&error))?;
        // serde would read an array as a struct.
        if !value.is_object() {
            return Err(none(&"it is not a JSON object"));
        }
        let invocation: Self = serde_json::from_value(value).map_err(|error| none(&error))?;
        Ok(Self { id: id.map(str::to_owned), ..invocation })
    }

    /// What a binding brings, out of its strings.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when it brings nothing.
    pub(crate) fn data(&self, binding: &str) -> Result<Value> {
        let data = self.data.get(binding).ok_or_else(|| wrong(format!("`Data` has no `{binding}`")))?;
        Ok(unwrapped(data))
    }

    /// A number of the metadata.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        let value = unwrapped(self.metadata.get(name)?);
        value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
    }

    /// A text of the metadata.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match unwrapped(self.metadata.get(name)?) {
            Value::String(text) => Some(text),
            Value::Null => None,
            other => Some(other.to_string()),
        }
    }
}

/// The value inside of strings that are JSON; a text that is none stays as it is.
pub(crate) fn unwrapped(value: &Value) -> Value {
    let mut value = value.clone();
    for _ in 0..WRAPPED {
        let Value::String(text) = &value else { break };
        let Ok(inner) = serde_json::from_str(text) else { break };
        value = inner;
    }
    value
}

/// The error of an invocation that cannot be read.
pub(crate) fn wrong(cause: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, format!("the invocation cannot be read: {}", cause.into()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_binding_brings_is_taken_out_of_its_strings() {
        let event = json!({ "source": "crm", "stream": "deals" });
        let once = Value::String(event.to_string());
        let twice = Value::String(once.to_string());
        for item in [event.clone(), once, twice] {
            let body =
                json!({ "Data": { "item": item }, "Metadata": { "DequeueCount": "3", "Id": "\"a-1\"" } });
            let invocation = Invocation::parse(Some("8476a536"), body.to_string().as_bytes()).unwrap();
            assert_eq!(invocation.data("item").unwrap(), event);
            assert_eq!(invocation.number("DequeueCount"), Some(3));
            assert_eq!(invocation.id.as_deref(), Some("8476a536"));
            assert_eq!(invocation.text("Id").as_deref(), Some("a-1"));
        }
        assert_eq!(unwrapped(&json!("no JSON")), json!("no JSON"));
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = Invocation::parse(None, b"[]").unwrap_err().to_string();
        assert!(error.contains("it is no invocation of a custom handler"), "{error}");
        let error = Invocation::parse(None, b"{}").unwrap().data("item").unwrap_err().to_string();
        assert_eq!(error, "the invocation cannot be read: `Data` has no `item`");
    }
}
