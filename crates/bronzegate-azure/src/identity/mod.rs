//! Identity: which credential the environment offers, and its tokens.

mod choice;
mod credential;
mod tokens;

pub(crate) use credential::credential;
