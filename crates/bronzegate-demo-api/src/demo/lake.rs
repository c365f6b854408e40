//! One stream as a Delta table: its source file, and what the table's log says.

use serde_json::Value;
use std::{
    error::Error,
    fs, io,
    path::{Path, PathBuf},
};

/// Reads the stream `orders` again, into a table of that name.
const SOURCE: &str = include_str!("lake.yaml");
/// The source that the file is.
pub(super) const NAME: &str = "lake";
/// The stream, and its table.
pub(super) const TABLE: &str = "orders";

/// Writes the source file beside bronze, for the API's address. Tells its folder.
pub(super) fn sources(target: &Path, base_url: &str) -> io::Result<PathBuf> {
    let folder = target.join("_demo_sources");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("lake.yaml"), SOURCE.replace("BASE_URL", base_url))?;
    Ok(folder)
}

/// The rows of a batch in the table, as its log counts them; without a look into checkpoints, which stand for older versions.
pub(super) fn rows(tables: &Path, batch: &str) -> Result<u64, Box<dyn Error>> {
    let mut rows = 0;
    for entry in fs::read_dir(tables.join(TABLE).join("_delta_log"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            rows += added(&fs::read_to_string(path)?, batch)?;
        }
    }
    Ok(rows)
}

/// The rows of a batch that one version has added.
fn added(version: &str, batch: &str) -> serde_json::Result<u64> {
    let mut rows = 0;
    for line in version.lines() {
        let action: Value = serde_json::from_str(line)?;
        let is_of_batch = action["add"]["path"].as_str().is_some_and(|path| path.contains(batch));
        if let (true, Some(stats)) = (is_of_batch, action["add"]["stats"].as_str()) {
            let stats: Value = serde_json::from_str(stats)?;
            rows += stats["numRecords"].as_u64().unwrap_or_default();
        }
    }
    Ok(rows)
}

/// The line that reads the table.
pub(super) fn reader(tables: &Path) -> String {
    let table = tables.join(TABLE);
    format!("duckdb -c \"SELECT count(*), max(id) FROM delta_scan('{}')\"", table.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_rows_of_the_batch_are_counted() {
        let add = |batch: &str, rows: u64| {
            let stats = serde_json::json!({ "numRecords": rows }).to_string();
            let path = format!("lake/orders/ingest_date=2026-11-29/{batch}-s0001-p00001-0a1b2c3d.parquet");
            serde_json::json!({ "add": { "path": path, "stats": stats } }).to_string()
        };
        let lines = ["{\"protocol\":{}}".to_owned(), add("20261129170000", 7), add("20261129180000", 3)];
        assert_eq!(added(&lines.join("\n"), "20261129180000").unwrap(), 3);
        assert!(added("{", "20261129180000").is_err());
    }
}
