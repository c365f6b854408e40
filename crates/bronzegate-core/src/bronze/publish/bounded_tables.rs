//! Tables whose calls end with the run's time.

use std::sync::Arc;

use async_trait::async_trait;

use crate::bronze::store::{BoundedStore, BronzeStore, Limit};
use crate::bronze::table::{
    Appended, BronzeTable, TableAppend, TableColumn, TableError, TableKind, TableState, Tables,
};
use crate::clock::{Clock, Deadline};

/// Tables on others. Each call that is not done when the deadline passes is given up; what it would have done may be
/// done or not.
#[derive(Clone, Debug)]
pub(super) struct BoundedTables {
    inner: Arc<dyn Tables>,
    clock: Arc<dyn Clock>,
    deadline: Deadline,
}

#[derive(Debug)]
struct BoundedTable {
    name: String,
    inner: Arc<dyn BronzeTable>,
    limit: Limit,
}

impl BoundedTables {
    pub(super) fn new(inner: Arc<dyn Tables>, clock: Arc<dyn Clock>, deadline: Deadline) -> Self {
        Self { inner, clock, deadline }
    }
}

impl Tables for BoundedTables {
    fn location(&self) -> String {
        self.inner.location()
    }

    fn kind(&self) -> TableKind {
        self.inner.kind()
    }

    fn parts(&self) -> Arc<dyn BronzeStore> {
        Arc::new(BoundedStore::new(self.inner.parts(), self.clock.clone(), self.deadline))
    }

    fn most_files(&self) -> Option<u32> {
        self.inner.most_files()
    }

    fn table(&self, name: &str) -> Arc<dyn BronzeTable> {
        let limit = Limit::new(self.clock.clone(), self.deadline);
        Arc::new(BoundedTable { name: name.to_owned(), inner: self.inner.table(name), limit })
    }
}

#[async_trait]
impl BronzeTable for BoundedTable {
    async fn look(&self, columns: &[TableColumn]) -> Result<TableState, TableError> {
        self.limit.hold("read the table", &self.name, self.inner.look(columns)).await
    }

    async fn append(&self, append: &TableAppend) -> Result<Appended, TableError> {
        self.limit.hold("append to the table", &self.name, self.inner.append(append)).await
    }

    async fn find(&self, append: &TableAppend) -> Result<Option<Appended>, TableError> {
        self.limit.hold("read the table", &self.name, self.inner.find(append)).await
    }

    async fn maintain(&self, version: i64) {
        let maintained = async {
            self.inner.maintain(version).await;
            Ok::<(), TableError>(())
        };
        if let Err(error) = self.limit.hold("maintain the table", &self.name, maintained).await {
            tracing::warn!(table = self.name, %error, "the table's checkpoint is left to a later run");
        }
    }
}
