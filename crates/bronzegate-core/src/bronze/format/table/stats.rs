//! Delta's statistics of a file: what lets a reader skip it. PROTOCOL.md of the Delta project, "Per-file Statistics".

use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;
use serde_json::{Map, Value, json};

use crate::bronze::table::TableColumn;

/// Statistics cover the first columns, as many as Delta's own writers take by default.
const COVERED: usize = 32;

/// A longer text would have to be cut, and the greatest then be made greater: it has none.
const LONGEST: usize = 32;

/// What was counted of a file.
#[derive(Clone, Debug, Default)]
pub(super) struct FileStats {
    /// Its rows.
    pub(super) records: u64,
    /// The first and the last time, in microseconds.
    pub(super) ingested: Option<(i64, i64)>,
    /// Nulls of each column, in order.
    pub(super) nulls: Vec<u64>,
}

impl FileStats {
    pub(super) fn arrived(&mut self, micros: i64) {
        let (first, last) = self.ingested.unwrap_or((micros, micros));
        self.ingested = Some((first.min(micros), last.max(micros)));
    }

    /// The JSON text. `constants` are the values of the columns after the first, the same in all rows.
    pub(super) fn to_json(&self, columns: &[TableColumn], constants: &[String]) -> String {
        let (mut least, mut greatest, mut nulls) = (Map::new(), Map::new(), Map::new());
        if let (Some((first, last)), Some(time)) = (self.ingested, columns.first()) {
            least.insert(time.name.clone(), shown(first.div_euclid(1_000)));
            greatest.insert(
                time.name.clone(),
                shown(last.div_euclid(1_000) + i64::from(last.rem_euclid(1_000) > 0)),
            );
        }
        let short = |text: &&String| text.chars().count() <= LONGEST;
        for (column, value) in columns.iter().skip(1).zip(constants) {
            if let Some(value) = Some(value).filter(short).filter(|_| self.records > 0) {
                least.insert(column.name.clone(), Value::from(value.as_str()));
                greatest.insert(column.name.clone(), Value::from(value.as_str()));
            }
        }
        for (column, count) in columns.iter().zip(&self.nulls).take(COVERED) {
            nulls.insert(column.name.clone(), Value::from(*count));
        }
        json!({
            "numRecords": self.records,
            "minValues": least,
            "maxValues": greatest,
            "nullCount": nulls,
        })
        .to_string()
    }
}

/// A time in milliseconds, as Delta writes it.
fn shown(milliseconds: i64) -> Value {
    let time = Timestamp::from_millisecond(milliseconds).unwrap_or_default();
    Value::from(DateTimePrinter::new().precision(Some(3)).timestamp_to_string(&time))
}
