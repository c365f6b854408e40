//! `responses`: rules that see every response before the defaults do.
//!
//! ```yaml
//! responses:
//!   - { when: { at: { body: ok }, equals: false }, and: { at: { body: error }, equals: ratelimited }, then: retry }
//!   - { when: { at: { body: backoff }, exists: true }, then: retry, wait: { body: backoff, unit: seconds } }
//!   - { when: { at: { body: ok }, equals: false }, then: fail, message: { body: error } }
//!   - { when: { at: { status: true }, equals: 410 }, then: restart }
//! ```

use schemars::JsonSchema;
use serde::Deserialize;

use super::address::Address;
use super::condition::{Condition, ConditionSpec};
use super::problem::{Draft, Report};
use super::read::{OneOrMany, Slot};
use super::wait::{self, Wait, WaitSpec};

/// What to do with a response for which every condition holds; the first such rule decides.
#[derive(Clone, Debug, PartialEq)]
pub struct ResponseRule {
    /// The conditions, at least one; all must hold.
    pub when: Vec<Condition>,
    /// What to do.
    pub then: Then,
    /// Where the API says what went wrong.
    pub message: Option<Address>,
    /// It may end the pages before the first one has come.
    pub if_first: bool,
    /// Where the API says how long to wait before the next try, and how it says it.
    pub wait: Option<Wait>,
}

impl ResponseRule {
    /// Whether it looks at nothing that only this API would say: a wrong path has the same status. One that may
    /// hold on the first page is meant so.
    pub fn is_by_status(&self) -> bool {
        let says = |condition: &Condition| matches!(condition.at, Address::Body(_) | Address::LastRecord(_));
        !self.if_first && !self.when.iter().any(says)
    }
}

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// Try the request again.
    Retry,
    /// Fail the run.
    Fail,
    /// End the pages.
    End,
    /// Leave out this partition or parent, which is not there; needs `partitions` or `parent`.
    Skip,
    /// Begin the run again at its first page, once: its cursor has expired.
    Restart,
    /// Renew the access token and try again.
    RefreshAuth,
    /// Take the page for a good one, although the API speaks of errors in it (`errors` beside `data`).
    Accept,
}

/// What to do with a response for which every condition holds.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ResponseRule")]
pub(super) struct RuleSpec {
    /// A condition on the response.
    when: Slot<ConditionSpec>,
    /// A further condition, or a list of them; all must hold.
    and: Option<Slot<OneOrMany<ConditionSpec>>>,
    /// What to do.
    then: Slot<Then>,
    /// Where the API says what went wrong; only with fail.
    message: Option<Slot<Address>>,
    /// Where the API says how long to wait before the next try; only with retry.
    wait: Option<Slot<WaitSpec>>,
    /// The pages may end so before the first one has come; only with end, default false.
    if_first: Option<Slot<bool>>,
}

impl RuleSpec {
    pub(super) fn resolve(&self, report: &Report) -> Option<ResponseRule> {
        let and = self.and.as_ref().and_then(Slot::get).map_or(&[][..], OneOrMany::as_slice);
        let conditions = std::iter::once(&self.when).chain(and);
        let when: Vec<_> = conditions.map(|slot| slot.get()?.resolve(report)).collect();
        if let Some(message) = &self.message {
            if self.then.get().is_some_and(|then| *then != Then::Fail) {
                report.say(message.at(), "message needs then: fail");
            }
            if matches!(message.get(), Some(Address::Status | Address::Link(_) | Address::LastRecord(_))) {
                let draft = Draft::new("a message is not to be found there");
                report.add(message.at(), draft.accepted("{ body: … } or { header: … }"));
            }
        }
        if let Some(wait) = &self.wait
            && self.then.get().is_some_and(|then| *then != Then::Retry)
        {
            report.say(wait.at(), "wait needs then: retry");
        }
        if let Some(if_first) = &self.if_first
            && self.then.get().is_some_and(|then| *then != Then::End)
        {
            report.say(if_first.at(), "if_first needs then: end");
        }
        Some(ResponseRule {
            when: when.into_iter().collect::<Option<_>>()?,
            then: self.then.cloned()?,
            message: self.message.as_ref().and_then(Slot::cloned),
            wait: self.wait.as_ref().and_then(|slot| wait::resolve(slot, report)),
            if_first: self.if_first.as_ref().and_then(Slot::cloned).unwrap_or_default(),
        })
    }
}
