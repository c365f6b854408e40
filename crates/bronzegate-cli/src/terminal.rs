//! Questions to somebody: on standard error, answered on standard input. Where there is no terminal nobody is asked.

use std::io::{self, IsTerminal as _};

use crate::output::{error_is_terminal, tell};

/// Whether somebody can be asked.
pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal() && error_is_terminal()
}

/// Asks, and reads one line; `None` where there is nobody, or nothing is said.
pub(crate) fn ask(question: &str) -> Option<String> {
    if !can_ask() {
        return None;
    }
    tell(question);
    let mut line = String::new();
    io::stdin().read_line(&mut line).ok().filter(|read| *read > 0)?;
    Some(line.trim().to_owned())
}
