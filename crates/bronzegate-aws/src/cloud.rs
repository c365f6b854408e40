//! The entry of AWS among the clouds.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bronzegate_core::bronze::BronzeStore;
use bronzegate_core::clock::Clock;
use bronzegate_core::doors::{Cloud, Form, LookUp, Setting};
use bronzegate_core::error::Result;
use bronzegate_core::secret::SecretStore;
use bronzegate_core::signer::RequestSigner;
use tokio::sync::OnceCell;

use crate::aws::Aws;
use crate::s3::{S3Settings, S3Target, owner_of};
use crate::signer::AwsSigner;

/// The variable with the KMS key of what is written; without it, as the bucket says.
const KMS_KEY: &str = "BRONZEGATE_KMS_KEY";
/// The variable with the accounts that must own buckets: `<bucket>=<account>,…`.
const BUCKET_OWNERS: &str = "BRONZEGATE_BUCKET_OWNERS";

/// S3 as target and source folder, Secrets Manager as vault.
///
/// It is connected when a setting first names it: finding a developer's profile takes time that a run on
/// this machine does not spend.
pub struct AwsCloud {
    look_up: LookUp,
    clock: Arc<dyn Clock>,
    aws: Arc<OnceCell<Aws>>,
}

impl AwsCloud {
    /// Nothing is connected yet.
    pub fn new(look_up: LookUp, clock: Arc<dyn Clock>) -> Self {
        Self { look_up, clock, aws: Arc::default() }
    }

    async fn aws(&self) -> Result<&Aws> {
        self.aws.get_or_try_init(|| Aws::connect(&*self.look_up, self.clock.clone())).await
    }
}

#[async_trait]
impl Cloud for AwsCloud {
    fn places(&self) -> &'static [Form] {
        &[Form { word: "s3", example: "s3://bucket/prefix" }]
    }

    fn vaults(&self) -> &'static [Form] {
        &[Form { word: "aws-secretsmanager", example: "aws-secretsmanager[:prefix]" }]
    }

    async fn open_store(&self, place: &Setting) -> Result<Arc<dyn BronzeStore>> {
        let kms_key = (self.look_up)(KMS_KEY).filter(|key| !key.is_empty());
        let target = S3Target::parse(&place.text).map_err(|error| place.blame(&error))?;
        let owners = (self.look_up)(BUCKET_OWNERS).unwrap_or_default();
        let owner = owner_of(&owners, target.bucket());
        let owner = owner.map_err(|wrong| Setting::new(BUCKET_OWNERS, owners).wrong(&wrong))?;
        let store = self.aws().await?.store_with(&place.text, S3Settings { kms_key, owner });
        store.map_err(|error| place.blame(&error))
    }

    /// The prefix goes before every name, and may be left out.
    async fn open_vault(&self, vault: &Setting) -> Result<Arc<dyn SecretStore>> {
        Ok(self.aws().await?.secrets(vault.rest().unwrap_or_default()))
    }

    fn signer(&self) -> Option<Arc<dyn RequestSigner>> {
        Some(Arc::new(AwsSigner::new(self.aws.clone(), self.look_up.clone(), self.clock.clone())))
    }
}

impl fmt::Debug for AwsCloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsCloud").field("aws", &self.aws.get()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use bronzegate_core::clock::SystemClock;

    use super::*;

    #[tokio::test]
    async fn it_is_connected_when_it_first_opens_something_and_then_no_more() {
        let cloud = AwsCloud::new(Arc::new(|_| None), Arc::new(SystemClock::default()));
        assert!(!cloud.aws.initialized());
        cloud.open_vault(&Setting::new("--secrets", "aws-secretsmanager:prod/")).await.unwrap();
        let first: *const Aws = cloud.aws.get().unwrap();
        cloud.open_vault(&Setting::new("--secrets", "aws-secretsmanager")).await.unwrap();
        assert!(std::ptr::eq(first, cloud.aws.get().unwrap()));
    }

    #[tokio::test]
    async fn a_place_that_is_none_is_told_with_its_setting() {
        let cloud = AwsCloud::new(Arc::new(|_| None), Arc::new(SystemClock::default()));
        let error = cloud.open_store(&Setting::new("--sources", "s3:/lake")).await.unwrap_err();
        insta::assert_snapshot!(error, @"--sources `s3:/lake` is not a target on S3: it must have the form s3://<bucket>/<prefix>");
    }
}
