//! The list of kinds. A new kind is one more entry of [`KINDS`].

use std::fmt::Write as _;
use std::time::Duration;

use bronzegate_demo_api::{Fault, Stream};
use fastrand::Rng;

use super::super::scene::{Event, OUTPUT, Output, STREAM, Scene};
use super::{branched, by_change, changing, exported, formed, marked, misleading, snapshot, synced, timed};
use crate::bench::one_stream;
use crate::delta::TABLE;

/// A kind of stream: how a scene with it is drawn.
#[derive(Debug)]
pub struct Kind {
    name: &'static str,
    draw: fn(&mut Rng, Bounds) -> Draft,
    /// Its records become rows of a Delta table.
    has_table: bool,
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
    /// See [`Scene::repeats`].
    pub(super) repeats: bool,
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
            repeats: false,
            has_jobs: false,
            besides: 0,
            is_ordered: true,
            slips: Vec::new(),
            has_notes: false,
        }
    }
}

/// All kinds.
const KINDS: &[Kind] = &[
    Kind::files("cursor", snapshot::cursor),
    Kind::files("cursor from the last record", snapshot::stripe),
    Kind::files("offset", snapshot::offset),
    Kind::files("page", snapshot::page),
    Kind::files("link header", snapshot::link_header),
    Kind::files("next url", snapshot::next_url),
    Kind::files("pages that the API makes smaller", misleading::smaller),
    Kind::files("pages that repeat at the end", misleading::clamped),
    Kind::files("pages that are empty once", misleading::empty),
    Kind::files("a next page that is renamed", misleading::renamed),
    Kind::files("a place that the API keeps", misleading::kept),
    Kind::files("one page of NDJSON", exported::ndjson),
    Kind::files("pages of CSV", exported::csv),
    Kind::files("export job", exported::job),
    Kind::files("incremental export jobs", exported::incremental),
    Kind::files("partitions", branched::partitions),
    Kind::files("export jobs of partitions", branched::jobs),
    Kind::files("incremental in partitions", branched::incremental),
    Kind::files("partitions that come and go", marked::partitions),
    Kind::files("parents", branched::parents),
    Kind::files("incremental of parents that are skipped", marked::parents),
    Kind::files("changed parents", by_change::parents),
    Kind::files("tokens of the last page", synced::tokens),
    Kind::files("members of a map", formed::members),
    Kind::files("lists in a list", formed::lists),
    Kind::files("rows with columns", formed::columns),
    Kind::files("batches of parents", formed::batches),
    Kind::files("export job of several steps", formed::steps),
    Kind::files("incremental", changing::incremental),
    Kind::files("incremental beside runs in flight", changing::noted),
    Kind::files("incremental in windows", changing::windows),
    Kind::files("incremental in windows that are split", changing::split),
    Kind::files("incremental that shows late", timed::late),
    Kind::files("incremental in whole units", timed::whole),
    Kind::files("incremental in local time", timed::local),
    Kind::files("incremental without a question", changing::unfiltered),
    Kind::files("incremental in other spellings", changing::respelled),
    Kind::files("windows without a cursor", changing::windows_only),
    Kind::files("backfill", changing::backfill),
    Kind::table("cursor into a table", snapshot::cursor),
    Kind::table("offset into a table", snapshot::offset),
    Kind::table("export job into a table", exported::job),
    Kind::table("partitions into a table", branched::partitions),
    Kind::table("parents into a table", branched::parents),
    Kind::table("incremental into a table", changing::incremental),
    Kind::table("incremental in windows into a table", changing::windows),
    Kind::table("incremental in partitions into a table", branched::incremental),
    Kind::table("backfill into a table", changing::backfill),
];

/// The name of all kinds that write into a table.
const DELTA: &str = "delta";

impl Kind {
    const fn files(name: &'static str, draw: fn(&mut Rng, Bounds) -> Draft) -> Self {
        Self { name, draw, has_table: false }
    }

    const fn table(name: &'static str, draw: fn(&mut Rng, Bounds) -> Draft) -> Self {
        Self { name, draw, has_table: true }
    }

    /// The kind of this name, or all of `all` and of `delta`.
    ///
    /// # Errors
    /// When there is none: the names there are.
    pub fn named(name: &str) -> Result<Vec<&'static Self>, String> {
        let is_meant = |kind: &&Self| match name {
            "all" => true,
            DELTA => kind.has_table,
            name => kind.name == name,
        };
        let found: Vec<_> = KINDS.iter().filter(is_meant).collect();
        if found.is_empty() {
            let names: Vec<_> = KINDS.iter().map(|kind| kind.name).collect();
            return Err(format!("{name} is no kind of stream: all, {DELTA}, {}", names.join(", ")));
        }
        Ok(found)
    }

    /// Draws a scene of this kind.
    pub(in super::super) fn scene(&self, rng: &mut Rng, bounds: Bounds) -> Scene {
        let mut draft = (self.draw)(rng, bounds);
        let compression = rng.choice(["none", "none", "gzip", "zstd"]).expect("there are some");
        let part = rng.choice(["1KiB", "2KiB", "4KiB", "16KiB"]).expect("there are some");
        let _ = write!(draft.settings, "\noutput: {OUTPUT}");
        let files = format!("{{ compression: {compression}, max_part_bytes: {part} }}");
        let table = self.has_table.then(|| {
            let compression = rng.choice(["none", "snappy", "zstd"]).expect("there are some");
            let columns =
                rng.choice(["", "columns: [{ member: id, type: string }], "]).expect("there are some");
            format!("{{ table: {TABLE}, {columns}compression: {compression}, max_part_bytes: {part} }}")
        });
        let stream = one_stream(STREAM, &draft.settings);
        let stream = stream.replace(&format!("path: /{STREAM}\n"), &format!("path: '{}'\n", draft.path));
        Scene {
            kind: self.name,
            streams: draft.streams,
            settings: stream + &draft.others,
            output: Output { files, table },
            is_ordered: draft.is_ordered,
            has_jobs: draft.has_jobs,
            besides: draft.besides,
            latency: Duration::from_millis(rng.u64(0..3)),
            events: draft.events,
            catches_up: draft.catches_up,
            repeats: draft.repeats,
            slips: draft.slips,
            has_notes: draft.has_notes,
        }
    }
}
