//! Databricks behind the core's ports: secret scopes as a vault, and Unity Catalog tables loaded by `COPY INTO`.
//!
//! | module | holds |
//! |---|---|
//! | [`DatabricksCloud`] | the entry among the clouds: one connection for all that it opens |
//! | [`Databricks`] | the way in: from the environment to a vault and to tables |
//! | `settings` | the variables: host, warehouse, how the workspace sees the files |
//! | `identity` | which identity the environment offers, and its tokens |
//! | `workspace` | one authorised call of the REST API, and what a refusal says |
//! | `secrets` | a scope as a secret store |
//! | `sql` | statements on a warehouse: names and texts in SQL, running, polling |
//! | `tables` | a schema of Unity Catalog as tables: what a table is, and appending to it once |
//!
//! Nothing here reads the environment: the caller's look-up does. No SDK is used, because none exists for Rust: calls
//! go through the core's [`Service`](bronzegate_core::service::Service), which has its rules.
#![warn(missing_docs)]

mod cloud;
mod databricks;
mod identity;
mod secrets;
mod settings;
mod sql;
mod tables;
mod workspace;

pub use cloud::DatabricksCloud;
pub use databricks::Databricks;
pub use identity::{AzureIdentities, FromOthers};
pub use secrets::{SecretScope, check_key};
pub use settings::FILES;
pub use tables::DatabricksTables;
