//! The environment: the only file of this program that reads a variable.

use std::num::NonZeroU32;
use std::time::Duration;

use bronzegate_core::config::parse_duration;
use bronzegate_core::doors::{Setting, Watch};
use bronzegate_core::error::Result;

use crate::host;

/// The settings of this program alone; those of any deployment are the core's.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The most time of an invocation.
    pub(crate) timeout: Duration,
    /// How many instances there are at most.
    pub(crate) max_instances: NonZeroU32,
    /// What the watch goes by.
    pub(crate) watch: Watch,
}

/// The setting of `host.json` as the host's own variable overrides it.
const TIMEOUT: &str = "AzureFunctionsJobHost__functionTimeout";

/// As many as a Flex Consumption app may have where nobody says less.
const MAX_INSTANCES: NonZeroU32 = NonZeroU32::new(40).expect("40 is not zero");

impl Settings {
    /// Reads the variables.
    ///
    /// # Errors
    /// The variable that is wrong.
    pub(crate) fn read() -> Result<Self> {
        const INSTANCES: &str = "BRONZEGATE_MAX_INSTANCES";
        let set = |name| look_up(name).map(|text| Setting::new(name, text));
        let max_instances = set(INSTANCES).map(|setting| {
            let wrong = |_| setting.wrong("write the most instances of the app, such as 40");
            setting.text.parse().map_err(wrong)
        });
        let watch = set("BRONZEGATE_WATCH_GRACE").map(|setting| match parse_duration(&setting.text) {
            Ok(grace) => Ok(Watch { grace }),
            Err(form) => Err(setting.wrong(form)),
        });
        Ok(Self {
            timeout: match set(TIMEOUT) {
                Some(setting) => host::timeout(&setting)?,
                None => host::timeout_of_file()?,
            },
            max_instances: max_instances.transpose()?.unwrap_or(MAX_INSTANCES),
            watch: watch.transpose()?.unwrap_or_default(),
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
