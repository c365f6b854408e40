//! What a body unpacks to, compared with its bytes on the wire: one bound, however often it is packed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::body::BodyFault;

/// A body may unpack to this many times its size. What is real stays far below; one made to fill a disk
/// goes beyond.
const MAX_RATIO: u64 = 500;
/// Bytes of content from which on the ratio counts.
const RATIO_FROM: u64 = 64 << 20;

/// The bytes of one body, counted where they come from the wire and where they are unpacked.
#[derive(Clone, Debug, Default)]
pub(super) struct Ratio {
    packed: Arc<AtomicU64>,
    /// By this layer of packing alone: the outer one's content is the inner one's packed form.
    unpacked: u64,
}

impl Ratio {
    /// The count for a layer of packing in what this one unpacks.
    pub(super) fn inner(&self) -> Self {
        Self { packed: self.packed.clone(), unpacked: 0 }
    }

    /// So many bytes have come over the wire.
    pub(super) fn packed(&self, bytes: usize) {
        self.packed.fetch_add(bytes as u64, Relaxed);
    }

    /// The bytes that came over the wire.
    pub(super) fn on_the_wire(&self) -> u64 {
        self.packed.load(Relaxed)
    }

    /// So many bytes were unpacked, whatever becomes of them.
    ///
    /// # Errors
    /// [`BodyFault::Refused`] when that is too many times what has come over the wire.
    pub(super) fn unpacked(&mut self, bytes: usize) -> Result<(), BodyFault> {
        self.unpacked += bytes as u64;
        if self.unpacked > RATIO_FROM && self.unpacked / MAX_RATIO > self.packed.load(Relaxed) {
            let cause = format!("it unpacks to more than {MAX_RATIO} times its size");
            return Err(BodyFault::Refused(cause));
        }
        Ok(())
    }
}
