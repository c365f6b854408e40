//! From an event to the items of the work queue: one for each stream, or for each window of a backfill.

use std::num::NonZeroU32;

use bronzegate_core::clock::Deadline;
use bronzegate_core::doors::{Action, Answer, Backfill, Event, divided};
use bronzegate_core::error::{Error, ErrorKind, Result};
use bronzegate_core::plan;
use jiff::Unit;

use crate::handler::Handler;

/// The most windows of one backfill: the host puts its items on the queue one after the other while the caller waits.
const MOST_WINDOWS: usize = 2_000;

/// What an event comes to.
#[derive(Debug, Default)]
pub(crate) struct Items {
    /// What goes on the queue.
    pub(crate) events: Vec<Event>,
    /// How many windows of a backfill are left out, because they are not over.
    pub(crate) windows_not_over: usize,
    /// What somebody should know before a backfill's windows are run.
    pub(crate) warnings: Vec<String>,
}

impl From<Vec<Event>> for Items {
    fn from(events: Vec<Event>) -> Self {
        Self { events, ..Self::default() }
    }
}

impl Handler {
    /// The items of an event. A run without a time gets that of now, so that all tries at it are the same run.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when the source, the stream or its windows cannot be used.
    pub(crate) async fn items(&self, event: &Event) -> Result<Items> {
        let source = self.dispatcher.sources().load(&event.source).await?;
        let streams: Vec<&str> = match event.streams.as_slice() {
            [] => source.streams.iter().map(|stream| stream.name.as_str()).collect(),
            names => names.iter().map(|name| Ok(source.named(name)?.name.as_str())).collect::<Result<_>>()?,
        };
        match &event.action {
            Action::Run { scheduled_time } => {
                let now = self.clock.now();
                let at = scheduled_time.unwrap_or_else(|| now.round(Unit::Second).unwrap_or(now));
                // What cannot be run is refused while somebody listens.
                plan::come(at, now)?;
                let one = |stream: &str| Event {
                    streams: vec![stream.to_owned()],
                    action: Action::Run { scheduled_time: Some(at) },
                    ..event.clone()
                };
                Ok(streams.into_iter().map(one).collect::<Vec<_>>().into())
            }
            Action::Window { window, .. } => {
                // As above.
                let now = self.clock.now();
                for name in streams {
                    let incremental = source.named(name)?.incremental.as_ref();
                    plan::over(incremental, *window, now)?;
                    plan::window(incremental, *window)?;
                }
                Ok(vec![event.clone()].into())
            }
            Action::Backfill(backfill) => self.windows(event, *backfill).await,
        }
    }

    /// A backfill's share of the rate limit is divided among as many instances as the app may have, unless it
    /// has fewer windows or its event says another number in `list_for`. Windows that one instance works on at
    /// a time share one limiter.
    async fn windows(&self, event: &Event, backfill: Backfill) -> Result<Items> {
        let list_for = Some(backfill.list_for.unwrap_or(NonZeroU32::MIN));
        let list = Event { action: Action::Backfill(Backfill { list_for, ..backfill }), ..event.clone() };
        let Answer::Windows(list) = self.dispatcher.handle(&list, Deadline::NONE, &self.stop).await? else {
            return Ok(Items::default());
        };
        if list.count > MOST_WINDOWS {
            let cause = format!(
                "the backfill has {} windows; at most {MOST_WINDOWS} are put on the queue at a time: make them \
                 longer, or split the backfill",
                list.count
            );
            return Err(Error::new(ErrorKind::Config, cause));
        }
        let windows = u32::try_from(list.count).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN);
        let instances =
            if backfill.list_for.is_some() { NonZeroU32::MIN } else { windows.min(self.max_instances) };
        let rate_share = divided(list.rate_share, instances)?;
        let one = |window: &_| Event {
            action: Action::Window { window: *window, revision: backfill.revision },
            rate_share,
            ..event.clone()
        };
        let events = list.windows.iter().map(one).collect();
        Ok(Items { events, windows_not_over: list.not_over, warnings: list.warnings })
    }
}
