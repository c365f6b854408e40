//! The workbench: `demo` runs the main job before a newcomer's eyes, `bench` measures it, and
//! `yardstick` is what it is measured against. Started by the Makefile.

mod azure;
mod bench;
mod demo;
mod output;
mod process;
mod yardstick;

use std::process::ExitCode;

/// What a command of the workbench returns: an error is shown and ends the process with 1.
type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments[..] {
        ["demo"] => demo::run(),
        ["azure-get", roots, target, path] => azure::run(roots, target, path),
        ["bench"] => bench::run(),
        ["yardstick", style, url, file] => yardstick::run(style, url, file),
        _ => {
            Err("usage: workbench demo | bench | yardstick STYLE URL FILE | azure-get ROOTS TARGET PATH"
                .into())
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::warn(&format!("workbench: {error}"));
            ExitCode::FAILURE
        }
    }
}
