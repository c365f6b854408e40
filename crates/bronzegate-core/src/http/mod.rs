//! One request to an API: who may be called, with which credential, how often, and what an
//! answer means.

mod address;
mod answered;
mod api_clock;
mod append;
mod auth;
mod body;
mod certificate;
mod client;
mod connector;
mod content;
mod egress;
mod excerpt;
mod files;
mod found;
mod link;
mod media_type;
mod on_its_way;
mod private_address;
pub mod proxy;
mod rate_limit;
mod ratio;
mod retry;
pub mod service;
mod signals;
mod stats;
mod template;
mod transport;
mod unanswered;
mod verdict;
mod wait_budget;
mod zip;

pub(crate) use address::{Facts, Paths};
pub(crate) use answered::Answered;
pub(crate) use append::append_path;
pub(crate) use auth::{Authenticator, Credential, strip_parameter};
#[cfg(test)]
pub(crate) use body::ResponseBody;
pub(crate) use body::{BodyFault, Framing};
pub(crate) use client::{ApiRequest, Client, Response, SendError};
pub(crate) use content::{ContentKind, RequestContent};
pub(crate) use excerpt::excerpt;
pub(crate) use files::Files;
pub(crate) use found::{Found, Unreadable};
pub(crate) use media_type::{charset, media_type};
pub(crate) use on_its_way::OnItsWay;
pub(crate) use rate_limit::Limiter;
pub(crate) use retry::{Backoff, NoMore};
pub use stats::Stats;
pub(crate) use template::expanded;
pub(crate) use verdict::{BodyState, EndedBy, Verdict, judge, stated_wait};
pub(crate) use wait_budget::{TooLong, WaitBudget};
