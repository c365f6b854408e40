//! A preamble as wide as its table: its first line is taken for the header, and the header for a row.

use serde_json::{Map, Value};

use crate::config::{Format, Stream};
use crate::extract::PageEvent;

/// How many rows are looked at.
const ROWS: usize = 20;

/// Texts that stand for no value.
const NONE: [&str; 7] = ["n/a", "na", "null", "none", "nan", "unknown", "total"];

/// The first rows of a page of CSV.
#[derive(Debug, Default)]
pub(super) struct FirstRows {
    rows: Vec<Map<String, Value>>,
}

impl FirstRows {
    /// Those of a stream whose file does not say where its table begins; `None` for any other.
    pub(super) fn of(stream: &Stream) -> Option<Self> {
        let Some(Format::Csv(csv)) = &stream.format else { return None };
        let is_said = csv.header.is_some() || csv.header_starts.is_some() || csv.skip_lines > 0;
        (!is_said).then(Self::default)
    }

    /// Takes the page's records as they come.
    pub(super) fn see(&mut self, event: &PageEvent) {
        match event {
            PageEvent::Begin(_) => self.rows.clear(),
            PageEvent::Records(piece) => {
                let left = ROWS.saturating_sub(self.rows.len());
                let rows = piece.records().take(left);
                self.rows.extend(rows.filter_map(|row| serde_json::from_slice(row).ok()));
            }
        }
    }

    /// What somebody should know: a row that looks like the header. In a column of it each row after it has digits, and
    /// it has none.
    pub(super) fn warning(&self) -> Option<String> {
        let nth = (0..self.rows.len().saturating_sub(1)).rev().find(|nth| self.is_header(*nth))?;
        let names: Vec<&str> = self.rows[nth].values().filter_map(Value::as_str).collect();
        Some(format!(
            "row {} of the table looks like its header ({}): if the lines before it are no part of the table, write `csv: {{ \
             header_starts: \"{}\" }}`",
            nth + 1,
            names.join(", "),
            names.first().copied().unwrap_or_default()
        ))
    }

    fn is_header(&self, nth: usize) -> bool {
        let mut names: Vec<&str> = self.rows[nth].values().filter_map(Value::as_str).collect();
        let is_name = |text: &&str| {
            text.contains(char::is_alphabetic)
                && !has_digit(text)
                && !NONE.contains(&text.to_lowercase().as_str())
        };
        if names.len() < 2 || !names.iter().all(is_name) {
            return false;
        }
        names.sort_unstable();
        let is_once = names.windows(2).all(|pair| pair[0] != pair[1]);
        let has_digits = |column: &String, row: &Map<String, Value>| {
            row.get(column).and_then(Value::as_str).is_some_and(has_digit)
        };
        let mut columns = self.rows[nth].keys();
        is_once && columns.any(|column| self.rows[nth + 1..].iter().all(|row| has_digits(column, row)))
    }
}

fn has_digit(text: &str) -> bool {
    text.contains(|char: char| char.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warning(header: [&str; 2], rows: &[[&str; 2]]) -> Option<String> {
        let row = |values: &[&str; 2]| -> Map<String, Value> {
            header.iter().zip(values).map(|(name, value)| ((*name).to_owned(), (*value).into())).collect()
        };
        FirstRows { rows: rows.iter().map(row).collect() }.warning()
    }

    #[test]
    fn a_row_that_names_the_columns_of_those_after_it_is_told() {
        let header = ["Report", "Sales"];
        let rows = [["Generated", "2026-11-22"], ["Day", "Amount"], ["2026-11-20", "1"], ["2026-11-21", "2"]];
        let told = warning(header, &rows).expect("it is told");
        assert!(told.starts_with("row 2 of the table looks like its header (Day, Amount)"), "{told}");
        assert!(told.contains("header_starts: \"Day\""), "{told}");
        assert!(warning(header, &rows[1..]).is_some());
        for rows in [
            &[["Ann", "5"], ["Bob", "7"]][..],
            &[["Ann", "n/a"], ["Bob", "7"]],
            &[["Ann", "Berlin"], ["Bob", "Rome"]],
            &[["Day", "Amount"]],
            &[["Ann", "Ann"], ["Bob", "7"]],
            &[],
        ] {
            assert_eq!(warning(["Name", "Value"], rows), None, "{rows:?}");
        }
    }
}
