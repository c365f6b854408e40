//! One version of a log, of which only what decides is kept.

use bronzegate_core::bronze::BronzeStore;
use serde_json::{Map, Value};

use super::failed::LogError;
use super::lines::Lines;
use super::sought::{Sought, decode};
use crate::actions::{CommitTimes, FilePath, Line, Metadata, Protocol, Txn};

/// What a version says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    pub(crate) protocol: Option<Protocol>,
    pub(crate) metadata: Option<Metadata>,
    /// That of the application that is sought.
    pub(crate) txn: Option<Txn>,
    /// How many of the sought files it adds.
    pub(crate) added: usize,
    pub(crate) times: CommitTimes,
}

impl Facts {
    /// Takes one line in.
    fn take(&mut self, line: &str, sought: Option<&Sought>) -> Result<(), String> {
        let line = Line::parse(line)?;
        if let Some(protocol) = line.action("protocol")? {
            self.protocol = Some(protocol);
        }
        if let Some(metadata) = line.action::<Map<String, Value>>("metaData")? {
            self.metadata = Some(Metadata::parse(metadata)?);
        }
        if let Some(times) = line.action("commitInfo")? {
            self.times = times;
        }
        let Some(sought) = sought else { return Ok(()) };
        if let Some(txn) = line.action::<Txn>("txn")?.filter(|txn| txn.app_id == sought.app) {
            self.txn = Some(txn);
        }
        if let Some(add) = line.action::<FilePath>("add")? {
            self.added += usize::from(sought.paths.contains(&decode(&add.path)));
        }
        Ok(())
    }
}

/// Reads a file of lines: a version, or a checkpoint in JSON.
pub(crate) async fn facts(
    store: &dyn BronzeStore,
    path: &str,
    sought: Option<&Sought>,
) -> Result<Facts, LogError> {
    let mut lines = Lines::new(store, path);
    let mut facts = Facts::default();
    while let Some(line) = lines.next().await? {
        facts.take(line, sought).map_err(|reason| LogError::damaged(path, reason))?;
    }
    Ok(facts)
}
