//! A stream `items` of 25 pages, for tests of the handlers.

use bronzegate_demo_api::{Auth, Fault, FaultKind, Framing, Shape, Stream, Style, When};

/// How many records it has.
pub const RECORDS: u64 = 500;

/// Its settings in a source file.
pub const SETTINGS: &str = "records: results
retry: { base: 5ms, max: 50ms }
auth: { type: bearer, token: { secret: token } }
pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after }, page_size: { query: limit, value: 20 } }";

/// The stream.
pub fn stream() -> Stream {
    Stream::new("items", Style::Cursor, Shape::Small, RECORDS).page_size(20).auth(Auth::Bearer)
}

/// The API asks once for a longer wait than any invocation has time, at this page: a run is cut there, and a
/// process of its own goes on.
pub fn cut_at(page: u64) -> Fault {
    Fault::new("items", When::Page(page), FaultKind::retry_after(429, "3600"))
}

/// What a run of it recovers from.
pub fn faults() -> Vec<Fault> {
    let cut = FaultKind::CutBody { after_bytes: 500, framing: Framing::Chunked };
    vec![
        Fault::new("items", When::Request(3), FaultKind::status(503)).times(2),
        Fault::new("items", When::Page(9), cut),
        Fault::new("items", When::Page(15), FaultKind::Reset),
    ]
}
