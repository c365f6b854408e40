//! Errors that an API reports beside the data of a page, with a status of 200.
//!
//! GraphQL answers with what it has, puts null where it has not, and says why under `errors` (the
//! specification's section 7.1). Others have the same members for what is less: a part that was not asked for
//! itself, or a warning.

use serde::Deserialize;

use super::fetched::Fetched;
use super::stream_context::StreamContext;
use crate::config::{Address, Method, Stream, Then};
use crate::error::{Error, ErrorKind};
use crate::http::Found;
use crate::redact::printable;

/// The longest message that is shown.
const LONGEST_SHOWN: usize = 200;

/// Where errors stand, for a stream whose records are in `data`.
pub(super) fn errors_address(stream: &Stream) -> Option<Address> {
    let pointer = stream.records.at.holder()?;
    let is_data = pointer.tokens().first().is_some_and(|first| first == "data");
    is_data.then(|| Address::Body("errors".parse().expect("a name is a pointer")))
}

/// What somebody should know of the errors that a page reports beside its data.
///
/// # Errors
/// [`ErrorKind::Data`] where the API is a GraphQL one: it could not give out some of what was asked for.
pub(super) fn check(context: &StreamContext, fetched: &Fetched) -> Result<Option<String>, Error> {
    let stream = &*context.stream;
    let Some(address) = errors_address(stream) else { return Ok(None) };
    let Some(Found::Json(json)) = fetched.facts.look(&address) else { return Ok(None) };
    let Ok(errors) = serde_json::from_slice::<Vec<Reported>>(&json) else { return Ok(None) };
    let rule = stream.responses.iter().find(|rule| rule.when.iter().all(|one| fetched.facts.holds(one)));
    let is_accepted = rule.is_some_and(|rule| rule.then == Then::Accept);
    let Some(first) = errors.first().filter(|_| !is_accepted) else { return Ok(None) };
    let told = printable(first.message().unwrap_or("it says no more"), LONGEST_SHOWN);
    let told = format!("the API reports {} errors beside the data; the first: {told}", errors.len());
    if !is_graphql(stream) {
        return Ok(Some(told));
    }
    let cause = format!(
        "{told}. What it could not give out is missing or null. Where such errors do no harm, say so by a rule of \
         `responses`: `{{ when: {{ at: {{ body: errors }}, exists: true }}, then: accept }}`"
    );
    Err(Error::new(ErrorKind::Data, cause))
}

/// Whether requests are GraphQL's: a POST with a `query`.
fn is_graphql(stream: &Stream) -> bool {
    stream.method == Method::Post && stream.body.as_ref().is_some_and(|body| body.has("query"))
}

/// An error, by the members that are usual.
#[derive(Deserialize)]
#[serde(untagged)]
enum Reported {
    Text(String),
    Object { message: Option<String>, detail: Option<String>, title: Option<String> },
    Other(serde::de::IgnoredAny),
}

impl Reported {
    fn message(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Object { message, detail, title } => {
                message.as_deref().or(detail.as_deref()).or(title.as_deref())
            }
            Self::Other(_) => None,
        }
    }
}
