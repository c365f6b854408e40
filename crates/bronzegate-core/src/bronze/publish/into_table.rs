//! Segments whose parts are files of a table: they are complete only when their table has them.

use std::collections::BTreeSet;

use jiff::{Timestamp, ToSpan as _};

use super::error::PublishError;
use super::publication::complete;
use super::publisher::Publisher;
use crate::bronze::commit::{CommitRecord, TablePublished};
use crate::bronze::layout::{CommitName, Layout, TableMark};
use crate::bronze::store::{Created, StoreError};
use crate::bronze::table::{Appended, BronzeTable, TableAppend, TableError};

/// Marks are looked at for so many months: a segment that nobody has settled for longer is settled when its own event
/// comes again, or where it is the stream's newest.
const MONTHS: i32 = 3;

impl Publisher {
    /// Publishes every part of a committed segment; any process may repeat this. Where the parts are files of a table,
    /// says what the table has.
    ///
    /// # Errors
    /// When a store fails, an upload is gone, another content stands at a part's path, or a table refuses the rows.
    pub async fn publish(&self, record: &CommitRecord) -> Result<Option<TablePublished>, PublishError> {
        let (Some(commit), Some(append)) = (&record.table, record.append()) else {
            complete(&self.stores.log, record.parts.iter()).await?;
            return Ok(None);
        };
        if record.parts.is_empty() {
            return Ok(None);
        }
        let tables = self.stores.tables_of(commit)?;
        let table = tables.table(&commit.name);
        let appended = match complete(&tables.parts(), record.parts.iter()).await {
            Ok(()) => table.append(&append).await.map_err(|cause| not_appended(cause, record, &append))?,
            Err(StoreError::Lost { path }) => {
                let gone = || PublishError::Gone {
                    table: commit.name.clone(),
                    segment: append.segment.clone(),
                    path,
                    mark: self.log.done_mark(record),
                };
                appended_before(&*table, &append).await?.ok_or_else(gone)?
            }
            Err(error) => return Err(error.into()),
        };
        let published = TablePublished::of(&commit.name, &appended);
        self.log.mark_done(record, &published).await?;
        if let Some(version) = appended.version.filter(|_| appended.now) {
            table.maintain(version).await;
        }
        Ok(Some(published))
    }

    /// Commits a segment: the only decision point. One of a table is marked before, so that whoever comes next sees
    /// to it that the table has it.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn commit(&self, record: &CommitRecord) -> Result<Created, StoreError> {
        if record.table.is_some() && !record.parts.is_empty() {
            self.log.mark_open(record).await?;
        }
        self.log.commit(record).await
    }

    /// Publishes every segment of a table that is committed and that no mark says to be in its table.
    ///
    /// # Errors
    /// As of [`publish`](Self::publish).
    pub(crate) async fn settle_open(&self, now: Timestamp) -> Result<(), PublishError> {
        for month in months(now) {
            let folder = self.log.layout().table_marks(month);
            for name in open(&self.stores.log.list(&folder).await?) {
                // Without a commit, its run has died before it, or is about to commit.
                let Some(record) = self.log.get(&name.id.to_string(), name.segment).await? else { continue };
                self.settle(&record).await?;
                if self.log.layout().table_marks(record.finished_at) != folder {
                    // Of two runs that committed it, one lost, and its mark is another month's.
                    let published = self.log.published(&record).await?;
                    let marked = CommitRecord { finished_at: month, ..record };
                    if let Some(published) = published {
                        self.log.mark_done(&marked, &published).await?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// The segments of a folder of marks that are open.
fn open(paths: &[String]) -> BTreeSet<CommitName> {
    let marks = || paths.iter().filter_map(|path| Layout::parse_mark(path));
    let done: BTreeSet<_> =
        marks().filter(|(_, mark)| *mark == TableMark::Done).map(|(name, _)| name).collect();
    marks().map(|(name, _)| name).filter(|name| !done.contains(name)).collect()
}

/// An instant of each month whose marks are looked at. Clocks differ, so the next month is one of them when it is near.
fn months(now: Timestamp) -> Vec<Timestamp> {
    let zoned = now.to_zoned(jiff::tz::TimeZone::UTC);
    let first = zoned.first_of_month().unwrap_or_else(|_| zoned.clone());
    let earlier = (0..MONTHS).rev().filter_map(|back| first.checked_sub(back.months()).ok());
    let mut months: Vec<_> = earlier.map(|month| month.timestamp()).collect();
    let soon = zoned.checked_add(1.day()).map_or(now, |soon| soon.timestamp());
    if soon.to_zoned(jiff::tz::TimeZone::UTC).month() != zoned.month() {
        months.push(soon);
    }
    months
}

/// Files that are gone were in the table as a rule: another writer has rewritten its rows, and removed the files.
async fn appended_before(
    table: &dyn BronzeTable,
    append: &TableAppend,
) -> Result<Option<Appended>, PublishError> {
    table.find(append).await.map_err(PublishError::Table)
}

fn not_appended(cause: TableError, record: &CommitRecord, append: &TableAppend) -> PublishError {
    match cause {
        TableError::Store(error) => error.into(),
        cause @ TableError::Unknown { .. } => PublishError::Table(cause),
        cause @ TableError::Refused { .. } => PublishError::NotAppended {
            cause: Box::new(cause),
            stream: append.stream.clone(),
            segment: append.segment.clone(),
            committed_at: record.finished_at,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_three_months_are_looked_at_and_of_the_next_when_it_is_near() {
        let layout = Layout::new("shop", "orders");
        let folders = |now: &str| {
            let months = months(now.parse().unwrap());
            months
                .into_iter()
                .map(|month| layout.table_marks(month).rsplit_once('/').unwrap().1.to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(layout.table_marks(Timestamp::UNIX_EPOCH), "_bronzegate/shop/orders/tables/1970-01");
        assert_eq!(folders("2026-02-10T00:00:00Z"), ["2025-12", "2026-01", "2026-02"]);
        assert_eq!(folders("2026-12-31T12:00:00Z"), ["2026-10", "2026-11", "2026-12", "2027-01"]);
    }
}
