//! The clouds' own adapters, as far as this build has them: the features `aws` and `azure`.
//!
//! Each cloud is connected at most once, and only when a setting names it: finding a developer's
//! profile takes time that a local run does not spend.

use std::sync::Arc;

use bronzegate_core::bronze::BronzeStore;
use bronzegate_core::clock::Clock;
use bronzegate_core::error::Result;
use bronzegate_core::secret::SecretStore;
#[cfg(any(feature = "aws", feature = "azure"))]
use tokio::sync::OnceCell;

#[cfg(any(feature = "aws", feature = "azure"))]
use crate::environment;

/// The clouds, connected when they are first asked for.
#[derive(Debug)]
pub(crate) struct Clouds {
    #[cfg_attr(
        not(any(feature = "aws", feature = "azure")),
        expect(dead_code, reason = "no cloud needs it")
    )]
    clock: Arc<dyn Clock>,
    #[cfg(feature = "aws")]
    aws: OnceCell<bronzegate_aws::Aws>,
    #[cfg(feature = "azure")]
    azure: OnceCell<bronzegate_azure::Azure>,
}

impl Clouds {
    /// No cloud is connected yet.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            #[cfg(feature = "aws")]
            aws: OnceCell::new(),
            #[cfg(feature = "azure")]
            azure: OnceCell::new(),
        }
    }
}

#[cfg(feature = "aws")]
impl Clouds {
    /// The store at `s3://bucket/prefix`.
    pub(crate) async fn s3(&self, _: &str, url: &str) -> Result<Arc<dyn BronzeStore>> {
        let kms_key = environment::look_up("BRONZEGATE_KMS_KEY");
        self.aws().await.store_with(url, bronzegate_aws::S3Settings { kms_key })
    }

    /// Secrets Manager.
    pub(crate) async fn secrets_manager(&self, _: &str, prefix: &str) -> Result<Arc<dyn SecretStore>> {
        Ok(self.aws().await.secrets(prefix))
    }

    async fn aws(&self) -> &bronzegate_aws::Aws {
        self.aws.get_or_init(|| bronzegate_aws::connect(self.clock.clone())).await
    }
}

#[cfg(feature = "azure")]
impl Clouds {
    /// The store at `abfss://…`.
    pub(crate) async fn abfss(&self, _: &str, url: &str) -> Result<Arc<dyn BronzeStore>> {
        self.azure().await?.store(url)
    }

    /// A Key Vault.
    pub(crate) async fn key_vault(&self, _: &str, url: &str) -> Result<Arc<dyn SecretStore>> {
        self.azure().await?.secrets(url)
    }

    async fn azure(&self) -> Result<&bronzegate_azure::Azure> {
        let connect = || async { bronzegate_azure::Azure::connect(environment::look_up, self.clock.clone()) };
        self.azure.get_or_try_init(connect).await
    }
}

#[cfg(not(feature = "aws"))]
impl Clouds {
    /// Refused: this build has no AWS.
    pub(crate) async fn s3(&self, setting: &str, url: &str) -> Result<Arc<dyn BronzeStore>> {
        Err(bronzegate_core::doors::wrong(setting, url, "this build has no AWS (feature `aws`)"))
    }

    /// Refused: this build has no AWS.
    pub(crate) async fn secrets_manager(&self, setting: &str, _: &str) -> Result<Arc<dyn SecretStore>> {
        let form = "aws-secretsmanager";
        Err(bronzegate_core::doors::wrong(setting, form, "this build has no AWS (feature `aws`)"))
    }
}

#[cfg(not(feature = "azure"))]
impl Clouds {
    /// Refused: this build has no Azure.
    pub(crate) async fn abfss(&self, setting: &str, url: &str) -> Result<Arc<dyn BronzeStore>> {
        Err(bronzegate_core::doors::wrong(setting, url, "this build has no Azure (feature `azure`)"))
    }

    /// Refused: this build has no Azure.
    pub(crate) async fn key_vault(&self, setting: &str, url: &str) -> Result<Arc<dyn SecretStore>> {
        Err(bronzegate_core::doors::wrong(setting, url, "this build has no Azure (feature `azure`)"))
    }
}
