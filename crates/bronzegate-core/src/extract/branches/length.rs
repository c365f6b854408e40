//! What the length of a branch's pages tells: that there may be more.

use crate::config::Kind;
use crate::extract::page::{Fetched, StreamContext};
use crate::extract::paging::{is_full, says_more};

/// Where there is one page: whether it says, or looks as if, there were more.
pub(super) fn note_single(context: &StreamContext, fetched: &Fetched) {
    let stream = &context.stream;
    let Some(body) = fetched.body.as_ref().filter(|_| stream.pagination.kind == Kind::None) else {
        return;
    };
    if let Some(told) = says_more(stream, context.fetcher.more(), body.records, &fetched.facts) {
        context.seen.lacks();
        context.seen.warn("more", || told);
    }
    if let Some(told) = is_full(stream, body.records) {
        context.seen.warn("full", || told);
    }
}

/// So many records came as servers cut at, if they did.
pub(super) fn note_cut(context: &StreamContext, records: Option<u64>) {
    let Some(records) = records else { return };
    context.seen.lacks();
    context.seen.warn("cut", || {
        format!(
            "exactly {records} records came, a number at which servers cut what they give out, and nothing proves that they \
             are all. `total`, or a condition of `stop`, would; a `window` keeps runs below it"
        )
    });
}
