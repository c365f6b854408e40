//! The Azure door of bronzegate: Key Vault and OneLake/ADLS behind the core's ports, and the Functions handler.
//!
//! | module | holds |
//! |---|---|
//! | [`AzureCloud`] | the entry among the clouds: which settings it serves, and one connection for all of them |
//! | [`Azure`] | the way in: from the environment to stores and vaults |
//! | `clients` | what every client of the SDK is made with: transport, retries, user agent; what its errors say |
//! | `identity` | which credential the environment offers, its tokens, and [`AzureIdentity`] for services of others |
//! | `secrets` | Key Vault as a secret store |
//! | [`functions`] | the function app: its timers, and the files that tell the Functions host of them |
//! | `store` | OneLake and ADLS Gen2 as a bronze store, through their Blob endpoints |
//!
//! The environment is not read here but by the caller's look-up. One part of the SDK reads it by
//! itself: its managed identity takes `IDENTITY_ENDPOINT` and `IDENTITY_HEADER` from the process.
#![warn(missing_docs)]

mod azure;
mod clients;
mod cloud;
pub mod functions;
mod identity;
mod secrets;
mod store;

pub use azure::{Azure, BLOB_ENDPOINT};
pub use clients::{Transport, TransportOptions};
pub use cloud::AzureCloud;
pub use identity::AzureIdentity;
pub use secrets::{KeyVault, check_name};
pub use store::{BlobStore, Target};
