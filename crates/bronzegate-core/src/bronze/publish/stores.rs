//! Where a stream's log and its parts are kept.

use std::sync::Arc;

use crate::bronze::store::BronzeStore;

/// The store of the commit log and that of the parts: one for files, two where a table keeps its parts elsewhere.
///
/// The protocol takes no more from two stores than from one: the log's put decides, and parts are only completed
/// from what the log says.
#[derive(Clone, Debug)]
pub struct Stores {
    /// Holds the commit log.
    pub log: Arc<dyn BronzeStore>,
    /// Holds the parts, and uploads that are to become parts.
    pub parts: Arc<dyn BronzeStore>,
}

impl From<Arc<dyn BronzeStore>> for Stores {
    fn from(store: Arc<dyn BronzeStore>) -> Self {
        Self { log: store.clone(), parts: store }
    }
}

impl<S: BronzeStore + 'static> From<Arc<S>> for Stores {
    fn from(store: Arc<S>) -> Self {
        Self::from(store as Arc<dyn BronzeStore>)
    }
}
