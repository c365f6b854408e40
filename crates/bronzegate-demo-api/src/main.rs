//! The demo API as a process of its own.

mod arguments;

use arguments::Arguments;
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
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            // Nothing is left to do about a closed standard error.
            let _ = writeln!(io::stderr(), "bronzegate-demo-api: {problem}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), String> {
    let options = Arguments::parse().options()?;
    // Caught before the address is printed: whoever reads it may send one at once.
    let mut terminate = signal(SignalKind::terminate()).map_err(|e| e.to_string())?;
    let server = DemoApi::start(options).await.map_err(|e| e.to_string())?;
    announce(&server.base_url()).map_err(|e| e.to_string())?;
    tokio::select! {
        _ = terminate.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted.map_err(|e| e.to_string())?,
    }
    server.stop().await;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the one line this program prints")]
fn announce(url: &str) -> io::Result<()> {
    let mut out = io::stdout();
    writeln!(out, "listening on {url}")?;
    out.flush()
}
