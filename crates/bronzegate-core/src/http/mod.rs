//! One request to an API: who may be called, with which credential, how often, and what an
//! answer means.

mod address;
mod append;
mod auth;
mod body;
mod client;
mod egress;
mod excerpt;
mod files;
mod link;
mod media_type;
mod on_its_way;
mod patience;
mod rate_limit;
mod retry;
mod signals;
mod stats;
mod verdict;
mod zip;

pub use address::{Facts, Found, Paths, Plain, Unreadable};
pub(crate) use append::append_path;
pub(crate) use auth::strip_parameter;
pub use auth::{Authenticator, Credential};
pub use body::{Body, BodyFault, Framing};
pub use client::{ApiRequest, Client, Response, SendError};
pub use egress::{Credentials, Egress, EgressError};
pub use excerpt::excerpt;
pub use files::Files;
pub(crate) use media_type::media_type;
pub use on_its_way::OnItsWay;
pub use patience::{Patience, TooLong};
pub use rate_limit::Limiter;
pub use retry::{Backoff, NoMore};
pub use stats::Stats;
pub use verdict::{BodyState, ResponseSignals, Verdict, judge};
