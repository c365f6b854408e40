//! Records that change in time, for streams that are asked for only what is new.

use bronzegate_demo_api::{Shape, Stream, Style, TimeFormat, Timeline};

/// Zones on both sides of UTC, of whole, half and quarter hours, most of which change their clocks.
pub const ZONES: [&str; 7] = [
    "America/Chicago",
    "America/St_Johns",
    "Europe/Berlin",
    "Africa/Cairo",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Asia/Kolkata",
];

/// A stream `changes` that pages by cursor, ten records a page, and is asked for by
/// `updated_after` and `updated_before`.
pub fn changes(records: impl IntoIterator<Item = String>) -> Stream {
    with(
        Timeline::new("updatedAt", TimeFormat::Rfc3339, "updated_after", Some("updated_before"))
            .with(records),
    )
}

/// The stream with another timeline.
pub fn with(timeline: Timeline) -> Stream {
    Stream::new("changes", Style::Cursor, Shape::Small, 0).page_size(10).timeline(timeline)
}

/// A record of this id that changed then.
pub fn change(id: u64, at: &str) -> String {
    format!("{{\"id\":{id},\"updatedAt\":\"{at}\",\"name\":\"n{id}\"}}")
}

/// A time of a day in January 2026.
pub fn at(day: u32, time: &str) -> String {
    format!("2026-01-{day:02}T{time}Z")
}

/// Records in an order that says nothing.
pub fn sorted(mut records: Vec<String>) -> Vec<String> {
    records.sort();
    records
}

/// Three changes a day from 1 to 10 January 2026, one of them at midnight.
pub fn ten_days() -> Vec<String> {
    let at = |nth: u64| format!("2026-01-{:02}T{:02}:00:00Z", nth / 3 + 1, nth % 3 * 8);
    (0..30).map(|nth| change(nth, &at(nth))).collect()
}

/// Settings of the stream in a source file; `incremental` is the content of that key.
pub fn settings(incremental: &str) -> String {
    format!(
        "records: results\npagination: {{ type: cursor, next: {{ body: paging.next.after }}, send: {{ query: after }} }}\n\
         incremental: {{ {incremental} }}"
    )
}

/// The keys of `incremental` that the stream's own parameters need.
pub const BOUNDED: &str =
    "cursor: updatedAt, format: rfc3339, from: { query: updated_after }, to: { query: updated_before }";

/// The same without an end.
pub const OPEN: &str = "cursor: updatedAt, format: rfc3339, from: { query: updated_after }";
