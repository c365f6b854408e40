//! Which tables are appended to: what a writer must know of them, by name (PROTOCOL.md, "Table Features").

use bronzegate_core::bronze::TableColumn;

use crate::actions::{Metadata, Protocol};
use crate::log::Snapshot;

/// Features that ask nothing of who only adds files with all of their columns.
const ALLOWED: &[&str] = &[
    "appendOnly",
    "changeDataFeed",
    "checkpointProtection",
    "deletionVectors",
    "domainMetadata",
    "inCommitTimestamp",
    "timestampNtz",
    "v2Checkpoint",
    "vacuumProtocolCheck",
    "variantShredding",
    "variantShredding-preview",
    "variantType",
    "variantType-preview",
];

/// Features that ask something only of tables whose metadata uses them, which [`used`] looks for.
const ALLOWED_UNUSED: &[&str] = &[
    "allowColumnDefaults",
    "checkConstraints",
    "columnMapping",
    "generatedColumns",
    "identityColumns",
    "invariants",
];

/// The columns that a table may be partitioned by: each has one value in a file.
pub(crate) const PARTITIONS: &[&str] = &["_source_system", "_environment", "_stream", "_batch_id"];

/// Refuses a table that must not be appended to.
///
/// # Errors
/// The feature, property or column, by name, and what to do.
pub(crate) fn check(snapshot: &Snapshot, columns: &[TableColumn]) -> Result<(), String> {
    features(&snapshot.protocol)?;
    used(&snapshot.metadata)?;
    partitions(&snapshot.metadata, columns)?;
    if wants_commit_time(snapshot) && snapshot.times.in_commit_timestamp.is_none() {
        let version = snapshot.version();
        return Err(format!(
            "it has in-commit timestamps (delta.enableInCommitTimestamps), and its newest version {version} has no file \
             or no inCommitTimestamp; let the engine that made it write another version, or turn the property off"
        ));
    }
    missing(&snapshot.metadata, columns).map(drop)
}

/// Whether each version must say when it counts as committed.
pub(crate) fn wants_commit_time(snapshot: &Snapshot) -> bool {
    snapshot.protocol.features().any(|feature| feature == "inCommitTimestamp")
        && snapshot.metadata.is_on("delta.enableInCommitTimestamps")
}

fn features(protocol: &Protocol) -> Result<(), String> {
    let (reader, writer) = (protocol.min_reader_version, protocol.min_writer_version);
    if reader > 3 || writer > 7 {
        return Err(format!(
            "its protocol {reader}/{writer} is newer than this version of bronzegate; update bronzegate, or append to \
             another table"
        ));
    }
    let is_known = |feature: &&str| ALLOWED.contains(feature) || ALLOWED_UNUSED.contains(feature);
    match protocol.features().find(|feature| !is_known(feature)) {
        None => Ok(()),
        Some(feature @ ("catalogManaged" | "catalogOwned-preview")) => Err(format!(
            "it has the feature {feature}: its versions are a catalog's to write; append by the catalog \
             (BRONZEGATE_TABLES=databricks:<catalog>.<schema>), or to a table without it"
        )),
        Some(feature) => Err(format!(
            "it has the feature {feature}, which bronzegate does not write; drop it \
             (ALTER TABLE … DROP FEATURE {feature}), or append to a table without it"
        )),
    }
}

fn used(metadata: &Metadata) -> Result<(), String> {
    if metadata.provider != "parquet" {
        return Err(format!("its files are {}, not parquet; append to another table", metadata.provider));
    }
    if let Some(mode) = metadata.property("delta.columnMapping.mode").filter(|mode| *mode != "none") {
        return Err(format!(
            "it has column mapping (delta.columnMapping.mode = {mode}), which bronzegate does not write; append to a \
             table without it"
        ));
    }
    let constraint = metadata.configuration.keys().find_map(|name| name.strip_prefix("delta.constraints."));
    if let Some(name) = constraint {
        return Err(format!(
            "it has the constraint {name}, which bronzegate cannot check; drop it (ALTER TABLE … DROP CONSTRAINT {name})"
        ));
    }
    for field in metadata.schema.fields() {
        let found = [
            ("delta.invariants", "an invariant"),
            ("delta.generationExpression", "a generation expression"),
            ("delta.identity.", "an identity"),
            ("CURRENT_DEFAULT", "a default"),
        ];
        if let Some((_, what)) = found.into_iter().find(|(entry, _)| field.has_metadata(entry)) {
            let name = field.name();
            return Err(format!(
                "its column {name} has {what}, which bronzegate does not write; drop it from the column, or append to \
                 another table"
            ));
        }
        if !field.may_be_null() {
            let name = field.name();
            return Err(format!(
                "its column {name} is NOT NULL, which bronzegate does not check; drop that \
                 (ALTER TABLE … ALTER COLUMN {name} DROP NOT NULL)"
            ));
        }
    }
    Ok(())
}

fn partitions(metadata: &Metadata, columns: &[TableColumn]) -> Result<(), String> {
    let ours = |name: &String| {
        PARTITIONS.contains(&name.as_str()) && columns.iter().any(|column| column.name == *name)
    };
    match metadata.partition_columns.iter().find(|name| !ours(name)) {
        None => Ok(()),
        Some(name) => Err(format!(
            "it is partitioned by {name}; bronzegate appends to tables without partitions, or with partitions by {}",
            PARTITIONS.join(", ")
        )),
    }
}

/// The columns that the table lacks.
///
/// # Errors
/// When a column is there with another type, or with another case of its name.
pub(crate) fn missing(metadata: &Metadata, columns: &[TableColumn]) -> Result<Vec<TableColumn>, String> {
    let mut missing = Vec::new();
    for column in columns {
        let same = |name: &str| name.to_lowercase() == column.name.to_lowercase();
        let Some(field) = metadata.schema.fields().find(|field| same(field.name())) else {
            missing.push(column.clone());
            continue;
        };
        let (name, kind) = (field.name(), column.kind.to_string());
        if name != column.name {
            return Err(format!(
                "its column {name} differs from {} in case alone; rename one of them (`name` in the source file)",
                column.name
            ));
        }
        if field.has_metadata("__CHAR_VARCHAR_TYPE_STRING") {
            return Err(format!(
                "its column {name} has a bounded length (char or varchar); make it a string"
            ));
        }
        if field.kind() != kind {
            return Err(format!(
                "its column {name} is {}, and the stream's is {kind}; give the stream's another name or that type \
                 (`columns` in the source file)",
                field.kind()
            ));
        }
    }
    Ok(missing)
}
