//! Logs: JSON lines, bronzegate's own and nobody else's.

use std::str::FromStr as _;

use bronzegate_core::error::{Error, ErrorKind, Result};
use tracing_subscriber::filter::{Targets, filter_fn};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::environment;
use crate::output;

/// Begins to log what `BRONZEGATE_LOG` lets through.
///
/// What the SDK, HTTP and TLS libraries log is left out at any level: they show requests, and a
/// credential must never be in a log.
pub(crate) fn start() -> Result<()> {
    let directives = environment::log_directives();
    let filter = Targets::from_str(&directives)
        .map_err(|error| Error::new(ErrorKind::Config, format!("BRONZEGATE_LOG `{directives}`: {error}")))?;
    let own =
        filter_fn(|event| event.target().starts_with("bronzegate") || event.target().starts_with("handler"));
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(true)
        .with_writer(output::log)
        .with_filter(own);
    tracing_subscriber::registry().with(filter).with(lines).init();
    Ok(())
}
