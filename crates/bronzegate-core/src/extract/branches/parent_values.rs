//! What the records of a page of parents have at the fields that their children's requests need.

use std::borrow::Cow;
use std::mem::size_of;

use super::warnings::{Named, Warnings};
use crate::config::{MissingField, Parent, ParentField, RecordTest};
use crate::cursor::{CursorFilter, member};
use crate::error::{Error, ErrorKind};
use crate::extract::page::{Page, PageDecision, PageEvent};
use crate::extract::paging::{Branch, text};
use crate::http::Found;
use crate::redact::printable;

/// Bytes of memory that the values of one page of parents may take.
const MOST: usize = 64 << 20;

/// Bytes of a value as JSON. Each record of a child has its parent's values, and requests have them in their URLs.
const LONGEST: usize = 4 << 10;

/// The longest value that a message shows.
const LONGEST_SHOWN: usize = 60;

/// Bytes of the values of a batch as JSON.
const LONGEST_BATCH: usize = 16 << 10;

/// What a text or a list takes beside its content: its header, and what the allocator adds.
const OVERHEAD: usize = size_of::<String>() + 16;

/// The values of a page's records, each parent's in the order of `fields`; `None` when the page does not
/// count. What is found on the way goes into `notes`.
///
/// # Errors
/// [`ErrorKind::Data`] when a record lacks a field, or the values are too many.
pub(crate) async fn values(
    parent: &Parent,
    branch: &Branch,
    page: &mut Page,
    mut filter: Option<&mut CursorFilter>,
    notes: &mut Warnings,
) -> Result<Option<Vec<Vec<String>>>, Error> {
    let mut read = Values::default();
    while let Some(event) = page.next().await {
        let mut piece = match event {
            PageEvent::Begin(_) => {
                read = Values::default();
                if let Some(filter) = &mut filter {
                    filter.begin(branch.key());
                }
                continue;
            }
            PageEvent::Records(piece) => piece,
        };
        if let Some(filter) = &mut filter {
            piece = filter.sift(piece);
        }
        for record in piece.records() {
            read.add(parent, branch, record, page.number);
        }
    }
    let PageDecision::Keep { warning } = page.decision().await else { return Ok(None) };
    if let Some(filter) = filter {
        filter.keep()?;
    }
    read.fault.map_or(Ok(()), Err)?;
    notes.lacking.merge(read.lacking);
    if let Some(warning) = warning {
        notes.of_pages.add(|| warning);
    }
    let has_comma = |json: &&String| parent.batch.is_some() && json.contains(',');
    if let Some(json) = read.of_parents.iter().flatten().find(has_comma) {
        let cause = format!(
            "the value {} has a comma, and a batch separates its values by commas: leave `batch` out",
            printable(json, LONGEST_SHOWN)
        );
        return Err(Error::new(ErrorKind::Data, cause));
    }
    Ok(Some(match &parent.batch {
        Some(batch) => batched(&read.of_parents, batch.size),
        None => read.of_parents,
    }))
}

/// Parents that share a request as one, whose values are lists. Their values go into a URL, which has a bound.
fn batched(parents: &[Vec<String>], size: usize) -> Vec<Vec<String>> {
    let mut batches = Vec::new();
    let mut rest = parents;
    while !rest.is_empty() {
        let mut bytes = 0;
        let fits = rest.iter().take(size).take_while(|values| {
            bytes += values.iter().map(|json| json.len() + 1).sum::<usize>();
            bytes <= LONGEST_BATCH
        });
        let (batch, behind) = rest.split_at(fits.count().max(1));
        let list = |nth: usize| {
            let values: Vec<&str> =
                batch.iter().filter_map(|values| values.get(nth)).map(String::as_str).collect();
            format!("[{}]", values.join(","))
        };
        batches.push((0..batch[0].len()).map(list).collect());
        rest = behind;
    }
    batches
}

#[derive(Default)]
struct Values {
    of_parents: Vec<Vec<String>>,
    bytes: usize,
    records: u64,
    lacking: Named,
    /// The first; what comes after it is passed by.
    fault: Option<Error>,
}

/// A field that a record has no value of.
enum Lack<'a> {
    /// It is absent, null or empty.
    Missing(&'a ParentField),
    /// It is an object or array.
    Unfit(&'a ParentField),
    /// It is longer than [`LONGEST`].
    TooLong(&'a ParentField),
}

impl Values {
    fn add(&mut self, parent: &Parent, branch: &Branch, record: &[u8], page: u64) {
        self.records += 1;
        if self.fault.is_some() {
            return;
        }
        let number = self.records;
        let passes = |one: &RecordTest| {
            let found = member(record, one.at.tokens()).map(|json| Found::Json(json.into()));
            Found::passes(found.as_ref(), &one.test)
        };
        if !parent.conditions.iter().all(passes) {
            return;
        }
        match fields(parent, branch, record) {
            Ok(fields) => {
                self.bytes += OVERHEAD + fields.iter().map(|field| OVERHEAD + field.len()).sum::<usize>();
                self.of_parents.push(fields);
            }
            Err(Lack::Missing(field)) if parent.missing == MissingField::Skip => {
                self.lacking.add(|| format!("page {page}, record {number} without `{}`", field.as_str()));
            }
            Err(Lack::TooLong(field)) => {
                let cause = format!(
                    "record {number} has a value of more than {} KiB at `{}`, which its children's requests and \
                     records would have: does `fields` name what identifies it?",
                    LONGEST >> 10,
                    field.as_str()
                );
                self.fault = Some(Error::new(ErrorKind::Data, cause));
            }
            Err(Lack::Missing(field) | Lack::Unfit(field)) => {
                let cause = format!(
                    "record {number} has no text, number or boolean at `{}`, which its children's requests \
                     need: does `fields` name the API's member? Where single records have none, `missing: skip` \
                     leaves them out, without their children",
                    field.as_str()
                );
                self.fault = Some(Error::new(ErrorKind::Data, cause));
            }
        }
        if self.bytes > MOST {
            let cause = format!(
                "the fields of its {number} first records take more than {} MiB of memory; let it have pages",
                MOST >> 20
            );
            self.fault = Some(Error::new(ErrorKind::Data, cause));
        }
    }
}

fn fields<'a>(parent: &'a Parent, branch: &Branch, record: &[u8]) -> Result<Vec<String>, Lack<'a>> {
    let field = |field: &'a ParentField| {
        let inherited = branch.member(field.as_str());
        // What is no object has one value, itself.
        let is_value = field.as_str() == "_value" && !record.starts_with(b"{");
        let whole = || std::str::from_utf8(record).ok().filter(|_| is_value).map(Cow::from);
        let json = inherited.or_else(whole).or_else(|| member(record, field.tokens()).map(Cow::from));
        match json.as_deref() {
            None | Some("null" | "\"\"") => Err(Lack::Missing(field)),
            Some(json) if json.len() > LONGEST => Err(Lack::TooLong(field)),
            Some(json) if text(json).is_none() => Err(Lack::Unfit(field)),
            Some(json) => Ok(json.to_owned()),
        }
    };
    parent.fields.iter().map(field).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parent(missing: MissingField) -> Parent {
        let fields = ["id", "owner.login"].map(|field| field.to_owned().try_into().unwrap());
        let stream = "projects".to_owned();
        let (conditions, batch, full_every) = (Vec::new(), None, None);
        Parent { stream, fields: fields.into(), concurrency: None, missing, conditions, batch, full_every }
    }

    fn read(records: &[&str], missing: MissingField) -> Values {
        let branch = Branch::only();
        let mut values = Values::default();
        for record in records {
            values.add(&parent(missing), &branch, record.as_bytes(), 1);
        }
        values
    }

    #[test]
    fn a_record_without_a_value_is_left_out_only_where_the_file_says_so() {
        let whole = r#"{"id":1,"owner":{"login":"ann"}}"#;
        for record in [
            r#"{"id":1,"owner":{}}"#,
            r#"{"id":1,"owner":null}"#,
            r#"{"id":null,"owner":{"login":"a"}}"#,
            r#"{"id":"","owner":{"login":"a"}}"#,
        ] {
            let values = read(&[record, whole], MissingField::Skip);
            assert_eq!((values.of_parents.len(), values.fault.is_none()), (1, true), "{record}");
            assert!(read(&[record, whole], MissingField::Error).fault.is_some(), "{record}");
        }
        for unfit in [r#"{"id":[1],"owner":{"login":"a"}}"#, r#"{"id":{},"owner":{"login":"a"}}"#] {
            assert!(read(&[unfit], MissingField::Skip).fault.is_some(), "{unfit}");
        }
    }

    #[test]
    fn a_value_longer_than_any_identity_is_refused_also_where_records_without_one_are_left_out() {
        let record = |length| format!(r#"{{"id":"{}","owner":{{"login":"a"}}}}"#, "x".repeat(length));
        assert!(read(&[&record(LONGEST - 2)], MissingField::Error).fault.is_none());
        for missing in [MissingField::Error, MissingField::Skip] {
            let fault = read(&[&record(LONGEST - 1)], missing).fault.unwrap();
            let told = "record 1 has a value of more than 4 KiB at `id`";
            assert!(fault.kind() == ErrorKind::Data && fault.to_string().contains(told), "{fault}");
        }
    }

    #[test]
    fn what_the_values_of_one_page_take_is_bounded_however_short_they_are() {
        let mut values = Values::default();
        let (parent, branch) = (parent(MissingField::Error), Branch::only());
        while values.fault.is_none() {
            values.add(&parent, &branch, br#"{"id":1,"owner":{"login":2}}"#, 1);
        }
        let taken = values.of_parents.iter().map(|parent| {
            size_of_val(parent) + parent.iter().map(|text| size_of_val(text) + text.capacity()).sum::<usize>()
        });
        let taken: usize = taken.sum();
        assert!((MOST / 3..=MOST).contains(&taken), "{taken}");
        let error = values.fault.unwrap().to_string();
        assert!(error.contains("take more than 64 MiB of memory; let it have pages"), "{error}");
    }
}
