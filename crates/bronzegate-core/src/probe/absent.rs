//! Addresses of `pagination` at which the first page has nothing, although it has records.

use crate::config::{Address, Kind, Pagination, RecordsPath, Stream};
use crate::extract::Fetched;
use crate::formats::Form;

/// What somebody should know of them.
pub(super) fn warnings(pagination: &Pagination, fetched: &Fetched) -> Vec<String> {
    let records = fetched.body.as_ref().map_or(0, |body| body.records);
    let is_absent = |address: &Address| records > 0 && fetched.facts.look(address).is_none();
    let mut warnings = Vec::new();
    if let Some(total) = pagination.total.as_ref().filter(|total| is_absent(&total.at)) {
        warnings.push(format!(
            "nothing at {}, where `total` looks for the number of records: a run fails at its end unless another page \
             has it",
            total.at
        ));
    }
    if let Kind::Page { total_pages: Some(pages), .. } = &pagination.kind
        && is_absent(pages)
    {
        warnings.push(format!(
            "nothing at {pages}, where `total_pages` looks for the number of pages: a run goes on to the first page \
             without records"
        ));
    }
    warnings
}

/// What somebody should know where the whole body is a list and the file does not say so: an object instead, such as an error's, would be a record.
pub(super) fn unstated_list(stream: &Stream, fetched: &Fetched) -> Option<String> {
    let is_list = fetched.body.as_ref().is_some_and(|body| body.form == Form::List);
    let is_open = stream.records.at == RecordsPath::Root
        && stream.records.shape.is_none()
        && stream.pagination.kind == Kind::None;
    (is_list && is_open).then(|| {
        "the body is a list, and an object instead, such as an error's, would be taken for a record: say \
         `records: { at: $, shape: list }`"
            .to_owned()
    })
}
