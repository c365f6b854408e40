//! Removing what a log no longer needs (PROTOCOL.md, "Metadata Cleanup"), from tables that we made.

use bronzegate_core::bronze::BronzeStore;
use jiff::{SignedDuration, Timestamp};

use crate::actions::Metadata;
use crate::log::{FileKind, Listing, LogError, facts, list_from};

/// Files that are removed at a time; the next checkpoint continues.
const AT_MOST: usize = 1_000;

/// How long versions are kept by default.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 30);

/// Removes what is older than the newest checkpoint that may be old, oldest first, so that what is left is always
/// without gaps. That checkpoint and the file of its version stay.
pub(crate) async fn clean_up(
    store: &dyn BronzeStore,
    table: &str,
    metadata: &Metadata,
    now: Timestamp,
) -> Result<(), LogError> {
    let is_off =
        metadata.property("delta.enableExpiredLogCleanup").is_some_and(|on| on.eq_ignore_ascii_case("false"));
    let kept = metadata.length("delta.logRetentionDuration", KEPT);
    let limit = kept.and_then(|kept| now.checked_sub(kept).ok()).map(midnight);
    let (Some(limit), true) = (limit, metadata.is_ours() && !is_off) else { return Ok(()) };
    let listing = list_from(store, table, None).await?;
    let Some(oldest) = oldest_kept(store, &listing, limit).await? else { return Ok(()) };
    let expired = listing.files().iter().filter(|(version, kind, _)| match kind {
        FileKind::Compacted => *version <= oldest,
        _ => *version < oldest,
    });
    let mut removed = 0;
    for (_, _, path) in expired.take(AT_MOST) {
        store.remove(path).await?;
        removed += 1;
    }
    if removed > 0 {
        tracing::debug!(table, removed, oldest, "expired entries of the log are removed");
    }
    Ok(())
}

/// The newest checkpoint whose version was committed before the limit. Checkpoints are asked from the oldest on, so
/// that what is asked is about to go.
async fn oldest_kept(
    store: &dyn BronzeStore,
    listing: &Listing,
    limit: i64,
) -> Result<Option<i64>, LogError> {
    let mut oldest = None;
    for version in listing.checkpoints().into_keys() {
        if !listing.has_commit(version) {
            continue;
        }
        let times = facts(store, &listing.commit(version), None).await?.times;
        match times.in_commit_timestamp.or(times.timestamp) {
            Some(committed) if committed <= limit => oldest = Some(version),
            _ => break,
        }
    }
    Ok(oldest)
}

/// The last midnight before, in milliseconds.
fn midnight(instant: Timestamp) -> i64 {
    const DAY: i64 = 86_400_000;
    instant.as_millisecond().div_euclid(DAY) * DAY
}
