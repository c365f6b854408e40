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

    /// A certificate, which is nobody's secret: its words may stand in messages. Where a key stands beside it, all of it
    /// is one.
    pub(super) async fn certificate(
        &self,
        value: &TextOrSecret,
        freshness: Freshness,
    ) -> Result<SecretString, SecretError> {
        let TextOrSecret::Secret(SecretRef { secret, field }) = value else {
            return self.text(value, freshness).await;
        };
        let text = resolve(&*self.store, secret, field.as_deref(), freshness).await?;
        if text.expose_secret().contains("PRIVATE KEY-----") {
            self.learn(&text);
        }
        Ok(text)
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

    /// Remembers a secret, and each line of a key.
    pub(super) fn learn(&self, secret: &SecretString) {
        self.scrubber.learn(secret);
        let text = secret.expose_secret();
        if text.contains('\n') {
            for line in text.lines().filter(|line| line.len() >= SHORTEST_LINE && !line.starts_with("-----"))
            {
                self.scrubber.learn(&line.to_owned().into());
            }
        }
    }
}
