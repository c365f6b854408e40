//! The environment: the only file of this program that reads a variable.

use bronzegate_core::doors::{Place, Vault, wrong};
use bronzegate_core::error::Result;

/// The deployment's settings.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) target: Place,
    pub(crate) sources: Place,
    pub(crate) secrets: Vault,
    pub(crate) environment: String,
    /// The KMS key that objects are encrypted with; without one, as the bucket says.
    pub(crate) kms_key: Option<String>,
}

impl Settings {
    /// Reads the variables.
    ///
    /// # Errors
    /// The variable that is missing or wrong.
    pub(crate) fn read() -> Result<Self> {
        const TARGET: &str = "BRONZEGATE_TARGET";
        let target =
            look_up(TARGET).ok_or_else(|| wrong(TARGET, "", "it is not set; write s3://bucket/prefix"))?;
        let or = |name: &'static str, usual: &str| (name, look_up(name).unwrap_or_else(|| usual.to_owned()));
        let (sources, folder) = or("BRONZEGATE_SOURCES", "./sources");
        let (secrets, vault) = or("BRONZEGATE_SECRETS", "aws-secretsmanager");
        Ok(Self {
            target: Place::parse(TARGET, &target)?,
            sources: Place::parse(sources, &folder)?,
            secrets: Vault::parse(secrets, &vault)?,
            environment: or("BRONZEGATE_ENVIRONMENT", "dev").1,
            kms_key: look_up("BRONZEGATE_KMS_KEY"),
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
