//! Credentials: read from the vault or fetched from a token endpoint, put into requests, renewed on a 401.

mod assertion;
mod authenticator;
mod base;
mod cookies;
mod credential;
mod endpoint;
mod fault;
mod grant;
mod keys;
mod login;
mod named_secrets;
mod oauth1;
mod refresh;
mod signature;
mod token;

pub(crate) use authenticator::Authenticator;
pub(super) use base::{rebased, with_origin};
pub(crate) use credential::Credential;
pub(crate) use credential::strip_parameter;
pub(super) use credential::strip_user;
pub(super) use endpoint::Endpoint;
pub(super) use fault::AuthFault;
