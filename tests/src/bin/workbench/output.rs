//! What the workbench says: the only file that writes to the terminal.

use std::io::Write as _;

/// A line to standard output.
#[expect(clippy::disallowed_methods, reason = "this file is where the workbench speaks")]
pub(crate) fn say(line: &str) {
    // A reader that has gone away does not matter to what is run.
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// A line to standard error.
pub(crate) fn warn(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
