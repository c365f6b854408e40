//! Where bronze lives: the store port, its calls bounded in time, and the store on a local folder.

mod bounded;
mod local;
mod port;

pub use bounded::BoundedStore;
pub(in crate::bronze) use bounded::Limit;
pub use local::{LocalStore, outlive_outgrown_files};
pub use port::{
    BronzeStore, ByteRange, Created, LARGEST_READ, Leftover, RangeRead, Receipt, StagedPart, StagingArea,
    StoreError, Upload,
};
