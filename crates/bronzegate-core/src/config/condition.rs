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
use super::pointer::Pointer;
use super::problem::{At, Report};
use super::read::Slot;

/// A test of one place in a response.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// Where to look.
    pub at: Address,
    /// What must hold there.
    pub test: Test,
}

/// A test of one member of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordTest {
    /// The member.
    pub at: Pointer,
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

/// `at` a member of a record, and one of `equals`, `exists`, `over`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RecordTest")]
pub(super) struct RecordTestSpec {
    /// The member of the record.
    at: Slot<Pointer>,
    /// The value it must be; null is a value, and an absent member is not null.
    equals: Option<Slot<Value>>,
    /// Whether it must be there.
    exists: Option<Slot<bool>>,
    /// The number it must be above.
    over: Option<Slot<f64>>,
}

impl ConditionSpec {
    pub(super) fn resolve(&self, report: &Report) -> Option<Condition> {
        let test =
            test(self.at.at(), (self.equals.as_ref(), self.exists.as_ref(), self.over.as_ref()), report)?;
        Some(Condition { at: self.at.cloned()?, test })
    }
}

impl RecordTestSpec {
    pub(super) fn resolve(&self, report: &Report) -> Option<RecordTest> {
        let test =
            test(self.at.at(), (self.equals.as_ref(), self.exists.as_ref(), self.over.as_ref()), report)?;
        Some(RecordTest { at: self.at.cloned()?, test })
    }
}

/// What a condition may say: `equals`, `exists`, `over`.
type Given<'a> = (Option<&'a Slot<Value>>, Option<&'a Slot<bool>>, Option<&'a Slot<f64>>);

/// The one test that is given.
fn test(at: &At, given: Given<'_>, report: &Report) -> Option<Test> {
    match given {
        (Some(equals), None, None) => equals.cloned().map(Test::Equals),
        (None, Some(exists), None) => exists.cloned().map(Test::Exists),
        (None, None, Some(over)) => over.cloned().map(Test::Over),
        _ => {
            report.say(at, "a condition needs exactly one of equals, exists, over");
            None
        }
    }
}
