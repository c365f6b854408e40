//! Makes source files: from one URL or a curl line ([`new`]), and from what other tools describe an API with.
//!
//! | module | holds |
//! |---|---|
//! | [`curl`], [`request`] | a request as somebody gives it, with its credentials |
//! | `credentials`, `looks_secret` | the credentials lifted out of it; in doubt a value is one |
//! | `sent` | how a source file sends them again |
//! | [`new`] | the requests that show how a list goes on, and the file |
//! | [`airbyte`] | low-code manifests as source files |
//! | [`dlt`], [`openapi`] | the same of dlt's `rest_api` configurations and of `OpenAPI` specifications |
//! | [`report`] | what an import did |
//! | `tree` | YAML of others, with lines |
//! | `yaml`, `place` | source files as text; places in requests and responses |
//!
//! Requests are sent by the core's own client, under the rules of a source: egress, time-outs, bounded bodies. Nothing is
//! printed and no file is written here.

#![warn(missing_docs)]

pub mod airbyte;
mod credentials;
pub mod curl;
pub mod dlt;
mod looks_secret;
pub mod new;
pub mod openapi;
mod place;
pub mod report;
pub mod request;
mod sent;
mod tree;
mod yaml;

pub use credentials::Lifted;
