//! Loading a committed segment: `COPY INTO`, however often, and counting where anything but a clean success came.
//!
//! `COPY INTO` skips files that it has loaded, by their paths, so what it says decides: all rows inserted, or none
//! because an earlier attempt loaded them. Files of a segment have names that no other segment has. After a lost
//! answer, a skip, or anything else than all rows at the first attempt, the rows of the segment are counted as well:
//!
//! - As many as were committed: done.
//! - None at all: loaded once more. None again means that somebody removed them since: done, with a warning.
//! - Some: somebody removed the others since, because a statement loads all of its files or none: done, with a warning.
//! - More: they are there more than once. That is told, and the segment stays open until it is mended.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::time::Duration;

use bronzegate_core::bronze::{Appended, StoreError, TableAppend, TableError, TableFile};
use serde_json::Value;

use super::tables::Shared;
use crate::sql::{Parameter, StatementError, identifier, literal};

/// The most files that one statement may name (Databricks, "COPY INTO": `FILES`).
const MOST_FILES: usize = 1_000;
/// Attempts at one statement.
const ATTEMPTS: u32 = 6;
/// The waits between attempts: the first, and the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// One segment on its way into its table.
pub(super) struct Copy<'a> {
    shared: &'a Shared,
    append: &'a TableAppend,
    full_name: String,
    quoted: String,
}

/// Files that one statement loads: they lie in one folder.
struct Batch<'a> {
    folder: &'a str,
    files: Vec<&'a TableFile>,
}

/// What statements have said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Said {
    inserted: u64,
    /// Whether each statement inserted all of its rows at the first attempt.
    is_unclean: bool,
    /// Whether a statement inserted some of its rows, which no single transaction does.
    is_partial: bool,
}

impl<'a> Copy<'a> {
    pub(super) fn new(shared: &'a Shared, table: &str, append: &'a TableAppend) -> Self {
        let (full_name, quoted) = (shared.schema.full(table), shared.schema.quoted(table));
        Self { shared, append, full_name, quoted }
    }

    /// Loads the segment, and says what it has in the table.
    pub(super) async fn load(&self) -> Result<Appended, TableError> {
        let expected = rows_of(&self.append.files);
        let mut said = self.copy_all().await?;
        if !said.is_unclean {
            return Ok(Appended { table_id: None, version: None, rows: expected, now: true });
        }
        let mut rows = self.count().await?;
        if rows == 0 && said.inserted == 0 && expected > 0 {
            said = self.copy_all().await?;
            rows = self.count().await?;
        }
        let done = Appended { table_id: None, version: None, rows, now: said.inserted > 0 };
        match rows.cmp(&expected) {
            Ordering::Equal => Ok(done),
            Ordering::Less if !said.is_partial => {
                let (table, segment) = (&self.full_name, &self.append.segment);
                tracing::warn!(%table, %segment, rows, expected, "rows of a loaded segment have been removed from the table");
                Ok(done)
            }
            _ => Err(self.unknown(rows, expected)),
        }
    }

    /// What the segment has in the table, if that is all of it: its files need not be there any more.
    pub(super) async fn loaded_before(&self) -> Result<Option<Appended>, TableError> {
        let (rows, expected) = (self.count().await?, rows_of(&self.append.files));
        Ok((rows == expected).then_some(Appended { table_id: None, version: None, rows, now: false }))
    }

    async fn copy_all(&self) -> Result<Said, TableError> {
        let mut said = Said::default();
        for batch in batches(&self.append.files) {
            let one = self.copy(&batch).await?;
            said.inserted = said.inserted.saturating_add(one.inserted);
            said.is_unclean |= one.is_unclean;
            said.is_partial |= one.is_partial;
        }
        Ok(said)
    }

    async fn copy(&self, batch: &Batch<'_>) -> Result<Said, TableError> {
        let sql = self.sql(batch);
        let expected = rows_of(batch.files.iter().copied());
        let (mut is_doubtful, mut pause) = (false, FIRST_PAUSE);
        let mut why = String::new();
        for attempt in 1..=ATTEMPTS {
            match self.shared.statements.run(&sql, &[]).await {
                Ok(rows) => {
                    let inserted =
                        rows.number("num_inserted_rows").or_else(|| rows.number("num_affected_rows"));
                    if let Some(inserted) = inserted {
                        let is_unclean = is_doubtful || inserted != expected;
                        let is_partial = inserted != expected && inserted != 0;
                        return Ok(Said { inserted, is_unclean, is_partial });
                    }
                    // The next attempt finds the files loaded, and says so.
                    is_doubtful = true;
                    "the answer of COPY INTO has no number of rows".clone_into(&mut why);
                }
                Err(StatementError::Failed(failure)) if !failure.passes() => {
                    return Err(self.refused(&failure.to_string()));
                }
                Err(StatementError::Call(error)) if !error.is_transient() => {
                    return Err(self.refused(&error.to_string()));
                }
                Err(error) => {
                    is_doubtful |= matches!(error, StatementError::Unknown(_));
                    why = error.to_string();
                }
            }
            tracing::info!(
                table = self.full_name,
                segment = self.append.segment,
                attempt,
                why,
                "COPY INTO is tried again"
            );
            self.shared.workspace.service().clock().sleep(pause).await;
            pause = LONGEST_PAUSE.min(pause.saturating_mul(2));
        }
        Err(StoreError::io("load", self.full_name.clone(), why).into())
    }

    fn sql(&self, batch: &Batch<'_>) -> String {
        let columns: Vec<_> = self.append.columns.iter().map(|column| identifier(&column.name)).collect();
        let names: Vec<_> = batch.files.iter().map(|file| literal(name_of(&file.path))).collect();
        format!(
            "COPY INTO {} FROM (SELECT {} FROM {}) FILEFORMAT = PARQUET FILES = ({})",
            self.quoted,
            columns.join(", "),
            literal(&format!("{}/{}", self.shared.files, batch.folder)),
            names.join(", "),
        )
    }

    /// The rows of the segment in the table.
    ///
    /// Another target may load a segment of the same name into the same table, as of another environment: the
    /// environment and the time of the rows tell them apart.
    async fn count(&self) -> Result<u64, TableError> {
        let (source, stream) = self.append.stream.split_once('/').unwrap_or_default();
        let text = |name, value: &str| Parameter { name, value: value.to_owned(), kind: "STRING" };
        let mut conditions =
            vec!["`_source_system` = :source", "`_stream` = :stream", "`_segment` = :segment"];
        let mut parameters =
            vec![text("source", source), text("stream", stream), text("segment", &self.append.segment)];
        let bounds = Bounds::of(&self.append.files);
        if let Some(environment) = &bounds.environment {
            conditions.push("`_environment` = :environment");
            parameters.push(text("environment", environment));
        }
        if let Some((first, last)) = &bounds.ingested {
            conditions.push("`_ingested_at` BETWEEN :first AND :last");
            let time = |name, value: &str| Parameter { name, value: value.to_owned(), kind: "TIMESTAMP" };
            parameters.extend([time("first", first), time("last", last)]);
        }
        let sql =
            format!("SELECT count(*) AS `rows` FROM {} WHERE {}", self.quoted, conditions.join(" AND "));
        let (mut pause, mut why) = (FIRST_PAUSE, String::new());
        for _ in 0..ATTEMPTS {
            match self.shared.statements.run(&sql, &parameters).await {
                Ok(rows) => match rows.number("rows") {
                    Some(rows) => return Ok(rows),
                    None => return Err(self.refused("its rows cannot be counted: the answer has no number")),
                },
                Err(StatementError::Failed(failure)) if !failure.passes() => {
                    return Err(self.refused(&format!("its rows cannot be counted: {failure}")));
                }
                Err(StatementError::Call(error)) if !error.is_transient() => {
                    return Err(self.refused(&format!("its rows cannot be counted: {error}")));
                }
                Err(error) => why = error.to_string(),
            }
            self.shared.workspace.service().clock().sleep(pause).await;
            pause = LONGEST_PAUSE.min(pause.saturating_mul(2));
        }
        Err(StoreError::io("count the rows of", self.full_name.clone(), why).into())
    }

    fn refused(&self, why: &str) -> TableError {
        let files = &self.shared.files;
        let needs = format!(
            "the identity needs SELECT and MODIFY on the table, READ VOLUME or READ FILES on {files}, and CAN USE on \
             the warehouse"
        );
        TableError::Refused { table: self.full_name.clone(), reason: format!("{why}; {needs}") }
    }

    fn unknown(&self, rows: u64, expected: u64) -> TableError {
        let segment = self.append.segment.clone();
        let reason = format!(
            "it has {rows} rows of {expected}; look at the rows WHERE _stream and _segment are this segment's, delete \
             what is there twice or all of it, and run again: what is then right is taken for done"
        );
        TableError::Unknown { table: self.full_name.clone(), segment, reason }
    }
}

/// What the rows of a segment have in common, as their files' statistics tell it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Bounds {
    environment: Option<String>,
    ingested: Option<(String, String)>,
}

impl Bounds {
    /// Nothing where a file does not tell it, or files differ.
    fn of(files: &[TableFile]) -> Self {
        let stats: Option<Vec<Value>> =
            files.iter().map(|file| serde_json::from_str(&file.stats).ok()).collect();
        let Some(stats) = stats.filter(|stats| !stats.is_empty()) else { return Self::default() };
        let all = |bound: &str, column: &str| -> Option<Vec<&str>> {
            stats.iter().map(|stats| stats[bound][column].as_str()).collect()
        };
        let environment = all("minValues", "_environment").zip(all("maxValues", "_environment"));
        let environment = environment.and_then(|(first, last)| {
            let one = first.first().copied()?;
            first.iter().chain(&last).all(|each| *each == one).then(|| one.to_owned())
        });
        let ingested = all("minValues", "_ingested_at").zip(all("maxValues", "_ingested_at"));
        let ingested = ingested.and_then(|(first, last)| {
            Some(((*first.iter().min()?).to_owned(), (*last.iter().max()?).to_owned()))
        });
        Self { environment, ingested }
    }
}

fn rows_of<'f>(files: impl IntoIterator<Item = &'f TableFile>) -> u64 {
    files.into_iter().map(|file| file.records).fold(0, u64::saturating_add)
}

fn name_of(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// A segment has one folder, and ends before it has more files than one statement may name. Should it have more all
/// the same, each statement is one transaction.
fn batches(files: &[TableFile]) -> Vec<Batch<'_>> {
    let mut folders: BTreeMap<&str, Vec<&TableFile>> = BTreeMap::new();
    for file in files {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        folders.entry(folder).or_default().push(file);
    }
    let mut batches = Vec::new();
    for (folder, files) in folders {
        batches.extend(files.chunks(MOST_FILES).map(|files| Batch { folder, files: files.to_vec() }));
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, stats: &str) -> TableFile {
        TableFile { path: path.to_owned(), bytes: 1, records: 2, stats: stats.to_owned() }
    }

    #[test]
    fn a_statement_names_files_of_one_folder_and_at_most_a_thousand() {
        let files: Vec<_> = (0..2_500).map(|n| file(&format!("t/s/a/d=1/{n}.parquet"), "")).collect();
        let sizes: Vec<_> = batches(&files).iter().map(|batch| (batch.folder, batch.files.len())).collect();
        assert_eq!(sizes, [("t/s/a/d=1", 1_000), ("t/s/a/d=1", 1_000), ("t/s/a/d=1", 500)]);
        let two = [file("t/x/1.parquet", ""), file("t/y/2.parquet", "")];
        assert_eq!(batches(&two).len(), 2);
        assert_eq!(rows_of(&files), 5_000);
    }

    #[test]
    fn what_all_files_tell_narrows_the_count() {
        let stats = |environment: &str, first: &str, last: &str| {
            format!(
                r#"{{"minValues":{{"_environment":"{environment}","_ingested_at":"{first}"}},"maxValues":{{"_environment":"{environment}","_ingested_at":"{last}"}}}}"#
            )
        };
        let (early, late) = ("2026-11-22T17:00:00.000Z", "2026-11-22T17:00:09.000Z");
        let one = file("a", &stats("prod", early, early));
        let other = file("b", &stats("prod", late, late));
        let bounds = Bounds::of(&[other.clone(), one.clone()]);
        assert_eq!(bounds.environment.as_deref(), Some("prod"));
        assert_eq!(bounds.ingested, Some((early.to_owned(), late.to_owned())));
        assert_eq!(Bounds::of(&[one.clone(), file("c", &stats("dev", early, late))]).environment, None);
        assert_eq!(Bounds::of(&[one, file("c", "no JSON")]), Bounds::default());
        assert_eq!(Bounds::of(&[file("c", "{}")]), Bounds::default());
    }
}
