//! Identity: which one the environment offers, and its tokens.

mod choice;
mod tokens;

use std::sync::Arc;

use bronzegate_core::doors::IdentityTokens;

pub(crate) use choice::choose;
pub(crate) use tokens::{NoToken, Tokens};

/// Makes an identity of Azure: the one that the environment offers, or one of a kind (`managed`, `workload`,
/// `client-secret`, `developer`).
pub type AzureIdentities = dyn Fn(Option<&'static str>) -> Arc<dyn IdentityTokens> + Send + Sync;
