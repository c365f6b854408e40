//! What keeps reading a table cheap: checkpoints, and a log that does not grow for ever.

mod cleanup;
mod maintenance;
mod tail;
#[cfg(test)]
mod tests;

pub(crate) use maintenance::Maintenance;
