//! One segment of a run: look (`look`), stage, commit, publish.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::changed::note_parents;
use super::engine::StreamRun;
use super::paging::remembered;
use super::staged::{Full, Staged, asked_window};
use super::synced::without_token;
use super::table_segment::naming;
use crate::bronze::{
    CommitLog, CommitRecord, Created, Layout, PageWriter, PartFormat, Parts, Publisher, SegmentStatus,
    TablePublished,
};
use crate::clock::Deadline;
use crate::cursor::{CursorFilter, CursorState};
use crate::error::Result;
use crate::extract::{SeenColumns, StreamContext, StreamPages, StreamState, holds_secret};
use crate::plan::{self, RunPlan, RunRequest, Segment};
use crate::redact::secret_at;
use crate::report::{RunReport, TableReport};
use crate::unfinished::Unfinished;

/// How one segment ended that was not cut before anything came.
pub(super) enum Ended {
    /// Nothing was left to do.
    AlreadyCommitted,
    /// It is committed, as this record says.
    Committed(Box<CommitRecord>),
    /// A part of a window that is split is committed; the rest is the next segment's.
    Part,
    /// Another run at the same time has committed it.
    Lost(SegmentStatus),
}

impl StreamRun {
    pub(super) async fn segment(
        &self,
        publisher: &Publisher,
        request: RunRequest,
        deadline: Deadline,
        stop: CancellationToken,
        report: &mut RunReport,
    ) -> Result<Ended, Unfinished> {
        let mut began = self.began();
        let layout = Layout::new(&self.engine.source.name, &self.stream.name);
        let log = publisher.log();
        let mut segment = match self.look(publisher, request).await? {
            RunPlan::AlreadyCommitted(record) => {
                report.key.get_or_insert(record.key);
                report.batch_id.get_or_insert(record.batch_id);
                return Ok(Ended::AlreadyCommitted);
            }
            RunPlan::Segment(segment) => *segment,
        };
        plan::names_read_back(&layout, &segment)?;
        publisher.ready().await?;
        self.announce(report, &segment, log.strangers());
        let table = self.table_segment(publisher, &segment).await?;

        let begins = self.begins(log, &segment).await?;
        let not_loaded = self.before_the_first_run(log, &mut segment).await?;
        let mut forgotten = None;
        let mut staged = loop {
            let (naming, format) = (naming(&layout, &segment, table.as_ref()), self.part_format(&segment)?);
            let max_part_bytes = self.stream.output.max_part_bytes;
            let parts = Parts::new(publisher.parts(), naming, format.clone(), max_part_bytes);
            let parts = (parts, format, publisher.most_parts());
            let staging = Box::pin(self.stage(parts, (&segment, log), deadline, stop.child_token()));
            match staging.await {
                Ok(staged) => break staged,
                Err(Unfinished::Failed(error)) if error.asks_restart() && segment.may_begin_anew() => {
                    // The API does not know any more where an earlier segment has ended.
                    tracing::warn!(cause = self.told(&error.to_string()), "the run begins again");
                    forgotten = forgotten.or(without_token(&mut segment));
                    self.begin_anew(&mut segment)?;
                    began.gives_up(self.stats().counts());
                }
                Err(Unfinished::TooLarge) => {
                    // What is committed of the whole window, and a job of it, say nothing of a half's pages.
                    segment.begin_anew();
                    segment.cursor = Some(self.halved(&segment)?);
                    began.gives_up(self.stats().counts());
                }
                Err(why) => return Err(why),
            }
        };
        staged.warnings.extend(begins.into_iter().chain(not_loaded).chain(forgotten));
        let is_part = staged.is_part;

        let mut record = self.record(&segment, staged, &began);
        if let Some(table) = &table {
            record = table.recorded(record);
        }
        match self.commit(publisher, &record, report).await? {
            Created::No => Ok(self.lost(publisher, &segment).await?),
            Created::Yes if is_part => Ok(Ended::Part),
            Created::Yes => Ok(Ended::Committed(Box::new(record))),
        }
    }

    /// Commits a staged segment, and publishes it. Where another run has committed it, its uploads are given up.
    async fn commit(
        &self,
        publisher: &Publisher,
        record: &CommitRecord,
        report: &mut RunReport,
    ) -> Result<Created> {
        let CommitRecord { cursor, columns, parents, sync, .. } = record;
        let resumed =
            serde_json::json!({ "cursor": cursor, "columns": columns, "parents": parents, "sync": sync });
        if let Some(place) = secret_at(&resumed, |text| self.client.auth().scrubber().finds_in(text)) {
            publisher.abort(&record.parts).await?;
            return Err(holds_secret(&place));
        }
        if publisher.commit(record).await? == Created::No {
            publisher.abort(&record.parts).await?;
            return Ok(Created::No);
        }
        self.fill(report, record);
        if let Some(published) = publisher.publish(record).await? {
            let earlier = report.table.take().map_or(0, |earlier| earlier.rows);
            let TablePublished { table: name, version, rows, .. } = published;
            report.table = Some(TableReport { name, version, rows: rows.saturating_add(earlier) });
        }
        publisher.log().update_head(record).await;
        Ok(Created::Yes)
    }

    /// Tells which segment it is that begins.
    fn announce(&self, report: &mut RunReport, segment: &Segment, strangers: Option<String>) {
        if let Some(told) = strangers.filter(|told| !report.warnings.contains(told)) {
            report.warnings.push(told);
        }
        if report.key.is_none() {
            report.cursor_in = segment.cursor_in().map(|cursor| self.told(&cursor));
        }
        self.in_flight.is(Some(&segment.key.key));
        report.key = Some(segment.key.key.clone());
        report.batch_id = Some(segment.key.batch_id.clone());
    }

    /// Another run has committed the segment. What this one reports is what is committed, and
    /// visible by then, whatever became of the other.
    async fn lost(&self, publisher: &Publisher, segment: &Segment) -> Result<Ended> {
        let Some(winner) = publisher.log().newest_segment(&segment.key.key).await? else {
            return Ok(Ended::AlreadyCommitted);
        };
        publisher.settle(&winner).await?;
        Ok(Ended::Lost(winner.status))
    }

    /// Fetches the pages and stages their records.
    async fn stage(
        &self,
        (parts, format, most_parts): (Parts, PartFormat, Option<u32>),
        (segment, log): (&Segment, &CommitLog),
        deadline: Deadline,
        stop: CancellationToken,
    ) -> Result<Staged, Unfinished> {
        let mut cursor = segment.cursor.clone();
        let (parents, sync) = (segment.parents.clone(), segment.sync.clone());
        let mut staged = Staged { parents, sync, ..Staged::default() };
        if segment.is_empty() || self.never_comes(segment) {
            return Ok(self.read_so_far(staged, (segment, cursor), None)?);
        }
        let (asked, filter) = self.filter(segment)?;
        let mut writer = PageWriter::new(
            parts,
            (self.encoder(&format, segment), self.window_of_records(segment)),
            filter,
            self.stats(),
        );
        let columns = Arc::new(SeenColumns::after(segment.columns.clone()));
        let full = Full { most_parts, stop: stop.clone() };
        let context = self.of_segment(self.context(asked, deadline, stop), segment, &columns);
        remembered(&context, segment);
        let mut pages = StreamPages::start(Arc::new(context), segment.state.clone().unwrap_or_default());
        let read = self.write_pages(&mut pages, &mut writer, (&full, &mut staged)).await;
        staged.warnings.extend(pages.warnings());
        note_parents(&mut pages, &mut staged);
        if let Some(sync) = &mut staged.sync {
            sync.found = pages.token();
        }
        if let Some(cursor) = cursor.as_mut().filter(|_| !segment.is_window()) {
            self.note_ended(cursor, &mut pages, &mut staged);
        }
        let context = pages.context().clone();
        staged.resume = match read.map_err(Unfinished::from).and_then(|()| pages.ending()) {
            Ok(resume) => resume,
            Err(why) => {
                writer.abort().await;
                return Err(why);
            }
        };
        if let Err(error) = self.hold(&context, (segment, log), writer.filter(), &mut staged).await {
            writer.abort().await;
            return Err(error.into());
        }
        staged.columns = columns.known().cloned();
        let (parts, filter) = writer.finish().await?;
        let staged = Staged { parts, ..staged };
        let mut staged = self.read_so_far(staged, (segment, cursor), filter.as_ref())?;
        staged.is_part |= staged.is_full && staged.resume.is_some();
        Ok(staged)
    }

    /// Compares what came with what was asked for, and with what is known of how pages lead to each other.
    async fn hold(
        &self,
        context: &StreamContext,
        (segment, log): (&Segment, &CommitLog),
        filter: Option<&CursorFilter>,
        staged: &mut Staged,
    ) -> Result<()> {
        staged.warnings.extend(filter.map_or(Ok(None), CursorFilter::judged)?);
        staged.paging = match &staged.resume {
            Some(_) => segment.paging.clone(),
            None => self.known_paging(context, log, segment).await?,
        };
        staged.may_lack |= context.may_lack();
        staged.warnings.extend(context.warnings().into_iter().chain(repeated(segment)));
        Ok(())
    }

    /// Writes page after page, as far as the walk goes.
    async fn write_pages(
        &self,
        walk: &mut StreamPages,
        writer: &mut PageWriter,
        (full, staged): (&Full, &mut Staged),
    ) -> Result<()> {
        while let Some((branch, page)) = walk.next().await {
            let number = page.number;
            match writer.write(&branch, page).await {
                Ok(warning) => staged.warnings.extend(warning),
                Err(error) => {
                    let error = error.on_page(number);
                    return Err(match branch.label() {
                        Some(label) => error.in_branch(label),
                        None => error,
                    });
                }
            }
            staged.is_full |= full.ends(writer.parts());
        }
        Ok(())
    }

    /// Adds what was asked for, how far it was read, and what is left of a window that is split.
    fn read_so_far(
        &self,
        mut staged: Staged,
        (segment, cursor): (&Segment, Option<CursorState>),
        filter: Option<&CursorFilter>,
    ) -> Result<Staged> {
        staged.cursor_out = staged.resume.as_ref().and_then(StreamState::shown);
        let Some(mut cursor) = cursor else { return Ok(staged) };
        if let Some(filter) = filter {
            cursor = cursor.with_newest(filter.newest());
        }
        staged.window = Some(asked_window(&cursor));
        if let Some(filter) = filter {
            if segment.is_first_run() {
                cursor.oldest = self.oldest(cursor.oldest.as_ref(), filter);
            }
            staged.warnings.extend(self.left_out(filter, segment));
            staged.warnings.extend(self.found(filter, segment, &cursor, staged.resume.is_none()));
        }
        if staged.resume.is_some() {
            staged.cursor = Some(cursor);
            return Ok(staged);
        }
        if !segment.is_window() {
            cursor = self.completed(cursor, &mut staged.warnings)?;
        }
        staged.cursor_out = cursor.position().map(|mark| mark.cursor.text);
        let rest = self.rest(segment)?;
        staged.is_part = rest.is_some();
        staged.resume = rest.is_some().then(StreamState::default);
        staged.cursor = Some(rest.unwrap_or(cursor));
        Ok(staged)
    }
}

/// What somebody should know of a run that began again.
fn repeated(segment: &Segment) -> Option<String> {
    let records = segment.counts_before.records;
    segment.repeats.then(|| {
        format!("the run was begun again: records of the {records} that its earlier segments committed may come twice")
    })
}
