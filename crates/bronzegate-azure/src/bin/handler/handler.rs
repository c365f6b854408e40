//! The functions behind their names, and what they share.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use bronzegate_azure::functions::{HTTP, QUEUE, WATCH};
use bronzegate_azure::{AzureCloud, AzureIdentity};
use bronzegate_core::clock::{Clock, Deadline, SystemClock};
use bronzegate_core::doors::{Clouds, Defaults, Deployment, Dispatcher, LookUp, Unset, Watch};
use bronzegate_core::error::Result;
use bronzegate_core::run::CancellationToken;
use bronzegate_databricks::DatabricksCloud;

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
    /// What the watch goes by.
    pub(crate) watch: Watch,
    timeout: Duration,
}

/// The part of an invocation's time that is not used, because the host's clock began before the invocation
/// came here: a twentieth, and at most this.
const LONGEST_MARGIN: Duration = Duration::from_secs(5);

/// What is taken where a variable is not set.
const DEFAULTS: Defaults = Defaults {
    target: Unset::Required("abfss://container@account.dfs.core.windows.net/folder"),
    secrets: Unset::Required("azure-keyvault:https://name.vault.azure.net"),
};

impl Handler {
    /// Makes it ready. Nothing is sent anywhere before the first invocation.
    ///
    /// # Errors
    /// The setting that is wrong.
    pub(crate) async fn open(stop: CancellationToken) -> Result<Self> {
        let Settings { timeout, max_instances, watch } = Settings::read()?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
        let clouds = Clouds::new(environment::look_up, clock.clone())
            .with(AzureCloud::new)
            .with(databricks)
            .with_folder_tables(bronzegate_delta::folder_tables)
            .noting("this is the Azure function");
        let Deployment { dispatcher, target, environment } = Deployment::open(&clouds, DEFAULTS).await?;
        Ok(Self {
            dispatcher,
            environment,
            target,
            clock,
            stop,
            max_instances,
            is_cold: AtomicBool::new(true),
            watch,
            timeout: timeout.saturating_sub((timeout / 20).min(LONGEST_MARGIN)),
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
            WATCH => self.watch(deadline).await,
            timer if timer.starts_with("ingest_timer_") => self.timer(timer, &invocation).await,
            other => Err(unreadable(format!("there is no function `{other}`"))),
        }
    }
}

/// Azure Databricks takes the identity of the app.
fn databricks(look_up: LookUp, clock: Arc<dyn Clock>) -> DatabricksCloud {
    DatabricksCloud::new(Arc::clone(&look_up), Arc::clone(&clock))
        .with_azure(move |kind| Arc::new(AzureIdentity::new(Arc::clone(&look_up), Arc::clone(&clock), kind)))
}
