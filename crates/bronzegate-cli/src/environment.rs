//! The environment: the only file that reads a variable. clap reads those that stand for a flag.

/// The value of a variable; `None` when it is not set or is not UTF-8.
#[expect(clippy::disallowed_methods, reason = "this file is where the environment is read")]
pub(crate) fn look_up(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Whether a terminal may show colours (<https://no-color.org>).
pub(crate) fn allows_colour() -> bool {
    look_up("NO_COLOR").is_none_or(|value| value.is_empty())
        && look_up("TERM").is_none_or(|term| term != "dumb")
}
