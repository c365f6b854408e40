//! Streams in other formats than JSON, and export jobs.

use bronzegate_demo_api::{Job, Pack, Shape, Stream, Style, TimeFormat, Timeline, csv_record};
use fastrand::Rng;

use super::super::scene::{Event, STREAM};
use super::changing::{DAYS, changes};
use super::kind::{Bounds, Draft};
use super::snapshot::whole;
use crate::bench::expected;

/// Requests of a job beside its pages: the submission, and polls.
pub(super) const OF_A_JOB: u64 = 4;

pub(super) fn ndjson(rng: &mut Rng, bounds: Bounds) -> Draft {
    let records = rng.u64(0..=bounds.most_records);
    let stream = Stream::new(STREAM, Style::Ndjson, Shape::Small, records);
    Draft::new(stream, "records: $".to_owned(), whole(rng, &expected(Shape::Small, records)))
}

pub(super) fn csv(rng: &mut Rng, bounds: Bounds) -> Draft {
    let (records, size) = (rng.u64(0..=bounds.most_records), rng.u64(3..=25));
    let pack = rng.choice([Pack::Plain, Pack::Gzip, Pack::Zip]).expect("there are some");
    let stream = Stream::new(STREAM, Style::LinkHeader, Shape::Small, records).page_size(size).csv(pack);
    let settings = "records: $\nformat: csv\npagination: { type: link_header }".to_owned();
    Draft::new(stream, settings, whole(rng, &rows(&expected(Shape::Small, records))))
}

pub(super) fn job(rng: &mut Rng, bounds: Bounds) -> Draft {
    let records = rng.u64(0..=bounds.most_records);
    let stream = exports(rng, Stream::new(STREAM, Style::SalesforceBulk, Shape::Small, records));
    let settings = settings(&format!("/{STREAM}"), "{ operation: query }");
    of_jobs(Draft::new(stream, settings, whole(rng, &rows(&expected(Shape::Small, records)))))
}

/// A job for each event, submitted with the window that is due.
pub(super) fn incremental(rng: &mut Rng, bounds: Bounds) -> Draft {
    let mut ids = 0..;
    let events = (0..rng.u32(1..=3)).map(|nth| {
        let (count, first) = (rng.u64(0..=bounds.most_records / 2), nth * DAYS + 1);
        let records = changes(rng, &mut ids, count, first, DAYS);
        let at = format!("2026-01-{:02}T00:00:00Z", first + DAYS);
        let brings = rows(&records);
        Event::scheduled(&at, vec![(STREAM.to_owned(), records)], brings)
    });
    let events = events.collect();
    let timeline = Timeline::new("updatedAt", TimeFormat::Rfc3339, "from", Some("to"));
    let stream = Stream::new(STREAM, Style::SalesforceBulk, Shape::Small, 0).timeline(timeline);
    let body = "{ from: '{{ window.from }}', to: '{{ window.to }}' }";
    let incremental =
        "\nincremental: { cursor: updatedAt, format: rfc3339, start: 2026-01-01, key: id }".to_owned();
    let draft =
        Draft::new(exports(rng, stream), settings(&format!("/{STREAM}"), body) + &incremental, events);
    Draft { catches_up: true, ..of_jobs(draft) }
}

/// The stream with pages and jobs of some size.
pub(super) fn exports(rng: &mut Rng, stream: Stream) -> Stream {
    stream.page_size(rng.u64(3..=25)).job(Job { polls: rng.u32(0..=3), ..Job::default() })
}

/// Settings that read by jobs which are submitted at a path, as Salesforce has them.
pub(super) fn settings(path: &str, body: &str) -> String {
    format!(
        "job:
  submit: {{ path: '{path}', body: {body}, id: {{ body: id }} }}
  poll: {{ path: '{path}/{{{{ job.id }}}}', every: 1ms, max: 2ms, done: {{ at: {{ body: state }}, equals: JobComplete }}, timeout: 1h }}
records: $
format: csv
pagination: {{ type: cursor, next: {{ header: Sforce-Locator }}, send: {{ query: locator }}, stop: [{{ at: {{ header: Sforce-Locator }}, equals: \"null\" }}] }}"
    )
}

/// The draft, whose pages are results of a job.
pub(super) fn of_jobs(draft: Draft) -> Draft {
    let path = format!("{}/{{{{ job.id }}}}/results", draft.path);
    Draft { path, has_jobs: true, besides: draft.besides + OF_A_JOB, ..draft }
}

/// The records that come of rows of comma-separated values.
pub(super) fn rows(records: &[String]) -> Vec<String> {
    records.iter().map(|record| csv_record(record.as_bytes())).collect()
}
