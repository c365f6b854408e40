//! Identity: which credential the environment offers, and its tokens.

mod choice;
mod credential;
mod for_others;
mod tokens;

pub(crate) use credential::credential;
pub use for_others::AzureIdentity;
