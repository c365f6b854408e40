//! The list of kinds. A new kind is one more entry of [`KINDS`].

use std::fmt::Write as _;
use std::time::Duration;

use bronzegate_demo_api::{Fault, Stream};
use fastrand::Rng;

use super::super::scene::{Event, STREAM, Scene};
use super::{branched, changing, exported, formed, marked, misleading, snapshot, timed};
use crate::bench::one_stream;

/// A kind of stream: how a scene with it is drawn.
#[derive(Debug)]
pub struct Kind {
    name: &'static str,
    draw: fn(&mut Rng, Bounds) -> Draft,
}

/// How much a scene may hold.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Bounds {
    pub(in super::super) most_records: u64,
}

/// What is particular to a kind.
pub(super) struct Draft {
    /// As the API serves them; the last is the stream that is read, or one of its branches.
    pub(super) streams: Vec<Stream>,
    /// The stream's path in the source file.
    pub(super) path: String,
    /// The stream's other settings.
    pub(super) settings: String,
    /// Other streams of the source file.
    pub(super) others: String,
    pub(super) events: Vec<Event>,
    pub(super) catches_up: bool,
    pub(super) has_jobs: bool,
    /// See [`Scene::besides`].
    pub(super) besides: u64,
    pub(super) is_ordered: bool,
    /// See [`Scene::slips`].
    pub(super) slips: Vec<Fault>,
    pub(super) has_notes: bool,
}

impl Draft {
    /// A stream that is read as a whole, in its order.
    pub(super) fn new(stream: Stream, settings: String, events: Vec<Event>) -> Self {
        Self {
            streams: vec![stream],
            path: format!("/{STREAM}"),
            settings,
            others: String::new(),
            events,
            catches_up: false,
            has_jobs: false,
            besides: 0,
            is_ordered: true,
            slips: Vec::new(),
            has_notes: false,
        }
    }
}

/// All kinds.
pub(in super::super) const KINDS: &[Kind] = &[
    Kind { name: "cursor", draw: snapshot::cursor },
    Kind { name: "cursor from the last record", draw: snapshot::stripe },
    Kind { name: "offset", draw: snapshot::offset },
    Kind { name: "page", draw: snapshot::page },
    Kind { name: "link header", draw: snapshot::link_header },
    Kind { name: "next url", draw: snapshot::next_url },
    Kind { name: "pages that the API makes smaller", draw: misleading::smaller },
    Kind { name: "pages that repeat at the end", draw: misleading::clamped },
    Kind { name: "pages that are empty once", draw: misleading::empty },
    Kind { name: "a next page that is renamed", draw: misleading::renamed },
    Kind { name: "a place that the API keeps", draw: misleading::kept },
    Kind { name: "one page of NDJSON", draw: exported::ndjson },
    Kind { name: "pages of CSV", draw: exported::csv },
    Kind { name: "export job", draw: exported::job },
    Kind { name: "incremental export jobs", draw: exported::incremental },
    Kind { name: "partitions", draw: branched::partitions },
    Kind { name: "export jobs of partitions", draw: branched::jobs },
    Kind { name: "incremental in partitions", draw: branched::incremental },
    Kind { name: "partitions that come and go", draw: marked::partitions },
    Kind { name: "parents", draw: branched::parents },
    Kind { name: "incremental of parents that are skipped", draw: marked::parents },
    Kind { name: "members of a map", draw: formed::members },
    Kind { name: "lists in a list", draw: formed::lists },
    Kind { name: "rows with columns", draw: formed::columns },
    Kind { name: "batches of parents", draw: formed::batches },
    Kind { name: "export job of several steps", draw: formed::steps },
    Kind { name: "incremental", draw: changing::incremental },
    Kind { name: "incremental beside runs in flight", draw: changing::noted },
    Kind { name: "incremental in windows", draw: changing::windows },
    Kind { name: "incremental in windows that are split", draw: changing::split },
    Kind { name: "incremental that shows late", draw: timed::late },
    Kind { name: "incremental in whole units", draw: timed::whole },
    Kind { name: "incremental in local time", draw: timed::local },
    Kind { name: "incremental without a question", draw: changing::unfiltered },
    Kind { name: "incremental in other spellings", draw: changing::respelled },
    Kind { name: "windows without a cursor", draw: changing::windows_only },
    Kind { name: "backfill", draw: changing::backfill },
];

impl Kind {
    /// The kind of this name.
    ///
    /// # Errors
    /// When there is none: the names there are.
    pub fn named(name: &str) -> Result<&'static Self, String> {
        KINDS.iter().find(|kind| kind.name == name).ok_or_else(|| {
            let names: Vec<_> = KINDS.iter().map(|kind| kind.name).collect();
            format!("{name} is no kind of stream: {}", names.join(", "))
        })
    }

    /// Draws a scene of this kind.
    pub(in super::super) fn scene(&self, rng: &mut Rng, bounds: Bounds) -> Scene {
        let mut draft = (self.draw)(rng, bounds);
        let compression = rng.choice(["none", "none", "gzip", "zstd"]).expect("there are some");
        let part = rng.choice(["1KiB", "2KiB", "4KiB", "16KiB"]).expect("there are some");
        let _ = write!(draft.settings, "\noutput: {{ compression: {compression}, max_part_bytes: {part} }}");
        let stream = one_stream(STREAM, &draft.settings);
        let stream = stream.replace(&format!("path: /{STREAM}\n"), &format!("path: '{}'\n", draft.path));
        Scene {
            kind: self.name,
            streams: draft.streams,
            settings: stream + &draft.others,
            is_ordered: draft.is_ordered,
            has_jobs: draft.has_jobs,
            besides: draft.besides,
            latency: Duration::from_millis(rng.u64(0..3)),
            events: draft.events,
            catches_up: draft.catches_up,
            slips: draft.slips,
            has_notes: draft.has_notes,
        }
    }
}
