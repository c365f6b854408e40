//! `pagination`: how a stream goes from page to page, and when it ends.
//!
//! ```yaml
//! pagination:
//!   type: cursor
//!   next: { body: paging.next.after }
//!   send: { query: after }
//!   page_size: { query: limit, value: 100 }
//! ```

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::address::{Address, Sent, Target};
use super::condition::{Condition, ConditionSpec};
use super::cut::{Cut, NextSpec, Pattern};
use super::other_request::{OtherRequest, OtherRequestSpec};
use super::read::{Joined, Slot, TextOr};
use super::sync_token::SyncToken;
use super::template::{Template, TemplateText};

/// How a stream goes from page to page.
#[derive(Clone, Debug, PartialEq)]
pub struct Pagination {
    /// What says where the next page is.
    pub kind: Kind,
    /// Further values carried from page to page.
    pub carry: Vec<Carry>,
    /// What ends the pages besides the kind's own end.
    pub stop: Vec<Stop>,
    /// What a repeated page or cursor means.
    pub on_repeat: OnRepeat,
    /// The most pages of a run; needing one more is an error.
    pub max_pages: Option<u64>,
    /// Where the API says how many records there are.
    pub total: Option<Total>,
    /// The page size asked for.
    pub page_size: Option<PageSize>,
    /// One page may be all there is, and nothing has to name a next one.
    pub single_page: bool,
    /// The API keeps the place in the list: each request moves it, also one whose answer is lost.
    pub is_stateful: bool,
    /// What of what stands at `next` is meant, where it is not all of it.
    pub next_cut: Option<Cut>,
    /// The request for the pages after the first, in place of the stream's own.
    pub next_request: Option<OtherRequest>,
    /// The token of the last page, which the next run begins with.
    pub sync_token: Option<SyncToken>,
    /// Whether the source file states it.
    pub is_stated: bool,
}

/// What says where the next page is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// There is one page.
    None,
    /// A value of the response is sent with the next request.
    Cursor {
        /// Where the cursor is.
        next: Address,
        /// Where it goes.
        send: Target,
        /// The first request's cursor.
        initial: Option<Initial>,
    },
    /// The number of records to skip.
    Offset {
        /// Where the offset goes; `None` where a template says it.
        send: Sent,
        /// The first offset (0).
        start: u64,
        /// What a page advances it by.
        advance: Advance,
    },
    /// The page's number.
    Page {
        /// Where the number goes; `None` where a template says it.
        send: Sent,
        /// The first number (1).
        start: u64,
        /// Whether the source file states it.
        is_start_stated: bool,
        /// Where the API says how many pages there are.
        total_pages: Option<Address>,
    },
    /// The `Link` header (RFC 8288).
    LinkHeader {
        /// The relation of the next page's link (`next`).
        rel: String,
    },
    /// A URL of the response.
    NextUrl {
        /// Where the URL is.
        next: Address,
    },
}

/// The first request's cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Initial(pub Template);

/// By what a page advances the offset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Advance {
    /// The records it brought.
    #[default]
    Received,
    /// The records it was asked for, where the server hides some.
    Requested,
}

/// A value carried from each page to the next request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carry {
    /// Where it is.
    pub from: Address,
    /// Where it goes.
    pub to: Target,
    /// What becomes of it where a page does not name it (dropped).
    pub if_absent: CarryAbsent,
}

/// What becomes of a carried value that a page does not name any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CarryAbsent {
    /// It is not sent any more.
    #[default]
    Drop,
    /// The last one that was named is sent on.
    Keep,
}

/// What ends the pages; the stopping page's records count.
#[derive(Clone, Debug, PartialEq)]
pub enum Stop {
    /// A page without records.
    EmptyPage,
    /// A page of fewer records than asked for.
    ShortPage,
    /// A condition on the response.
    When(Condition),
}

/// What a repeated page or cursor means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnRepeat {
    /// The run fails: there is no progress.
    #[default]
    Fail,
    /// The API says "done" this way.
    End,
    /// Pages may be equal; a repeated cursor or URL is still no progress.
    Allow,
}

/// Where the API says how many records there are.
#[derive(Clone, Debug, PartialEq)]
pub struct Total {
    /// Where the number is.
    pub at: Address,
    /// How far below it a run may stay.
    pub tolerance: Tolerance,
    /// What of what stands there is the number, where it is not all of it.
    pub pattern: Option<Pattern>,
}

/// How far below the total a run may stay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tolerance {
    /// A number of records (0).
    Records(u64),
    /// A share of the total, 0 to 100.
    Percent(f64),
}

/// The page size asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageSize {
    /// Where it goes; `None` where pages are so long without being asked.
    pub to: Sent,
    /// Records a page, at least 1.
    pub value: u64,
}

impl Default for Pagination {
    fn default() -> Self {
        Self {
            kind: Kind::None,
            carry: Vec::new(),
            stop: Vec::new(),
            on_repeat: OnRepeat::Fail,
            max_pages: None,
            total: None,
            page_size: None,
            single_page: false,
            is_stateful: false,
            next_cut: None,
            next_request: None,
            sync_token: None,
            is_stated: false,
        }
    }
}

impl Pagination {
    /// Returns the places of a response that it reads.
    pub fn addresses(&self) -> Vec<&Address> {
        let next = match &self.kind {
            Kind::Cursor { next, .. } | Kind::NextUrl { next } => Some(next),
            Kind::Page { total_pages, .. } => total_pages.as_ref(),
            Kind::None | Kind::Offset { .. } | Kind::LinkHeader { .. } => None,
        };
        let stops = self.stop.iter().filter_map(|stop| match stop {
            Stop::When(condition) => Some(&condition.at),
            Stop::EmptyPage | Stop::ShortPage => None,
        });
        next.into_iter()
            .chain(self.carry.iter().map(|carry| &carry.from))
            .chain(self.total.as_ref().map(|total| &total.at))
            .chain(self.sync_token.as_ref().map(|token| &token.from))
            .chain(stops)
            .collect()
    }

    /// Returns whether requests say how long a page is to be, so that less can be asked for.
    pub fn sends_size(&self) -> bool {
        self.page_size.as_ref().is_some_and(|size| size.to.0.is_some())
    }

    /// Returns the places of a request that it writes: those of the kind, the page size, what it carries.
    pub fn targets(&self) -> Vec<&Target> {
        let send = match &self.kind {
            Kind::Cursor { send, .. } => Some(send),
            Kind::Offset { send, .. } | Kind::Page { send, .. } => send.0.as_ref(),
            Kind::None | Kind::LinkHeader { .. } | Kind::NextUrl { .. } => None,
        };
        let size = self.page_size.as_ref().and_then(|size| size.to.0.as_ref());
        send.into_iter().chain(size).chain(self.carry.iter().map(|carry| &carry.to)).collect()
    }
}

/// The keys of one type, and those of all types.
pub(super) type PaginationSpec = Joined<KindSpec, PagesSpec>;

/// How a stream goes from page to page.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schemars(rename = "Pagination", tag = "type")]
#[expect(clippy::large_enum_variant, reason = "a file holds a few, read once")]
pub(super) enum KindSpec {
    /// One page.
    None {},
    /// A value of the response is sent with the next request; ends when it is absent, null or empty.
    Cursor {
        /// Where the next cursor is.
        next: Slot<Joined<Address, NextSpec>>,
        /// Where it goes.
        send: Slot<Target>,
        /// The first request's cursor; strings may use `{{ }}`. Without it the first request sends none.
        initial: Option<Slot<TemplateText>>,
        /// The request for the pages after the first, in place of the stream's `path`, `params` and `body`.
        next_request: Option<Slot<OtherRequestSpec>>,
    },
    /// The number of records to skip; ends at an empty page, or a short one at the total.
    Offset {
        /// Where the offset goes; or `{{ offset }}` in a template.
        send: Option<Slot<Target>>,
        /// The first offset; default 0.
        start: Option<Slot<u64>>,
        /// By what a page advances it; default received.
        advance: Option<Slot<Advance>>,
    },
    /// The page's number; ends at `total_pages`, else at an empty page.
    Page {
        /// Where the number goes; or `{{ page }}` in a template.
        send: Option<Slot<Target>>,
        /// The first number; default 1.
        start: Option<Slot<u64>>,
        /// Where the API says how many pages there are.
        total_pages: Option<Slot<Address>>,
    },
    /// The `Link` header; ends when there is no such link.
    LinkHeader {
        /// The relation of the next page's link; default next.
        rel: Option<Slot<String>>,
    },
    /// A URL of the response; ends when it is absent, null or empty.
    NextUrl {
        /// Where the URL is.
        next: Slot<Joined<Address, NextSpec>>,
    },
}

/// The keys of every type.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AnyType")]
pub(super) struct PagesSpec {
    /// Further values carried from page to page.
    pub(super) carry: Option<Slot<Vec<Slot<CarrySpec>>>>,
    /// What ends the pages besides the type's own end; the stopping page's records count.
    pub(super) stop: Option<Slot<Vec<Slot<StopSpec>>>>,
    /// What a repeated page or cursor means; default fail.
    pub(super) on_repeat: Option<Slot<OnRepeat>>,
    /// A guard: needing one page more is an error.
    #[schemars(range(min = 1))]
    pub(super) max_pages: Option<Slot<u64>>,
    /// Where the API says how many records there are; a shortfall fails.
    pub(super) total: Option<Slot<Joined<Address, TotalSpec>>>,
    /// The page size asked for; a bare number is how long pages are without being asked.
    pub(super) page_size: Option<Slot<TextOr<u64, Joined<Target, PageSizeSpec>>>>,
    /// There is only one page, so a run does not test whether more exist; default false.
    pub(super) single_page: Option<Slot<bool>>,
}

/// A value carried from each page to the next request.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Carry")]
pub(super) struct CarrySpec {
    /// Where it is.
    pub(super) from: Slot<Address>,
    /// Where it goes.
    pub(super) to: Slot<Target>,
    /// What becomes of it where a page does not name it: keep sends the last one on; default drop.
    pub(super) if_absent: Option<Slot<CarryAbsent>>,
}

/// A word or a condition.
pub(super) type StopSpec = TextOr<StopWord, ConditionSpec>;

/// What ends the pages.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(super) enum StopWord {
    EmptyPage,
    ShortPage,
}

/// How far below the total a run may stay.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Tolerance")]
pub(super) struct TotalSpec {
    /// Records (`5`) or a share (`1%`); default 0.
    pub(super) tolerance: Option<Slot<ToleranceText>>,
    /// The number within the text there: a regular expression with one group, such as `/([0-9]+)$`.
    pub(super) r#match: Option<Slot<Pattern>>,
}

/// The number of records a page.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Value")]
pub(super) struct PageSizeSpec {
    /// Records a page.
    #[schemars(range(min = 1))]
    pub(super) value: Slot<u64>,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, with = "String", extend("type" = ["string", "integer"], "pattern" = "^[0-9]+(\\.[0-9]+)?%?$"))]
pub(super) struct ToleranceText(pub(super) Tolerance);

impl TryFrom<String> for ToleranceText {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let tolerance = match text.strip_suffix('%') {
            Some(share) => {
                share.parse().ok().filter(|share| (0.0..=100.0).contains(share)).map(Tolerance::Percent)
            }
            None => text.parse().ok().map(Tolerance::Records),
        };
        tolerance.map(Self).ok_or("a number of records such as 5, or a share from 0% to 100%")
    }
}
