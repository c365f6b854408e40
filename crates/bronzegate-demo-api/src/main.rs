//! The demo API as a process of its own: alone, or with a run of `bronzegate` against it (`demo`).

mod arguments;
mod demo;
mod output;

use arguments::{Arguments, Command};
use bronzegate_demo_api::DemoApi;
use clap::Parser;
use std::{
    io::{self, Write},
    process::ExitCode,
};
use tokio::signal::unix::{SignalKind, signal};

// One thread: the client that is measured beside it needs the other core.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let ended = match arguments.command {
        Some(Command::Demo(demo)) => demo::run(&demo).await,
        None => serve(arguments).await,
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            // Nothing is left to do about a closed standard error.
            let _ = writeln!(io::stderr(), "bronzegate-demo-api: {problem}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let options = arguments.options()?;
    // Caught before the address is printed: whoever reads it may send one at once.
    let mut terminate = signal(SignalKind::terminate())?;
    let server = DemoApi::start(options).await?;
    output::try_say(&format!("listening on {}", server.base_url()))?;
    tokio::select! {
        _ = terminate.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    server.stop().await;
    Ok(())
}
