//! Azure for tests: Azurite as it is, and what has no emulator, played to the letter of its protocol.

mod azurite;
mod certificates;
mod directory;
mod proxy;
mod server;
mod vault;

pub use azurite::Azurite;
pub use certificates::Certificates;
pub use directory::{Directory, MANAGED_HEADER, TokenRequest};
pub use proxy::{Call, Fault, FaultProxy};
pub use server::{Answer, Server, reply};
pub use vault::{Held, Vault};
