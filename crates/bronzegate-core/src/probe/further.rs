//! The pages beside the first one: whether it is all there is, whether the second is another, whether one lies
//! before it.

use super::look::Probe;
use crate::config::{Advance, Kind};
use crate::error::{Error, ErrorKind, Result};
use crate::extract::{FirstSeen, Led, Look, PageState, StreamContext, look, only_page, page_zero};

/// What somebody should know of them; `seen` is the first page, and the state after it.
///
/// # Errors
/// [`ErrorKind::Data`] where a run would leave records out.
pub(super) async fn further(
    context: &StreamContext,
    seen: Option<&(FirstSeen, PageState)>,
    probe: &Probe,
) -> Result<Vec<String>> {
    let Some((first, behind)) = seen else { return Ok(Vec::new()) };
    if context.stream.pagination.kind == Kind::None {
        return Ok(is_round(first.records).into_iter().collect());
    }
    page_zero(context, Some(first)).await?;
    if probe.last {
        return Ok(match only_page(context, Some(first)).await? {
            Led::Unseen(why) => vec![why],
            Led::On | Led::NotYet | Led::Unasked => Vec::new(),
        });
    }
    let Look::Page(second) = look(context, &first.branch, behind, &[]).await? else { return Ok(Vec::new()) };
    if first.records > 0 && second.hash() == first.hash {
        let cause = "the second page has the records of the first: the API ignores what asks for it. Does `send` name its \
                     parameter?";
        return Err(Error::new(ErrorKind::Data, cause).on_page(2));
    }
    Ok(lowered(context, first.records, second.records()).into_iter().collect())
}

/// The only page has as many records as pages usually have.
fn is_round(records: u64) -> Option<String> {
    [10, 25, 50, 100, 1_000].contains(&records).then(|| {
        format!(
            "the only page has {records} records, as many as pages usually have: if the API has more, they are not read. \
             `pagination` says how"
        )
    })
}

/// Pages go on after one that is shorter than what was asked for.
fn lowered(context: &StreamContext, first: u64, second: u64) -> Option<String> {
    let pagination = &context.stream.pagination;
    let hides = matches!(pagination.kind, Kind::Offset { advance: Advance::Requested, .. });
    let asked = pagination.page_size.as_ref().filter(|size| size.to.0.is_some())?.value;
    (!hides && 0 < first && first < asked && second > 0).then(|| {
        format!(
            "the first page has {first} records where {asked} were asked for, and there are more: if the API lowers the \
             size of its pages, write `value: {first}` in `page_size`"
        )
    })
}
