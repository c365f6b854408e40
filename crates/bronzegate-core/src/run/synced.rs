//! The token of a run, by which the next one asks for what has changed since.

use super::engine::StreamRun;
use super::settings_hash::settings_hash;
use crate::bronze::{CommitRecord, SegmentStatus};
use crate::cursor::SyncState;
use crate::error::{Error, ErrorKind, Result};
use crate::plan::Segment;

impl StreamRun {
    /// Finds the token that a segment asks with: one that begins has the one of the newest run, one that goes on that of
    /// the segments before it.
    ///
    /// # Errors
    /// [`ErrorKind::Store`] when the file asks for something else than the run was begun with.
    pub(super) fn choose_token(
        &self,
        segment: &mut Segment,
        newest: Option<&CommitRecord>,
        is_restart: bool,
    ) -> Result<()> {
        let settings = self.settings_of_token();
        let begun = segment.sync.as_ref().map(|sync| &sync.settings);
        if segment.number > 1 && begun == settings.as_ref() {
            return Ok(());
        }
        if segment.number > 1 && !is_restart {
            let cause = "the source file asks otherwise than when the run was begun, whose `sync_token` is good for that \
                         alone; `run --restart` begins it again";
            return Err(Error::new(ErrorKind::Store, cause));
        }
        let had = newest.and_then(|newest| Some((newest.status, newest.sync.as_ref()?)));
        segment.sync = settings.map(|settings| {
            let same = had.filter(|(_, had)| had.settings == settings);
            let sent = same.and_then(|(status, had)| match status {
                SegmentStatus::Complete => had.found.clone(),
                SegmentStatus::Partial => had.sent.clone(),
            });
            if had.is_some() && same.is_none() {
                segment.told.push(
                    "the source file asks otherwise than before, so its `sync_token` is not used: this run reads everything"
                        .to_owned(),
                );
            }
            SyncState { settings, sent, found: None }
        });
        Ok(())
    }

    /// Tells what a token is good for.
    pub(super) fn settings_of_token(&self) -> Option<String> {
        self.stream.token_identity(&self.engine.source.vars).map(settings_hash)
    }
}

/// Begins a run again without its token, which the API does not know any more. Returns what somebody should know.
pub(super) fn without_token(segment: &mut Segment) -> Option<String> {
    let sync = segment.sync.as_mut().filter(|_| segment.state.is_none())?;
    sync.sent.take()?;
    Some(
        "the API does not know the `sync_token` of the last run any more: everything is read again"
            .to_owned(),
    )
}
