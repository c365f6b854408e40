//! The way in: from what the environment offers to stores and vaults.

use std::sync::Arc;
use std::time::Duration;

use azure_core::credentials::TokenCredential;
use azure_core::http::ClientOptions;
use bronzegate_core::bronze::BronzeStore;
use bronzegate_core::clock::Clock;
use bronzegate_core::error::{Error, ErrorKind};
use bronzegate_core::secret::{CachedSecrets, SecretStore};
use url::Url;

use crate::clients::{Transport, TransportOptions, client_options};
use crate::identity::credential;
use crate::secrets::KeyVault;
use crate::store::{BlobStore, Target};

/// The variable with the Blob endpoint that is called instead of the target's own: an emulator's
/// (`https://127.0.0.1:10000/devstoreaccount1`) or a private one.
pub const BLOB_ENDPOINT: &str = "BRONZEGATE_AZURE_BLOB_ENDPOINT";

/// How long a secret is kept before the vault is asked again. One that an API refuses is asked for at
/// once, whatever its age.
const SECRETS_TIME_TO_LIVE: Duration = Duration::from_mins(5);

/// Azure as one identity sees it. All that it opens share connections and tokens.
#[derive(Clone, Debug)]
pub struct Azure {
    credential: Arc<dyn TokenCredential>,
    options: ClientOptions,
    clock: Arc<dyn Clock>,
    blob_endpoint: Option<Url>,
}

impl Azure {
    /// Chooses the identity by what the environment offers, which `look_up` tells. Nothing is sent yet.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when a variable is malformed or one of a group is missing.
    pub fn connect(look_up: impl Fn(&str) -> Option<String>, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let options = TransportOptions::of(&look_up)?;
        Self::connect_over(Transport::new(&options)?, look_up, clock)
    }

    /// As [`connect`](Self::connect), over a given transport: with other patience, or other trust.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub fn connect_over(
        transport: Transport,
        look_up: impl Fn(&str) -> Option<String>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let options = client_options(transport);
        let credential = credential(&look_up, &options, Arc::clone(&clock))?;
        let blob_endpoint = look_up(BLOB_ENDPOINT).filter(|text| !text.is_empty());
        let blob_endpoint = blob_endpoint.map(|text| parse_endpoint(&text)).transpose()?;
        Ok(Self { credential, options, clock, blob_endpoint })
    }

    /// Opens a bronze store on an `abfss://` target. Nothing is sent yet.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when the target is not one of OneLake or ADLS Gen2.
    pub fn store(&self, target: &str) -> Result<Arc<dyn BronzeStore>, Error> {
        let target = Target::parse(target)?;
        let (endpoint, credential) = (self.blob_endpoint.clone(), Arc::clone(&self.credential));
        let (options, clock) = (self.options.clone(), Arc::clone(&self.clock));
        Ok(Arc::new(BlobStore::open(target, endpoint, credential, options, clock)?))
    }

    /// Opens a vault such as `https://acme.vault.azure.net`, behind a cache. Nothing is sent yet.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when the address is not one of a vault.
    pub fn secrets(&self, vault_url: &str) -> Result<Arc<dyn SecretStore>, Error> {
        let vault = KeyVault::open(vault_url, Arc::clone(&self.credential), self.options.clone())?;
        Ok(Arc::new(CachedSecrets::new(vault, SECRETS_TIME_TO_LIVE, Arc::clone(&self.clock))))
    }
}

fn parse_endpoint(text: &str) -> Result<Url, Error> {
    let refused = |why: &str| Error::new(ErrorKind::Config, format!("{BLOB_ENDPOINT} is `{text}`: {why}"));
    let url = Url::parse(text).map_err(|error| refused(&error.to_string()))?;
    match (url.scheme(), url.query(), url.fragment()) {
        ("https", None, None) => Ok(url),
        ("https", ..) => Err(refused("an endpoint has no query and no fragment")),
        _ => Err(refused("it must begin with https://, because tokens are sent there")),
    }
}
