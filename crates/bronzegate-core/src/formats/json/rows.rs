//! Rows that are lists of values, and the columns that make objects of them.

use serde_json::Value;

use super::renamed::string_end;
use super::wanted::WantedColumns;
use crate::config::{self, Pointer};
use crate::formats::csv::Columns;
use crate::formats::error::SplitErrorKind;
use crate::redact::printable;

/// The most columns that a table has.
const MOST_COLUMNS: usize = 1 << 16;
/// Bytes of their names, which each record has.
const MAX_NAMES: usize = 1 << 20;

/// The longest name that a message shows.
const LONGEST_SHOWN: usize = 60;

/// Makes objects of rows.
pub(crate) struct Rows {
    at: config::Columns,
    /// Those of the pages before.
    known: Option<Vec<String>>,
    columns: Option<Columns>,
    /// They are this page's own.
    are_own: bool,
    number: u64,
}

impl Rows {
    pub(crate) fn new(wanted: &WantedColumns) -> Self {
        Self { at: wanted.at.clone(), known: wanted.known.clone(), columns: None, are_own: false, number: 0 }
    }

    /// Where the names stand beside the records.
    pub(crate) fn address(&self) -> Option<&Pointer> {
        match &self.at {
            config::Columns::FirstRow => None,
            config::Columns::At { at, .. } => Some(at),
        }
    }

    /// Whether rows can be written: the names are known, or come with the first.
    pub(crate) fn is_ready(&self) -> bool {
        self.columns.is_some() || matches!(self.at, config::Columns::FirstRow)
    }

    /// Takes the names that stand beside the records.
    pub(crate) fn see(&mut self, list: &[u8]) -> Result<(), SplitErrorKind> {
        let config::Columns::At { name, .. } = &self.at else { return Ok(()) };
        let names = names(list, name.as_ref()).map_err(|why| self.bad(why))?;
        self.take(&names)
    }

    /// Takes those of the pages before, where there are none yet.
    pub(crate) fn remember(&mut self) -> bool {
        if self.columns.is_none()
            && let Some(known) = &self.known
        {
            self.columns = Some(Columns::of(known));
        }
        self.columns.is_some()
    }

    /// Whether the page has shown names of its own.
    pub(crate) fn are_own(&self) -> bool {
        self.are_own
    }

    fn take(&mut self, names: &[String]) -> Result<(), SplitErrorKind> {
        let before = self.columns.as_ref().map(Columns::names).or(self.known.as_deref());
        if before.is_some_and(|before| before != names) {
            let shown = printable(&names.join(", "), LONGEST_SHOWN);
            return Err(SplitErrorKind::OtherColumns(shown));
        }
        self.columns = Some(Columns::of(names));
        self.are_own = true;
        Ok(())
    }

    /// Writes the next row as an object; `false` where it was the columns' names.
    ///
    /// # Errors
    /// It is no list, or of another length than the columns.
    pub(crate) fn write(&mut self, row: &[u8], out: &mut Vec<u8>) -> Result<bool, SplitErrorKind> {
        self.number += 1;
        let values = elements(row).ok_or(SplitErrorKind::RowNotList(self.number))?;
        if !self.are_own && matches!(self.at, config::Columns::FirstRow) {
            let names = texts(&values).map_err(|why| self.bad(why))?;
            self.take(&names)?;
            return Ok(false);
        }
        let Some(columns) = &self.columns else { return Err(SplitErrorKind::NoColumns(self.shown())) };
        let (found, expected) = (values.len(), columns.len());
        if found != expected {
            return Err(SplitErrorKind::RowLength { row: self.number, found, expected });
        }
        columns.write_values(&values, out);
        Ok(true)
    }

    /// Whether a name begins as a metadata name could.
    pub(crate) fn may_clash(&self) -> bool {
        self.columns.as_ref().is_some_and(|columns| columns.may_clash)
    }

    /// The names, where there are any.
    pub(crate) fn into_names(self) -> Option<Vec<String>> {
        self.columns.map(Columns::into_names)
    }

    /// Where the names are, for messages.
    pub(crate) fn shown(&self) -> String {
        self.address().map_or_else(|| "the first row".to_owned(), ToString::to_string)
    }

    fn bad(&self, why: String) -> SplitErrorKind {
        SplitErrorKind::BadColumns { at: self.shown(), why }
    }
}

/// The names in a list of columns.
fn names(list: &[u8], name: Option<&Pointer>) -> Result<Vec<String>, String> {
    let tokens = name.map_or(&[][..], Pointer::tokens);
    let list: Vec<Value> = serde_json::from_slice(list).map_err(|_| "no list stands there")?;
    let named = |element: &Value| {
        let found = tokens.iter().try_fold(element, |at, token| at.get(token));
        let text = found.and_then(Value::as_str).map(str::to_owned);
        text.ok_or_else(|| match name {
            Some(name) => format!("one of them has no text at `{name}`"),
            None => "one of them is no text".to_owned(),
        })
    };
    checked(list.iter().map(named).collect::<Result<_, _>>()?)
}

/// The texts in a row.
fn texts(row: &[&[u8]]) -> Result<Vec<String>, String> {
    let text = |json: &&[u8]| serde_json::from_slice(json).map_err(|_| "one of them is no text".to_owned());
    checked(row.iter().map(text).collect::<Result<_, _>>()?)
}

/// Names of columns, which differ.
fn checked(names: Vec<String>) -> Result<Vec<String>, String> {
    let length: usize = names.iter().map(String::len).sum();
    if names.is_empty() || names.len() > MOST_COLUMNS || length > MAX_NAMES {
        return Err(format!("there are {}, of {length} bytes", names.len()));
    }
    let mut sorted: Vec<&String> = names.iter().collect();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(format!("`{}` stands there twice", printable(pair[0], LONGEST_SHOWN))),
        None => Ok(names),
    }
}

/// The elements of a valid JSON array, as they stand there; `None` for another value.
fn elements(array: &[u8]) -> Option<Vec<&[u8]>> {
    let [b'[', inner @ .., b']'] = array.trim_ascii() else { return None };
    let (mut elements, mut depth, mut start, mut at) = (Vec::new(), 0_usize, 0, 0);
    while at < inner.len() {
        match inner[at] {
            b'"' => at = string_end(inner, at) - 1,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                elements.push(inner[start..at].trim_ascii());
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    let last = inner[start..].trim_ascii();
    if !last.is_empty() {
        elements.push(last);
    }
    Some(elements)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_elements_of_a_row_are_what_stands_between_its_own_commas() {
        for (array, want) in [
            ("[]", vec![]),
            ("[ ]", vec![]),
            ("[1]", vec!["1"]),
            (
                r#"[ 1.50 , "a,]\"[" ,[2,{"b":3}],{"c":"}"} ]"#,
                vec!["1.50", r#""a,]\"[""#, r#"[2,{"b":3}]"#, r#"{"c":"}"}"#],
            ),
        ] {
            let found = elements(array.as_bytes()).unwrap();
            let found: Vec<_> = found.into_iter().map(|json| std::str::from_utf8(json).unwrap()).collect();
            assert_eq!(found, want, "{array}");
        }
        assert_eq!((elements(b"{}"), elements(b"1")), (None, None));
    }
}
