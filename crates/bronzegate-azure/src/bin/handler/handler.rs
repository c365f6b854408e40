//! The functions behind their names, and what they share.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use bronzegate_azure::Azure;
use bronzegate_azure::functions::{HTTP, QUEUE};
use bronzegate_core::bronze::{BronzeStore, LocalStore};
use bronzegate_core::clock::{Clock, Deadline, SystemClock};
use bronzegate_core::dispatch::Dispatcher;
use bronzegate_core::error::{Error, Result};
use bronzegate_core::run::CancellationToken;
use bronzegate_core::secret::{EnvSecrets, FileSecrets, SecretStore};
use bronzegate_core::settings::{Place, Vault, wrong};
use bronzegate_core::sources::SourceFolder;

use crate::environment::{self, Settings};
use crate::invocation::{Invocation, wrong as unreadable};
use crate::reply::Reply;

/// The functions: made once a process, asked once an invocation.
#[derive(Debug)]
pub(crate) struct Handler {
    pub(crate) dispatcher: Dispatcher,
    pub(crate) environment: String,
    pub(crate) target: String,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) stop: CancellationToken,
    /// How many instances there are at most.
    pub(crate) max_instances: NonZeroU32,
    /// Whether no item has been worked on yet.
    pub(crate) is_cold: AtomicBool,
    timeout: Duration,
}

/// The part of an invocation's time that is not used, because the host's clock began before the invocation
/// came here: a twentieth, and at most this.
const LONGEST_MARGIN: Duration = Duration::from_secs(5);

impl Handler {
    /// Makes it ready. Nothing is sent anywhere before the first invocation.
    ///
    /// # Errors
    /// The setting that is wrong.
    pub(crate) fn open(stop: CancellationToken) -> Result<Self> {
        let settings = Settings::read()?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
        let azure = Azure::connect(environment::look_up, clock.clone())?;
        let dispatcher = Dispatcher::new(
            sources(&azure, &settings.sources)?,
            store(&azure, &settings.target, "BRONZEGATE_TARGET")?,
            secrets(&azure, settings.secrets)?,
            clock.clone(),
            settings.environment.as_str(),
        );
        Ok(Self {
            dispatcher,
            environment: settings.environment,
            target: settings.target_text,
            clock,
            stop,
            max_instances: settings.max_instances,
            is_cold: AtomicBool::new(true),
            timeout: settings.timeout.saturating_sub((settings.timeout / 20).min(LONGEST_MARGIN)),
        })
    }

    /// Answers one invocation of a function.
    ///
    /// # Errors
    /// What fails the invocation: the host hands it out again.
    pub(crate) async fn answer(&self, function: &str, id: Option<&str>, body: &[u8]) -> Result<Reply> {
        let deadline = Deadline::within(&*self.clock, self.timeout);
        let invocation = Invocation::parse(id, body)?;
        match function {
            QUEUE => self.queue(&invocation, deadline).await,
            HTTP => self.http(&invocation).await,
            timer if timer.starts_with("ingest_timer_") => self.timer(timer, &invocation).await,
            other => Err(unreadable(format!("there is no function `{other}`"))),
        }
    }
}

fn store(azure: &Azure, place: &Place, setting: &str) -> Result<Arc<dyn BronzeStore>, Error> {
    match place {
        Place::Folder(path) => Ok(Arc::new(LocalStore::open(path)?)),
        Place::Abfss(url) => azure.store(url),
        Place::S3(url) => {
            Err(wrong(setting, url, "this is the Azure function; it takes abfss://container@account…/folder"))
        }
    }
}

fn sources(azure: &Azure, place: &Place) -> Result<SourceFolder, Error> {
    match place {
        Place::Folder(path) => Ok(SourceFolder::local(path)),
        place => store(azure, place, "BRONZEGATE_SOURCES").map(SourceFolder::Remote),
    }
}

fn secrets(azure: &Azure, vault: Vault) -> Result<Arc<dyn SecretStore>, Error> {
    match vault {
        Vault::Environment => Ok(Arc::new(EnvSecrets::new(environment::look_up))),
        Vault::File(path) => Ok(Arc::new(FileSecrets::new(path))),
        Vault::AzureKeyVault(url) => azure.secrets(&url),
        Vault::AwsSecretsManager { prefix } => Err(wrong(
            "BRONZEGATE_SECRETS",
            &format!("aws-secretsmanager:{prefix}"),
            "this is the Azure function; it reads azure-keyvault:<url>",
        )),
    }
}
