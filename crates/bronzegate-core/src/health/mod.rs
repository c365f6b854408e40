//! The health of a stream, from its commit log: runs against what is expected, and scheduled runs that are
//! missing. Runs that failed commit nothing, so of them the log knows only that they are missing; why the
//! last of them did is noted beside it.

mod earlier_start;
mod gap;
mod judge;
mod logged_run;
mod missed;
mod new_members;
mod read_state;
mod stream;
#[cfg(test)]
mod tests;

pub use earlier_start::earlier_start;
pub(crate) use earlier_start::{BeforeTheFirstRun, before_the_first_run};
pub use gap::Gap;
pub use judge::breaches;
pub(crate) use judge::is_sparse;
pub use logged_run::{LoggedRun, LoggedSegment, LoggedTable};
pub use missed::{Missed, MissedReason, missed};
pub use new_members::new_members;
pub use read_state::{PartitionState, ReadState};
pub use stream::{Entry, Period, StreamHealth};
