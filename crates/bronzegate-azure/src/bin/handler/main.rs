//! The custom handler `handler`: the Azure door of bronzegate.
//!
//! The Functions host starts it, sends it each invocation as a POST, and turns its answers into queue items
//! and HTTP responses. What touches the process has a file of its own: `environment`, `output`, `logging`,
//! `signals`.

mod drain;
mod environment;
mod handler;
mod host;
mod http;
mod invocation;
mod item;
mod logging;
mod output;
mod queue;
mod reply;
mod server;
mod signals;
mod tell;
mod timer;
mod watch;
mod work;

use std::process::ExitCode;

use bronzegate_core::bronze::outlive_outgrown_files;
use bronzegate_core::error::{Error, ErrorKind, Result};
use bronzegate_core::run::CancellationToken;

use handler::Handler;

/// The variable with the port that the host will call.
const PORT: &str = "FUNCTIONS_CUSTOMHANDLER_PORT";

fn main() -> ExitCode {
    bronzegate_core::secret::forbid_core_dumps();
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::line(&format!("handler: {error}"));
            ExitCode::from(error.kind().exit_code())
        }
    }
}

fn start() -> Result<()> {
    let port = environment::look_up(PORT).ok_or_else(|| {
        let why = "this is the Azure Functions custom handler, and there is no Functions host";
        Error::new(ErrorKind::Config, format!("{why}: {PORT} is not set"))
    })?;
    let port: u16 = port
        .parse()
        .map_err(|error| Error::new(ErrorKind::Config, format!("{PORT} is `{port}`, no port: {error}")))?;
    logging::start()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::new(ErrorKind::Config, format!("cannot start the runtime: {error}")))?;
    runtime.block_on(async {
        outlive_outgrown_files()
            .map_err(|error| Error::new(ErrorKind::Config, format!("cannot listen to signals: {error}")))?;
        let stop = CancellationToken::default();
        // A setting that is wrong is the answer to every invocation: told there it reaches the caller and the
        // alerts, while a process that ends is only started again.
        let handler =
            Handler::open(stop.clone()).await.inspect_err(|error| tracing::error!(%error, "not ready"));
        server::serve(port, handler, stop).await
    })
}
