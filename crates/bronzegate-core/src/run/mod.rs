//! One run of one stream: the straight line from a request to a report.

mod changed;
mod commit_record;
mod engine;
mod findings;
mod in_flight;
mod look;
mod mend;
mod options;
mod paging;
mod rate_share;
mod segment;
mod settings_hash;
mod staged;
mod stream_run;
mod synced;
mod table_segment;
mod window;

pub use engine::{Engine, StreamRun};
pub(crate) use findings::{lacks_the_beginning, local_times, without_instants};
pub use options::RunOptions;
pub use tokio_util::sync::CancellationToken;

pub use crate::http::Stats;
pub use crate::plan::{Mend, RunRequest};
