//! Makes source files: from one URL or a curl line ([`new`]), and from what other tools describe an API with.
//!
//! | module | holds |
//! |---|---|
//! | [`curl`], [`request`] | a request as a person gives it, with its credentials |
//! | `credentials`, `looks_secret` | the credentials lifted out of it; in doubt a value is one |
//! | [`new`] | the requests that show how a list goes on, and the file |
//! | `yaml`, `place` | source files as text; places in requests and responses |
//!
//! Requests are sent by the core's own client, under the rules of a source: egress, time-outs, bounded bodies. Nothing is
//! printed and no file is written here.
#![warn(missing_docs)]

mod credentials;
pub mod curl;
mod looks_secret;
pub mod new;
mod place;
pub mod request;
mod yaml;

pub use credentials::Lifted;
