//! Ctrl-C and SIGTERM: the only file that listens to signals and ends the process at once.

use std::sync::Arc;
use std::time::Duration;

use bronzegate_core::clock::Clock;
use bronzegate_core::error::{Error, ErrorKind};
use bronzegate_core::run::CancellationToken;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What comes so soon after the first signal is the same one: a terminal, and wrappers such as `timeout`,
/// signal the process and its group.
const SAME: Duration = Duration::from_secs(1);

/// Listens from now on. The first signal asks the run to stop; one more, or the first where there
/// is nothing to stop, ends the process with 130. Needs a tokio runtime.
pub(crate) fn watch(stop: Option<CancellationToken>, clock: Arc<dyn Clock>) -> Result<(), Error> {
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    tokio::spawn(async move {
        if let Some(stop) = stop {
            either(&mut interrupt, &mut terminate).await;
            tracing::warn!("stopping: what is whole is committed; once more leaves at once");
            stop.cancel();
            let first = clock.elapsed();
            loop {
                either(&mut interrupt, &mut terminate).await;
                if clock.elapsed().saturating_sub(first) > SAME {
                    break;
                }
            }
        } else {
            either(&mut interrupt, &mut terminate).await;
        }
        std::process::exit(ErrorKind::Interrupted.exit_code().into());
    });
    Ok(())
}

async fn either(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

fn listen(kind: SignalKind) -> Result<Signal, Error> {
    signal(kind).map_err(|error| Error::new(ErrorKind::Config, format!("cannot listen to signals: {error}")))
}
