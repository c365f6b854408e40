//! One connection to AWS: the SDK's settings, and a client for each service that is used.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_credential_types::provider::SharedCredentialsProvider;
use bronzegate_core::bronze::BronzeStore;
use bronzegate_core::clock::Clock;
use bronzegate_core::error::{Error, ErrorKind};
use bronzegate_core::secret::{CachedSecrets, SecretStore};

use crate::s3::{S3Settings, S3Store, S3Target};
use crate::secrets::SecretsManager;
use crate::settings::{proxies, s3_config, sdk_config};

/// How long a secret that was read will do.
const SECRET_TTL: Duration = Duration::from_mins(5);

/// Stores and vaults of one AWS identity. Clones share their clients, and so their connections.
#[derive(Clone, Debug)]
pub struct Aws {
    sdk: SdkConfig,
    clock: Arc<dyn Clock>,
    clients: Arc<Clients>,
}

#[derive(Debug, Default)]
struct Clients {
    s3: OnceLock<aws_sdk_s3::Client>,
    secrets: OnceLock<aws_sdk_secretsmanager::Client>,
}

impl Aws {
    /// Reads the SDK's settings as every AWS tool does, from the environment and the profile files. It calls
    /// nothing: the first call of a store or vault is the first to ask for credentials. `look_up` tells the proxies.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when a proxy's variable is malformed.
    pub async fn connect(
        look_up: &(dyn Fn(&str) -> Option<String> + Send + Sync),
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let proxies = proxies(look_up)?;
        Ok(Self::new(sdk_config(&proxies).await, clock))
    }

    /// Makes a connection of settings that were read already.
    pub fn new(sdk: SdkConfig, clock: Arc<dyn Clock>) -> Self {
        Self { sdk, clock, clients: Arc::default() }
    }

    /// The bronze store at `s3://bucket/prefix`, encrypting as the bucket does.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when the target has another form, or no region is set.
    pub fn store(&self, target: &str) -> Result<Arc<dyn BronzeStore>, Error> {
        self.store_with(target, S3Settings::default())
    }

    /// The bronze store at `s3://bucket/prefix`, with settings.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when the target has another form, or no region is set.
    pub fn store_with(&self, target: &str, settings: S3Settings) -> Result<Arc<dyn BronzeStore>, Error> {
        let target = S3Target::parse(target)?;
        if self.sdk.region().is_none() {
            let why = "no AWS region is set: AWS_REGION, or `region` in the profile";
            return Err(Error::new(ErrorKind::Config, format!("{}: {why}", target.url())));
        }
        let client = self.clients.s3.get_or_init(|| aws_sdk_s3::Client::from_conf(s3_config(&self.sdk)));
        Ok(Arc::new(S3Store::new(client, target, settings)))
    }

    /// What gives out the identity's credentials.
    pub(crate) fn credentials(&self) -> Option<SharedCredentialsProvider> {
        self.sdk.credentials_provider()
    }

    /// The vault: secret `name` of a source file is `<prefix><name>` in Secrets Manager.
    pub fn secrets(&self, prefix: &str) -> Arc<dyn SecretStore> {
        let client = self.clients.secrets.get_or_init(|| aws_sdk_secretsmanager::Client::new(&self.sdk));
        let vault = SecretsManager::new(client.clone(), prefix);
        Arc::new(CachedSecrets::new(vault, SECRET_TTL, Arc::clone(&self.clock)))
    }
}
