//! `key-tables`: writes the tables of keys in `docs/source-files`, from the schema of source files.

use std::fs;

use bronzegate_core::config::json_schema;
use bronzegate_tests::{key_tables, repository};

use crate::Outcome;

/// Rewrites the pages whose tables are stale.
pub(crate) fn run() -> Outcome {
    for page in key_tables::pages(&repository().join("docs/source-files"), &json_schema())? {
        if page.text != page.wanted {
            fs::write(&page.path, &page.wanted)?;
        }
    }
    Ok(())
}
