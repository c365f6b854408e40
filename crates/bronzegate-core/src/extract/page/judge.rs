//! A page that has come, compared with what came before.

use http::header::AGE;

use super::errors_beside;
use super::fetched::Fetched;
use super::stream_context::StreamContext;
use crate::error::Error;
use crate::extract::paging::{self, Judged, Progress};
use crate::formats::PageBody;

/// Takes a page into the progress of its branch.
///
/// # Errors
/// When it does not fit those before it.
pub(crate) fn judge(
    context: &StreamContext,
    progress: &mut Progress<'_>,
    fetched: &Fetched,
) -> Result<Judged, Error> {
    note_age(context, fetched);
    match &fetched.body {
        Some(body) => told_of(context, progress, fetched, body).and_then(|told| {
            let judged = progress.accept(body.records, body.hash, &fetched.facts)?;
            expect(context, progress, body.records);
            let told: Vec<_> = told.into_iter().chain(judged.warning).collect();
            Ok(Judged { warning: (!told.is_empty()).then(|| told.join("; ")), ..judged })
        }),
        None => progress.end_without_page(),
    }
}

/// Says how many records are to come, as far as the API has stated it.
fn expect(context: &StreamContext, progress: &Progress<'_>, records: u64) {
    if let Some(total) = progress.state.total {
        // What earlier segments have brought is no work of this one.
        let before = progress.state.records.saturating_sub(records);
        context.fetcher.client().stats().expect(total.saturating_sub(before));
    }
}

/// What somebody should know of the page itself.
fn told_of(
    context: &StreamContext,
    progress: &mut Progress<'_>,
    fetched: &Fetched,
    body: &PageBody,
) -> Result<Vec<String>, Error> {
    let errors = errors_beside::check(context, fetched)?;
    let shape = paging::follow(&context.stream, &mut progress.state.shape, &context.columns, body)?;
    let nulls = (body.nulls > 0).then(|| format!("{} nulls in place of records were left out", body.nulls));
    Ok(errors.into_iter().chain(shape).chain(nulls).chain(paging::odd_line(body)).collect())
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
