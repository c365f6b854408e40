//! The vault itself.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use azure_core::credentials::TokenCredential;
use azure_core::http::ClientOptions;
use azure_security_keyvault_secrets::models::{Secret, SetSecretParameters};
use azure_security_keyvault_secrets::{SecretClient, SecretClientOptions};
use bronzegate_core::error::{Error, ErrorKind};
use bronzegate_core::secret::{Freshness, HeldSecret, Replacement, SecretError, SecretStore};
use secrecy::{ExposeSecret as _, SecretString};
use url::{Host, Url};

use super::names::check_name;
use crate::clients::{Refusal, ServiceError, chain};

/// Secrets in an Azure Key Vault: the newest version of each.
///
/// Throttling (429) is obeyed by the SDK, which waits as long as `Retry-After` says and tries again.
/// A secret past its expiry date is handed out with a warning: Key Vault does so too, and calls the
/// date informational.
///
/// A hold is no lock, and Key Vault has no conditional write: whoever writes last is the newest version.
/// So a replacement looks at the newest version before and after it writes, and reports a conflict if
/// either is somebody else's. What is left is a rival who looks before this one writes. If the rival
/// writes before this one looks again, a round trip later, one of the two learns of the conflict. If it
/// writes still later, both are told `Replaced`, and the rival's value stays. For refresh tokens that
/// takes an endpoint that accepts one token twice, and so has given both values out.
pub struct KeyVault {
    client: SecretClient,
    url: Url,
}

impl KeyVault {
    /// Opens a vault such as `https://acme.vault.azure.net`. Nothing is sent yet.
    ///
    /// That the vault's challenge names a resource of the vault's own domain is checked, so that a token
    /// for a vault never goes elsewhere; only for a loopback address, where emulators are, it is not.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when it is not an https URL of a host alone.
    pub fn open(
        url: &str,
        credential: Arc<dyn TokenCredential>,
        client_options: ClientOptions,
    ) -> Result<Self, Error> {
        let refused = |why: &str| {
            Error::new(ErrorKind::Config, format!("`{url}` is not the address of a key vault: {why}"))
        };
        let parsed = Url::parse(url).map_err(|error| refused(&error.to_string()))?;
        let bare = parsed.path() == "/" && parsed.query().is_none() && parsed.fragment().is_none();
        if parsed.scheme() != "https" || !bare || !parsed.username().is_empty() || parsed.password().is_some()
        {
            return Err(refused("it must have the form https://<vault>.vault.azure.net"));
        }
        let verify_challenge_resource = Some(!is_loopback(&parsed));
        let options = SecretClientOptions {
            client_options,
            verify_challenge_resource,
            ..SecretClientOptions::default()
        };
        let client = SecretClient::new(parsed.as_str(), credential, Some(options));
        let client = client.map_err(|error| refused(&chain(&error)))?;
        Ok(Self { client, url: parsed })
    }

    async fn newest(&self, name: &str) -> Result<Secret, SecretError> {
        check_name(name)?;
        let unreadable = |error: azure_core::Error| self.refused(name, error.into());
        let response = self.client.get_secret(name, None).await.map_err(unreadable)?;
        response.into_model().map_err(|_| SecretError::Unreadable {
            name: name.to_owned(),
            // The parser's own words could show a piece of the value.
            reason: format!("the key vault {}: its answer is not a secret", self.url),
        })
    }

    /// Makes a new version that keeps the tags and the type of content of the one before, not its dates:
    /// they were the old value's.
    async fn write(&self, name: &str, before: Secret, value: &SecretString) -> Result<String, SecretError> {
        let unwritable = |reason: String| SecretError::Unwritable {
            name: name.to_owned(),
            reason: format!("the key vault {}: {reason}", self.url),
        };
        let refused = |error: azure_core::Error| match ServiceError::from(error) {
            passing if passing.is_transient() => self.refused(name, passing),
            lasting => unwritable(lasting.advising(advice_on_writing).to_string()),
        };
        let parameters = SetSecretParameters {
            value: Some(value.expose_secret().to_owned()),
            content_type: before.content_type,
            tags: before.tags,
            ..SetSecretParameters::default()
        };
        // Not shown: it might quote what it cannot write.
        let content =
            parameters.try_into().map_err(|_| unwritable("the value makes no request".to_owned()))?;
        let response = self.client.set_secret(name, content, None).await.map_err(refused)?;
        let made: Secret =
            response.into_model().map_err(|_| unwritable("its answer is not a secret".to_owned()))?;
        Ok(version(&made))
    }

    fn refused(&self, name: &str, error: ServiceError) -> SecretError {
        let error = error.advising(advice);
        let (name, reason) = (name.to_owned(), format!("the key vault {}: {error}", self.url));
        match error.refusal() {
            Some(refusal) if refusal.status == 404 => SecretError::Missing {
                name,
                place: format!("the key vault {} has none of this name", self.url),
            },
            // A disabled secret is refused with 403 too, and not for want of a permission.
            Some(refusal) if refusal.status == 403 && !refusal.has_code(&[DISABLED]) => {
                SecretError::Denied { name, reason }
            }
            _ if error.is_transient() => SecretError::Unavailable { name, reason },
            _ => SecretError::Unreadable { name, reason },
        }
    }
}

impl fmt::Debug for KeyVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyVault").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

#[async_trait]
impl SecretStore for KeyVault {
    async fn read(&self, name: &str, _: Freshness) -> Result<SecretString, SecretError> {
        let secret = self.newest(name).await?;
        if let Some(expired) = secret.attributes.and_then(|attributes| attributes.expires)
            && expired <= azure_core::time::OffsetDateTime::now_utc()
        {
            tracing::warn!(secret = name, %expired, "the key vault says that this secret has expired");
        }
        secret.value.map(Into::into).ok_or_else(|| SecretError::Empty(name.to_owned()))
    }

    async fn hold(&self, name: &str) -> Result<HeldSecret, SecretError> {
        let mut secret = self.newest(name).await?;
        let value = secret.value.take().ok_or_else(|| SecretError::Empty(name.to_owned()))?;
        Ok(HeldSecret::open(name, value.into(), version(&secret)))
    }

    async fn replace(&self, held: &HeldSecret, value: &SecretString) -> Result<Replacement, SecretError> {
        let before = self.newest(&held.name).await?;
        if version(&before) != held.version {
            return Ok(Replacement::Conflict);
        }
        let made = self.write(&held.name, before, value).await?;
        let after = self.newest(&held.name).await?;
        Ok(if version(&after) == made { Replacement::Replaced } else { Replacement::Conflict })
    }
}

/// The last part of a secret's id: `https://acme.vault.azure.net/secrets/<name>/<version>`.
fn version(secret: &Secret) -> String {
    let id = secret.id.as_deref().unwrap_or_default();
    id.rsplit('/').next().unwrap_or_default().to_owned()
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// The code of a secret that is disabled.
const DISABLED: &str = "SecretDisabled";

/// What somebody may do about a refusal.
fn advice(refusal: &Refusal) -> Option<&'static str> {
    if refusal.has_code(&[DISABLED]) {
        return Some("the secret is disabled: enable it, or add a new version");
    }
    if refusal.has_code(&["ForbiddenByFirewall", "ForbiddenByConnection"]) {
        return Some("the vault's network rules do not let this address in");
    }
    match refusal.status {
        401 => Some("the identity is of another tenant than the vault, or its token is not accepted"),
        403 => Some("the identity needs the role Key Vault Secrets User on the vault or the secret"),
        429 => Some("the vault is throttled: too many reads in a short time"),
        _ => None,
    }
}

/// The same where a new version was refused.
fn advice_on_writing(refusal: &Refusal) -> Option<&'static str> {
    match refusal.status {
        403 => Some(
            "the identity needs the role Key Vault Secrets Officer on the secret, to save a new refresh token",
        ),
        _ => advice(refusal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vault_is_held_to_its_domain_but_on_loopback() {
        for (url, loopback) in [
            ("https://127.0.0.1:8443", true),
            ("https://[::1]:8443", true),
            ("https://localhost", true),
            ("https://acme.vault.azure.net", false),
            ("https://127.0.0.1.example", false),
            ("https://localhost.example", false),
            ("https://10.0.0.1", false),
        ] {
            assert_eq!(is_loopback(&url.parse().unwrap()), loopback, "{url}");
        }
    }
}
