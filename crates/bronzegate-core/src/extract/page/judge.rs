//! A page that has come, held against what came before.

use http::header::AGE;

use super::fetched::Fetched;
use super::stream_context::StreamContext;
use crate::error::Error;
use crate::extract::paging::{self, Judged, Progress};

/// Takes a page into the progress of its branch; what is shown of it has no secret.
///
/// # Errors
/// When it does not fit those before it.
pub(crate) fn judge(
    context: &StreamContext,
    progress: &mut Progress<'_>,
    fetched: &Fetched,
) -> Result<Judged, Error> {
    // The text of an error or warning may show a value of the response.
    let scrub = |text: &str| context.fetcher.client().scrub(text);
    note_age(context, fetched);
    let judged = match &fetched.body {
        Some(body) => paging::follow(&context.stream, &mut progress.state.shape, body).and_then(|told| {
            let judged = progress.accept(body.records, body.hash, &fetched.facts)?;
            let told: Vec<_> = told.map(|told| scrub(&told)).into_iter().chain(judged.warning).collect();
            Ok(Judged { warning: (!told.is_empty()).then(|| told.join("; ")), ..judged })
        }),
        None => progress.end_without_page(),
    };
    judged.map_err(|error| Error::new(error.kind(), scrub(&error.to_string())))
}

/// A page that a cache has kept for a while does not show what has changed since.
fn note_age(context: &StreamContext, fetched: &Fetched) {
    let age = fetched.facts.headers.get(AGE).and_then(|age| age.to_str().ok()?.trim().parse::<u64>().ok());
    if let Some(age) = age.filter(|age| *age > 0) {
        context.seen.warn("age", || {
            format!(
                "a page came out of a cache that has kept it for {age} s (Age), although none was asked of one: what has \
                 changed since is not in it"
            )
        });
    }
}
