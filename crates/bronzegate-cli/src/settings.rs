//! The settings: a flag, else a variable of the environment, else `.env` beside the sources, else the default.

use bronzegate_core::doors::LookUp;
use bronzegate_core::error::Result;
use std::path::PathBuf;
use std::sync::Arc;

use crate::arguments::Common;
use crate::{env_file, environment};

/// The settings of a command.
pub(crate) struct Settings {
    pub(crate) sources: String,
    pub(crate) target: String,
    /// The root of tables.
    pub(crate) tables: Option<String>,
    pub(crate) secrets: String,
    pub(crate) environment: String,
    pub(crate) log: String,
    /// Where failures and breaches are sent to; an address that is a secret.
    pub(crate) notify: Option<String>,
    /// The variables of the environment, and after them those of `.env`.
    pub(crate) look_up: LookUp,
    /// The `.env` that was read.
    pub(crate) file: Option<PathBuf>,
}

impl Settings {
    /// Reads what the arguments leave open.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](bronzegate_core::error::ErrorKind::Config) when `.env` is there and cannot be read.
    pub(crate) fn of(common: Common) -> Result<Self> {
        let sources = common.sources.unwrap_or_else(|| "./sources".to_owned());
        let path = env_file::beside(&sources);
        let variables = path.as_deref().map(env_file::read).transpose()?.unwrap_or_default();
        let file = path.filter(|_| !variables.is_empty());
        let look_up: LookUp =
            Arc::new(move |name| environment::look_up(name).or_else(|| variables.get(name).cloned()));
        let set = |given: Option<String>, name: &str, default: &str| {
            let given = given.or_else(|| look_up(name).filter(|value| !value.is_empty()));
            given.unwrap_or_else(|| default.to_owned())
        };
        Ok(Self {
            sources,
            target: set(common.target, "BRONZEGATE_TARGET", "./bronze"),
            tables: common.tables.or_else(|| look_up("BRONZEGATE_TABLES")).filter(|text| !text.is_empty()),
            secrets: set(common.secrets, "BRONZEGATE_SECRETS", "env"),
            environment: set(common.environment, "BRONZEGATE_ENVIRONMENT", "dev"),
            log: match common.verbose {
                0 => set(common.log, "BRONZEGATE_LOG", "warn"),
                1 => "info".to_owned(),
                _ => "debug".to_owned(),
            },
            notify: look_up("BRONZEGATE_NOTIFY").filter(|address| !address.is_empty()),
            look_up,
            file,
        })
    }
}
