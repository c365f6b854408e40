//! What a file says of the requests about an export job, beside the requests themselves.

use schemars::JsonSchema;
use serde::Deserialize;

use super::address::Address;
use super::condition::ConditionSpec;
use super::read::{Entries, OneOrMany, Slot};
use super::units::Period;

/// What the answer to a submission says.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Submit")]
pub(super) struct SubmitSpec {
    /// Where it names the job.
    pub(super) id: Option<Slot<Address>>,
    /// Where it names the URL to ask after the job, in place of its name.
    pub(super) url: Option<Slot<Address>>,
}

/// What the answer to a request about a job that is done says.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Resolve")]
pub(super) struct ResolveSpec {
    /// Where it names the first page's URL, or a list of URLs.
    pub(super) url: Slot<Address>,
}

/// How often a job is asked after, and what the answers mean.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Poll")]
pub(super) struct PollSpec {
    /// The wait before the first poll, doubled with each further one; default 5s.
    pub(super) every: Option<Slot<Period>>,
    /// The longest wait between two polls; default 60s.
    pub(super) max: Option<Slot<Period>>,
    /// The job is done when this condition, or one of this list, holds.
    pub(super) done: Slot<OneOrMany<ConditionSpec>>,
    /// It has failed when this condition, or one of this list, holds.
    pub(super) failed: Option<Slot<OneOrMany<ConditionSpec>>>,
    /// Where a poll says why it failed.
    pub(super) message: Option<Slot<Address>>,
    /// The longest time from submission to the end of the job; default 1h.
    pub(super) timeout: Option<Slot<Period>>,
    /// What the poll that finds it done says, by name: `{{ job.<name> }}` in `resolve` and in the stream.
    pub(super) carry: Option<Slot<Entries<Address>>>,
}

/// Where a job's pages are.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Download")]
pub(super) struct DownloadSpec {
    /// Where a poll names the first page's URL, or a list of URLs: each of these files is a page.
    pub(super) url: Slot<Address>,
}
