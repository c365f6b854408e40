//! The root: a schema, and the store that its parts are in.

use std::sync::Arc;

use bronzegate_core::bronze::{BronzeStore, BronzeTable, TableKind, Tables};

use super::catalog::Catalog;
use super::schema_name::SchemaName;
use super::table::Table;
use crate::sql::Statements;
use crate::workspace::Workspace;

/// A schema of Unity Catalog, loaded by `COPY INTO` from parts in the target's own store.
#[derive(Clone, Debug)]
pub struct DatabricksTables {
    shared: Arc<Shared>,
    parts: Arc<dyn BronzeStore>,
}

/// What the tables of a schema have in common.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) workspace: Arc<Workspace>,
    pub(super) catalog: Catalog,
    pub(super) statements: Statements,
    pub(super) schema: SchemaName,
    /// How the workspace sees the folder of the parts, without a slash at its end.
    pub(super) files: String,
}

impl DatabricksTables {
    pub(crate) fn new(
        workspace: Arc<Workspace>,
        warehouse: String,
        schema: SchemaName,
        files: String,
        parts: Arc<dyn BronzeStore>,
    ) -> Self {
        let catalog = Catalog::new(Arc::clone(&workspace));
        let statements = Statements::new(Arc::clone(&workspace), warehouse);
        Self { shared: Arc::new(Shared { workspace, catalog, statements, schema, files }), parts }
    }
}

impl Tables for DatabricksTables {
    /// With the place of the files: `COPY INTO` knows a file that it has loaded by its whole path, so what was committed
    /// under one must not be loaded from another.
    fn location(&self) -> String {
        format!("databricks:{} (files: {})", self.shared.schema, self.shared.files)
    }

    fn kind(&self) -> TableKind {
        TableKind::Databricks
    }

    fn parts(&self) -> Arc<dyn BronzeStore> {
        Arc::clone(&self.parts)
    }

    fn table(&self, name: &str) -> Arc<dyn BronzeTable> {
        Arc::new(Table::new(Arc::clone(&self.shared), name))
    }
}
