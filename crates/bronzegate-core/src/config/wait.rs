//! `wait`: where an answer says how long to wait.
//!
//! ```yaml
//! rate_limit: { wait: { body: backoff, unit: seconds } }                                                 # on good pages
//! responses: [{ when: { at: { body: backoff }, exists: true }, then: retry, wait: { body: backoff, unit: seconds } }]
//! ```

use schemars::JsonSchema;
use serde::Deserialize;

use super::address::Address;
use super::problem::{Draft, Report};
use super::rate_limit::ResetUnit;
use super::read::{Joined, Slot};

/// Where an answer says how long to wait, and how it says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Where it stands.
    pub at: Address,
    /// Its unit; without it seconds, or an instant where it is that large or a date.
    pub unit: Option<ResetUnit>,
}

/// Where a wait stands, and its unit.
pub(super) type WaitSpec = Joined<Address, UnitSpec>;

/// How a wait is said.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Wait")]
pub(super) struct UnitSpec {
    /// Its unit; without it seconds, or an instant where it is that large or a date.
    unit: Option<Slot<ResetUnit>>,
}

/// Checks a wait; `None` when the report says what is wrong.
pub(super) fn resolve(slot: &Slot<WaitSpec>, report: &Report) -> Option<Wait> {
    let joined = slot.get()?;
    if matches!(joined.0.get(), Some(Address::Status | Address::Link(_) | Address::LastRecord(_))) {
        let draft = Draft::new("a wait is not to be found there");
        report.add(slot.at(), draft.accepted("{ body: … } or { header: … }"));
    }
    let unit = joined.1.get()?.unit.as_ref().and_then(Slot::cloned);
    Some(Wait { at: joined.0.cloned()?, unit })
}
