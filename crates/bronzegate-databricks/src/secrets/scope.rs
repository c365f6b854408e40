//! The scope itself.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bronzegate_core::secret::{EnvSecrets, Freshness, HeldSecret, SecretError, SecretStore};
use bronzegate_core::service::Request;
use secrecy::SecretString;
use serde::Deserialize;

use super::names::check_key;
use crate::workspace::{CallError, Workspace};

/// Secrets of a scope of Databricks (`GET /api/2.0/secrets/get`).
///
/// Databricks documents that a workspace may give secrets to its own notebooks and jobs alone; then it answers 400 or
/// 403. The error says what works there: a job that gets the secret in an environment variable.
///
/// A scope has no versions and no conditional write, so a new refresh token cannot be saved in it without a race: it is
/// read only.
#[derive(Debug)]
pub struct SecretScope {
    workspace: Arc<Workspace>,
    scope: String,
}

/// A good answer. The value is base64.
#[derive(Deserialize)]
struct Got {
    value: Option<String>,
}

impl SecretScope {
    pub(crate) fn new(workspace: Arc<Workspace>, scope: &str) -> Self {
        Self { workspace, scope: scope.to_owned() }
    }

    fn place(&self) -> String {
        format!("the scope `{}` of {}", self.scope, self.workspace.host())
    }

    /// What works where the API gives nothing.
    fn way_out(&self, name: &str) -> String {
        let variable = EnvSecrets::variable(name);
        let reference = format!("{{{{secrets/{}/{name}}}}}", self.scope);
        format!(
            "in a job of Databricks, set its environment variable {variable}={reference} and BRONZEGATE_SECRETS=env"
        )
    }

    fn refused(&self, name: &str, error: CallError) -> SecretError {
        let (place, is_transient) = (self.place(), error.is_transient());
        let owned = name.to_owned();
        let CallError::Refused(refusal) = error else {
            let reason = format!("{place}: {error}");
            return if is_transient {
                SecretError::Unavailable { name: owned, reason }
            } else {
                SecretError::Unreadable { name: owned, reason }
            };
        };
        let (scope, out) = (&self.scope, self.way_out(name));
        match refusal.status {
            404 => {
                let add = format!("add it with `databricks secrets put-secret {scope} {name}`, or, {out}");
                SecretError::Missing { name: owned, place: format!("{place}: {}", refusal.advising(|| add)) }
            }
            401 | 403 => {
                let grant =
                    format!("the identity needs READ on the scope (`databricks secrets put-acl`); or, {out}");
                SecretError::Denied {
                    name: owned,
                    reason: format!("{place}: {}", refusal.advising(|| grant)),
                }
            }
            400 => {
                let own = format!("the workspace may give secrets to its own jobs alone; then, {out}");
                let reason = format!("{place}: {}", refusal.advising(|| own));
                SecretError::Unreadable { name: owned, reason }
            }
            _ => SecretError::Unreadable { name: owned, reason: format!("{place}: {refusal}") },
        }
    }
}

#[async_trait]
impl SecretStore for SecretScope {
    async fn read(&self, name: &str, _: Freshness) -> Result<SecretString, SecretError> {
        check_key(name)?;
        let request = Request::get(["api", "2.0", "secrets", "get"]);
        let request = request.query("scope", self.scope.as_str()).query("key", name);
        let answer = self.workspace.call(request).await.map_err(|error| self.refused(name, error))?;
        let owned = name.to_owned();
        let unreadable = |why: &str| SecretError::Unreadable {
            name: name.to_owned(),
            reason: format!("{}: {why}", self.place()),
        };
        let Got { value } = answer.json().ok_or_else(|| unreadable("its answer is not a secret"))?;
        let value = value.ok_or_else(|| SecretError::Empty(owned.clone()))?;
        let bytes =
            STANDARD.decode(value.trim()).map_err(|_| unreadable("the value of its answer is not base64"))?;
        let text = String::from_utf8(bytes);
        let secret = text
            .map(SecretString::from)
            .map_err(|_| SecretError::Binary { name: owned, place: self.place() })?;
        self.workspace.service().learn(&secret);
        Ok(secret)
    }

    async fn hold(&self, name: &str) -> Result<HeldSecret, SecretError> {
        let why = "a scope has no versions, so a new value could be lost to another run; keep such a secret in Key Vault or Secrets Manager";
        Err(SecretError::ReadOnly { name: name.to_owned(), vault: format!("{}: {why}", self.place()) })
    }
}
