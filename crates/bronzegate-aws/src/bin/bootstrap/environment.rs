//! The environment: the only file of this program that reads a variable.

/// What is logged: `BRONZEGATE_LOG`.
pub(crate) fn log_directives() -> String {
    look_up("BRONZEGATE_LOG").unwrap_or_else(|| "info".to_owned())
}

/// The value of a variable; `None` when it is not set, empty, or not UTF-8.
#[expect(clippy::disallowed_methods, reason = "this file is where the environment is read")]
pub(crate) fn look_up(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
