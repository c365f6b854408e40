//! Key Vault behind the core's port.

mod key_vault;
mod names;

pub use key_vault::KeyVault;
pub use names::check_name;
