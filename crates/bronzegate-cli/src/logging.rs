//! Logs: to standard error, bronzegate's own and nobody else's.

use std::io;
use std::str::FromStr as _;

use bronzegate_core::error::{Error, ErrorKind};
use indicatif::MultiProgress;
use tracing_subscriber::filter::{Targets, filter_fn};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::output;

/// Begins to log what `directives` let through; lines go between the progress lines, not into them.
///
/// What the HTTP and TLS libraries log is left out at any level: it is theirs to say what they
/// show, and a credential must never be in a log.
pub(crate) fn start(directives: &str, progress: MultiProgress) -> Result<(), Error> {
    let filter = Targets::from_str(directives).map_err(|error| {
        let accepted = "write a level (warn, info, debug) or directives such as bronzegate_core=debug";
        Error::new(ErrorKind::Config, format!("--log `{directives}`: {error}; {accepted}"))
    })?;
    let own = filter_fn(|event| event.target().starts_with("bronzegate"));
    let lines = tracing_subscriber::fmt::layer()
        .compact()
        .with_writer(move || LogWriter(progress.clone()))
        .with_filter(own);
    tracing_subscriber::registry().with(filter).with(lines).init();
    Ok(())
}

struct LogWriter(MultiProgress);

impl io::Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.suspend(|| output::write_error(bytes)).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
