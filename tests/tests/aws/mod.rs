//! The Lambda handler, `bootstrap`.

// Windows and backfills: listed, run one by one, or all in one invocation.
mod backfill;
// What the cost table counts.
mod costs;
// The sample events of the repository.
mod events;
// AWS fails, or the process is killed, at every call.
mod faults;
// Events for several streams, and the watch over all of them.
mod groups;
// Events of every trigger in, bronze on S3 and an answer out.
mod handler;
// Tables: records become rows, and wrong places are named.
mod tables;
// Ticks that are late, or come while the vault is away.
mod ticks;
