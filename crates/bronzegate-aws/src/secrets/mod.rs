//! AWS Secrets Manager as a vault.

mod change;
mod errors;
mod store;

pub use store::SecretsManager;
