//! A page that has come, held against what came before.

use super::fetched::Fetched;
use super::stream_context::StreamContext;
use crate::error::Error;
use crate::extract::paging::{self, Judged, Progress};

/// Takes a page into the progress of its branch.
///
/// # Errors
/// When it does not fit those before it.
pub(crate) fn judge(
    context: &StreamContext,
    progress: &mut Progress<'_>,
    fetched: &Fetched,
) -> Result<Judged, Error> {
    match &fetched.body {
        Some(body) => paging::follow(&context.stream, &mut progress.state.shape, body).and_then(|told| {
            let judged = progress.accept(body.records, body.hash, &fetched.facts)?;
            let told: Vec<_> = told.into_iter().chain(judged.warning).collect();
            Ok(Judged { warning: (!told.is_empty()).then(|| told.join("; ")), ..judged })
        }),
        None => progress.end_without_page(),
    }
}
