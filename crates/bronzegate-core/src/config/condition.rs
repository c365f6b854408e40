//! Conditions on a response: an address and one test.
//!
//! ```yaml
//! { at: { body: ok }, equals: false }
//! { at: { header: X-Error }, exists: true }
//! { at: { status: true }, over: 399 }
//! ```

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::address::Address;
use super::problem::Report;
use super::read::Slot;

/// A test of one place in a response.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// Where to look.
    pub at: Address,
    /// What must hold there.
    pub test: Test,
}

/// What must hold of a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// It is this JSON value. Null is a value: an absent member does not equal it, nor does the
    /// text `"null"`.
    Equals(Value),
    /// It is there (or is not); null is there.
    Exists(bool),
    /// It is a number above this one.
    Over(f64),
}

/// `at` an address, and one of `equals`, `exists`, `over`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Condition")]
pub(super) struct ConditionSpec {
    /// Where to look in the response.
    at: Slot<Address>,
    /// The value it must be; null is a value, and an absent member is not null.
    equals: Option<Slot<Value>>,
    /// Whether it must be there.
    exists: Option<Slot<bool>>,
    /// The number it must be above.
    over: Option<Slot<f64>>,
}

impl ConditionSpec {
    pub(super) fn resolve(&self, report: &Report) -> Option<Condition> {
        let tests = [self.equals.is_some(), self.exists.is_some(), self.over.is_some()];
        if tests.iter().filter(|given| **given).count() != 1 {
            report.say(self.at.at(), "a condition needs exactly one of equals, exists, over");
            return None;
        }
        let test = match (&self.equals, &self.exists, &self.over) {
            (Some(equals), ..) => Test::Equals(equals.cloned()?),
            (_, Some(exists), _) => Test::Exists(exists.cloned()?),
            (_, _, Some(over)) => Test::Over(over.cloned()?),
            _ => return None,
        };
        Some(Condition { at: self.at.cloned()?, test })
    }
}
