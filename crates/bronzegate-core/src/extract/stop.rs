//! How a run is asked to end early.

use tokio::sync::watch;

/// Asks a run to end at the next page boundary. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Stop(watch::Sender<bool>);

impl Default for Stop {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl Stop {
    /// Asks.
    pub fn ask(&self) {
        self.0.send_replace(true);
    }

    /// Whether it was asked.
    pub fn is_asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is asked.
    pub async fn asked(&self) {
        let mut receiver = self.0.subscribe();
        // The sender lives in `self`, so it cannot be gone.
        let _ = receiver.wait_for(|asked| *asked).await;
    }
}
