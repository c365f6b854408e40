//! An item of the work queue: an event, and how often its run was partial.

use bronzegate_core::doors::{Action, Event};
use bronzegate_core::error::{Error, ErrorKind, Result};
use bronzegate_core::window::parse_time;
use serde_json::{Value, json};

use crate::invocation::Invocation;

/// An item.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Item {
    pub(crate) event: Event,
    /// How often it was put back because its run was partial.
    continued: u64,
}

/// How often an item is put back at most: the state machine on AWS has the same bound.
pub(crate) const MOST_CONTINUATIONS: u64 = 100;

/// The member that an item has besides those of its event.
const CONTINUED: &str = "continued";

impl Item {
    /// Reads what a message brings. A run without a time gets that at which it was queued, so that all tries
    /// at it are the same run.
    ///
    /// # Errors
    /// [`ErrorKind::Config`], naming the member that is wrong.
    pub(crate) fn parse(brought: &Value, invocation: &Invocation) -> Result<Self> {
        let mut value = brought.clone();
        let continued = match value.as_object_mut().and_then(|members| members.remove(CONTINUED)) {
            None => 0,
            Some(number) => number.as_u64().ok_or_else(|| {
                let cause = format!("the event cannot be read: `{CONTINUED}` is `{number}`, no whole number");
                Error::new(ErrorKind::Config, cause)
            })?,
        };
        let mut event = Event::parse(&value)?;
        if let Action::Run { scheduled_time: scheduled_time @ None } = &mut event.action {
            *scheduled_time = invocation.text("InsertionTime").and_then(|queued| parse_time(&queued));
        }
        Ok(Self { event, continued })
    }

    /// The item for these of its streams alone.
    pub(crate) fn only(&self, streams: Vec<String>) -> Self {
        let event = Event { streams, ..self.event.clone() };
        Self { event, ..self.clone() }
    }

    /// The item as it was, with the time of its run: nothing was done of it.
    pub(crate) fn as_it_was(&self) -> Value {
        let mut item = self.event.to_json();
        if self.continued > 0 {
            item[CONTINUED] = json!(self.continued);
        }
        item
    }

    /// The item that continues with it; `None` when it was put back too often.
    pub(crate) fn next(&self) -> Option<Value> {
        let mut next = self.event.to_json();
        next[CONTINUED] = json!(self.continued.saturating_add(1));
        (self.continued < MOST_CONTINUATIONS).then_some(next)
    }
}

/// What a message brings, as it was before it was ever put back: so given back by hand, it has all its tries.
pub(crate) fn as_new(brought: &Value) -> Value {
    let mut item = brought.clone();
    if let Some(members) = item.as_object_mut() {
        members.remove(CONTINUED);
    }
    item
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(brought: &Value) -> Result<Item> {
        let body = json!({ "Metadata": { "InsertionTime": "2026-11-22T17:00:00+00:00" } }).to_string();
        Item::parse(brought, &Invocation::parse(None, body.as_bytes())?)
    }

    #[test]
    fn an_item_is_put_back_so_often_and_no_more() {
        let mut item = json!({ "source": "crm", "stream": "deals" });
        for continued in 1..=MOST_CONTINUATIONS {
            item = parse(&item).unwrap().next().unwrap();
            assert_eq!(item["continued"], continued);
        }
        assert_eq!(item["scheduled_time"], "2026-11-22T17:00:00Z", "it is one run");
        assert_eq!(parse(&item).unwrap().next(), None);
        assert!(parse(&as_new(&item)).unwrap().next().is_some());
        let error = parse(&json!({ "source": "crm", "continued": -1 })).unwrap_err();
        assert_eq!(error.to_string(), "the event cannot be read: `continued` is `-1`, no whole number");
    }
}
