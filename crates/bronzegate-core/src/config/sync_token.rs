//! `sync_token`: a token that the last page of a run gives, with which the next run asks for what has changed since.
//!
//! ```yaml
//! sync_token: { from: { body: nextSyncToken }, to: { query: syncToken } }
//! sync_token: { from: { body: /@odata.deltaLink }, to: { url: true } }     # the token is a whole URL
//! ```

use schemars::JsonSchema;
use serde::Deserialize;

use super::address::{Address, Target};
use super::problem::{At, Draft, Report};
use super::read::Slot;

/// The token by which an API tells what has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncToken {
    /// Where the last page has it.
    pub from: Address,
    /// Where the requests of the next run have it; its first one alone, where it is a URL.
    pub to: Target,
}

/// A token of the last page of a run, with which the next run asks for what has changed since.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SyncToken")]
pub(super) struct SyncTokenSpec {
    /// Where the last page has it.
    from: Slot<Address>,
    /// Where it goes in each request of the next run; a URL is its first request.
    to: Slot<Target>,
}

/// What else a stream has that a token does not go with, each with its place.
pub(super) struct Beside<'a> {
    pub(super) incremental: Option<&'a At>,
    pub(super) partitions: Option<&'a At>,
    pub(super) parent: Option<&'a At>,
    pub(super) job: Option<&'a At>,
}

impl SyncTokenSpec {
    pub(super) fn resolve(&self, beside: &Beside<'_>, report: &Report) -> Option<SyncToken> {
        let from = self.from.cloned();
        if matches!(from, Some(Address::Status | Address::LastRecord(_))) {
            let draft = Draft::new("a token stands beside the records of a page");
            report.add(self.from.at(), draft.accepted("{ body: … }, { header: … } or { link: … }"));
        }
        for (at, what) in [
            (
                beside.incremental,
                "does not go with sync_token: the API says what has changed by one or the other",
            ),
            (beside.partitions, "do not go with sync_token, of which a run has one: write a stream for each"),
            (beside.parent, "does not go with sync_token, of which a run has one"),
            (beside.job, "does not go with sync_token"),
        ] {
            if let Some(at) = at {
                report.say(at, what);
            }
        }
        Some(SyncToken { from: from?, to: self.to.cloned()? })
    }

    /// Where the token is written to.
    pub(super) fn target(&self) -> Option<(Target, At)> {
        Some((self.to.cloned()?, self.to.at().clone()))
    }
}
