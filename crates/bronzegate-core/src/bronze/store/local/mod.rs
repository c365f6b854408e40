//! The bronze store on a local folder.

mod files;
mod outgrown;
mod part;
mod paths;
mod staging;
mod store;
mod target;
#[cfg(test)]
mod tests;

pub use outgrown::outlive_outgrown_files;
pub use store::LocalStore;
