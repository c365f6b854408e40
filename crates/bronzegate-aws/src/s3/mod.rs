//! Amazon S3 as a bronze store.

mod checksum;
mod objects;
mod part;
mod retry;
mod store;
mod target;
mod upload;
mod uploads;

pub use store::{S3Settings, S3Store};
pub use target::S3Target;
