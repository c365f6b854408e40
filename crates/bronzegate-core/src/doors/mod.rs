//! What the doors share: from a deployment's settings to stores and vaults, and from an event to its reports.

mod answer;
mod dispatcher;
mod event;
pub mod metrics;
mod settings;
mod sources;
mod warm_engines;

pub use answer::{Answer, NotRun, WindowList};
pub use dispatcher::Dispatcher;
pub use event::{Action, BACKFILL_SHARE, Backfill, Event};
pub use settings::{Place, Vault, wrong};
pub use sources::{SourceFolder, Unusable};
