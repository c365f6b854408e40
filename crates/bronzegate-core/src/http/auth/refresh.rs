//! Refresh tokens that the endpoint replaces (RFC 6749, section 6): the vault has the new one before its
//! access token is used, whoever else refreshes at the same time.
//!
//! Where the vault has a lock, runs take turns. Where it compares versions only, two runs may present the
//! same token. If the endpoint takes it once, one of them is refused, waits for the other's token to appear
//! in the vault, and continues with that. If it takes it twice (a period of grace), the one whose
//! write comes too late continues with the other's token, and keeps its own until that is known to work.
//!
//! What no order of steps can close: a process that is killed after the endpoint has answered and before the
//! vault has written leaves the old token in the vault, and whether that still works is up to the endpoint.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use super::endpoint::Endpoint;
use super::fault::{AuthFault, TokenError};
use super::grant::{self, Granted, client_request, plain};
use super::keys::Keys;
use super::token::Token;
use crate::config::RefreshToken;
use crate::error::{Error, ErrorKind};
use crate::redact::SafeUrl;
use crate::secret::{Freshness, HeldSecret, Replacement, SecretError, usable, with_part};

/// How long is waited between looks at the vault for the token of a run that was faster.
const LOOKS: [Duration; 4] =
    [Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];
/// Refreshes in a row that may meet another run's.
const MOST_ROUNDS: usize = 10;
/// The waits between attempts to write grow from this …
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// … to this.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// Refusals that are not about the refresh token (RFC 6749, section 5.2).
const OTHER_REFUSALS: [&str; 4] =
    ["invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope"];

/// One refresh.
pub(super) struct Refresh<'a> {
    pub(super) keys: &'a Keys,
    pub(super) settings: &'a RefreshToken,
    pub(super) endpoint: &'a Endpoint,
}

/// A refresh token that the vault does not hold yet.
#[derive(Debug)]
pub(super) struct Unsaved {
    /// The one it was given for.
    used: SecretString,
    token: SecretString,
}

#[derive(Debug, thiserror::Error)]
enum RefreshError {
    #[error(
        "token endpoint {url} has replaced the refresh token, and the new one could not be saved, so its access \
         token is not used; if the endpoint refuses the old one from now on, authorise the client again"
    )]
    Unsaved { url: String, source: SecretError },
}

impl Refresh<'_> {
    /// A token whose refresh token is in the vault. `unsaved` outlives a call that fails: the next
    /// one begins with saving it.
    pub(super) async fn token(
        &self,
        freshness: Freshness,
        unsaved: &mut Option<Unsaved>,
    ) -> Result<Token, AuthFault> {
        let (id, secret) = self.keys.client(&self.settings.client, freshness).await?;
        for _ in 0..MOST_ROUNDS {
            let held = self.keys.store.hold(&self.settings.refresh_token.secret).await?;
            let used = self.part(&held.value)?;
            if unsaved.as_ref().is_some_and(|own| same(&own.token, &used)) {
                *unsaved = None;
            }
            if let Some(own) = unsaved.as_ref().filter(|own| same(&own.used, &used)) {
                self.save(&held, own).await?;
                continue;
            }
            match self.ask(&id, secret.as_ref(), &used).await {
                Ok(mut granted) => {
                    let new = granted.refresh_token.take().filter(|new| !same(new, &used));
                    let Some(new) = new else { return Ok(granted.token()?) };
                    let own = unsaved.insert(Unsaved { used, token: new });
                    if self.save(&held, own).await? == Replacement::Replaced {
                        *unsaved = None;
                        return Ok(granted.token()?);
                    }
                }
                Err(Fault::Refused(error)) => {
                    if let Some(own) = unsaved
                        && has_code(&error, &["invalid_grant"])
                    {
                        // The vault's token came from a faster run, and is dead: this one is alive.
                        self.save(&held, own).await?;
                    } else if !held.is_locked() && self.has_changed(held, &used, &error).await? {
                        // The next round takes the other run's.
                    } else if let Some(token) = self.left_behind(&used, &error).await? {
                        // The next round saves it, and the one after asks with it.
                        *unsaved = Some(Unsaved { used, token });
                    } else {
                        return Err(error.into());
                    }
                }
                Err(Fault::Other(fault)) => return Err(fault),
            }
        }
        let secret = &self.settings.refresh_token.secret;
        Err(AuthFault::Transient(format!("other runs keep replacing secret `{secret}`"), None))
    }

    async fn ask(
        &self,
        id: &SecretString,
        secret: Option<&SecretString>,
        used: &SecretString,
    ) -> Result<Granted, Fault> {
        let form = vec![plain("grant_type", "refresh_token"), ("refresh_token".to_owned(), used.clone())];
        let request = client_request(self.keys, &self.settings.client, id, secret, form)?;
        let from = self.settings.base_url_from.as_ref();
        Ok(grant::ask(self.keys, self.endpoint, request, from).await?)
    }

    /// Whether the vault comes to hold another token than the one that was refused.
    async fn has_changed(
        &self,
        held: HeldSecret,
        used: &SecretString,
        refusal: &TokenError,
    ) -> Result<bool, AuthFault> {
        drop(held);
        let looks = if has_code(refusal, &OTHER_REFUSALS) { 0 } else { LOOKS.len() };
        let waits = [Duration::ZERO].into_iter().chain(LOOKS.into_iter().take(looks));
        for wait in waits {
            if self.endpoint.wait_budget.left().is_some_and(|left| wait >= left) {
                break;
            }
            self.endpoint.clock.sleep(wait).await;
            let name = &self.settings.refresh_token.secret;
            let found = self.keys.store.read(name, Freshness::Fresh).await?;
            if !same(&self.part(&found)?, used) {
                tracing::info!(
                    secret = name,
                    "another run has replaced the refresh token; continuing with its"
                );
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The token that a run has left in the vault that was killed while it was saving.
    async fn left_behind(
        &self,
        used: &SecretString,
        refusal: &TokenError,
    ) -> Result<Option<SecretString>, AuthFault> {
        if !has_code(refusal, &["invalid_grant"]) {
            return Ok(None);
        }
        let name = &self.settings.refresh_token.secret;
        let Some(found) = self.keys.store.left_behind(name).await? else { return Ok(None) };
        let token = self.part(&found)?;
        let is_other = !same(&token, used);
        if is_other {
            tracing::warn!(
                secret = name,
                "continuing with the refresh token that a killed run has left behind"
            );
        }
        Ok(is_other.then_some(token))
    }

    /// Writes a token into the vault, again and again as long as there is time: it is the only one.
    async fn save(&self, held: &HeldSecret, own: &Unsaved) -> Result<Replacement, AuthFault> {
        let Endpoint { clock, wait_budget, budget, .. } = self.endpoint;
        let field = self.settings.refresh_token.field.as_deref();
        let value = with_part(&held.value, &held.name, field, &own.token)?;
        let began = clock.elapsed();
        let mut wait = FIRST_WAIT;
        loop {
            let source = match self.keys.store.replace(held, &value).await {
                Ok(outcome) => return Ok(outcome),
                Err(error) => error,
            };
            let spent = clock.elapsed().saturating_sub(began);
            if wait >= wait_budget.left().unwrap_or_else(|| budget.saturating_sub(spent)) {
                let url = SafeUrl(&self.settings.client.token_url).to_string();
                let is_transient = source.is_transient();
                let error = Error::new(ErrorKind::Auth, RefreshError::Unsaved { url, source });
                return Err(AuthFault::Fatal(error.transient(is_transient)));
            }
            tracing::warn!(
                secret = held.name,
                wait_ms = wait.as_millis() as u64,
                cause = self.keys.scrubber.told(&source.to_string()),
                "the new refresh token is not saved yet"
            );
            clock.sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    fn part(&self, stored: &SecretString) -> Result<SecretString, SecretError> {
        let reference = &self.settings.refresh_token;
        let token = usable(stored, &reference.secret, reference.field.as_deref())?;
        self.keys.learn(&token);
        Ok(token)
    }
}

/// Why the endpoint gave no token.
enum Fault {
    /// It refuses what it was sent.
    Refused(TokenError),
    Other(AuthFault),
}

impl From<TokenError> for Fault {
    fn from(error: TokenError) -> Self {
        match error {
            refused @ TokenError::Refused { .. } => Self::Refused(refused),
            other => Self::Other(other.into()),
        }
    }
}

impl From<AuthFault> for Fault {
    fn from(fault: AuthFault) -> Self {
        Self::Other(fault)
    }
}

fn has_code(error: &TokenError, codes: &[&str]) -> bool {
    matches!(error, TokenError::Refused { code: Some(code), .. } if codes.contains(&code.as_str()))
}

fn same(a: &SecretString, b: &SecretString) -> bool {
    a.expose_secret() == b.expose_secret()
}
