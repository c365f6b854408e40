//! AWS Secrets Manager as a vault.

mod errors;
mod store;

pub use store::SecretsManager;
