//! The page of a stream that has but one by its source file: whether its body says that there are more, or its
//! length looks as if it were cut.

use url::Url;

use crate::config::{Address, Kind, Pointer, Stream};
use crate::http::{Facts, Found};
use crate::redact::printable;

/// What holds values about pages, beside what holds the records.
const ENVELOPES: [&str; 15] = [
    "",
    "meta",
    "metadata",
    "_metadata",
    "paging",
    "pagination",
    "page",
    "pageInfo",
    "page_info",
    "links",
    "_links",
    "response_metadata",
    "meta.pagination",
    "meta.page",
    "meta.links",
];
/// What says that there are more by being true.
const MORE: [&str; 7] =
    ["has_more", "hasMore", "has_next", "hasNext", "hasNextPage", "has_next_page", "isTruncated"];
/// What leads to the next page.
const NEXT: [&str; 20] = [
    "next",
    "next_page",
    "nextPage",
    "next_url",
    "nextUrl",
    "next_link",
    "nextLink",
    "@odata.nextLink",
    "odata.nextLink",
    "nextRecordsUrl",
    "next_cursor",
    "nextCursor",
    "next_token",
    "nextToken",
    "next_page_token",
    "nextPageToken",
    "next_offset",
    "nextOffset",
    "continuation_token",
    "continuationToken",
];
/// What says how many records there are.
const TOTAL: [&str; 13] = [
    "total",
    "total_count",
    "totalCount",
    "total_records",
    "totalRecords",
    "total_results",
    "totalResults",
    "total_items",
    "totalItems",
    "totalElements",
    "totalSize",
    "count",
    "@odata.count",
];
/// Parameters that say how long a page is to be.
const SIZES: [&str; 14] = [
    "limit",
    "per_page",
    "perPage",
    "page_size",
    "pageSize",
    "size",
    "count",
    "top",
    "$top",
    "max",
    "maxResults",
    "max_results",
    "rows",
    "first",
];

/// The longest value that is shown.
const LONGEST_SHOWN: usize = 60;

/// The places of a body that say whether there are more pages, where the source file says nothing of pages.
pub(crate) fn more_addresses(stream: &Stream) -> Vec<Address> {
    if stream.pagination.is_stated || stream.job.is_some() {
        return Vec::new();
    }
    let Some(records) = stream.records.at.holder() else { return Vec::new() };
    let around = records.above().map(|above| above.tokens().to_vec()).unwrap_or_default();
    let mut places: Vec<Vec<String>> = vec![around];
    places.extend(
        ENVELOPES.map(|name| name.split('.').filter(|name| !name.is_empty()).map(str::to_owned).collect()),
    );
    let names = MORE.iter().chain(&NEXT).chain(&TOTAL);
    let mut addresses: Vec<Address> = Vec::new();
    for tokens in places {
        for name in names.clone() {
            let tokens: Vec<_> = tokens.iter().map(String::as_str).chain([*name]).collect();
            let is_of_records =
                records.tokens().iter().map(String::as_str).zip(&tokens).all(|(a, b)| a == *b)
                    && records.tokens().len() <= tokens.len();
            let text = if name.contains('.') { format!("/{}", tokens.join("/")) } else { tokens.join(".") };
            if let Ok(pointer) = text.parse::<Pointer>()
                && !is_of_records
            {
                let address = Address::Body(pointer);
                if !addresses.contains(&address) {
                    addresses.push(address);
                }
            }
        }
    }
    addresses
}

/// What says that there are more pages than the one, with the lines that would read them.
///
/// `addresses` are its [`more_addresses`]. A stream may have such a page for each of many parents, so what was found is
/// compared with them, not each of them looked up.
pub(crate) fn says_more(
    stream: &Stream,
    addresses: &[Address],
    records: u64,
    facts: &Facts,
) -> Option<String> {
    if stream.pagination.is_stated || stream.job.is_some() {
        return None;
    }
    let link = Address::Link("next".to_owned());
    let of_body = facts.found().find_map(|(pointer, json)| {
        let address = Address::Body(pointer.clone());
        let found = Found::Json(json.to_vec());
        let lines = addresses.contains(&address).then(|| lines(pointer, json, &found, records, facts))??;
        let shown = found.text().unwrap_or_default();
        Some((format!("{address} is {}", printable(&shown, LONGEST_SHOWN)), lines))
    });
    let of_link = || {
        facts.look(&link)?;
        Some(("a Link header names a next page".to_owned(), "pagination: { type: link_header }".to_owned()))
    };
    let (what, lines) = of_link().or(of_body)?;
    Some(format!(
        "there is more than the one page of {records} records: {what}. Write `{lines}`, or `pagination: {{ type: none }}` if \
         it is all the same"
    ))
}

fn lines(pointer: &Pointer, json: &[u8], found: &Found, records: u64, facts: &Facts) -> Option<String> {
    let name = pointer.tokens().last()?.as_str();
    if MORE.contains(&name) {
        return (json == b"true").then(|| {
            "pagination: { type: cursor, next: { … }, send: { query: … } }` or `{ type: page, send: { query: page } }"
                .to_owned()
        });
    }
    if TOTAL.contains(&name) {
        let total: u64 = std::str::from_utf8(json).ok()?.parse().ok()?;
        return (total > records).then(|| {
            format!(
                "pagination: {{ type: offset, send: {{ query: … }}, page_size: {{ query: …, value: {records} }}, total: {{ \
                 body: {pointer} }} }}"
            )
        });
    }
    if matches!(json, b"false" | b"0" | b"{}" | b"[]") {
        return None;
    }
    let text = found.text()?;
    if json.starts_with(b"{") {
        let inner = if text.contains("\"href\"") { "href" } else { "…" };
        return Some(format!("pagination: {{ type: next_url, next: {{ body: {pointer}.{inner} }} }}"));
    }
    let is_url = Url::parse(&text).is_ok() || text.starts_with('/') && facts.url.join(&text).is_ok();
    Some(if is_url {
        format!("pagination: {{ type: next_url, next: {{ body: {pointer} }} }}")
    } else {
        format!("pagination: {{ type: cursor, next: {{ body: {pointer} }}, send: {{ query: … }} }}")
    })
}

/// The only page has as many records as were asked for.
pub(crate) fn is_full(stream: &Stream, records: u64) -> Option<String> {
    if stream.pagination.kind != Kind::None || stream.job.is_some() {
        return None;
    }
    let stated = stream.pagination.page_size.as_ref().map(|size| size.value).filter(|size| *size == records);
    let of_params = || {
        let sizes = stream.params.iter().filter(|(name, _)| SIZES.contains(&name.as_str()));
        let mut values = sizes.flat_map(|(_, values)| values).filter(|value| value.is_literal());
        values.any(|value| value.as_str().trim().parse() == Ok(records))
    };
    let of_body = || stream.body.iter().any(|body| body.numbers(&SIZES).contains(&records));
    (stated.is_some() || of_params() || of_body()).then(|| {
        format!(
            "the only page has the {records} records that were asked for: if the API has more, they are not read. \
             `pagination` says how"
        )
    })
}
