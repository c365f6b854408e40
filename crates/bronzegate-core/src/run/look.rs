//! The first step of a segment: what the log says, and what is to be done.

use super::engine::StreamRun;
use crate::bronze::{Publisher, RunKind};
use crate::error::Result;
use crate::plan::{self, Due, RunPlan, RunRequest, Segment};

impl StreamRun {
    /// Reads the log, completes what a dead run left between commit and publishing, and plans.
    pub(super) async fn look(&self, publisher: &Publisher, request: RunRequest) -> Result<RunPlan> {
        let now = self.engine.clock.now();
        publisher.sweep(now).await?;
        loop {
            let Some(plan) = self.look_once(publisher, request).await? else { continue };
            return match request {
                RunRequest::Restart { .. } => plan::restart(plan),
                RunRequest::Scheduled { .. } | RunRequest::Window { .. } => Ok(plan),
            };
        }
    }

    /// The plan; `None` when another run has meanwhile finished the very run of the sequence that was to
    /// be next: more may be due after it.
    async fn look_once(&self, publisher: &Publisher, request: RunRequest) -> Result<Option<RunPlan>> {
        let log = publisher.log();
        let incremental = self.stream.incremental.as_ref();
        let now = self.engine.clock.now();
        let newest = match request {
            RunRequest::Scheduled { .. } | RunRequest::Restart { .. } => {
                log.newest(request.kind(incremental.is_some()), now).await?
            }
            // A window has neither history nor predecessor, and its log may have thousands of names.
            RunRequest::Window { .. } => None,
        };
        let newest = newest.map(|record| self.in_words_of_now(record));
        if let Some(newest) = &newest {
            publisher.same_place(newest)?;
            publisher.settle(newest).await?;
        }
        let mut begins = Vec::new();
        let (key, cursor) = match (request, self.sequence()) {
            (RunRequest::Scheduled { at } | RunRequest::Restart { at }, Some(sequence)) => {
                match plan::next(&sequence, newest.as_ref(), at.unwrap_or(now), now)? {
                    Due::Run { key, cursor, told } => {
                        begins = told;
                        (key, Some(*cursor))
                    }
                    Due::Done(record) => return Ok(Some(RunPlan::AlreadyCommitted(record))),
                }
            }
            (RunRequest::Window { window, .. }, _) => {
                let cursor = plan::window(incremental, window)?;
                plan::over(incremental, window, now)?;
                (plan::key(request, newest.as_ref(), now)?, Some(cursor))
            }
            (RunRequest::Scheduled { .. } | RunRequest::Restart { .. }, None) => {
                (plan::key(request, newest.as_ref(), now)?, None)
            }
        };
        let committed = match request {
            RunRequest::Scheduled { .. } | RunRequest::Restart { .. } => {
                log.beside_newest(&key.key, newest.as_ref()).await?
            }
            RunRequest::Window { .. } => log.newest_segment(&key.key).await?,
        };
        let committed = committed.map(|record| self.in_words_of_now(record));
        if let Some(committed) = committed.as_ref().filter(|committed| newest.as_ref() != Some(*committed)) {
            publisher.same_place(committed)?;
            publisher.settle(committed).await?;
        }
        let mut plan = plan::plan(key, committed, newest.as_ref(), cursor)?;
        if let RunPlan::Segment(segment) = &mut plan {
            let is_restart = matches!(request, RunRequest::Restart { .. });
            self.as_the_file_is_now(segment, begins, is_restart)?;
            self.choose_parents(segment, newest.as_ref(), is_restart)?;
            self.choose_token(segment, newest.as_ref(), is_restart)?;
        }
        let is_sequence = request.kind(incremental.is_some()) == RunKind::Sequence;
        let overtaken = is_sequence && matches!(plan, RunPlan::AlreadyCommitted(_));
        Ok((!overtaken).then_some(plan))
    }

    /// Says where a run begins, and fits one that goes on to partitions that the file has no more.
    fn as_the_file_is_now(&self, segment: &mut Segment, begins: Vec<String>, is_restart: bool) -> Result<()> {
        if segment.number == 1 {
            segment.told = begins;
        } else if let Some(sequence) = self.sequence().filter(|_| !segment.is_window()) {
            segment.cursor =
                segment.cursor.take().map(|cursor| sequence.resumed(cursor, is_restart)).transpose()?;
        }
        Ok(())
    }
}
