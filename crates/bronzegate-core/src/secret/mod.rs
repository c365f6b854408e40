//! Secrets: the port to a vault, what a usable secret is, the cache before a vault, and the two stores
//! that need no cloud.

mod cache;
mod change;
mod core_dump;
mod env;
mod file;
mod file_write;
mod member;
mod store;

pub use cache::CachedSecrets;
pub use change::{HeldSecret, Replacement};
pub use core_dump::forbid_core_dumps;
pub use env::EnvSecrets;
pub use file::FileSecrets;
pub use store::{Freshness, SecretError, SecretStore, resolve, usable, with_part};
