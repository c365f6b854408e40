//! The answer to an invocation: what the host is to put on queues, and into an HTTP response.

use bronzegate_azure::functions::{POISON, RESPONSE, WORK};
use bronzegate_core::event::Event;
use serde_json::{Map, Value, json};

/// An answer.
///
/// Every output is a JSON object or the text of one: a text that happens to be base64 would be decoded by
/// the host.
#[derive(Debug, Default)]
pub(crate) struct Reply(Map<String, Value>);

impl Reply {
    /// Puts events on the work queue.
    pub(crate) fn work(mut self, events: &[Event]) -> Self {
        if !events.is_empty() {
            self.0.insert(WORK.to_owned(), events.iter().map(Event::to_json).collect());
        }
        self
    }

    /// Puts an item on the queue of those that are given up.
    pub(crate) fn poison(mut self, item: &Value) -> Self {
        self.0.insert(POISON.to_owned(), json!([item]));
        self
    }

    /// Answers a person.
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
