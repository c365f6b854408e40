//! A segment whose records become rows of a table: what is known before its first request, and what its record says.

use super::engine::{Engine, StreamRun};
use crate::bronze::{
    CommitRecord, Encoder, Layout, PartFormat, PartNaming, Publisher, RunId, TableCommit, TableFormat,
    TableParts, table_columns,
};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::Segment;
use crate::random;

/// A segment of one run has a number below this, so that the transactions of an incremental stream grow from run to run.
const SEGMENTS: i64 = 1 << 20;

/// A segment of a table.
#[derive(Clone, Debug)]
pub(super) struct TableSegment {
    commit: TableCommit,
    /// The id of the target.
    target: String,
}

impl TableSegment {
    /// Where the parts are of the next attempt to stage them.
    fn parts(&self) -> TableParts {
        let (name, target) = (self.commit.name.clone(), self.target.clone());
        TableParts { name, target, suffix: random::hex() }
    }

    /// The record of the segment.
    pub(super) fn recorded(&self, record: CommitRecord) -> CommitRecord {
        record.with_table(self.commit.clone())
    }
}

impl StreamRun {
    /// Reads the stream's table, where it writes into one, and refuses what publishing would refuse.
    ///
    /// # Errors
    /// [`ErrorKind::Store`], naming what the table refuses.
    pub(super) async fn table_segment(
        &self,
        publisher: &Publisher,
        segment: &Segment,
    ) -> Result<Option<TableSegment>> {
        let (Some(output), Some(tables)) = (&self.stream.output.table, publisher.tables()) else {
            return Ok(None);
        };
        let Some(state) = publisher.look_at_table(&self.stream).await? else { return Ok(None) };
        let target = publisher.target_id().await?;
        let (app, txn) = transaction(&target, publisher.log().stream(), segment)?;
        let commit = TableCommit {
            root: tables.location(),
            name: output.name.clone(),
            kind: tables.kind(),
            id: state.id,
            seen: state.version,
            app,
            txn,
            columns: table_columns(output, &self.stream.branch_members()),
        };
        Ok(Some(TableSegment { commit, target }))
    }

    /// What the parts of a segment are made of.
    pub(super) fn part_format(&self, segment: &Segment) -> Result<PartFormat> {
        let output = &self.stream.output;
        let Some(table) = &output.table else { return Ok(PartFormat::Lines(output.compression)) };
        let Engine { source, environment, .. } = &self.engine;
        let named = format!("{}.s{:04}", segment.key.key, segment.number);
        let constants =
            [&source.name, environment.as_str(), &self.stream.name, &segment.key.batch_id, named.as_str()];
        TableFormat::new(table, constants, self.stream.branch_members())
            .map(PartFormat::Rows)
            .map_err(|error| Error::new(ErrorKind::Config, format!("table {}: {error}", table.name)))
    }

    /// What writes the segment's records as rows.
    pub(super) fn encoder(&self, format: &PartFormat, segment: &Segment) -> Encoder {
        let Engine { source, environment, .. } = &self.engine;
        format.encoder(&source.name, environment, &segment.key.batch_id, self.stream.branch_members())
    }
}

/// What the parts of a segment are called.
pub(super) fn naming(layout: &Layout, segment: &Segment, table: Option<&TableSegment>) -> PartNaming {
    let table = table.map(TableSegment::parts);
    PartNaming { layout: layout.clone(), key: segment.key.clone(), segment: segment.number, table }
}

/// Who appends a segment, and the number of the transaction.
///
/// Runs of an incremental stream follow each other, and each settles the one before it: they have one `app`, so that a
/// table remembers one number for all of them. Other runs come in any order, so each has an `app` of its own.
fn transaction(target: &str, stream: &str, segment: &Segment) -> Result<(String, i64)> {
    let number = i64::from(segment.number);
    let key = &segment.key.key;
    let too_many = || {
        let cause = format!(
            "{key}.s{number:04} has no number of a transaction: a run has less than {SEGMENTS} segments"
        );
        Error::new(ErrorKind::Store, cause)
    };
    let app = format!("bronzegate/{target}/{stream}");
    if number >= SEGMENTS {
        return Err(too_many());
    }
    match key.parse() {
        Ok(RunId::Sequence(run)) => {
            let run = i64::try_from(run).ok().and_then(|run| run.checked_mul(SEGMENTS));
            Ok((app, run.and_then(|run| run.checked_add(number)).ok_or_else(too_many)?))
        }
        _ => Ok((format!("{app}/{key}"), number)),
    }
}
