//! The commands, one a file, and what they share.

mod backfill;
mod backfill_estimate;
mod check;
mod check_report;
#[cfg(feature = "azure")]
mod functions;
mod import;
mod lifted_secrets;
mod new;
mod new_file;
mod run;
mod runs;
mod runs_table;
mod sample;
mod schema;

use std::sync::Arc;

use bronzegate_core::clock::{Clock, SystemClock};
use bronzegate_core::config::{Source, Stream};
use bronzegate_core::doors::{Place, Setting, SourceFolder};
use bronzegate_core::error::Result;
use bronzegate_core::run::CancellationToken;
use bronzegate_core::run::Engine;
use bronzegate_core::secret::SecretStore;
use indicatif::MultiProgress;

use crate::arguments::{Command, Common};
use crate::clouds::clouds;
use crate::{logging, output, progress};

pub(crate) use backfill::backfill;
pub(crate) use check::check;
#[cfg(feature = "azure")]
pub(crate) use functions::functions;
pub(crate) use import::import;
pub(crate) use new::new;
pub(crate) use run::run;
pub(crate) use runs::runs;
pub(crate) use sample::sample;
pub(crate) use schema::schema;

/// The settings, read and checked, and what the process has one of.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) sources: SourceFolder,
    pub(crate) target: Place,
    pub(crate) secrets: Arc<dyn SecretStore>,
    /// The setting that says where they are.
    pub(crate) vault: String,
    pub(crate) environment: String,
    pub(crate) json: bool,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) progress: MultiProgress,
    pub(crate) stop: CancellationToken,
}

impl Context {
    /// Reads the settings and begins to log.
    pub(crate) async fn new(common: Common, command: &Command) -> Result<Self> {
        let is_run = matches!(command, Command::Run(_) | Command::Backfill(_));
        let progress = progress::place(is_run && !common.json && output::error_is_terminal());
        logging::start(&common.log, progress.clone())?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
        let clouds = clouds(&clock);
        let sources = clouds.place(Setting::new("--sources", common.sources))?;
        let target = clouds.place(Setting::new("--target", common.target))?;
        let vault = common.secrets.clone();
        let secrets = Setting::new("--secrets", common.secrets);
        Ok(Self {
            secrets: clouds.open_vault(&secrets).await?,
            sources: sources.open_sources().await?,
            target,
            vault,
            environment: common.environment,
            json: common.json,
            clock,
            progress,
            stop: CancellationToken::default(),
        })
    }

    /// What a first signal asks to stop: only a run has something to bring to an end.
    pub(crate) fn stop_of(&self, command: &Command) -> Option<CancellationToken> {
        matches!(command, Command::Run(_) | Command::Backfill(_)).then(|| self.stop.clone())
    }

    /// The engine of a source.
    pub(crate) fn engine(&self, source: Source) -> Engine {
        Engine::new(Arc::new(source), self.secrets.clone(), self.clock.clone(), self.environment.as_str())
    }
}

/// The streams of a source, or the one that is named, in file order.
pub(crate) fn selected<'a>(source: &'a Source, stream: Option<&str>) -> Result<Vec<&'a Stream>> {
    let Some(name) = stream else { return Ok(source.streams.iter().collect()) };
    source.named(name).map(|stream| vec![stream])
}
