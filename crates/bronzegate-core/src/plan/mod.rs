//! What a run is to do, decided before it does anything: request and commit log in, plan out.

mod coverage;
mod due_time;
mod run_plan;
mod sequence;
mod window;

pub use coverage::covered;
pub use due_time::come;
pub(crate) use due_time::is_come;
pub use run_plan::{RunPlan, RunRequest, Segment, key, plan, restart};
pub use sequence::{Next, next};
pub use window::{halved, over, window};
