//! The command line `bronzegate`: arguments in, one of the engine's runs, an exit code out.
//!
//! What touches the process has a file of its own: `environment`, `output`, `signals`, `logging`.
//! Left out on purpose: every rule about fetching and committing, which is the core's.

mod arguments;
mod clouds;
mod commands;
mod env_file;
mod environment;
mod human;
mod logging;
mod names;
mod notify;
mod otlp;
mod output;
mod page;
mod post;
mod progress;
mod settings;
mod signals;
mod table;
mod terminal;
mod version;

use std::process::ExitCode;

use bronzegate_core::bronze::outlive_outgrown_files;
use bronzegate_core::error::{Error, ErrorKind};
use clap::Parser as _;

use arguments::{Arguments, Command};
use commands::Context;
use notify::Outcome;
use output::Output;

fn main() -> ExitCode {
    bronzegate_core::secret::forbid_core_dumps();
    #[cfg(feature = "ring")]
    bronzegate_core::use_ring();
    // Nothing is set up before the arguments are known: most of the time of `--version` would be that.
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(usage) => return ExitCode::from(output::show_usage(&usage)),
    };
    let mut out = Output::default();
    // What was printed before an error is not held back by it.
    let code = start(arguments, &mut out).unwrap_or_else(|error| fail(&error));
    ExitCode::from(match out.finish() {
        Err(error) if code == 0 => fail(&error),
        Err(error) => {
            fail(&error);
            code
        }
        Ok(()) => code,
    })
}

fn start(arguments: Arguments, out: &mut Output) -> Result<u8, Error> {
    let runtime = runtime()?;
    let code = runtime.block_on(async {
        outlive_outgrown_files()
            .map_err(|error| Error::new(ErrorKind::Config, format!("cannot listen to signals: {error}")))?;
        // These need no setting and no source file.
        match &arguments.command {
            Command::Schema => return Ok(commands::schema(out)),
            Command::Completions(arguments) => return Ok(commands::completions(arguments, out)),
            Command::Man(arguments) => return commands::man(arguments, out),
            _ => {}
        }
        let context = Context::new(arguments.common, &arguments.command).await?;
        let is_run = arguments.command.is_run();
        signals::watch(context.stop_of(&arguments.command), context.clock.clone())?;
        let ended = match arguments.command {
            Command::New(arguments) => commands::new(&context, &arguments, out).await,
            Command::Import(arguments) => commands::import(&context, &arguments, out).await,
            Command::Check(arguments) => commands::check(&context, &arguments, out).await,
            Command::Explain(arguments) => commands::explain(&context, &arguments, out).await,
            Command::Sample(arguments) => commands::sample(&context, &arguments, out).await,
            Command::Columns(arguments) => commands::columns(&context, &arguments, out).await,
            Command::Run(arguments) => commands::run(&context, &arguments, out).await,
            Command::Backfill(arguments) => Box::pin(commands::backfill(&context, &arguments, out)).await,
            Command::Runs(arguments) => commands::runs(&context, &arguments, out).await,
            Command::State(arguments) => commands::state(&context, &arguments, out).await,
            Command::Table(arguments) => commands::table(&context, &arguments, out).await,
            #[cfg(feature = "azure")]
            Command::Functions(arguments) => commands::functions(&context, &arguments, out).await,
            Command::Schema => Ok(commands::schema(out)),
            Command::Completions(arguments) => Ok(commands::completions(&arguments, out)),
            Command::Man(arguments) => commands::man(&arguments, out),
        };
        if let Err(error) = &ended
            && is_run
        {
            context.notify(Outcome::Refused(error)).await;
        }
        ended
    });
    // All that was to be done is done; a name look-up nobody waits for must not hold the process.
    runtime.shutdown_background();
    code
}

/// One thread fetches, splits and encodes; compression and disk writes have threads of their own.
/// A second worker made runs no shorter, and waking it cost more processor time than it saved.
fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::new(ErrorKind::Config, format!("cannot start the runtime: {error}")))
}

fn fail(error: &Error) -> u8 {
    output::tell(&format!("bronzegate: {error}"));
    error.kind().exit_code()
}
