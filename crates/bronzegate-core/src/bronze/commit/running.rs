//! Which run of a stream is in flight: a note beside the log, for which events that come meanwhile stay away.
//!
//! It is advice, and no lock. Nothing is decided by it but that an event is skipped: whoever cannot read it runs, whoever
//! cannot write it runs all the same, and of two runs at once the commit decides, as ever.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::log::CommitLog;
use crate::bronze::store::StoreError;

/// The form that this version writes, and the only one that it reads.
const FORMAT: u32 = 1;
/// A note that holds for longer than this was written by a clock that is ahead, and says nothing.
const FARTHEST: SignedDuration = SignedDuration::from_mins(10);

/// A run is noted as in flight after so long: a shorter one costs nothing.
pub const NOTED_AFTER: Duration = Duration::from_secs(20);
/// How long the note of a run holds that is partial: the same event continues with it in that time.
pub const PAUSE: Duration = Duration::from_mins(2);

/// A run that is in flight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// The version of this form.
    pub format: u32,
    /// The time that its event was scheduled for; none of a run by hand.
    pub at: Option<Timestamp>,
    /// The run, as far as it had come to know that.
    pub key: Option<String>,
    /// Who runs it, for somebody to find.
    pub holder: String,
    /// When it began.
    pub began: Timestamp,
    /// When it is over, unless it says so again before.
    pub until: Timestamp,
    /// Nothing is under way: a segment is committed, and the same event is to continue with the run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub paused: bool,
}

impl Running {
    /// A run that has begun, and is over then unless it says so again.
    pub fn new(at: Option<Timestamp>, holder: String, began: Timestamp, until: Timestamp) -> Self {
        Self { format: FORMAT, at, key: None, holder, began, until, paused: false }
    }

    /// Whether an event is to stay away at a moment: another event's run is in flight. The same event again continues with its own run, and is not kept away by it; nor is a run by hand, which has no time of its own, by one that is
    /// paused: that is the run it continues with.
    pub fn keeps_away(&self, at: Option<Timestamp>, now: Timestamp) -> bool {
        let is_same = self.at.is_some() && self.at == at || self.paused && at.is_none();
        !is_same && self.is_in_flight(now)
    }

    /// Whether a run is in flight at a moment, or paused.
    pub fn is_in_flight(&self, now: Timestamp) -> bool {
        let left = self.until.duration_since(now);
        self.format == FORMAT && left.is_positive() && left <= FARTHEST
    }
}

impl CommitLog {
    /// The run that was noted last, in flight or not; a note that cannot be read is none.
    pub async fn running(&self) -> Option<Running> {
        let text = self.store.get(&self.layout.running()).await.ok()??;
        serde_json::from_slice(&text).ok()
    }

    /// Notes a run in place of the one before.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn note_running(&self, running: &Running) -> Result<(), StoreError> {
        let text = serde_json::to_vec(running).expect("it has text keys only");
        self.store.put(&self.layout.running(), text.into()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_stays_away_while_the_run_of_another_is_in_flight_by_a_clock_that_may_be_right() {
        let time = |text: &str| format!("2026-11-22T{text}Z").parse::<Timestamp>().unwrap();
        let now = time("12:00:00");
        let running = |at: Option<&str>, until: &str| {
            Running::new(at.map(time), "process 1".to_owned(), time("11:00:00"), time(until))
        };
        for (at, until, event, keeps_away) in [
            (Some("11:00:00"), "12:03:00", Some("12:00:00"), true),
            (Some("11:00:00"), "12:03:00", None, true),
            (None, "12:03:00", Some("12:00:00"), true),
            (None, "12:03:00", None, true),
            // Its own event again, which is delivered twice or goes on.
            (Some("12:00:00"), "12:03:00", Some("12:00:00"), false),
            // It is over, or has been killed.
            (Some("11:00:00"), "12:00:00", Some("12:00:00"), false),
            (Some("11:00:00"), "11:59:59", Some("12:00:00"), false),
            // A clock that is an hour ahead.
            (Some("11:00:00"), "12:10:00", Some("12:00:00"), true),
            (Some("11:00:00"), "12:10:01", Some("12:00:00"), false),
            (Some("11:00:00"), "13:03:00", Some("12:00:00"), false),
        ] {
            let running = running(at, until);
            assert_eq!(running.keeps_away(event.map(time), now), keeps_away, "{running:?} {event:?}");
        }
        let paused = Running { paused: true, ..running(Some("11:00:00"), "12:02:00") };
        assert!(!paused.keeps_away(None, now) && paused.keeps_away(Some(now), now));
        let later = Running { format: 2, ..running(None, "12:03:00") };
        assert!(!later.keeps_away(None, now));
    }
}
