//! Secrets: the port to a vault, what a usable secret is, and the two stores that need no cloud.

mod env;
mod file;
mod store;

pub use env::EnvSecrets;
pub use file::FileSecrets;
pub use store::{Freshness, SecretError, SecretStore, resolve};
