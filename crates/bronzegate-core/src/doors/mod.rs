//! What the doors share: from a deployment's settings to stores and vaults, and from an event to its reports.

mod admission;
mod answer;
mod cloud;
mod clouds;
mod deployment;
mod dispatcher;
mod event;
mod identity;
pub mod metrics;
mod place;
mod setting;
mod sources;
mod tables_place;
mod warm_engines;
mod watch;

pub use answer::{Answer, NotRun, WindowList};
pub use cloud::{Cloud, Form};
pub use clouds::{Clouds, FolderTables};
pub use deployment::{Defaults, Deployment};
pub use dispatcher::Dispatcher;
pub use event::{Action, BACKFILL_SHARE, Backfill, Event, divided};
pub use identity::IdentityTokens;
pub use place::Place;
pub use setting::{LookUp, Setting, Unset};
pub use sources::{SourceFolder, Unusable};
pub use tables_place::TablesPlace;
pub use watch::{MissedRun, Watch, Watched};
