//! What is known of how a stream's pages lead to each other: asked once, when the pages of a run have come to their
//! end, and remembered by the log.

use std::collections::BTreeMap;

use super::engine::StreamRun;
use super::settings_hash::settings_hash;
use crate::bronze::{CommitLog, KnownPaging};
use crate::config::{Kind, Stream};
use crate::error::{Error, ErrorKind, Result};
use crate::extract::{Led, StreamContext, only_page, page_zero};
use crate::plan::Segment;

impl StreamRun {
    /// What is known, where the pages of the run and of its parents have come to their end; what is not known yet
    /// is asked for.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Data`] where there is more, and no way to it.
    pub(super) async fn known_paging(
        &self,
        context: &StreamContext,
        log: &CommitLog,
        segment: &Segment,
    ) -> Result<BTreeMap<String, KnownPaging>> {
        let mut known = segment.paging.clone();
        if known.is_empty() && segment.is_window() {
            // A window has no predecessor; the hint's will do.
            known = log.last_committed().await?.map(|record| record.paging).unwrap_or_default();
        }
        let mut now = BTreeMap::new();
        for level in context.levels() {
            let known = known_of(level, &known);
            let is_own = level.stream.name == context.stream.name;
            let asked = of_level(level, known).await;
            let asked = asked.map_err(|error| if is_own { error } else { error.in_stream(level.name()) });
            let known = asked?;
            let came_before = is_own && segment.counts_before.pages > 0;
            refused(level, came_before)
                .map_err(|error| if is_own { error } else { error.in_stream(level.name()) })?;
            if let Some(known) = known.filter(|_| level.stream.pagination.kind != Kind::None) {
                now.insert(level.stream.name.clone(), known);
            }
        }
        Ok(now)
    }
}

/// Says of each level whether its pages have led on in earlier runs, as the log remembers it.
pub(super) fn remembered(context: &StreamContext, segment: &Segment) {
    for level in context.levels() {
        if known_of(level, &segment.paging).is_some_and(|known| known.leads_on == Some(true)) {
            level.seen.has_led_on_before();
        }
    }
}

/// What the log knows of a level, as long as its pages are asked for in the same way.
fn known_of<'a>(level: &StreamContext, known: &'a BTreeMap<String, KnownPaging>) -> Option<&'a KnownPaging> {
    let known = known.get(&level.stream.name)?;
    (known.settings == fingerprint(&level.stream)).then_some(known)
}

/// A run whose pages a rule has ended by a status before there was one.
fn refused(level: &StreamContext, came_before: bool) -> Result<()> {
    let Some(why) = level.seen.refusal().filter(|_| !came_before && level.seen.pages() == 0) else {
        return Ok(());
    };
    let cause = format!(
        "{why}, by which a rule of `responses` ends the pages, and no page has come before: a wrong or moved path is \
         answered so too. If it is how the API says \"none\", give the rule a condition on the body as well, or \
         `if_first: true`"
    );
    Err(Error::new(ErrorKind::Data, cause))
}

async fn of_level(level: &StreamContext, known: Option<&KnownPaging>) -> Result<Option<KnownPaging>> {
    let seen = level.seen.first();
    let has_records = seen.as_ref().is_some_and(|first| first.records > 0);
    if known.is_none() && !page_zero(level, seen.as_ref()).await? {
        unasked(level);
        return Ok(None);
    }
    let leads_on = match known.and_then(|known| known.leads_on) {
        Some(true) => Some(true),
        _ if level.seen.has_followed() => Some(true),
        Some(false) => Some(false),
        None => match only_page(level, seen.as_ref()).await? {
            Led::On => Some(true),
            Led::Unseen(why) => {
                level.seen.warn("unseen", || why);
                Some(false)
            }
            Led::Unasked => return Err(unproven(level.stop.is_cancelled())),
            Led::NotYet => None,
        },
    };
    let is_known = leads_on.is_some() || known.is_some() || has_records;
    Ok(is_known.then(|| KnownPaging { settings: fingerprint(&level.stream), leads_on }))
}

/// Page 0 was not asked for: that is told, and a later run asks.
fn unasked(level: &StreamContext) {
    level.seen.lacks();
    level.seen.warn("unasked", || {
        "there was no time to ask whether the API has a page 0, which `start` would have to name: the next run asks. If \
         it finds one, this run lacks its records"
            .to_owned()
    });
}

/// One page is all that came, and whether it is all there is has not been asked.
fn unproven(is_interrupted: bool) -> Error {
    let kind = if is_interrupted { ErrorKind::Interrupted } else { ErrorKind::Api };
    let cause = "no page has led to another, and there was no time to ask whether the first is all there is: nothing was \
                 committed. Let the run have more time, or say `single_page: true` if the API has but one page";
    Error::new(kind, cause)
}

/// Tells how pages are asked for from other ways: whoever changes that is asked again.
fn fingerprint(stream: &Stream) -> String {
    settings_hash(stream.paging_identity())
}
