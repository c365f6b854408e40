//! What a run is to do, decided before it does anything: request and commit log in, plan out.

mod changed;
mod coverage;
mod due;
mod due_time;
mod marks;
mod mend;
mod run_plan;
mod sequence;
#[cfg(test)]
mod tests;
mod whole_windows;
mod window;

pub(crate) use changed::AskedParents;
pub(crate) use coverage::covered;
pub(crate) use due::Due;
pub use due_time::come;
pub(crate) use due_time::is_come;
pub(crate) use marks::Sequence;
pub use mend::Mend;
pub(crate) use mend::mended;
pub use run_plan::RunRequest;
pub(crate) use run_plan::{RunPlan, Segment, key, names_read_back, plan, restart};
pub(crate) use sequence::next;
pub(crate) use window::{halved, settled, when};
pub use window::{over, window};
