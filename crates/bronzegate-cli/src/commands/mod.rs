//! The commands, one a file, and what they share.

mod backfill;
mod backfill_estimate;
mod check;
mod check_report;
mod check_table;
mod chosen;
mod columns;
mod due;
mod explain;
#[cfg(feature = "azure")]
mod functions;
mod import;
mod lifted_secrets;
mod new;
mod new_file;
mod run;
mod run_summary;
mod runs;
mod runs_table;
mod sample;
mod schema;
mod shell;
mod state;
mod table;

use std::sync::Arc;

use bronzegate_core::bronze::{BronzeStore, Stores};
use bronzegate_core::clock::{Clock, SystemClock};
use bronzegate_core::config::{Source, Stream};
use bronzegate_core::doors::{Place, Setting, SourceFolder, TablesPlace};
use bronzegate_core::error::Result;
use bronzegate_core::proxy::Proxies;
use bronzegate_core::report::RunReport;
use bronzegate_core::run::CancellationToken;
use bronzegate_core::run::Engine;
use bronzegate_core::secret::{FileSecrets, SecretStore};
use bronzegate_core::signer::RequestSigner;
use indicatif::MultiProgress;

use crate::arguments::{Command, Common};
use crate::clouds::clouds;
use crate::notify::{self, Outcome};
use crate::otlp::Otlp;
use crate::settings::Settings;
use crate::{logging, output, progress};

pub(crate) use backfill::backfill;
pub(crate) use check::check;
pub(crate) use columns::columns;
pub(crate) use explain::explain;
#[cfg(feature = "azure")]
pub(crate) use functions::functions;
pub(crate) use import::import;
pub(crate) use new::new;
pub(crate) use run::run;
pub(crate) use runs::runs;
pub(crate) use runs_table::in_table;
pub(crate) use sample::sample;
pub(crate) use schema::schema;
pub(crate) use shell::{completions, man};
pub(crate) use state::state;
pub(crate) use table::table;

/// The settings, read and checked, and what the process has one of.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub(crate) sources: SourceFolder,
    pub(crate) target: Place,
    pub(crate) tables: Option<TablesPlace>,
    pub(crate) secrets: Arc<dyn SecretStore>,
    /// The setting that says where they are.
    pub(crate) vault: String,
    /// The platform's identity, where this program was built with one.
    pub(crate) signer: Option<Arc<dyn RequestSigner>>,
    /// The proxies that APIs are called by.
    pub(crate) proxies: Proxies,
    pub(crate) environment: String,
    /// Where failures and breaches are sent to.
    notify: Option<String>,
    /// Where metrics and traces are sent to.
    otlp: Option<Arc<Otlp>>,
    /// What was called, for messages.
    called: String,
    pub(crate) json: bool,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) progress: MultiProgress,
    pub(crate) stop: CancellationToken,
}

impl Context {
    /// Reads the settings and begins to log.
    pub(crate) async fn new(common: Common, command: &Command) -> Result<Self> {
        let is_run = command.is_run();
        let progress = progress::place(is_run && !common.json && output::error_is_terminal());
        let json = common.json;
        let settings = Settings::of(common)?;
        logging::start(&settings.log, progress.clone())?;
        if let Some(exposed) = settings.file.and_then(|file| FileSecrets::new(file).exposure()) {
            tracing::warn!("{exposed}");
        }
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
        let proxies = Proxies::read(&*settings.look_up)?;
        let otlp = Otlp::of(&settings.look_up, clock.now())?;
        let clouds = clouds(settings.look_up, &clock);
        let sources = clouds.place(Setting::new("--sources", settings.sources))?;
        let target = clouds.place(Setting::new("--target", settings.target))?;
        let tables = settings.tables.map(|text| clouds.tables(Setting::new("--tables", text))).transpose()?;
        let vault = settings.secrets.clone();
        let secrets = Setting::new("--secrets", settings.secrets);
        Ok(Self {
            secrets: clouds.open_vault(&secrets).await?,
            signer: clouds.signer(),
            sources: sources.open_sources().await?,
            target,
            tables,
            vault,
            proxies,
            environment: settings.environment,
            notify: settings.notify,
            otlp: otlp.map(Arc::new),
            called: command.called(),
            json,
            clock,
            progress,
            stop: CancellationToken::default(),
        })
    }

    /// What a first signal asks to stop: only a run has something to bring to an end.
    pub(crate) fn stop_of(&self, command: &Command) -> Option<CancellationToken> {
        let stops = command.is_run() || matches!(command, Command::Table(_));
        stops.then(|| self.stop.clone())
    }

    /// The stores of these streams: the target, and the root of tables where one of them writes into a table.
    pub(crate) async fn stores(
        &self,
        target: Arc<dyn BronzeStore>,
        streams: impl IntoIterator<Item = &Stream>,
    ) -> Result<Stores> {
        let writes_table = streams.into_iter().any(|stream| stream.output.table.is_some());
        let tables = match &self.tables {
            Some(tables) if writes_table => Some(tables.open(target.clone()).await?),
            _ => None,
        };
        Ok(Stores::from(target).with_tables(tables))
    }

    /// Keeps the report of a run that has just ended, for what is sent at the command's end.
    pub(crate) fn ended(&self, report: &RunReport) {
        if let Some(otlp) = &self.otlp {
            otlp.keep(report, self.clock.now());
        }
    }

    /// Sends a message to the webhook, if there is one and something to say, and metrics and traces to a collector.
    pub(crate) async fn notify(&self, outcome: Outcome<'_>) {
        if let Some(otlp) = &self.otlp {
            let names = (self.environment.as_str(), self.called.as_str());
            otlp.export(&self.proxies, names, outcome, self.clock.now()).await;
        }
        if let Some(address) = &self.notify {
            notify::notify((address, &self.proxies), &self.environment, &self.called, outcome).await;
        }
    }

    /// The engine of a source.
    pub(crate) fn engine(&self, source: Source) -> Engine {
        let (secrets, clock) = (self.secrets.clone(), self.clock.clone());
        let engine = Engine::new(Arc::new(source), secrets, clock, self.environment.as_str());
        engine.with_signer(self.signer.clone()).with_proxies(self.proxies.clone())
    }
}

/// The streams of a source, or the one that is named, in file order.
pub(crate) fn selected<'a>(source: &'a Source, stream: Option<&str>) -> Result<Vec<&'a Stream>> {
    let Some(name) = stream else { return Ok(source.streams.iter().collect()) };
    source.named(name).map(|stream| vec![stream])
}
