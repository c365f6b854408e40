//! What a trigger wraps around an event, taken off.
//!
//! | trigger | form |
//! |---|---|
//! | EventBridge Scheduler, Step Functions, somebody | the event itself |
//! | EventBridge rule | [`detail` and `time`](https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html) |
//! | EventBridge Scheduler, once an hour | `{"watch": {"grace": "60m"}}` |
//! | SQS | `Records`, each `body` one of the forms above; one without a time is due when it was sent |

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use aws_lambda_events::event::sqs::SqsEvent;
use bronzegate_core::doors::{Event, Watch};
use bronzegate_core::error::{Error, ErrorKind, Result};
use jiff::Timestamp;
use serde_json::{Map, Value};

/// What a rule or schedule without a detail is called: `bronzegate.<source>` or `bronzegate.<source>.<stream>`.
const NAMED: &str = "bronzegate";

/// The attribute of a message that says when it was sent, in milliseconds since 1970. It stays the same when the message is
/// delivered again, so that every delivery is the same run.
const SENT: &str = "SentTimestamp";

/// What an invocation asks for.
#[derive(Debug)]
pub(crate) enum Invocation {
    /// One event; the caller waits for its answer.
    Event(Event),
    /// The watch over missing runs; the caller wants to know what it has seen.
    Watch(Watch),
    /// Messages of a queue; the caller wants to know which of them failed.
    Messages {
        /// The messages in their order.
        messages: Vec<Message>,
        /// Whether a message must not overtake one that failed.
        is_fifo: bool,
    },
}

/// A message of a queue.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) event: Result<Event>,
}

/// Takes the envelope off.
///
/// # Errors
/// [`ErrorKind::Config`], naming the member that is wrong.
pub(crate) fn unwrap(payload: &Value) -> Result<Invocation> {
    if payload.get("Records").is_some() {
        return messages(payload);
    }
    match Watch::parse(payload) {
        Some(watch) => watch.map(Invocation::Watch),
        None => event(payload).map(Invocation::Event),
    }
}

fn messages(payload: &Value) -> Result<Invocation> {
    let batch: SqsEvent = serde_json::from_value(payload.clone())
        .map_err(|error| wrong(format!("`Records` is not a batch of SQS messages: {error}")))?;
    let queue = batch.records.first().and_then(|first| first.event_source_arn.as_deref());
    let is_fifo = queue.and_then(|arn| arn.rsplit_once('.')).is_some_and(|(_, kind)| kind == "fifo");
    let messages = batch.records.into_iter().map(|record| {
        let id = record.message_id.ok_or_else(|| wrong("an SQS message has no `messageId`"))?;
        let body = record.body.unwrap_or_default();
        let sent = record
            .attributes
            .get(SENT)
            .and_then(|millis| Timestamp::from_millisecond(millis.parse().ok()?).ok());
        let event = serde_json::from_str(&body)
            .map_err(|error| wrong(format!("the body of SQS message {id} is not JSON: {error}")))
            .and_then(|payload| event(&payload))
            .map(|event| event.due(sent));
        Ok(Message { id, event })
    });
    Ok(Invocation::Messages { messages: messages.collect::<Result<_>>()?, is_fifo })
}

fn event(payload: &Value) -> Result<Event> {
    match payload.get("detail-type") {
        Some(_) => Event::parse(&of_rule(payload)?),
        None => Event::parse(payload),
    }
}

/// The event in an EventBridge event: its detail, or what the rule's name says, at its time.
fn of_rule(payload: &Value) -> Result<Value> {
    let envelope: EventBridgeEvent<Value> = serde_json::from_value(payload.clone())
        .map_err(|error| wrong(format!("it is not an EventBridge event: {error}")))?;
    // EventBridge Scheduler without an input sends its detail as text.
    let detail = match envelope.detail {
        Value::String(text) if text == "{}" => Value::Object(Map::new()),
        detail => detail,
    };
    let mut event = match detail {
        Value::Object(detail) if detail.is_empty() => {
            named(envelope.resources.as_deref().unwrap_or_default())?
        }
        Value::Object(detail) => detail,
        _ => return Err(wrong("`detail` is not an object")),
    };
    let has_time = ["scheduled_time", "window", "backfill"].iter().any(|member| event.contains_key(*member));
    if let Some(time) = envelope.time.filter(|_| !has_time) {
        event.insert("scheduled_time".to_owned(), Value::String(time.to_rfc3339()));
    }
    Ok(Value::Object(event))
}

fn named(resources: &[String]) -> Result<Map<String, Value>> {
    let name = resources.first().and_then(|arn| arn.rsplit('/').next()).unwrap_or_default();
    let mut parts = name.split('.');
    let (prefix, source, stream, rest) = (parts.next(), parts.next(), parts.next(), parts.next());
    match (prefix, source, rest) {
        (Some(NAMED), Some(source), None) => {
            let members = [("source", Some(source)), ("stream", stream)];
            let text = |text: &str| Value::String(text.to_owned());
            Ok(members
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), text(value?))))
                .collect())
        }
        _ => Err(wrong(format!(
            "its `detail` is empty, and the rule `{name}` is not called {NAMED}.<source>.<stream>: \
             give the rule's target an input such as {{\"source\": …, \"stream\": …}}, or the rule such a name"
        ))),
    }
}

fn wrong(cause: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, format!("the event cannot be read: {}", cause.into()))
}

#[cfg(test)]
mod tests {
    use bronzegate_core::doors::Action;
    use serde_json::json;

    use super::*;

    fn rule(detail: &Value, resource: &str) -> Value {
        json!({
            "version": "0", "id": "1", "detail-type": "Scheduled Event", "source": "aws.events",
            "account": "123456789012", "time": "2026-11-22T17:00:00Z", "region": "eu-central-1",
            "resources": [resource], "detail": detail
        })
    }

    fn one(payload: &Value) -> Result<Value, String> {
        match unwrap(payload) {
            Ok(Invocation::Event(event)) => Ok(event.to_json()),
            Ok(other) => Err(format!("{other:?}")),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn a_raw_event_is_itself() {
        let event = json!({"source": "crm", "stream": "deals", "scheduled_time": "2026-11-22T17:00:00Z"});
        assert_eq!(one(&event), Ok(event));
    }

    #[test]
    fn a_rules_time_is_the_scheduled_time_and_its_detail_or_name_says_what() {
        let expected = json!({"source": "crm", "stream": "deals", "scheduled_time": "2026-11-22T17:00:00Z"});
        let arn = "arn:aws:events:eu-central-1:123456789012:rule/bronzegate.crm.deals";
        assert_eq!(one(&rule(&json!({}), arn)), Ok(expected.clone()));
        let schedule = "arn:aws:scheduler:eu-central-1:123456789012:schedule/default/bronzegate.crm.deals";
        assert_eq!(one(&rule(&json!("{}"), schedule)), Ok(expected.clone()));
        assert_eq!(one(&rule(&json!({"source": "crm", "stream": "deals"}), "arn:rule/x")), Ok(expected));
        let source = one(&rule(&json!({}), "arn:rule/bronzegate.crm")).unwrap();
        assert_eq!(source, json!({"source": "crm", "scheduled_time": "2026-11-22T17:00:00Z"}));
        let window = json!({"source": "crm", "stream": "deals", "rate_share": 1.0,
            "window": {"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"}});
        assert_eq!(one(&rule(&window, "arn:rule/x")), Ok(window));
    }

    #[test]
    fn a_rule_that_names_nothing_is_told_how_to() {
        let error = one(&rule(&json!({}), "arn:aws:events:x:1:rule/nightly")).unwrap_err();
        assert!(error.contains("the rule `nightly` is not called bronzegate.<source>.<stream>"), "{error}");
        assert!(one(&rule(&json!([]), "arn:rule/x")).unwrap_err().contains("`detail` is not an object"));
    }

    #[test]
    fn each_message_of_a_queue_is_read_on_its_own() {
        let record = |id: &str, body: &str| {
            json!({"messageId": id, "receiptHandle": "r", "body": body, "attributes": {}, "messageAttributes": {},
                "md5OfBody": "", "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:x:1:q.fifo", "awsRegion": "x"})
        };
        let rule = rule(&json!({}), "arn:rule/bronzegate.crm").to_string();
        let mut sent = record("4", r#"{"source":"crm"}"#);
        sent["attributes"] = json!({"SentTimestamp": "1763830800123", "ApproximateReceiveCount": "2"});
        let batch = json!({"Records": [
            record("1", r#"{"source":"crm"}"#), record("2", "{"), record("3", &rule), sent
        ]});
        let Ok(Invocation::Messages { messages, is_fifo }) = unwrap(&batch) else { panic!("a batch") };
        assert!(is_fifo);
        assert_eq!(
            messages.iter().map(|message| message.id.as_str()).collect::<Vec<_>>(),
            ["1", "2", "3", "4"]
        );
        assert_eq!(messages[0].event.as_ref().unwrap().to_json(), json!({"source": "crm"}));
        let due = json!({"source": "crm", "scheduled_time": "2025-11-22T17:00:00Z"});
        assert_eq!(messages[3].event.as_ref().unwrap().to_json(), due, "every delivery is the same run");
        let error = messages[1].event.as_ref().unwrap_err().to_string();
        assert!(error.contains("the body of SQS message 2 is not JSON"), "{error}");
        let Action::Run { scheduled_time: Some(_) } = messages[2].event.as_ref().unwrap().action else {
            panic!("a rule's event inside a message")
        };
    }
}
