//! Logs: to standard error, bronzegate's own and nobody else's.

use std::fmt::{self, Write as _};
use std::io;
use std::str::FromStr as _;

use bronzegate_core::error::{Error, ErrorKind};
use indicatif::MultiProgress;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets, filter_fn};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::output;

/// What a target of this program begins with.
const OWN: &str = "bronzegate";

/// Begins to log what `directives` let through; lines go between the progress lines, not into them.
///
/// What the HTTP and TLS libraries log is left out at any level: it is theirs to say what they
/// show, and a credential must never be in a log.
pub(crate) fn start(directives: &str, progress: MultiProgress) -> Result<(), Error> {
    let filter = filter(directives)?;
    let own = filter_fn(|event| event.target().starts_with(OWN));
    let writer = move || LogWriter(progress.clone());
    let (for_people, for_files) = if output::error_is_terminal() {
        let lines = tracing_subscriber::fmt::layer().event_format(ForPeople).with_writer(writer);
        (Some(lines.with_filter(own)), None)
    } else {
        let lines = tracing_subscriber::fmt::layer().compact().with_writer(writer);
        (None, Some(lines.with_filter(own)))
    };
    tracing_subscriber::registry().with(filter).with(for_people).with(for_files).init();
    Ok(())
}

/// Reads a level, or directives for parts of this program: a word that is neither would let everything through.
fn filter(directives: &str) -> Result<Targets, Error> {
    let refused = |what: &str| {
        let accepted =
            "write error, warn, info, debug, trace or off, or directives such as bronzegate_core=debug";
        Error::new(ErrorKind::Config, format!("--log `{directives}`: {what}{accepted}"))
    };
    let is_known = |directive: &str| {
        let (target, level) = directive.split_once('=').unwrap_or((directive, ""));
        let is_level = |text: &str| LevelFilter::from_str(text).is_ok();
        if level.is_empty() { is_level(target) || target.starts_with(OWN) } else { is_level(level) }
    };
    if let Some(wrong) = directives.split(',').map(str::trim).find(|directive| !is_known(directive)) {
        return Err(refused(&format!("`{wrong}` is no level; ")));
    }
    Targets::from_str(directives).map_err(|error| refused(&format!("{error}; ")))
}

/// One short line an event, as the program's own errors and warnings are.
struct ForPeople;

impl<S, N> FormatEvent<S, N> for ForPeople
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let level = event.metadata().level();
        let label = match *level {
            Level::ERROR => "error",
            Level::WARN => "warning",
            Level::INFO => "info",
            _ => "debug",
        };
        let mut shown = Shown::default();
        event.record(&mut shown);
        writeln!(writer, "{label}: {}{}", shown.message, shown.fields)
    }
}

/// What a line shows of an event: its message, and the fields that the message does not have.
#[derive(Default)]
struct Shown {
    message: String,
    fields: String,
}

impl Visit for Shown {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a text cannot fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            // The line about another attempt says them.
            "stream" | "attempt" | "wait_ms" => Ok(()),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_that_does_not_exist_is_refused() {
        for directives in
            ["warn", "DEBUG", "off", "bronzegate_core=debug", "info,bronzegate_core=trace", "bronzegate"]
        {
            assert!(filter(directives).is_ok(), "{directives}");
        }
        let refused = |directives: &str| filter(directives).unwrap_err().to_string();
        insta::assert_snapshot!(refused("loud"),
            @"--log `loud`: `loud` is no level; write error, warn, info, debug, trace or off, or directives such as bronzegate_core=debug");
        insta::assert_snapshot!(refused("info,bronzegate_core=loud"),
            @"--log `info,bronzegate_core=loud`: `bronzegate_core=loud` is no level; write error, warn, info, debug, trace or off, or directives such as bronzegate_core=debug");
    }
}
