//! The bronze store on a local folder.

mod files;
mod part;
mod paths;
mod staging;
mod store;
mod target;
#[cfg(test)]
mod tests;

pub use store::LocalStore;
