//! Standard output, which the Functions host takes for the log: one line a piece, written at once.

use std::io::{self, Write as _};

/// Writes one line. A log that cannot be written must not stop a run.
pub(crate) fn line(text: &str) {
    write(format!("{text}\n").as_bytes());
}

#[expect(clippy::disallowed_methods, reason = "this file is where standard output is written")]
fn write(bytes: &[u8]) {
    // Whole lines in one call, so that lines never mix.
    let _ = io::stdout().lock().write_all(bytes);
}

/// Where log lines go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogWriter;

impl io::Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        write(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
