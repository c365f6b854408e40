//! Signals: the only file of this program that listens to them.

use bronzegate_core::extract::Stop;
use tokio::signal::unix::{SignalKind, signal};

/// Waits for the host to end the process, then asks the runs to commit what is whole: it does so before it
/// takes an instance away, and waits a little.
pub(crate) async fn ended(stop: Stop) {
    let Ok(mut terminated) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    terminated.recv().await;
    tracing::info!("the host ends this process: runs commit what is whole");
    stop.ask();
}
