//! The processes that the workbench starts: the product, the demo API, and itself as yardstick.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4 as _;

use crate::Outcome;
use crate::output::say;

/// A program beside this one in the build folder.
pub(crate) fn program(name: &str) -> Result<PathBuf, Box<dyn std::error::Error>> {
    let path = std::env::current_exe()?.with_file_name(name);
    if path.exists() { Ok(path) } else { Err(format!("{} is not built; use make", path.display()).into()) }
}

/// What one run of a program took, by the operating system's own accounting.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// Wall-clock seconds.
    pub(crate) wall: f64,
    /// Seconds of user and system time.
    pub(crate) cpu: f64,
    /// Peak resident memory in MiB.
    pub(crate) rss: f64,
}

/// Runs a program to its end; one that fails is an error.
pub(crate) fn measure(command: &Command) -> Result<Usage, Box<dyn std::error::Error>> {
    measure_ending(command, 0)
}

/// Runs a program to its end; one that ends with another exit code is an error.
///
/// A small process of its own starts it (`workbench measured`), because a peak of memory counts what the process that
/// starts a program holds at that moment.
pub(crate) fn measure_ending(command: &Command, code: i32) -> Result<Usage, Box<dyn std::error::Error>> {
    let mut measuring = Command::new(std::env::current_exe()?);
    measuring.arg("measured").arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => measuring.env(name, value),
            None => measuring.env_remove(name),
        };
    }
    let measured = measuring.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    let text = String::from_utf8(measured.stdout)?;
    let figures: Vec<f64> = text.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    match figures[..] {
        [wall, cpu, rss, ended] if ended as i32 == code => Ok(Usage { wall, cpu, rss }),
        _ => Err(format!("{command:?} ended otherwise: {text}").into()),
    }
}

/// Runs a program to its end and says what it took: seconds, seconds of CPU, MiB, and its exit code.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures the machine's own time")]
pub(crate) fn measured(program: &str, arguments: &[&str]) -> Outcome {
    let began = Instant::now();
    let mut command = Command::new(program);
    let mut child = command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
    let ended = child.wait4()?;
    let wall = began.elapsed().as_secs_f64();
    let cpu: Duration = ended.rusage.utime + ended.rusage.stime;
    let code = ended.status.code().ok_or_else(|| format!("{program} ended with {}", ended.status))?;
    say(&format!("{wall} {} {} {code}", cpu.as_secs_f64(), ended.rusage.maxrss as f64 / 1024.0 / 1024.0));
    Ok(())
}

/// The demo API as a process of its own; it is stopped when this is dropped.
pub(crate) struct Api {
    child: Child,
    /// `http://127.0.0.1:PORT`.
    pub(crate) base_url: String,
}

impl Api {
    /// Starts it with these arguments and waits until it listens.
    pub(crate) fn start(arguments: &[&str]) -> Result<Self, Box<dyn std::error::Error>> {
        let mut child = Command::new(program("bronzegate-demo-api")?)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().ok_or("the demo API has no standard output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        match line.trim().strip_prefix("listening on ") {
            Some(base_url) => Ok(Self { base_url: base_url.to_owned(), child }),
            None => Err(format!("the demo API did not start: {line}").into()),
        }
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing left to stop.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
