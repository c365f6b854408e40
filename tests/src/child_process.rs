//! Programs as processes of their own, read through pipes.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

/// Starts a [`piped`] program.
///
/// # Panics
/// When it cannot be started.
pub(crate) fn spawn_piped<N: AsRef<OsStr>, V: AsRef<OsStr>>(
    program: &Path,
    arguments: impl IntoIterator<Item: AsRef<OsStr>>,
    variables: impl IntoIterator<Item = (N, V)>,
    folder: &Path,
) -> Child {
    piped(program, arguments, variables, folder).spawn().expect("the program starts")
}

/// A program in a folder, with pipes to its output; its environment has these variables alone. Dropped, it is killed.
pub(crate) fn piped<N: AsRef<OsStr>, V: AsRef<OsStr>>(
    program: &Path,
    arguments: impl IntoIterator<Item: AsRef<OsStr>>,
    variables: impl IntoIterator<Item = (N, V)>,
    folder: &Path,
) -> Command {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .envs(variables)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Reads the lines of both its pipes to their ends.
///
/// # Panics
/// When a pipe has been taken.
pub(crate) fn read_lines(child: &mut Child, log: Arc<Mutex<Vec<String>>>) -> JoinHandle<()> {
    let out = child.stdout.take().expect("it is piped");
    let err = child.stderr.take().expect("it is piped");
    tokio::spawn(async move {
        tokio::join!(append(out, &log), append(err, &log));
    })
}

async fn append(pipe: impl AsyncRead + Unpin, log: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(pipe).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        log.lock().expect("no holder panics").push(line);
    }
}

/// Sends a signal to a process: `INT`, `TERM`, `STOP`.
pub(crate) async fn signal(process: u32, name: &str) {
    let id = process.to_string();
    let sent = Command::new("sh").args(["-c", "kill -s \"$0\" \"$1\"", name, &id]).status().await;
    assert!(sent.expect("there is a shell").success(), "signal {name}");
}
