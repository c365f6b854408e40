//! Ctrl-C and SIGTERM: the only file that listens to signals and ends the process at once.

use bronzegate_core::error::{Error, ErrorKind};
use bronzegate_core::extract::Stop;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Listens from now on. The first signal asks the run to stop; one more, or the first where there
/// is nothing to stop, ends the process with 130. Needs a tokio runtime.
pub(crate) fn watch(stop: Option<Stop>) -> Result<(), Error> {
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    tokio::spawn(async move {
        if let Some(stop) = stop {
            either(&mut interrupt, &mut terminate).await;
            tracing::warn!("stopping: what is whole is committed; once more leaves at once");
            stop.ask();
        }
        either(&mut interrupt, &mut terminate).await;
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
