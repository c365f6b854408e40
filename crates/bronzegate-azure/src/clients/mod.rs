//! What every client of the SDK has in common.

mod error;
mod options;
mod transport;

pub(crate) use error::{NoToken, Refusal, ServiceError, chain};
pub(crate) use options::client_options;
pub use transport::{Transport, TransportOptions};
