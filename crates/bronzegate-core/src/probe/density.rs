//! How many records a window may hold, by how close together those of its first page are in time.

use jiff::Timestamp;

use crate::config::Incremental;
use crate::cursor::{CursorValue, cursor_of};
use crate::extract::PageEvent;
use crate::window::TimeWindow;

/// The cursors of one page.
#[derive(Debug)]
pub(super) struct Density<'a> {
    settings: &'a Incremental,
    seen: Seen,
}

#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    records: u64,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    has_risen: bool,
    has_fallen: bool,
    has_gap: bool,
}

impl<'a> Density<'a> {
    pub(super) fn new(settings: &'a Incremental) -> Self {
        Self { settings, seen: Seen::default() }
    }

    /// Takes the page's records as they come.
    pub(super) fn see(&mut self, event: &PageEvent) {
        match event {
            PageEvent::Begin(_) => self.seen = Seen::default(),
            PageEvent::Records(piece) => piece.records().for_each(|record| self.record(record)),
        }
    }

    fn record(&mut self, record: &[u8]) {
        let json = cursor_of(record, &self.settings.cursor);
        let time = json.and_then(|json| CursorValue::time_in_record(&self.settings.format, json));
        let Some(time) = time else {
            self.seen.has_gap = true;
            return;
        };
        self.seen.records += 1;
        self.seen.first.get_or_insert(time);
        let before = self.seen.last.replace(time).unwrap_or(time);
        self.seen.has_risen |= time > before;
        self.seen.has_fallen |= time < before;
    }

    /// The records of the whole window, if they are as close together as those of the page; `None` unless
    /// the page is in order of time.
    pub(super) fn records_in(&self, window: TimeWindow) -> Option<u64> {
        let Seen { records, first, last, has_risen, has_fallen, has_gap } = self.seen;
        if has_gap || has_risen == has_fallen {
            return None;
        }
        let page = first?.duration_since(last?).unsigned_abs().as_secs_f64();
        let whole = window.to().duration_since(window.from()).unsigned_abs().as_secs_f64();
        Some((((records - 1) as f64 * whole / page).ceil() as u64).max(records))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;
    use crate::formats::{RecordChunk, Span};

    const YAML: &str = "source: s\nbase_url: https://api.example.com\nstreams:\n  t:\n    path: /t\n    records: $\n    \
                        incremental: { cursor: at, format: epoch_s, from: { query: since } }\n";

    fn of_day(cursors: &[&str]) -> Option<u64> {
        let source = parse("s.yaml", YAML).unwrap();
        let mut density = Density::new(source.streams[0].incremental.as_ref().unwrap());
        density.see(&PageEvent::Begin(Timestamp::UNIX_EPOCH));
        for cursor in cursors {
            let record = format!("{{\"at\":{cursor}}}");
            let span = Span { start: 0, end: record.len() as u32, may_clash: false };
            density.see(&PageEvent::Records(RecordChunk {
                bytes: record.into(),
                spans: vec![span],
                keys: Vec::new(),
                line_breaks: false,
            }));
        }
        let [from, to] = [0, 86_400].map(|second| Timestamp::from_second(second).unwrap());
        density.records_in(TimeWindow::new(from, to).unwrap())
    }

    #[test]
    fn a_page_in_order_of_time_tells_what_the_window_holds() {
        assert_eq!(of_day(&["0", "60", "60", "180"]), Some(1440));
        assert_eq!(of_day(&["86000", "85990"]), Some(8640));
        assert_eq!(of_day(&["0", "172800", "172801"]), Some(3), "no fewer than have come");
    }

    #[test]
    fn a_page_in_another_order_tells_nothing() {
        for cursors in [&["0", "60", "30"][..], &["0", "null", "60"], &["60", "60"], &["60"], &[]] {
            assert_eq!(of_day(cursors), None, "{cursors:?}");
        }
    }
}
