//! The vault with the credentials of a request in front of it, which are not stored yet.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use bronzegate_core::secret::{Freshness, SecretError, SecretStore};
use bronzegate_scaffold::Lifted;
use secrecy::SecretString;

/// Reads lifted credentials from memory, and all others from the vault.
#[derive(Debug)]
pub(super) struct LiftedSecrets {
    values: HashMap<String, SecretString>,
    vault: Arc<dyn SecretStore>,
}

impl LiftedSecrets {
    pub(super) fn new(lifted: &[Lifted], vault: Arc<dyn SecretStore>) -> Self {
        let values = lifted.iter().filter_map(|lifted| Some((lifted.secret.clone(), lifted.value.clone()?)));
        Self { values: values.collect(), vault }
    }
}

#[async_trait]
impl SecretStore for LiftedSecrets {
    async fn read(&self, name: &str, freshness: Freshness) -> Result<SecretString, SecretError> {
        match self.values.get(name) {
            Some(value) => Ok(value.clone()),
            None => self.vault.read(name, freshness).await,
        }
    }
}

/// The command that stores a secret in a vault, without its value: a shell would remember it.
pub(super) fn command(vault: &str, secret: &str) -> String {
    let variable = format!(
        "BRONZEGATE_SECRET_{}",
        secret.to_uppercase().replace(|letter: char| !letter.is_ascii_alphanumeric(), "_")
    );
    match vault.split_once(':') {
        Some(("file", path)) => format!("add \"{secret}\": \"…\" to the JSON object in {path}"),
        Some(("aws-secretsmanager", prefix)) => {
            format!(
                "aws secretsmanager create-secret --name '{prefix}{secret}' --secret-string file:///dev/stdin"
            )
        }
        None if vault == "aws-secretsmanager" => {
            format!("aws secretsmanager create-secret --name '{secret}' --secret-string file:///dev/stdin")
        }
        Some(("azure-keyvault", url)) => {
            let name = url.trim_start_matches("https://").split('.').next().unwrap_or_default();
            format!(
                "az keyvault secret set --vault-name '{name}' --name '{secret}' --file /dev/stdin --encoding utf-8"
            )
        }
        _ => format!("read -rs {variable} && export {variable}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_vault_has_its_command_and_none_repeats_a_value() {
        for (vault, expected) in [
            ("env", "read -rs BRONZEGATE_SECRET_ACME_TOKEN && export BRONZEGATE_SECRET_ACME_TOKEN"),
            ("file:s.json", "add \"acme-token\": \"…\" to the JSON object in s.json"),
            (
                "aws-secretsmanager:p/",
                "aws secretsmanager create-secret --name 'p/acme-token' --secret-string file:///dev/stdin",
            ),
            (
                "azure-keyvault:https://v.vault.azure.net",
                "az keyvault secret set --vault-name 'v' --name 'acme-token' --file /dev/stdin --encoding utf-8",
            ),
        ] {
            assert_eq!(command(vault, "acme-token"), expected);
        }
    }
}
