//! The environment: the only file of this program that reads a variable.

use std::num::NonZeroU32;
use std::time::Duration;

use bronzegate_core::doors::{Place, Vault, wrong};
use bronzegate_core::error::Result;

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
    /// How many instances there are at most.
    pub(crate) max_instances: NonZeroU32,
}

/// The setting of `host.json` as the host's own variable overrides it.
const TIMEOUT: &str = "AzureFunctionsJobHost__functionTimeout";

/// As many as a Flex Consumption app may have where nobody says less.
const MAX_INSTANCES: NonZeroU32 = NonZeroU32::new(40).expect("40 is not zero");

impl Settings {
    /// Reads the variables.
    ///
    /// # Errors
    /// The variable that is missing or wrong.
    pub(crate) fn read() -> Result<Self> {
        const TARGET: &str = "BRONZEGATE_TARGET";
        const SECRETS: &str = "BRONZEGATE_SECRETS";
        const INSTANCES: &str = "BRONZEGATE_MAX_INSTANCES";
        let required = |name, form| {
            look_up(name).ok_or_else(|| wrong(name, "", &format!("it is not set; write {form}")))
        };
        let target_text = required(TARGET, "abfss://container@account.dfs.core.windows.net/folder")?;
        let vault = required(SECRETS, "azure-keyvault:https://name.vault.azure.net")?;
        let folder = look_up("BRONZEGATE_SOURCES").unwrap_or_else(|| "./sources".to_owned());
        let max_instances = look_up(INSTANCES).map(|text| {
            text.parse()
                .map_err(|_| wrong(INSTANCES, &text, "write the most instances of the app, such as 40"))
        });
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
            max_instances: max_instances.transpose()?.unwrap_or(MAX_INSTANCES),
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
