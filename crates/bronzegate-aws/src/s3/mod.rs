//! Amazon S3 as a bronze store.

mod checksum;
mod failed;
mod objects;
mod part;
mod retry;
mod settings;
mod store;
mod target;
mod upload;
mod uploads;

pub use settings::S3Settings;
pub(crate) use settings::owner_of;
pub use store::S3Store;
pub use target::S3Target;
