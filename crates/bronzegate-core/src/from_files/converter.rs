//! Segment after segment: lines into rows, rows into parts of the table, parts into one transaction.

use std::sync::Arc;

use serde::Serialize;

use super::marks::{Marks, Staged};
use super::part_lines::PartLines;
use crate::bronze::{
    Appended, BronzeStore, BronzeTable, CommitLog, CommitName, CommitRecord, Layout, PartFormat, PartNaming,
    Parts, PublishError, Publisher, Receipt, RunKey, StoreError, Stores, TableAppend, TableFile, TableFormat,
    TableParts, TablePublished, push_line, table_columns,
};
use crate::clock::Clock;
use crate::config::{Source, Stream, TableOutput};
use crate::error::{Error, ErrorKind, Result};
use crate::random;

/// Rows are handed on in pieces of this size.
const PIECE: usize = 1 << 20;

/// What became of one segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Converted {
    /// The run.
    pub key: String,
    /// Its segment.
    pub segment: u32,
    /// Its rows in the table.
    pub rows: u64,
    /// The table's version that has them, where the table tells one.
    pub version: Option<i64>,
    /// Whether they were appended now; else they were there before.
    pub now: bool,
}

/// Takes the committed files of one stream into the stream's table.
#[derive(Debug)]
pub struct Converter {
    publisher: Publisher,
    source: String,
    stream: Stream,
    output: TableOutput,
    target: String,
    clock: Arc<dyn Clock>,
    marks: Marks,
}

impl Converter {
    /// Looks at the table, and makes everything ready.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] where the stream writes into no table, or there is no place for it;
    /// [`ErrorKind::Store`] where the table would refuse the rows.
    pub async fn new(
        stores: Stores,
        source: &Source,
        stream: &Stream,
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        let layout = Layout::new(&source.name, &stream.name);
        let output = stream.output.table.clone().ok_or_else(|| {
            Error::new(ErrorKind::Config, "it writes files: set `output.table` in the source file first")
        })?;
        let marks = Marks { store: stores.log.clone(), layout: layout.clone() };
        let publisher = Publisher::of(stores, layout, &stream.output)?;
        publisher.look_at_table(stream).await?;
        let target = publisher.target_id().await?;
        let (source, stream) = (source.name.clone(), stream.clone());
        Ok(Self { publisher, source, stream, output, target, clock, marks })
    }

    /// The segments of the log, from the oldest run to the newest within each kind.
    ///
    /// # Errors
    /// [`ErrorKind::Store`] when the log cannot be read.
    pub async fn segments(&self) -> Result<Vec<CommitName>> {
        Ok(self.log().names().await?)
    }

    /// Takes one segment into the table; `None` where it has no files: it is a table's own, or empty.
    ///
    /// # Errors
    /// [`ErrorKind::Store`], naming the part that is missing, changed or no longer readable, or what the table refuses.
    pub async fn convert(&self, name: CommitName) -> Result<Option<Converted>> {
        let Some(record) = self.log().get(&name.id.to_string(), name.segment).await? else { return Ok(None) };
        if record.table.is_some() || record.parts.is_empty() {
            return Ok(None);
        }
        let Some(table) = self.publisher.table() else { return Ok(None) };
        let converted = |published: TablePublished, now| Converted {
            key: record.key.clone(),
            segment: record.segment,
            rows: published.rows,
            version: published.version,
            now,
        };
        if let Some(published) = self.marks.done(&record).await? {
            return Ok(Some(converted(published, false)));
        }
        let appended = self.appended(&record, &name, (&*table, &self.publisher.parts())).await?;
        let published = TablePublished::of(&self.output.name, &appended);
        self.marks.set_done(&record, &published).await?;
        if let Some(version) = appended.version.filter(|_| appended.now) {
            table.maintain(version).await;
        }
        Ok(Some(converted(published, appended.now)))
    }

    /// Appends a segment. Which files are its rows is decided before, as a commit decides it, so that whoever repeats it
    /// names the same files. Where their uploads are gone, another attempt stages them again.
    async fn appended(
        &self,
        record: &CommitRecord,
        name: &CommitName,
        (table, store): (&dyn BronzeTable, &Arc<dyn BronzeStore>),
    ) -> Result<Appended> {
        let mut attempt = 1;
        loop {
            let staged = match self.marks.staged(record, attempt).await? {
                Some(staged) => staged,
                None => self.decided(record, name, (attempt, store)).await?,
            };
            let append = self.append(record, &staged);
            match complete(store, &staged.parts).await {
                Ok(()) => return Ok(table.append(&append).await.map_err(PublishError::Table)?),
                Err(StoreError::Lost { .. }) => {
                    if let Some(appended) = table.find(&append).await.map_err(PublishError::Table)? {
                        return Ok(appended);
                    }
                    attempt += 1;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Stages a segment's rows, and decides that they are those of an attempt. Where another has decided, these are
    /// given up.
    async fn decided(
        &self,
        record: &CommitRecord,
        name: &CommitName,
        (attempt, store): (u32, &Arc<dyn BronzeStore>),
    ) -> Result<Staged> {
        let own = Staged { at: self.clock.now(), parts: self.stage(record, name).await? };
        let decided = self.marks.decide(record, attempt, &own).await?;
        if decided != own {
            for part in &own.parts {
                store.abort(part).await?;
            }
        }
        Ok(decided)
    }

    /// The transaction of a segment: each run has an `app` of its own, whatever its kind.
    fn append(&self, record: &CommitRecord, staged: &Staged) -> TableAppend {
        let stream = self.log().stream().to_owned();
        TableAppend {
            app: format!("bronzegate/{}/{stream}/files/{}", self.target, record.key),
            txn: i64::from(record.segment),
            columns: table_columns(&self.output, &self.stream.branch_members()),
            files: staged.parts.iter().cloned().map(file).collect(),
            // What the table was when they were staged is not kept: all of its log is looked at.
            id: None,
            seen: -1,
            committed_at: staged.at,
            stream,
            segment: format!("{}.s{:04}", record.key, record.segment),
        }
    }

    /// Writes the rows of a segment's files as parts of the table.
    async fn stage(&self, record: &CommitRecord, name: &CommitName) -> Result<Vec<Receipt>> {
        let segment = format!("{}.s{:04}", record.key, record.segment);
        let constants = [&self.source, &record.environment, &self.stream.name, &record.batch_id, &segment]
            .map(String::as_str);
        let format = TableFormat::new(&self.output, constants, self.stream.branch_members())
            .map_err(|error| Error::new(ErrorKind::Config, format!("table {}: {error}", self.output.name)))?;
        let naming = PartNaming {
            layout: Layout::new(&self.source, &self.stream.name),
            key: RunKey::of(name.id, record.scheduled_time),
            segment: record.segment,
            table: Some(TableParts {
                name: self.output.name.clone(),
                target: self.target.clone(),
                suffix: random::hex(),
            }),
        };
        let format = PartFormat::Rows(format);
        let mut parts = Parts::new(self.publisher.parts(), naming, format, self.stream.output.max_part_bytes);
        for part in &record.parts {
            if let Err(error) = self.rows(part, &mut parts).await {
                parts.abort().await;
                return Err(error);
            }
        }
        Ok(parts.finish().await?)
    }

    /// Writes the rows of one file.
    async fn rows(&self, part: &Receipt, parts: &mut Parts) -> Result<()> {
        let parents = self.stream.branch_members();
        let mut lines = PartLines::of(&self.marks.store, part);
        let (mut line, mut rows, mut count, mut total) = (Vec::new(), Vec::new(), 0, 0_u64);
        let failed = |cause: std::io::Error| StoreError::io("read", &part.path, cause);
        while lines.next(&mut line).await.map_err(failed)? {
            total += 1;
            push_line(&line, &parents, &mut rows)
                .map_err(|why| StoreError::io("read", &part.path, format!("line {total}: {why}")))?;
            count += 1;
            if rows.len() >= PIECE {
                parts.append(std::mem::take(&mut rows).into(), std::mem::take(&mut count)).await?;
            }
        }
        if total != part.records {
            let cause = format!("it has {total} lines, and {} records were committed", part.records);
            return Err(StoreError::io("read", &part.path, cause).into());
        }
        if count > 0 {
            parts.append(rows.into(), count).await?;
        }
        Ok(())
    }

    fn log(&self) -> &CommitLog {
        self.publisher.log()
    }
}

/// Completes the files of an attempt.
async fn complete(store: &Arc<dyn BronzeStore>, parts: &[Receipt]) -> Result<(), StoreError> {
    for part in parts {
        store.publish(part).await?;
    }
    Ok(())
}

fn file(part: Receipt) -> TableFile {
    let stats = part.stats.unwrap_or_else(|| format!("{{\"numRecords\":{}}}", part.records));
    TableFile { path: part.path, bytes: part.bytes, records: part.records, stats }
}
