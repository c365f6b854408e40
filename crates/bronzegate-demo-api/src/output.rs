//! Standard output: the only file of this program that writes to it.

use std::io::{self, Write as _};

/// Writes a line. A reader that has gone away does not end the server.
pub(crate) fn say(line: &str) {
    let _ = try_say(line);
}

/// Writes a line that somebody waits for.
#[expect(clippy::disallowed_methods, reason = "this file is where standard output is written")]
pub(crate) fn try_say(line: &str) -> io::Result<()> {
    let mut out = io::stdout();
    writeln!(out, "{line}")?;
    out.flush()
}
