//! Whether a segment is in a table.

use bronzegate_core::bronze::{BronzeStore, TableAppend};
use bronzegate_core::clock::Clock;

use crate::log::{FoundTxn, LogError, Snapshot, Sought, facts, list_from};

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// It is; with the version, where its commit is still there.
    Yes(Option<i64>),
    /// It is not, and may be appended.
    No,
    /// That can no longer be told.
    Unknown(String),
}

/// Looks for a segment in a table's newest version.
///
/// The newest transaction of the application tells, since its numbers only grow. Where the checkpoint does not know it,
/// the versions since the segment was committed are asked, as far as they are there: a table that forgets
/// transactions has them in no checkpoint after that time.
pub(crate) async fn find(
    store: &dyn BronzeStore,
    clock: &dyn Clock,
    snapshot: &Snapshot,
    sought: &Sought,
    append: &TableAppend,
) -> Result<Found, LogError> {
    let seen = if append.id.as_deref() == Some(&*snapshot.metadata.id) { append.seen } else { -1 };
    if let Some(found) = snapshot.txn.as_ref().filter(|found| found.txn.version >= sought.txn) {
        return known(store, snapshot, sought, seen, found).await;
    }
    let is_forgotten = snapshot.metadata.remembers_for().is_some_and(|kept| {
        let age = clock.now().duration_since(append.committed_at);
        age.checked_add(MARGIN).is_none_or(|age| age >= kept)
    });
    if !is_forgotten {
        // A checkpoint of this age has every transaction. A version below it that has this one is none of the table:
        // who put it saw an older log, whose end was removed meanwhile.
        return Ok(Found::No);
    }
    Ok(match search(store, snapshot, sought, seen, usize::MAX).await? {
        Search { found: Some((version, _)), .. } => Found::Yes(Some(version)),
        Search { found: None, is_whole: true } => Found::No,
        Search { found: None, is_whole: false } => Found::Unknown(format!(
            "the table forgets transactions after {} (delta.setTransactionRetentionDuration), this segment was \
             committed before that, at {}, and the versions of that time are no longer in its log; count the rows \
             whose _stream and _segment are this segment's: if they are there, it was appended",
            snapshot.metadata.property("delta.setTransactionRetentionDuration").unwrap_or_default(),
            append.committed_at,
        )),
    })
}

/// Clocks differ: of those who write checkpoints, and ours.
const MARGIN: jiff::SignedDuration = jiff::SignedDuration::from_mins(10);

/// How many versions are read to see that a transaction which is there has our files.
const COMPARED: usize = 1_000;

/// The transaction is there, or a later one of the same application. Its own version, if it is still there, lies after
/// `seen` and adds our files: else another target has the same id, as a copied one has, and it was that one's.
async fn known(
    store: &dyn BronzeStore,
    snapshot: &Snapshot,
    sought: &Sought,
    seen: i64,
    found: &FoundTxn,
) -> Result<Found, LogError> {
    let search = match found.version {
        Some(version) if found.txn.version == sought.txn => {
            Search { found: Some((version, found.added)), is_whole: false }
        }
        _ => search(store, snapshot, sought, seen, COMPARED).await?,
    };
    let other = |whose: String| {
        Found::Unknown(format!(
            "{whose}, so another target has the same id (`_bronzegate/id.json`); targets that were copied must not \
             append to one table"
        ))
    };
    let (app, number) = (&sought.app, sought.txn);
    Ok(match search {
        Search { found: Some((version, added)), .. } if added == sought.paths.len() => {
            Found::Yes(Some(version))
        }
        Search { found: Some((version, _)), .. } => other(format!(
            "version {version} of the table has its transaction ({app} {number}) with other files"
        )),
        Search { found: None, is_whole: true } => {
            let later = found.txn.version;
            other(format!(
                "the table has transaction {later} of {app}, and {number} in no version since it is due"
            ))
        }
        Search { found: None, is_whole: false } => Found::Yes(None),
    })
}

/// What a search came to.
struct Search {
    /// The version that has the transaction, and how many of the files it adds.
    found: Option<(i64, usize)>,
    /// Whether all versions were there.
    is_whole: bool,
}

/// Looks for the transaction in the versions after `seen`, in at most so many.
async fn search(
    store: &dyn BronzeStore,
    snapshot: &Snapshot,
    sought: &Sought,
    seen: i64,
    most: usize,
) -> Result<Search, LogError> {
    let newest = snapshot.version();
    // A log that ends before was taken back to an older state: all of it may have the transaction.
    let first = if seen <= newest { seen.saturating_add(1) } else { 0 };
    // The listing may begin at the checkpoint.
    let listing = list_from(store, &sought.table, Some(first)).await?;
    let mut expected = first;
    for version in listing.commits().filter(|version| *version <= newest).take(most) {
        let read = match facts(store, &listing.commit(version), Some(sought)).await {
            Ok(read) => read,
            Err(LogError::Gone { .. }) => continue,
            Err(error) => return Err(error),
        };
        if read.txn.is_some_and(|txn| txn.version == sought.txn) {
            return Ok(Search { found: Some((version, read.added)), is_whole: false });
        }
        if version == expected {
            expected += 1;
        }
    }
    Ok(Search { found: None, is_whole: expected > newest })
}
