//! `output.table` and `output.columns`: a table instead of files.
//!
//! ```yaml
//! output:
//!   table: bronze_api_data
//!   columns:
//!     - { member: email, type: string }
//!     - { member: amount, name: amount_eur, type: "decimal(18,2)" }
//! ```

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Deserialize;

use super::column_type::ColumnType;
use super::problem::{At, Draft, Report};
use super::read::Slot;
use super::stream::Stream;

/// The table that a stream's records become rows of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableOutput {
    /// Its name, a folder below the root of the tables.
    pub name: String,
    /// The members that have columns of their own, in order.
    pub columns: Vec<ListedColumn>,
    /// How its files are compressed (zstd).
    pub compression: TableCompression,
}

/// How the Parquet files of a table are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TableCompression {
    /// Not at all.
    None,
    /// Snappy.
    Snappy,
    /// Zstandard.
    #[default]
    Zstd,
}

/// A member of the records that has a column of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedColumn {
    /// The member of the record, unescaped. It is one of the record's own, not of an object within.
    pub member: String,
    /// The column.
    pub name: String,
    /// The column's type.
    pub kind: ColumnType,
}

/// The columns of every table before the record, in order. Members of a parent follow them.
pub const METADATA_COLUMNS: [&str; 6] =
    ["_ingested_at", "_source_system", "_environment", "_stream", "_batch_id", "_segment"];

/// The column of the record's own bytes.
pub const RECORD: &str = "record";

/// The column that names the members whose values did not fit their columns, where there are listed columns.
pub const RESCUED: &str = "_rescued";

/// Names that Delta and Spark keep for themselves, for change data and for file metadata.
const KEPT: [&str; 4] = ["_metadata", "_change_type", "_commit_version", "_commit_timestamp"];

/// The most characters of a column's name that Unity Catalog takes.
pub const LONGEST_NAME: usize = 255;

/// The most columns that are listed. Delta has no bound; each costs memory while a part is written.
const MOST: usize = 1_000;

/// A member that gets a column.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Column")]
pub(super) struct ColumnSpec {
    /// The record's member.
    #[schemars(extend("minLength" = 1))]
    member: Slot<String>,
    /// The column's name; default the member's, with `_` in place of what a column's name cannot have.
    #[schemars(extend("minLength" = 1))]
    name: Option<Slot<String>>,
    /// string, long, double, boolean, decimal(p,s), date or timestamp.
    #[serde(rename = "type")]
    kind: Slot<TypeText>,
}

/// The text of a type.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, with = "String", extend("pattern" = r"^(string|long|double|boolean|date|timestamp|decimal\( *[0-9]+ *, *[0-9]+ *\))$"))]
struct TypeText(ColumnType);

impl TryFrom<String> for TypeText {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
            .map(Self)
            .map_err(|_| "string, long, double, boolean, decimal(p,s) with p up to 38, date or timestamp")
    }
}

/// Checks a list of columns.
pub(super) fn columns(slot: Option<&Slot<Vec<Slot<ColumnSpec>>>>, report: &Report) -> Vec<ListedColumn> {
    let Some((slot, specs)) = slot.and_then(|slot| Some((slot, slot.get()?))) else { return Vec::new() };
    if specs.is_empty() {
        report
            .say(slot.at(), "an empty list has no meaning: without `columns` the record is the only column");
    }
    if specs.len() > MOST {
        report.add(slot.at(), Draft::refused(format!("at most {MOST} columns")).value(specs.len()));
        return Vec::new();
    }
    let mut taken = BTreeSet::new();
    specs.iter().filter_map(|slot| column(slot.get()?, &mut taken, report)).collect()
}

fn column(spec: &ColumnSpec, taken: &mut BTreeSet<String>, report: &Report) -> Option<ListedColumn> {
    let member = spec.member.cloned()?;
    if member.is_empty() {
        report.say(spec.member.at(), "a member needs a name");
    }
    let (name, at) = match &spec.name {
        None => (column_name(&member), spec.member.at()),
        Some(name) => (name.cloned()?, name.at()),
    };
    if name != column_name(&name) {
        let draft = Draft::new("cannot name a column").value(&name);
        report.add(at, draft.accepted(column_name(&name)));
    } else if name.is_empty() || name.chars().count() > LONGEST_NAME {
        report.add(at, Draft::refused(format!("a column's name, of 1 to {LONGEST_NAME} characters")));
    } else if is_reserved_column(&name) {
        let draft = Draft::new("is a column that the table has, or that readers keep for themselves");
        report.add(at, draft.value(&name).accepted("another `name`"));
    } else if !taken.insert(name.to_lowercase()) {
        let draft = Draft::new("names two columns: upper and lower case are the same to a table");
        report.add(at, draft.value(&name).accepted("another `name`"));
    }
    Some(ListedColumn { member, name, kind: spec.kind.get()?.0 })
}

/// What a member's column is called: characters that Parquet and Delta refuse in a name become `_`.
pub fn column_name(member: &str) -> String {
    let is_refused = |c: char| " ,;{}()=.".contains(c) || c.is_control();
    member.chars().map(|c| if is_refused(c) { '_' } else { c }).collect()
}

/// Whether a column of this name is not for a list of columns: every table has it, or readers keep it for themselves.
pub fn is_reserved_column(name: &str) -> bool {
    let name = name.to_lowercase();
    let known = METADATA_COLUMNS.iter().chain(&KEPT).chain(&[RECORD, RESCUED]);
    name.starts_with("_parent_")
        || name.starts_with("_partition_")
        || known.into_iter().any(|one| *one == name)
}

/// Reports tables with listed columns that several streams of a source write: their columns would differ.
/// `places` are those of the streams' `output`, or of the streams.
pub(super) fn shared(streams: &[Stream], places: &[(&str, &At)], report: &Report) {
    let mut tables: BTreeMap<&str, Vec<&Stream>> = BTreeMap::new();
    for stream in streams {
        if let Some(table) = &stream.output.table {
            tables.entry(&table.name).or_default().push(stream);
        }
    }
    for (name, streams) in tables {
        let lists =
            |stream: &Stream| stream.output.table.as_ref().is_some_and(|table| !table.columns.is_empty());
        let [first, others @ ..] = &streams[..] else { continue };
        if !streams.iter().any(|stream| lists(stream)) {
            continue;
        }
        for other in others {
            let Some((_, at)) = places.iter().find(|(stream, _)| *stream == other.name) else { continue };
            let draft = Draft::new(format!(
                "is the table of `{}` too; a table with `columns` belongs to one stream",
                first.name
            ));
            report.add(at, draft.value(name).accepted("another `table`, or none of them with `columns`"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_named_as_its_member_as_far_as_a_table_can() {
        for (member, name) in [
            ("email", "email"),
            ("a b.c", "a_b_c"),
            ("x,;{}()\n\t=.", "x__________"),
            ("Größe", "Größe"),
            ("a/b", "a/b"),
        ] {
            assert_eq!(column_name(member), name);
        }
    }
}
