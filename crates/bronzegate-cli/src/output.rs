//! Standard output and standard error: the only file that writes to them.
//!
//! Standard output is for results alone. A reader that has gone away (`| head`) ends the output
//! quietly and changes nothing else; an output that cannot be written is an error.

use std::io::{self, ErrorKind::BrokenPipe, IsTerminal as _, Write as _};

use bronzegate_core::error::{Error, ErrorKind};

use crate::environment;

/// Standard output, written line by line.
#[derive(Debug, Default)]
pub(crate) struct Output {
    failed: Option<io::Error>,
}

impl Output {
    /// Writes a text and a line break. What goes wrong is remembered for [`finish`](Self::finish),
    /// so that a run goes on although nobody can be told.
    pub(crate) fn line(&mut self, text: impl AsRef<[u8]>) {
        if self.failed.is_none() {
            self.failed = write(text.as_ref()).err();
        }
    }

    /// Writes a value as one line of JSON.
    pub(crate) fn json(&mut self, value: &impl serde::Serialize) {
        self.line(serde_json::to_vec(value).expect("reports have text keys only"));
    }

    /// Tells whether all was written.
    pub(crate) fn finish(self) -> Result<(), Error> {
        match self.failed {
            Some(error) if error.kind() != BrokenPipe => {
                Err(Error::new(ErrorKind::Store, format!("cannot write to standard output: {error}")))
            }
            _ => Ok(()),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this file is where standard output is written")]
fn write(text: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text)?;
    out.write_all(b"\n")?;
    out.flush()
}

/// Writes a line to standard error. A closed one leaves nobody to tell.
pub(crate) fn tell(text: &str) {
    let _ = writeln!(io::stderr(), "{}", labelled(text, error_is_terminal() && environment::allows_colour()));
}

/// The colour of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colour {
    /// Something failed.
    Red,
    /// Something is to be looked at.
    Yellow,
}

impl Colour {
    /// The text in this colour (ECMA-48, SGR).
    pub(crate) fn paint(self, text: &str) -> String {
        let code = match self {
            Self::Red => 31,
            Self::Yellow => 33,
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// A line with its first word in colour, where that says what kind of line it is.
fn labelled(text: &str, in_colour: bool) -> String {
    let labels = [
        ("error:", Colour::Red),
        ("bronzegate:", Colour::Red),
        ("warning:", Colour::Yellow),
        ("skipped:", Colour::Yellow),
    ];
    let label = labels.into_iter().find(|(label, _)| in_colour && text.starts_with(label));
    label.map_or_else(
        || text.to_owned(),
        |(label, colour)| format!("{}{}", colour.paint(label), &text[label.len()..]),
    )
}

/// Whether standard output may have colours: somebody looks at it, and wants them.
#[expect(clippy::disallowed_methods, reason = "this file is where standard output is written")]
pub(crate) fn has_colour() -> bool {
    io::stdout().is_terminal() && environment::allows_colour()
}

/// Writes bytes to standard error.
pub(crate) fn write_error(bytes: &[u8]) -> io::Result<()> {
    io::stderr().write_all(bytes)
}

/// Whether somebody looks at standard error.
pub(crate) fn error_is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Shows help, the version or a usage error, and returns the exit code.
pub(crate) fn show_usage(usage: &clap::Error) -> u8 {
    match usage.print() {
        Err(error) if error.kind() != BrokenPipe && !usage.use_stderr() => {
            tell(&format!("bronzegate: cannot write to standard output: {error}"));
            ErrorKind::Store.exit_code()
        }
        _ => usage.exit_code().try_into().unwrap_or(ErrorKind::Config.exit_code()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_coloured_and_what_follows_is_not() {
        assert_eq!(labelled("error: no", true), "\x1b[31merror:\x1b[0m no");
        assert_eq!(labelled("warning: a/b: slow", true), "\x1b[33mwarning:\x1b[0m a/b: slow");
        assert_eq!(labelled("a/b: error: no", true), "a/b: error: no");
        assert_eq!(labelled("error: no", false), "error: no");
    }
}
