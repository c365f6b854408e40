//! The engine of bronzegate: it brings the pages of a REST API into the bronze layer of a data
//! platform, each record once and with the API's own bytes.
//!
//! The modules stand in layers; each imports only what is listed above it:
//!
//! | layer | holds |
//! |---|---|
//! | [`error`], [`clock`], [`window`], [`redact`], [`secret`], [`breach`], [`report`] | outcomes, time, safe text, the vault port, the answer of a run |
//! | [`config`] | source files: types, checks, defaults |
//! | `formats` | body bytes in, record slices and wanted values out |
//! | [`cursor`] | cursors of records: read, compared, remembered |
//! | [`http`] | authentication, retry, rate limit, egress, and the client that composes them |
//! | [`extract`] | paginator, progress, and the stream of pages |
//! | [`bronze`] | the store port, paths, encoding, parts, the commit log, the local store |
//! | [`health`] | the log held against what is expected: breaches and missing runs |
//! | [`plan`] | what a run is to do, decided before it does anything |
//! | [`run`], [`probe`] | the straight line from request to report; looking without writing |
//! | [`backfill`] | which windows of a stretch of time are due |
//! | [`doors`] | what the doors share: from settings to stores and vaults, from an event to its reports, a run's metrics |
//!
//! No cloud SDK, no environment variable and no printing: those belong to the crates around this one.
#![warn(missing_docs)]

pub mod backfill;
pub mod bounded_file;
pub mod breach;
pub mod bronze;
pub mod clock;
pub mod config;
mod cursor;
pub mod doors;
pub mod error;
mod extract;
mod formats;
pub mod health;
mod http;
pub mod plan;
pub mod probe;
pub mod redact;
pub mod report;
pub mod run;
pub mod secret;
pub mod window;
