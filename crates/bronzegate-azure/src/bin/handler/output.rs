//! Standard output, which the Functions host takes for the log: one line a piece, written at once.

use std::io::{self, Write as _};

/// Where log lines go. Each is written whole in one call, so that lines never mix.
#[expect(clippy::disallowed_methods, reason = "this file is where standard output is written")]
pub(crate) fn log() -> io::Stdout {
    io::stdout()
}

/// Writes one line. A log that cannot be written must not stop a run.
pub(crate) fn line(text: &str) {
    let _ = log().write_all(format!("{text}\n").as_bytes());
}
