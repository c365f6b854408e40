//! OneLake and ADLS Gen2 behind the core's port, through their Blob endpoints.
//!
//! Neither the Data Lake (DFS) endpoint is used nor directories: Microsoft documents both endpoints
//! of both services as equal for what is done here, but for listings of uncommitted blobs, which OneLake
//! is not asked for; and only the Blob one has uploads that stay invisible until completed.

mod blob_store;
mod blobs;
mod listing;
mod part;
mod publish;
mod put_new;
mod read_range;
mod refusals;
mod target;
mod upload_id;

pub use blob_store::BlobStore;
pub use target::Target;
