//! Whether a request is on its way, which must not be dropped then.

use tokio::sync::watch;

/// Tells that a request has left and that its answer is not known. Cloning shares it.
#[derive(Clone, Debug)]
pub(crate) struct OnItsWay(watch::Sender<bool>);

impl Default for OnItsWay {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl OnItsWay {
    /// The request leaves.
    pub(super) fn leaves(&self) {
        self.0.send_replace(true);
    }

    /// Its answer is known, or that there is none.
    pub(crate) fn ends(&self) {
        self.0.send_replace(false);
    }

    /// Waits until it is not on its way; at once before it has left.
    pub(crate) async fn ended(&self) {
        let mut receiver = self.0.subscribe();
        // The sender lives in `self`, so it cannot be gone.
        let _ = receiver.wait_for(|is_on_its_way| !is_on_its_way).await;
    }
}
