//! The deployment settings that name a place: where bronze and the source files are, and which vault
//! holds the secrets. Read here, opened by the crates that have the adapters.

use std::path::PathBuf;

use crate::error::{Error, ErrorKind, Result};

/// A folder: `BRONZEGATE_TARGET` and `BRONZEGATE_SOURCES`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A local folder.
    Folder(PathBuf),
    /// `s3://bucket/prefix`.
    S3(String),
    /// `abfss://container@account.dfs.core.windows.net/…`, or that of OneLake.
    Abfss(String),
}

impl Place {
    /// Reads a setting; `name` is what it is called where it was given.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for a URL of another kind, or an empty text.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        match text.split_once("://") {
            None if text.is_empty() => Err(wrong(name, text, "it is empty")),
            None => Ok(Self::Folder(text.into())),
            Some(("s3", _)) => Ok(Self::S3(text.to_owned())),
            Some(("abfss", _)) => Ok(Self::Abfss(text.to_owned())),
            Some(_) => Err(wrong(name, text, "write a folder, s3://… or abfss://…")),
        }
    }
}

/// A vault: `BRONZEGATE_SECRETS`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Vault {
    /// Environment variables.
    Environment,
    /// A JSON file.
    File(PathBuf),
    /// AWS Secrets Manager; the prefix goes before every name.
    AwsSecretsManager {
        /// For example `bronzegate/prod/`; may be empty.
        prefix: String,
    },
    /// Azure Key Vault, by its URL.
    AzureKeyVault(String),
}

impl Vault {
    /// Reads a setting; `name` is what it is called where it was given.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when it has none of the forms.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        let (form, rest) = text.split_once(':').map_or((text, None), |(form, rest)| (form, Some(rest)));
        match (form, rest) {
            ("env", None) => Ok(Self::Environment),
            ("file", Some(path)) if !path.is_empty() => Ok(Self::File(path.into())),
            ("aws-secretsmanager", prefix) => {
                Ok(Self::AwsSecretsManager { prefix: prefix.unwrap_or_default().to_owned() })
            }
            ("azure-keyvault", Some(url)) if url.starts_with("https://") => {
                Ok(Self::AzureKeyVault(url.to_owned()))
            }
            ("databricks", _) => Err(wrong(name, text, "Databricks scopes are not supported yet")),
            _ => Err(wrong(
                name,
                text,
                "write env, file:<path>, aws-secretsmanager[:prefix] or azure-keyvault:<https url>",
            )),
        }
    }
}

/// The error of a setting that this program cannot open.
pub fn wrong(name: &str, text: &str, why: &str) -> Error {
    Error::new(ErrorKind::Config, format!("{name} `{text}`: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_folder_or_a_url_of_a_known_cloud() {
        for (text, expected) in [
            ("./bronze", Ok(Place::Folder("./bronze".into()))),
            ("s3://b/p", Ok(Place::S3("s3://b/p".to_owned()))),
            ("abfss://c@a/p", Ok(Place::Abfss("abfss://c@a/p".to_owned()))),
            ("", Err("--target ``: it is empty")),
            ("gs://b", Err("--target `gs://b`: write a folder, s3://… or abfss://…")),
        ] {
            let found = Place::parse("--target", text).map_err(|error| error.to_string());
            assert_eq!(found, expected.map_err(str::to_owned), "{text}");
        }
    }

    #[test]
    fn a_vault_has_one_of_the_known_forms() {
        let aws = |prefix: &str| Vault::AwsSecretsManager { prefix: prefix.to_owned() };
        for (text, expected) in [
            ("env", Vault::Environment),
            ("file:/run/secrets.json", Vault::File("/run/secrets.json".into())),
            ("aws-secretsmanager", aws("")),
            ("aws-secretsmanager:bronzegate/prod/", aws("bronzegate/prod/")),
            (
                "azure-keyvault:https://x.vault.azure.net",
                Vault::AzureKeyVault("https://x.vault.azure.net".to_owned()),
            ),
        ] {
            assert_eq!(Vault::parse("--secrets", text).unwrap(), expected);
        }
        for text in [
            "",
            "file:",
            "file",
            "env:x",
            "vault",
            "azure-keyvault:http://x",
            "azure-keyvault",
            "databricks:s",
        ] {
            let error = Vault::parse("--secrets", text).unwrap_err();
            assert!(error.to_string().starts_with(&format!("--secrets `{text}`: ")), "{error}");
        }
    }
}
