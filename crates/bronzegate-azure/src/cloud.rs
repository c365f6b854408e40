//! The entry of Azure among the clouds.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bronzegate_core::bronze::BronzeStore;
use bronzegate_core::clock::Clock;
use bronzegate_core::doors::{Cloud, Form, LookUp, Setting};
use bronzegate_core::error::Result;
use bronzegate_core::secret::SecretStore;
use tokio::sync::OnceCell;

use crate::azure::Azure;

/// OneLake and ADLS as target and source folder, Key Vault as vault.
///
/// It is connected, and an identity chosen, when a setting first names it.
pub struct AzureCloud {
    look_up: LookUp,
    clock: Arc<dyn Clock>,
    azure: OnceCell<Azure>,
}

impl AzureCloud {
    /// Nothing is connected yet.
    pub fn new(look_up: LookUp, clock: Arc<dyn Clock>) -> Self {
        Self { look_up, clock, azure: OnceCell::new() }
    }

    async fn azure(&self) -> Result<&Azure> {
        let connect = async || Azure::connect(&*self.look_up, self.clock.clone());
        self.azure.get_or_try_init(connect).await
    }
}

#[async_trait]
impl Cloud for AzureCloud {
    fn places(&self) -> &'static [Form] {
        &[Form { word: "abfss", example: "abfss://container@account.dfs.core.windows.net/folder" }]
    }

    fn vaults(&self) -> &'static [Form] {
        &[Form { word: "azure-keyvault", example: "azure-keyvault:<https url>" }]
    }

    async fn open_store(&self, place: &Setting) -> Result<Arc<dyn BronzeStore>> {
        self.azure().await?.store(&place.text).map_err(|error| place.blame(&error))
    }

    async fn open_vault(&self, vault: &Setting) -> Result<Arc<dyn SecretStore>> {
        let url = vault.rest().filter(|url| url.starts_with("https://"));
        let url = url.ok_or_else(|| vault.wrong("write azure-keyvault:https://<vault>.vault.azure.net"))?;
        self.azure().await?.secrets(url).map_err(|error| vault.blame(&error))
    }
}

impl fmt::Debug for AzureCloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AzureCloud").field("azure", &self.azure.get()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use bronzegate_core::clock::SystemClock;
    use bronzegate_core::error::ErrorKind;

    use super::*;

    /// An entry whose environment offers an application, and how often it was looked at.
    fn entry() -> (AzureCloud, Arc<AtomicUsize>) {
        let looked = Arc::new(AtomicUsize::new(0));
        let counter = looked.clone();
        let look_up = move |name: &str| {
            counter.fetch_add(1, Ordering::Relaxed);
            let is_set = ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"].contains(&name);
            is_set.then(|| "x".to_owned())
        };
        (AzureCloud::new(Arc::new(look_up), Arc::new(SystemClock::default())), looked)
    }

    #[tokio::test]
    async fn an_identity_is_chosen_when_something_is_first_opened_and_then_no_more() {
        let (cloud, looked) = entry();
        let place = Setting::new("--target", "abfss://bronze@acme.dfs.core.windows.net/lake");
        assert_eq!(looked.load(Ordering::Relaxed), 0);
        cloud.open_store(&place).await.unwrap();
        let once = looked.load(Ordering::Relaxed);
        assert!(once > 0);
        cloud.open_store(&place).await.unwrap();
        cloud
            .open_vault(&Setting::new("--secrets", "azure-keyvault:https://x.vault.azure.net"))
            .await
            .unwrap();
        assert_eq!(looked.load(Ordering::Relaxed), once);
    }

    #[tokio::test]
    async fn what_is_malformed_is_told_with_its_setting() {
        let (cloud, _) = entry();
        for (text, message) in [
            ("azure-keyvault", "`azure-keyvault`: write azure-keyvault:https://"),
            ("azure-keyvault:http://x", "`azure-keyvault:http://x`: write azure-keyvault:https://"),
            ("azure-keyvault:https://x/y", "`https://x/y` is not the address of a key vault: "),
        ] {
            let error = cloud.open_vault(&Setting::new("--secrets", text)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.to_string().starts_with(&format!("--secrets {message}")), "{error}");
        }
        let error = cloud.open_store(&Setting::new("--sources", "abfss://bronze")).await.unwrap_err();
        assert!(
            error.to_string().starts_with("--sources `abfss://bronze` is not a target in Azure: "),
            "{error}"
        );
    }
}
