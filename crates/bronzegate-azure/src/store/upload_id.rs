//! What makes an upload and a put this process's own: the only randomness of the store.

use std::fmt;
use std::str::FromStr;

use azure_core::Uuid;

/// A random id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct UploadId(Uuid);

impl UploadId {
    pub(super) fn random() -> Self {
        Self(Uuid::new_v4())
    }

    /// The id of a block, counted from 0. Two runs that stage the same path never overwrite each
    /// other's blocks; all ids of a blob have one length, as the service asks.
    pub(super) fn block(&self, number: u32) -> Vec<u8> {
        [&self.0.as_bytes()[..], &number.to_be_bytes()].concat()
    }
}

impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0.as_simple(), f)
    }
}

impl FromStr for UploadId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Uuid::parse_str(text).map(Self).map_err(|_| ())
    }
}
