//! The secrets of one kind of authentication; each is known to the scrubber before it is used.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};

use super::credential::header_value;
use super::fault::AuthFault;
use crate::config::{OAuth2Client, SecretRef, TextOrSecret};
use crate::redact::Scrubber;
use crate::secret::{Freshness, SecretError, SecretStore, resolve};

/// Shorter lines of a key are not looked for: they say nothing.
const SHORTEST_LINE: usize = 16;

/// Reads secrets.
#[derive(Debug)]
pub(super) struct Keys {
    pub(super) store: Arc<dyn SecretStore>,
    pub(super) scrubber: Arc<Scrubber>,
}

impl Keys {
    pub(super) async fn secret(
        &self,
        reference: &SecretRef,
        freshness: Freshness,
    ) -> Result<SecretString, SecretError> {
        let secret = resolve(&*self.store, &reference.secret, reference.field.as_deref(), freshness).await?;
        self.learn(&secret);
        Ok(secret)
    }

    pub(super) async fn text(
        &self,
        value: &TextOrSecret,
        freshness: Freshness,
    ) -> Result<SecretString, SecretError> {
        match value {
            TextOrSecret::Text(text) => Ok(text.clone().into()),
            TextOrSecret::Secret(reference) => self.secret(reference, freshness).await,
        }
    }

    /// The id and the secret of a client, if it has one.
    pub(super) async fn client(
        &self,
        client: &OAuth2Client,
        freshness: Freshness,
    ) -> Result<(SecretString, Option<SecretString>), SecretError> {
        let id = self.text(&client.client_id, freshness).await?;
        let secret = match &client.client_secret {
            Some(secret) => Some(self.secret(secret, freshness).await?),
            None => None,
        };
        Ok((id, secret))
    }

    /// HTTP Basic (RFC 7617).
    pub(super) fn basic(&self, username: &str, password: &str) -> Result<HeaderValue, AuthFault> {
        let pair = STANDARD.encode(format!("{username}:{password}"));
        self.learn(&pair.clone().into());
        header_value(&format!("Basic {pair}"))
    }

    /// Remembers a secret, and each line of one that has several. A key in PEM is its lines alone: what frames
    /// them stands in many a text.
    pub(super) fn learn(&self, secret: &SecretString) {
        let text = secret.expose_secret();
        let mut has_lines = false;
        if text.contains('\n') {
            for line in text.lines().filter(|line| line.len() >= SHORTEST_LINE && !line.starts_with("-----"))
            {
                self.scrubber.learn(&line.to_owned().into());
                has_lines = true;
            }
        }
        if !(has_lines && text.contains("-----BEGIN ")) {
            self.scrubber.learn(secret);
        }
    }
}
