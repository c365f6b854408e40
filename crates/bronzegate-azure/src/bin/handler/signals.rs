//! Signals: the only file of this program that listens to them.

use bronzegate_core::run::CancellationToken;
use tokio::signal::unix::{SignalKind, signal};

/// Waits for SIGTERM, then asks the runs to commit what is whole.
///
/// A container is sent it before it is taken away, and has some seconds then. Where the host ends the process
/// by itself, as on the plans consumption and premium, it kills it without: then the item is handed out again.
pub(crate) async fn terminated(stop: CancellationToken) {
    let Ok(mut terminated) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    terminated.recv().await;
    tracing::info!("this process is to end: runs commit what is whole, and new items are put back");
    stop.cancel();
}
