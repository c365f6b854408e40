//! The Lambda handler `bootstrap`: the AWS door of bronzegate.
//!
//! A custom runtime for `provided.al2023`. What touches the process has a file of its own:
//! `environment`, `output`, `logging`.

mod answer;
mod emf;
mod envelope;
mod environment;
mod handler;
mod logging;
mod output;

use std::process::ExitCode;

use bronzegate_core::bronze::outlive_outgrown_files;
use bronzegate_core::error::{Error, ErrorKind, Result};
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;

use answer::Failed;
use handler::Handler;

fn main() -> ExitCode {
    bronzegate_core::secret::forbid_core_dumps();
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::line(&format!("bootstrap: {error}"));
            ExitCode::from(error.kind().exit_code())
        }
    }
}

fn start() -> Result<()> {
    if environment::look_up("AWS_LAMBDA_RUNTIME_API").is_none() {
        let why = "this is the Lambda handler, and there is no Lambda: AWS_LAMBDA_RUNTIME_API is not set";
        return Err(Error::new(ErrorKind::Config, why));
    }
    logging::start()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::new(ErrorKind::Config, format!("cannot start the runtime: {error}")))?;
    let serving = async {
        outlive_outgrown_files()?;
        serve().await
    };
    runtime.block_on(serving).map_err(|error| Error::new(ErrorKind::Config, error))
}

/// Serves until Lambda ends the process. A setting that is wrong is the answer to every event: an
/// error told there reaches the caller, one at start-up only the log.
async fn serve() -> Result<(), lambda_runtime::Error> {
    match Handler::open().await {
        Ok(handler) => lambda_runtime::run(service_fn(|event| handler.answer(event))).await,
        Err(error) => {
            let refuse = |_: LambdaEvent<Value>| async { Err::<Value, _>(Failed::of(&error)) };
            lambda_runtime::run(service_fn(refuse)).await
        }
    }
}
