//! What the note of a run in flight says while an act takes place. It is advice: whatever it says, bronze is exact.

use std::time::Duration;

use bronzegate_core::bronze::{BronzeStore, Layout, Running};
use bronzegate_core::clock::{Clock as _, SystemClock};
use bronzegate_core::run::RunRequest;
use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};

use super::scene::{Event, STREAM};

/// What a note says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Note {
    /// Nothing that can be read.
    Garbled,
    /// A run that is over, or was killed.
    Over,
    /// A run whose clock is far ahead.
    Ahead,
    /// A run of the event itself.
    Own,
    /// Another run, in flight: whoever comes is skipped.
    Other,
}

/// How long a note holds: longer than an act takes.
const HOLDS: Duration = Duration::from_mins(9);

impl Note {
    pub(super) fn draw(rng: &mut Rng) -> Self {
        rng.choice([Self::Garbled, Self::Over, Self::Ahead, Self::Own, Self::Other]).expect("there are some")
    }

    /// Puts it where runs look for it.
    pub(super) async fn write(self, store: &dyn BronzeStore, event: &Event) {
        let now = SystemClock::default().now();
        let own = event.requests.iter().find_map(|request| match request {
            RunRequest::Scheduled { at } => *at,
            RunRequest::Restart { .. } | RunRequest::Window { .. } => None,
        });
        let (at, until) = match self {
            // A clock that is set right meanwhile does not bring it back.
            Self::Garbled | Self::Over => (None, now - SignedDuration::from_hours(1)),
            Self::Ahead => (None, now + SignedDuration::from_hours(1)),
            Self::Own => (own, now + HOLDS),
            Self::Other => (Some(Timestamp::UNIX_EPOCH), now + HOLDS),
        };
        let running = Running::new(at, "process 0".to_owned(), now, until);
        let mut text = serde_json::to_vec(&running).expect("it is JSON");
        if self == Self::Garbled {
            text.truncate(text.len() / 2);
        }
        let path = Layout::new("demo", STREAM).running();
        store.put(&path, text.into()).await.expect("the store takes it");
    }
}
