//! What parts are called.

use crate::bronze::layout::Layout;
use crate::bronze::run_id::RunKey;

/// What the parts of a segment are called.
#[derive(Clone, Debug)]
pub(crate) struct PartNaming {
    /// The stream's paths.
    pub layout: Layout,
    /// The run.
    pub key: RunKey,
    /// The run's segment, counted from 1.
    pub segment: u32,
}
