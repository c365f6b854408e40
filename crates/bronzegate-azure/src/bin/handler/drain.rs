//! The end of the process: it answers as long as the host may ask.
//!
//! A host that has asked for the end, or does not know of it, still sends invocations. One that is refused is a
//! failed one, which counts against its item.

use std::time::Duration;

use bronzegate_core::clock::Clock;
use tokio::sync::watch;

/// How long it still listens after the last invocation.
const QUIET: Duration = Duration::from_secs(5);

/// The invocations that are open.
#[derive(Debug, Default)]
pub(crate) struct Open(watch::Sender<Invocations>);

#[derive(Clone, Copy, Debug, Default)]
struct Invocations {
    begun: u64,
    ended: u64,
}

/// One invocation, until it is dropped.
pub(crate) struct Begun<'a>(&'a Open);

impl Open {
    /// Counts an invocation that begins.
    pub(crate) fn begin(&self) -> Begun<'_> {
        self.0.send_modify(|invocations| invocations.begun += 1);
        Begun(self)
    }

    /// Waits until none is open and none has come for a while.
    pub(crate) async fn quiet(&self, clock: &dyn Clock) {
        let mut seen = self.0.subscribe();
        loop {
            let Ok(last) = seen.wait_for(|now| now.begun == now.ended).await.map(|now| *now) else { return };
            tokio::select! {
                () = clock.sleep(QUIET) => return,
                _ = seen.wait_for(|now| now.begun > last.begun) => {}
            }
        }
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        self.0.0.send_modify(|invocations| invocations.ended += 1);
    }
}
