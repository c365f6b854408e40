//! The setting `BRONZEGATE_SECRETS`: which vault it names.

use std::sync::Arc;

use bronzegate_core::error::{Error, ErrorKind};
use bronzegate_core::secret::{EnvSecrets, FileSecrets, SecretStore};

use crate::environment;

/// The forms of vaults that only the builds with a cloud's own library can read.
const CLOUD: [&str; 3] = ["aws-secretsmanager", "azure-keyvault", "databricks"];

/// The store that the setting names; nothing is read from it yet.
///
/// # Errors
/// [`ErrorKind::Config`] when the setting has none of the accepted forms.
pub(crate) fn open(setting: &str) -> Result<Arc<dyn SecretStore>, Error> {
    let (form, rest) = setting.split_once(':').map_or((setting, None), |(form, rest)| (form, Some(rest)));
    match (form, rest) {
        ("env", None) => Ok(Arc::new(EnvSecrets::new(environment::look_up))),
        ("file", Some(path)) if !path.is_empty() => {
            let store = FileSecrets::new(path);
            if let Some(warning) = store.exposure() {
                tracing::warn!("{warning}");
            }
            Ok(Arc::new(store))
        }
        (cloud, _) if CLOUD.contains(&cloud) => {
            Err(refused(setting, "this build does not support it yet; it reads env and file:<path>"))
        }
        _ => Err(refused(setting, "write env or file:<path>")),
    }
}

fn refused(setting: &str, why: &str) -> Error {
    Error::new(ErrorKind::Config, format!("--secrets `{setting}`: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_setting_names_one_of_the_known_stores() {
        for (setting, expected) in [
            ("env", "EnvSecrets"),
            ("file:/run/secrets.json", "FileSecrets(/run/secrets.json)"),
            ("file:", "--secrets `file:`: write env or file:<path>"),
            ("env:x", "--secrets `env:x`: write env or file:<path>"),
            ("vault", "--secrets `vault`: write env or file:<path>"),
            (
                "aws-secretsmanager",
                "--secrets `aws-secretsmanager`: this build does not support it yet; it reads env and file:<path>",
            ),
            (
                "azure-keyvault:https://x.vault.azure.net",
                "--secrets `azure-keyvault:https://x.vault.azure.net`: this build does not support it yet; it reads env and file:<path>",
            ),
            (
                "databricks:scope",
                "--secrets `databricks:scope`: this build does not support it yet; it reads env and file:<path>",
            ),
        ] {
            let found = match open(setting) {
                Ok(store) => format!("{store:?}"),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Config);
                    error.to_string()
                }
            };
            assert_eq!(found, expected);
        }
    }
}
