//! Rate limits: the rule, the count, and the headers that announce it.

mod announce;
mod limit;
mod window;

pub use limit::{Dialect, RateLimit, Refusal, ResetUnit, Window};

pub(crate) use announce::{headers, refusal_status};
pub(crate) use window::{Limiter, Verdict};
