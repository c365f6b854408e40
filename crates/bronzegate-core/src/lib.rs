//! The engine of bronzegate: it brings the pages of a REST API into the bronze layer of a data
//! platform, each record once and with the API's own bytes.
//!
//! ```
//! # use std::io::{BufRead as _, BufReader, Write as _};
//! # let server = std::net::TcpListener::bind("127.0.0.1:0")?;
//! # let yaml = format!(
//! #     "source: shop\nbase_url: http://{}\nstreams:\n  orders: {{ path: /orders, records: data }}",
//! #     server.local_addr()?
//! # );
//! # std::thread::spawn(move || for answer in server.incoming() {
//! #     let mut answer = answer.unwrap();
//! #     let mut lines = BufReader::new(answer.try_clone().unwrap()).lines();
//! #     while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
//! #     let body = r#"{"data":[{"id":1},{"id":2.50}]}"#;
//! #     let _ = write!(answer, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
//! # });
//! # let folder = tempfile::tempdir()?;
//! use std::sync::Arc;
//!
//! use bronzegate_core::{bronze::LocalStore, clock::SystemClock, config, run, secret::EnvSecrets};
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let source = config::parse("shop.yaml", &yaml)?;
//! let secrets = EnvSecrets::new(|name| std::env::var(name).ok());
//! let engine = run::Engine::new(Arc::new(source), Arc::new(secrets), Arc::new(SystemClock::default()), "dev");
//! let bronze = Arc::new(LocalStore::open(folder.path())?);
//!
//! let now = run::RunRequest::Scheduled { at: None };
//! let report = engine.stream("orders")?.run(bronze, now, run::RunOptions::default()).await;
//! assert_eq!((report.status.as_str(), report.counts.records), ("complete", 2));
//! # Ok::<_, Box<dyn std::error::Error>>(()) })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! A run never fails as a call: what happened is in its [`report`]. Four ports are open for others to implement:
//!
//! | port | is | comes with |
//! |---|---|---|
//! | [`bronze::BronzeStore`] | where bronze is kept: uploads that stay invisible until they are completed, create-only puts | [`bronze::LocalStore`] |
//! | [`secret::SecretStore`] | where secrets are read, and replaced | [`secret::EnvSecrets`], [`secret::FileSecrets`] |
//! | [`signer::RequestSigner`] | the platform's identity, which signs requests | – |
//! | [`clock::Clock`] | time | [`clock::SystemClock`] |
//!
//! [`doors::Cloud`] puts stores and vaults of a cloud behind the words of settings.
//!
//! The modules stand in layers; each imports only what is listed above it:
//!
//! | layer | holds |
//! |---|---|
//! | [`error`], [`clock`], [`random`], [`window`], [`redact`], [`secret`], [`signer`], [`breach`], [`report`] | outcomes, time, ids and jitter, safe text, the vault port, the answer of a run |
//! | [`config`] | source files: types, checks, defaults |
//! | `formats` | body bytes in, record chunks and wanted values out |
//! | `cursor` | cursors of records: read, compared, remembered |
//! | `http` | authentication, retry, rate limit, egress, and the client that composes them; [`service`]: calls of a cloud's service that has no SDK; [`proxy`]: the proxies of the environment |
//! | `extract` | paging, one page, and the pages of all branches |
//! | [`bronze`] | the store port with the local store, part formats, parts, the commit log, publishing |
//! | [`health`] | the log compared with what is expected: breaches and missing runs |
//! | [`plan`] | what a run is to do, decided before it does anything |
//! | [`run`], [`probe`], [`explain`] | the straight line from request to report; looking without writing; telling without looking |
//! | [`from_files`] | committed files as rows of a table |
//! | [`backfill`] | which windows of a stretch of time are due |
//! | [`doors`] | what the doors share: from settings to stores and vaults, from an event to its reports, a run's metrics |
//!
//! No cloud SDK, no environment variable and no printing: those belong to the crates around this one.
//!
//! | feature | does the cryptography |
//! |---|---|
//! | `aws-lc` (default) | AWS-LC: TLS, and every kind of authentication |
//! | `ring` | *ring*, whose build is shorter: TLS, and no signed assertions (JWT). A program calls `use_ring` first |
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
pub mod explain;
mod extract;
mod formats;
pub mod from_files;
pub mod health;
mod http;
pub mod local_time;
pub mod plan;
pub mod probe;
pub mod random;
pub mod redact;
pub mod report;
pub mod run;
pub mod secret;
pub mod signer;
mod unfinished;
pub mod window;

#[doc(hidden)]
pub use formats::records_of;
pub use http::{proxy, service};

/// Has *ring* do the cryptography of TLS in this process.
#[cfg(feature = "ring")]
pub fn use_ring() {
    // The first that is named counts, and there is one.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
