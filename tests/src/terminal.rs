//! Programs in a terminal of their own, with what a person types there.

use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

/// Puts a command into a terminal, where `typed` is typed. Its standard output is what the terminal shows.
///
/// # Panics
/// When the command has no folder.
pub fn in_terminal(command: &mut Command, typed: &str) {
    let inner = command.as_std();
    let mut outer = Command::new("python3");
    outer
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("python/terminal.py"))
        .arg(typed)
        .arg(inner.get_program())
        .args(inner.get_args())
        .envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .env("TERM", "xterm")
        .current_dir(inner.get_current_dir().expect("a folder"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    *command = outer;
}
