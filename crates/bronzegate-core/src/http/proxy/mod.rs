//! Proxies, as the environment names them: one configuration for the API, the clouds and messages.
//!
//! [`Proxies`] says which proxy a URL is called by, [`Routes`] holds an HTTP client for each of the two ways. Rules:
//!
//! - Whether a URL may be called at all is asked first, of `egress`. A proxy resolves the names, so their addresses cannot
//!   be looked at: names that are known to lead into a machine are refused by `egress` as names.
//! - `NO_PROXY` is read as curl reads it. Loopback, link-local addresses and the identity services of clouds are called
//!   directly always. What is called directly is resolved under the rules of `egress`.
//! - https goes through a tunnel to the name (`CONNECT`), and TLS is between this program and the server. Plain http
//!   through a proxy is refused where a request has a credential.
//! - The name of the proxy itself may lead anywhere. Its user and password are a secret.
//!
//! No SOCKS, and no TLS to the proxy itself.

mod fault;
mod no_proxy;
mod proxies;
mod routes;
mod server;

pub use fault::ProxyFault;
pub use proxies::Proxies;
pub(super) use routes::{Holds, Unsent};
pub use routes::{Routes, Way};
pub use server::ProxyServer;
