//! Secrets of Secrets Manager, kept for a while.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_secretsmanager::Client;
use bronzegate_core::clock::Clock;
use bronzegate_core::secret::{Freshness, SecretError, SecretStore};
use secrecy::SecretString;

use super::errors::refused;

/// Reads secret `hubspot-token` from the secret `<prefix>hubspot-token` of AWS Secrets Manager.
///
/// A value is kept for a time, so that warm invocations do not ask again. Of readers that want the same
/// secret at once one asks, and the others take its answer. The version is the one of the stage
/// `AWSCURRENT`; names in source files carry no stage, so another is a setting of the vault.
pub struct SecretsManager {
    client: Client,
    prefix: String,
    ttl: Duration,
    stage: Option<String>,
    clock: Arc<dyn Clock>,
    slots: Mutex<HashMap<String, Arc<Slot>>>,
}

/// One secret. The lock is held while the vault is asked.
#[derive(Default)]
struct Slot {
    /// Calls begun so far.
    begun: AtomicU64,
    kept: tokio::sync::Mutex<Option<Kept>>,
}

struct Kept {
    value: SecretString,
    read_at: Duration,
    /// The number of the call that read it.
    call: u64,
}

impl SecretsManager {
    /// Makes a vault; nothing is read yet. A value read less than `ttl` ago is used again.
    pub fn new(client: Client, prefix: impl Into<String>, ttl: Duration, clock: Arc<dyn Clock>) -> Self {
        Self { client, prefix: prefix.into(), ttl, stage: None, clock, slots: Mutex::default() }
    }

    /// Reads the versions of another stage, for example `AWSPREVIOUS`.
    #[must_use]
    pub fn at_stage(mut self, stage: impl Into<String>) -> Self {
        self.stage = Some(stage.into());
        self
    }

    fn slot(&self, name: &str) -> Arc<Slot> {
        let mut slots = self.slots.lock().expect("no holder of this lock panics");
        Arc::clone(slots.entry(name.to_owned()).or_default())
    }

    async fn ask(&self, name: &str) -> Result<SecretString, SecretError> {
        let id = format!("{}{name}", self.prefix);
        let region = self.client.config().region().map_or("no region set", |region| region.as_ref());
        let place = format!("`{id}` in Secrets Manager ({region})");
        let request = self.client.get_secret_value().secret_id(&id).set_version_stage(self.stage.clone());
        let found = request.send().await.map_err(|error| refused(name, &place, &error))?;
        match (found.secret_string, found.secret_binary) {
            (Some(text), _) => Ok(text.into()),
            (None, Some(_)) => Err(SecretError::Binary { name: name.to_owned(), place }),
            (None, None) => Err(SecretError::Empty(name.to_owned())),
        }
    }
}

impl fmt::Debug for SecretsManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretsManager({})", self.prefix)
    }
}

#[async_trait]
impl SecretStore for SecretsManager {
    async fn read(&self, name: &str, freshness: Freshness) -> Result<SecretString, SecretError> {
        let slot = self.slot(name);
        let begun_before = slot.begun.load(Ordering::SeqCst);
        let mut kept = slot.kept.lock().await;
        if let Some(kept) = &*kept {
            let usable = match freshness {
                Freshness::Cached => self.clock.elapsed().saturating_sub(kept.read_at) < self.ttl,
                // A call that began after this reader came is as fresh as one of its own.
                Freshness::Fresh => kept.call > begun_before,
            };
            if usable {
                return Ok(kept.value.clone());
            }
        }
        let call = slot.begun.fetch_add(1, Ordering::SeqCst) + 1;
        let read_at = self.clock.elapsed();
        let value = self.ask(name).await?;
        *kept = Some(Kept { value: value.clone(), read_at, call });
        Ok(value)
    }
}
