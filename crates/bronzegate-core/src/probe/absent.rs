//! Addresses of `pagination` at which the first page has nothing, although it has records.

use crate::config::{Address, Kind, Pagination};
use crate::extract::Fetched;

/// What a person should know of them.
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
