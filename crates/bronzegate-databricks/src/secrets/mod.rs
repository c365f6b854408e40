//! Secret scopes behind the core's port.

mod names;
mod scope;

pub use names::check_key;
pub(crate) use names::is_scope;
pub use scope::SecretScope;
