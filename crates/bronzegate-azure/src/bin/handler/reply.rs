//! The answer to an invocation: what the host is to put on queues, and into an HTTP response.

use bronzegate_azure::functions::{POISON, RESPONSE, WORK};
use serde_json::{Map, Value, json};

/// An answer.
///
/// Every output is an object or a list, never a text: one that happens to be base64 would be decoded by the
/// host. What a list holds goes onto the queue as it is.
#[derive(Debug, Default)]
pub(crate) struct Reply(Map<String, Value>);

impl Reply {
    /// Puts items on the work queue.
    pub(crate) fn work(mut self, items: impl IntoIterator<Item = Value>) -> Self {
        let items: Vec<_> = items.into_iter().collect();
        if !items.is_empty() {
            self.0.insert(WORK.to_owned(), items.into());
        }
        self
    }

    /// Puts an item on the queue of those that are given up: an object, or the JSON text of anything else.
    pub(crate) fn poison(mut self, item: &Value) -> Self {
        let message = if item.is_object() { item.clone() } else { Value::String(item.to_string()) };
        self.0.insert(POISON.to_owned(), json!([message]));
        self
    }

    /// Answers somebody.
    pub(crate) fn response(mut self, status: u16, body: &Value) -> Self {
        let headers = json!({ "Content-Type": "application/json" });
        let response = json!({ "statusCode": status, "headers": headers, "body": format!("{body:#}\n") });
        self.0.insert(RESPONSE.to_owned(), response);
        self
    }

    /// As the host reads it.
    pub(crate) fn json(self) -> Value {
        json!({ "Outputs": self.0, "Logs": [], "ReturnValue": null })
    }
}
