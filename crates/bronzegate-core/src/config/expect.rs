//! `expect`: what a healthy run brings. A breach is a warning, never a failure.
//!
//! ```yaml
//! expect: { min_records: 100 }
//! ```

use schemars::JsonSchema;
use serde::Deserialize;

use super::read::Slot;

/// What a healthy run of a stream brings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expect {
    /// The least number of records of one run.
    pub min_records: Option<u64>,
}

/// What a healthy run brings; a breach is a warning in the report, the run still commits.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Expect")]
pub(super) struct ExpectSpec {
    /// The least number of records of one run.
    min_records: Option<Slot<u64>>,
}

impl ExpectSpec {
    pub(super) fn resolve(&self) -> Expect {
        Expect { min_records: self.min_records.as_ref().and_then(Slot::cloned) }
    }
}
