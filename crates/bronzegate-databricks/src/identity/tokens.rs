//! Tokens: kept, renewed before they expire, and missed with a reason.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bronzegate_core::doors::IdentityTokens;
use bronzegate_core::error::{Error, Result};
use bronzegate_core::secret::{Freshness, SecretError, SecretStore, resolve};
use bronzegate_core::service::{Fault, Request, Service};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::FromOthers;
use super::choice::{ClientSecret, Identity, SECRET};
use crate::settings::config;

/// What Entra ID calls Azure Databricks, the same in every tenant.
const AZURE_SCOPE: &str = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default";

/// A token is renewed when it has less than this left, or a tenth of its life where that is shorter.
const MARGIN: Duration = Duration::from_mins(5);
/// How long a token lives whose answer does not say (RFC 6749 leaves that open).
const USUAL_LIFE: u64 = 3600;

/// The tokens of one identity.
pub(crate) struct Tokens {
    source: Source,
    /// Held while a token is asked for: one call for all who wait.
    kept: Mutex<Option<Kept>>,
}

enum Source {
    Pat(SecretString),
    Principal { client_id: String, client_secret: HeldIn },
    Azure(Arc<dyn IdentityTokens>),
}

/// Where the OAuth secret of a service principal is.
enum HeldIn {
    Variable(SecretString),
    Vault(Arc<dyn SecretStore>, String),
}

/// A token of the workspace's own endpoint.
struct Kept {
    token: SecretString,
    /// By the clock's own count: when it is renewed, and when it ends.
    renewed_at: Duration,
    ends_at: Duration,
}

/// Why there is no token. The text names the identity and holds no secret.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{text}")]
pub(crate) struct NoToken {
    text: String,
    /// Whether another try may do better.
    pub(crate) is_transient: bool,
}

/// An answer of `/oidc/v1/token` (RFC 6749, section 5.1).
#[derive(Deserialize)]
struct Given {
    access_token: String,
    expires_in: Option<u64>,
}

/// A refusal of it (RFC 6749, section 5.2).
#[derive(Default, Deserialize)]
struct NotGiven {
    error: Option<String>,
    error_description: Option<String>,
}

impl Tokens {
    /// Those of an identity. Nothing is sent yet.
    pub(crate) fn new(identity: Identity, others: &FromOthers<'_>) -> Result<Self> {
        let source = match identity {
            Identity::Pat(token) => Source::Pat(token),
            Identity::Principal { client_id, client_secret } => {
                let client_secret = match (client_secret, &others.vault) {
                    (ClientSecret::Value(secret), _) => HeldIn::Variable(secret),
                    (ClientSecret::Named(name), Some(vault)) => HeldIn::Vault(Arc::clone(vault), name),
                    (ClientSecret::Named(_), None) => {
                        let instead = "set DATABRICKS_CLIENT_SECRET instead";
                        return Err(config(format!(
                            "{SECRET} is set, but this program has no vault for it: {instead}"
                        )));
                    }
                };
                Source::Principal { client_id, client_secret }
            }
            Identity::Azure(kind) => match others.azure {
                Some(azure) => Source::Azure(azure(kind)),
                None => return Err(config("this program has no identity of Azure".to_owned())),
            },
        };
        Ok(Self { source, kept: Mutex::default() })
    }

    /// A token for requests to the workspace. `refused` is one that the workspace has just answered with 401: it is
    /// not handed out again, unless there is no other.
    pub(crate) async fn token(
        &self,
        service: &Service,
        refused: Option<&SecretString>,
    ) -> Result<SecretString, NoToken> {
        let token = match &self.source {
            Source::Pat(token) => token.clone(),
            Source::Azure(identity) => {
                identity.token(AZURE_SCOPE).await.map_err(|error| NoToken::of(&error))?
            }
            Source::Principal { client_id, client_secret } => {
                self.of_principal(service, client_id, client_secret, refused).await?
            }
        };
        service.learn(&token);
        Ok(token)
    }

    /// Whether another token than a refused one is available.
    pub(crate) fn can_renew(&self) -> bool {
        matches!(self.source, Source::Principal { .. })
    }

    /// What somebody may do about a token that the workspace refuses.
    pub(crate) fn advice(&self) -> &'static str {
        match self.source {
            Source::Pat(_) => "the token of DATABRICKS_TOKEN is revoked, expired, or another workspace's",
            Source::Principal { .. } => {
                "the service principal of DATABRICKS_CLIENT_ID is not in this workspace"
            }
            Source::Azure(_) => {
                "the identity in Azure is not in this workspace: add it there as a service principal"
            }
        }
    }

    async fn of_principal(
        &self,
        service: &Service,
        client_id: &str,
        client_secret: &HeldIn,
        refused: Option<&SecretString>,
    ) -> Result<SecretString, NoToken> {
        let mut kept = self.kept.lock().await;
        let is_refused = |token: &SecretString| {
            refused.is_some_and(|refused| refused.expose_secret() == token.expose_secret())
        };
        let now = service.clock().elapsed();
        if let Some(known) = kept.as_ref().filter(|known| !is_refused(&known.token))
            && now < known.renewed_at
        {
            return Ok(known.token.clone());
        }
        match client_secret.ask(service, client_id).await {
            Ok(given) => {
                let life = Duration::from_secs(given.expires_in.unwrap_or(USUAL_LIFE));
                let renewed_at = now.saturating_add(life.saturating_sub(MARGIN.min(life / 10)));
                let (token, ends_at) = (SecretString::from(given.access_token), now.saturating_add(life));
                *kept = Some(Kept { token: token.clone(), renewed_at, ends_at });
                Ok(token)
            }
            Err(error) => {
                match kept.as_ref().filter(|known| !is_refused(&known.token) && now < known.ends_at) {
                    Some(known) => {
                        tracing::warn!(%error, "a token for Databricks is not renewed yet");
                        Ok(known.token.clone())
                    }
                    None => Err(error),
                }
            }
        }
    }
}

impl HeldIn {
    /// Asks for a token; where the secret of a vault is refused, once more with what the vault holds now.
    async fn ask(&self, service: &Service, client_id: &str) -> Result<Given, NoToken> {
        let secret = self.secret(Freshness::Cached).await?;
        match (ask(service, client_id, &secret).await, self) {
            (Err(refused), Self::Vault(..)) if !refused.is_transient => {
                let newest = self.secret(Freshness::Fresh).await?;
                if newest.expose_secret() == secret.expose_secret() {
                    return Err(refused);
                }
                ask(service, client_id, &newest).await
            }
            (answer, _) => answer,
        }
    }

    async fn secret(&self, freshness: Freshness) -> Result<SecretString, NoToken> {
        match self {
            Self::Variable(secret) => Ok(secret.clone()),
            Self::Vault(vault, name) => {
                let none = |error: SecretError| NoToken {
                    is_transient: error.is_transient(),
                    text: format!(
                        "no token from the service principal of DATABRICKS_CLIENT_ID: {SECRET}: {error}"
                    ),
                };
                resolve(&**vault, name, None, freshness).await.map_err(none)
            }
        }
    }
}

/// `POST /oidc/v1/token`: the client credentials grant of a service principal (Databricks, "OAuth machine-to-machine").
async fn ask(service: &Service, client_id: &str, client_secret: &SecretString) -> Result<Given, NoToken> {
    service.learn(client_secret);
    let form = [("grant_type", "client_credentials"), ("scope", "all-apis")];
    let request = Request::post_form(["oidc", "v1", "token"], &form).basic(client_id, client_secret);
    let name = "the service principal of DATABRICKS_CLIENT_ID";
    let none =
        |why: &str, is_transient| NoToken { text: format!("no token from {name}: {why}"), is_transient };
    let answer = service
        .call(&request)
        .await
        .map_err(|fault: Fault| none(&fault.to_string(), fault.is_transient()))?;
    if answer.status == 200 {
        return answer.json::<Given>().ok_or_else(|| none("the answer has no access_token", true));
    }
    let NotGiven { error, error_description } = answer.json().unwrap_or_default();
    let words: Vec<String> = [error, error_description].into_iter().flatten().collect();
    let said = service.told(&words.join(": "));
    let why = format!(
        "HTTP {}{}{said}; its secret is wrong or expired, or DATABRICKS_HOST is another workspace's",
        answer.status,
        if said.is_empty() { "" } else { ": " },
    );
    Err(none(&why, false))
}

impl NoToken {
    fn of(error: &Error) -> Self {
        Self { text: error.to_string(), is_transient: error.is_transient() }
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.source {
            Source::Pat(_) => "pat",
            Source::Principal { .. } => "oauth-m2m",
            Source::Azure(_) => "azure",
        };
        f.debug_tuple("Tokens").field(&name).finish()
    }
}
