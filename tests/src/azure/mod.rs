//! Azure for tests: Azurite as it is, and what has no emulator, played to the letter of its protocol.

mod azurite;
mod blob_proxy;
mod certificates;
mod key_vault;
mod server;
mod token_endpoints;

pub use azurite::Azurite;
pub use blob_proxy::{Call, Fault, FaultProxy};
pub use certificates::Certificates;
pub use key_vault::{Held, KeyVault};
pub use server::{Answer, Server, reply};
pub use token_endpoints::{MANAGED_HEADER, TokenEndpoints, TokenRequest};
