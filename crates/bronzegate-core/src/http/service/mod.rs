//! Calls of a service of a cloud that has no SDK: under the rules that hold for APIs, with retries of its own.
//!
//! A crate of a cloud makes [`Request`]s, [`Service`] sends them, and the crate says what an [`Answer`] means.
//!
//! - Nothing but the service's own origin is called, over https, by a proxy where [`ServiceOptions`] name one. Redirects are not followed: a token
//!   would go along.
//! - Answers have a bound, 16 MiB.
//! - What is said of an answer passes [`Service::told`], which knows the tokens and secrets that were [`learn`]ed.
//! - Attempts fail with 429, 5xx and network faults; each wait has full jitter, and `Retry-After` is obeyed. All
//!   attempts together take less than a minute, unless single answers are slow. Callers bound calls with their deadline
//!   by dropping them.
//!
//! [`learn`]: Service::learn

mod client;
mod request;

pub use client::{Answer, Fault, Service, ServiceOptions};
pub use request::Request;
