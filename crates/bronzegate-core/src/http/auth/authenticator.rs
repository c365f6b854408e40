//! The credential that is in use, and a new one when it is needed.

use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::task::JoinSet;

use super::credential::{Credential, bearer};
use super::endpoint::Endpoint;
use super::fault::{AuthFault, fatal};
use super::grant;
use super::keys::Keys;
use super::login;
use super::oauth1::OAuth1Keys;
use super::refresh::{Refresh, Unsaved};
use super::signature::Signature;
use super::token::Token;
use crate::clock::Clock;
use crate::config::{Auth, HeaderKey, KeyPlace, OAuth1, RequestSecret, SecretRef, TextOrSecret};
use crate::redact::Scrubber;
use crate::secret::{Freshness, SecretStore};
use crate::signer::RequestSigner;

/// Reads and renews one credential, for all streams that authenticate in the same way.
#[derive(Debug)]
pub(crate) struct Authenticator {
    auth: Auth,
    /// The secrets that stand in requests beside it.
    beside: Vec<RequestSecret>,
    keys: Keys,
    /// The platform's identity, where the program has one.
    signer: Option<Arc<dyn RequestSigner>>,
    clock: Arc<dyn Clock>,
    current: Arc<Mutex<Current>>,
}

#[derive(Debug, Default)]
struct Current {
    credential: Option<Arc<Credential>>,
    unsaved: Option<Unsaved>,
}

/// Why nothing is signed.
const NO_IDENTITY: &str =
    "`aws_sigv4` signs with the identity that this program has at AWS, and it was built without AWS";

/// What requests are signed with.
async fn oauth1_keys(keys: &Keys, settings: &OAuth1, freshness: Freshness) -> Result<OAuth1Keys, AuthFault> {
    Ok(OAuth1Keys {
        consumer_key: keys.text(&settings.consumer_key, freshness).await?,
        consumer_secret: keys.secret(&settings.consumer_secret, freshness).await?,
        token: match &settings.token {
            Some((token, key)) => {
                Some((keys.text(token, freshness).await?, keys.secret(key, freshness).await?))
            }
            None => None,
        },
        method: settings.signature_method,
        realm: settings.realm.clone(),
    })
}

impl Authenticator {
    /// Makes an authenticator; nothing is read yet.
    pub(crate) fn new(
        auth: Auth,
        beside: Vec<RequestSecret>,
        secrets: Arc<dyn SecretStore>,
        scrubber: Arc<Scrubber>,
        signer: Option<Arc<dyn RequestSigner>>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let keys = Keys { store: secrets, scrubber };
        Self { auth, beside, keys, signer, clock, current: Arc::default() }
    }

    /// How it authenticates.
    pub(crate) fn auth(&self) -> &Auth {
        &self.auth
    }

    /// What knows the secrets that it has used.
    pub(crate) fn scrubber(&self) -> &Scrubber {
        &self.keys.scrubber
    }

    /// The query parameter that carries the credential, if one does.
    pub(crate) fn query_parameter(&self) -> Option<&str> {
        self.auth.query_parameter()
    }

    /// Whether a request carries anything that could be renewed.
    pub(crate) fn is_renewable(&self) -> bool {
        !matches!(self.auth, Auth::None) || !self.beside.is_empty()
    }

    /// Whether an endpoint gives a token, or a login does.
    fn has_token(&self) -> bool {
        matches!(
            self.auth,
            Auth::OAuth2ClientCredentials(_)
                | Auth::OAuth2RefreshToken(_)
                | Auth::JwtBearer(_)
                | Auth::Login(_)
        )
    }

    /// Waits until no credential is being made any more. A refresh token that the endpoint has replaced
    /// is lost if the process ends before the vault has the new one.
    pub(crate) async fn settled(&self) {
        drop(self.current.lock().await);
    }

    /// A certificate of the file, or of the vault.
    pub(in crate::http) async fn certificate(
        &self,
        value: &TextOrSecret,
        freshness: Freshness,
    ) -> Result<SecretString, AuthFault> {
        Ok(self.keys.certificate(value, freshness).await?)
    }

    /// A secret.
    pub(in crate::http) async fn secret(
        &self,
        reference: &SecretRef,
        freshness: Freshness,
    ) -> Result<SecretString, AuthFault> {
        Ok(self.keys.secret(reference, freshness).await?)
    }

    /// The credential, from memory while it is good.
    pub(in crate::http) async fn credential(
        self: &Arc<Self>,
        endpoint: Endpoint,
    ) -> Result<Arc<Credential>, AuthFault> {
        let current = self.current.clone().lock_owned().await;
        if let Some(credential) = &current.credential
            && credential.expires.is_none_or(|expires| self.clock.elapsed() < expires)
        {
            return Ok(credential.clone());
        }
        self.new_credential(current, Freshness::Cached, endpoint).await
    }

    /// Begins to read the secrets of a credential that is made of nothing else, so that they are there when the first
    /// request needs them; tokens are fetched by requests alone. What fails here is read again then, and reported. The
    /// reading ends with what is returned.
    pub(crate) fn read_ahead(self: &Arc<Self>) -> JoinSet<()> {
        let mut reading = JoinSet::new();
        let Ok(mut current) = self.current.clone().try_lock_owned() else { return reading };
        if self.has_token() || !self.is_renewable() || current.credential.is_some() {
            return reading;
        }
        let own = Arc::clone(self);
        reading.spawn(async move {
            if let Ok(made) = own.of_secrets(Freshness::Cached).await {
                current.credential = Some(Arc::new(made));
            }
        });
        reading
    }

    /// A new credential in place of one the API has refused; the secret is read again. Where
    /// another request has renewed it already, that one is taken.
    pub(in crate::http) async fn renew(
        self: &Arc<Self>,
        refused: &Arc<Credential>,
        endpoint: Endpoint,
    ) -> Result<Arc<Credential>, AuthFault> {
        let mut current = self.current.clone().lock_owned().await;
        if let Some(credential) = &current.credential
            && !Arc::ptr_eq(credential, refused)
        {
            return Ok(credential.clone());
        }
        current.credential = None;
        self.new_credential(current, Freshness::Fresh, endpoint).await
    }

    /// Makes a credential in a task of its own: a request may be dropped at any moment, as when its page
    /// was fetched ahead in vain or time is up, and a refresh token must not be dropped with it.
    async fn new_credential(
        self: &Arc<Self>,
        mut current: OwnedMutexGuard<Current>,
        freshness: Freshness,
        endpoint: Endpoint,
    ) -> Result<Arc<Credential>, AuthFault> {
        let own = Arc::clone(self);
        let making = tokio::spawn(async move {
            let made = own.make(freshness, &endpoint, &mut current.unsaved).await;
            Ok(current.credential.insert(Arc::new(made?)).clone())
        });
        making.await.unwrap_or_else(|panic| Err(fatal(format!("the authenticating task ended: {panic}"))))
    }

    async fn make(
        &self,
        freshness: Freshness,
        endpoint: &Endpoint,
        unsaved: &mut Option<Unsaved>,
    ) -> Result<Credential, AuthFault> {
        let keys = &self.keys;
        let mut credential = self.of_secrets(freshness).await?;
        let token = match &self.auth {
            Auth::OAuth2ClientCredentials(settings) => {
                grant::by_client(keys, settings, freshness, endpoint).await?
            }
            Auth::OAuth2RefreshToken(settings) => {
                Refresh { keys, settings, endpoint }.token(freshness, unsaved).await?
            }
            Auth::JwtBearer(settings) => grant::by_assertion(keys, settings, freshness, endpoint).await?,
            Auth::Login(settings) => login::token(keys, settings, freshness, endpoint).await?,
            _ => return Ok(credential),
        };
        self.put_token(&mut credential, token)?;
        Ok(credential)
    }

    /// What of a credential is made of secrets alone: all of it, unless it has a token that an endpoint gives.
    async fn of_secrets(&self, freshness: Freshness) -> Result<Credential, AuthFault> {
        let keys = &self.keys;
        let mut credential = Credential::default();
        for secret in &self.beside {
            credential.names(secret, keys.secret(&secret.reference, freshness).await?)?;
        }
        match &self.auth {
            Auth::Bearer { token } => {
                let token = keys.secret(token, freshness).await?;
                credential.authorize(bearer(&token)?);
                credential.holds(&token);
            }
            Auth::Basic { username: name, password } => {
                let username = keys.text(name, freshness).await?;
                // A key may be the user's name.
                if matches!(name, TextOrSecret::Secret(_)) {
                    credential.holds(&username);
                }
                let password = match password {
                    Some(password) => keys.secret(password, freshness).await?,
                    None => String::new().into(),
                };
                credential.authorize(keys.basic(username.expose_secret(), password.expose_secret())?);
                credential.holds(&password);
            }
            Auth::ApiKey { place, value, prefix } => {
                let value = keys.secret(value, freshness).await?;
                credential.put(place, prefix.as_deref(), &value)?;
                credential.holds(&value);
            }
            Auth::Headers { headers } => {
                for HeaderKey { name, value, prefix } in headers {
                    let text = keys.text(value, freshness).await?;
                    let prefix = prefix.as_deref().unwrap_or_default();
                    credential.header(name, &format!("{prefix}{}", text.expose_secret()))?;
                    if matches!(value, TextOrSecret::Secret(_)) {
                        credential.holds(&text);
                    }
                }
            }
            Auth::OAuth1(_) | Auth::AwsSigV4(_) => {
                credential.signature = Some(self.signature(freshness).await?);
            }
            Auth::None
            | Auth::OAuth2ClientCredentials(_)
            | Auth::OAuth2RefreshToken(_)
            | Auth::JwtBearer(_)
            | Auth::Login(_) => {}
        }
        Ok(credential)
    }

    /// What signs each request.
    async fn signature(&self, freshness: Freshness) -> Result<Signature, AuthFault> {
        match &self.auth {
            Auth::OAuth1(settings) => {
                Ok(Signature::OAuth1(Arc::new(oauth1_keys(&self.keys, settings, freshness).await?)))
            }
            Auth::AwsSigV4(settings) => {
                let signer = self.signer.clone().ok_or_else(|| fatal(NO_IDENTITY))?;
                Ok(Signature::Platform(signer, settings.clone()))
            }
            _ => Err(fatal("this kind of authentication signs nothing")),
        }
    }

    fn put_token(&self, credential: &mut Credential, token: Token) -> Result<(), AuthFault> {
        let bearer = KeyPlace::Header("authorization".to_owned());
        let (place, prefix) = match &self.auth {
            Auth::Login(settings) => (&settings.place, settings.prefix.as_deref()),
            _ => (&bearer, Some("Bearer ")),
        };
        if let Some(cookies) = token.cookies {
            cookies.values().iter().for_each(|value| credential.holds(value));
            credential.cookies = Some(cookies);
        } else {
            credential.put(place, prefix, &token.value)?;
            credential.holds(&token.value);
        }
        credential.expires = token.lifetime.map(|lifetime| self.clock.elapsed().saturating_add(lifetime));
        credential.base = token.base;
        Ok(())
    }
}
