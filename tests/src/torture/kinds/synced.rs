//! A list whose last page has a token, by which the next run asks for what has come since.

use bronzegate_demo_api::{By, Fault, FaultKind, Layout, Quirks, Said, Shape, Stream, Style, When};
use fastrand::Rng;

use super::super::scene::{Event, STREAM};
use super::branched::timeline;
use super::changing::{DAYS, changes};
use super::kind::{Bounds, Draft};

/// As a value, and as a URL.
const FORMS: [&str; 2] = [
    "pagination: { type: cursor, next: { body: next }, send: { query: cursor } }\n\
     sync_token: { from: { body: token }, to: { query: since } }",
    "pagination: { type: next_url, next: { body: link } }\nsync_token: { from: { body: delta }, to: { url: true } }",
];

/// Events that each add records, some of them none. A run that is never completed leaves its token to the next one, which
/// brings its records again; an API that has forgotten a token is asked for everything.
pub(super) fn tokens(rng: &mut Rng, bounds: Bounds) -> Draft {
    let (size, mut ids) = (rng.u64(3..=12), 1..);
    let mut events = Vec::new();
    for nth in 0..rng.u32(2..=5) {
        let first = nth * DAYS + 1;
        let count = if rng.u32(0..4) == 0 { 0 } else { rng.u64(0..=bounds.most_records / 2) };
        let records = changes(rng, &mut ids, count, first, DAYS);
        let arrives = vec![(STREAM.to_owned(), records.clone())];
        events.push(Event::scheduled(&format!("2026-01-{:02}T00:00:00Z", first + DAYS), arrives, records));
    }
    let form = rng.choice(FORMS).expect("there are some");
    let body =
        [("next", Said::Next), ("link", Said::Link), ("token", Said::Token), ("delta", Said::TokenLink)];
    let body = body.map(|(name, said)| (name.to_owned(), said)).into();
    let layout = Layout { by: By::Cursor("cursor".to_owned()), body, ..Layout::default() };
    let mut stream = Stream::new(STREAM, Style::Layout, Shape::Small, 0).page_size(size);
    stream.quirks = Quirks { layout, token: Some("since".to_owned()), ..Quirks::default() };
    let settings = format!(
        "records: results\n{form}\nresponses: [{{ when: {{ at: {{ status: true }}, equals: 410 }}, then: restart }}]"
    );
    let slips = (1..=3).map(|request| Fault::new(STREAM, When::Overall(request), FaultKind::status(410)));
    let slips = slips.collect();
    let draft = Draft::new(stream.timeline(timeline(&[])), settings, events);
    Draft { catches_up: true, repeats: true, slips, ..draft }
}
