//! The environment: the only file of this program that reads a variable.

use std::time::Duration;

use bronzegate_core::error::Result;
use bronzegate_core::settings::{Place, Vault, wrong};

use crate::host;

/// The deployment's settings.
#[derive(Debug)]
pub(crate) struct Settings {
    /// As it was given, for people.
    pub(crate) target_text: String,
    pub(crate) target: Place,
    pub(crate) sources: Place,
    pub(crate) secrets: Vault,
    pub(crate) environment: String,
    /// The most time of an invocation.
    pub(crate) timeout: Duration,
}

/// The setting of `host.json` as the host's own variable overrides it.
const TIMEOUT: &str = "AzureFunctionsJobHost__functionTimeout";

impl Settings {
    /// Reads the variables.
    ///
    /// # Errors
    /// The variable that is missing or wrong.
    pub(crate) fn read() -> Result<Self> {
        const TARGET: &str = "BRONZEGATE_TARGET";
        const SECRETS: &str = "BRONZEGATE_SECRETS";
        let required = |name, form| {
            look_up(name).ok_or_else(|| wrong(name, "", &format!("it is not set; write {form}")))
        };
        let target_text = required(TARGET, "abfss://container@account.dfs.core.windows.net/folder")?;
        let vault = required(SECRETS, "azure-keyvault:https://name.vault.azure.net")?;
        let folder = look_up("BRONZEGATE_SOURCES").unwrap_or_else(|| "./sources".to_owned());
        let timeout = look_up(TIMEOUT).map(|text| host::timeout(TIMEOUT, &text)).transpose()?;
        Ok(Self {
            target: Place::parse(TARGET, &target_text)?,
            sources: Place::parse("BRONZEGATE_SOURCES", &folder)?,
            secrets: Vault::parse(SECRETS, &vault)?,
            environment: look_up("BRONZEGATE_ENVIRONMENT").unwrap_or_else(|| "dev".to_owned()),
            timeout: match timeout {
                Some(timeout) => timeout,
                None => host::timeout_of_file()?,
            },
            target_text,
        })
    }
}

/// What is logged: `BRONZEGATE_LOG`.
pub(crate) fn log_directives() -> String {
    look_up("BRONZEGATE_LOG").unwrap_or_else(|| "info".to_owned())
}

/// The value of a variable; `None` when it is not set, empty, or not UTF-8.
#[expect(clippy::disallowed_methods, reason = "this file is where the environment is read")]
pub(crate) fn look_up(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
