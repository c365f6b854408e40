//! The environment: the only file that reads a variable. The settings `BRONZEGATE_…` are read by clap.

/// The value of a variable; `None` when it is not set or is not UTF-8.
#[expect(clippy::disallowed_methods, reason = "this file is where the environment is read")]
pub(crate) fn look_up(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
