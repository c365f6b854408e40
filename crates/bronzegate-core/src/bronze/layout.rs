//! Where things are under the target, and what runs are called: pure names, no I/O.
//!
//! Numbers are padded so that names sort by hand (`s0001`, `p00001`). Above the padding they simply
//! grow longer; nothing here relies on the order of names: commit names are parsed, and compared as
//! [`RunId`] and number.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::store::StagingArea;

/// What makes two runs the same run. Ordered by kind, then from the oldest to the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RunId {
    /// A snapshot stream's run, by its scheduled time.
    At(Timestamp),
    /// An incremental stream's run, counted from 1.
    Sequence(u64),
    /// A backfill's window [from, to).
    Window {
        /// The window's first instant.
        from: Timestamp,
        /// The first instant after it.
        to: Timestamp,
        /// 1, and one more each time the window is loaded `--again`.
        revision: u32,
    },
}

/// The three kinds of [`RunId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunKind {
    /// Snapshot runs.
    At,
    /// Incremental runs.
    Sequence,
    /// Backfill windows.
    Window,
}

impl RunId {
    /// Its kind.
    pub fn kind(self) -> RunKind {
        match self {
            Self::At(_) => RunKind::At,
            Self::Sequence(_) => RunKind::Sequence,
            Self::Window { .. } => RunKind::Window,
        }
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::At(time) => write!(f, "at-{}", stamp(time, "%Y%m%dT%H%M%S", "Z")),
            Self::Sequence(number) => write!(f, "seq-{number}"),
            Self::Window { from, to, revision } => {
                let [from, to] = [from, to].map(|time| stamp(time, "%Y%m%dT%H%M%S", "Z"));
                write!(f, "window-{from}-{to}{}", Revision(revision))
            }
        }
    }
}

/// A text that is not the key of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the key of a run")]
pub struct NotAKey;

impl FromStr for RunId {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let (kind, rest) = text.split_once('-').ok_or(NotAKey)?;
        let id = match kind {
            "at" => Self::At(parse_stamp(rest)?),
            "seq" => Self::Sequence(rest.parse().map_err(|_| NotAKey)?),
            "window" => {
                let mut fields = rest.splitn(3, '-');
                let from = parse_stamp(fields.next().unwrap_or_default())?;
                let to = parse_stamp(fields.next().unwrap_or_default())?;
                let revision = fields.next().map_or(Some(1), |r| r.strip_prefix('r')?.parse().ok());
                Self::Window { from, to, revision: revision.ok_or(NotAKey)? }
            }
            _ => return Err(NotAKey),
        };
        // One run has one spelling, so that two names never mean the same key.
        if id.to_string() == text { Ok(id) } else { Err(NotAKey) }
    }
}

/// A run's names, which follow from its event alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunKey {
    /// What makes two runs the same run, for example `at-20261122T170000Z`.
    pub key: String,
    /// The value of `_batch_id` in the records, for example `20261122170000`.
    pub batch_id: String,
    /// When the run was due; its UTC date names the folder of its parts.
    pub scheduled: Timestamp,
}

impl RunKey {
    /// The key of a snapshot stream's run. The same instant is always the same key; a fraction of
    /// a second is told only when there is one (`at-20261122T170000.123Z`).
    pub fn at(scheduled: Timestamp) -> Self {
        Self::of(RunId::At(scheduled), scheduled)
    }

    /// The key of any run that was due at `scheduled`.
    pub fn of(id: RunId, scheduled: Timestamp) -> Self {
        let compact = |time| stamp(time, "%Y%m%d%H%M%S", "");
        let batch_id = match id {
            RunId::At(time) => compact(time),
            RunId::Sequence(number) => format!("{}-{number}", compact(scheduled)),
            RunId::Window { from, to, revision } => {
                format!("{}-{}{}", compact(from), compact(to), Revision(revision))
            }
        };
        Self { key: id.to_string(), batch_id, scheduled }
    }
}

/// A segment of a run, as the name of its commit tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CommitName {
    /// The run.
    pub id: RunId,
    /// Its segment, counted from 1.
    pub segment: u32,
}

/// The paths of one stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    stream: String,
}

impl Layout {
    /// The paths of `<source>/<stream>`.
    pub fn new(source: &str, stream: &str) -> Self {
        Self { stream: format!("{source}/{stream}") }
    }

    /// `<source>/<stream>`.
    pub fn stream(&self) -> &str {
        &self.stream
    }

    /// The folder of the parts of runs due on the day of `scheduled`.
    pub fn parts(&self, scheduled: Timestamp) -> String {
        let date = scheduled.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d").to_string();
        format!("{}/ingest_date={date}", self.stream)
    }

    /// A part's path. `extension` comes without its dot (`ndjson`, `ndjson.gz`).
    pub fn part(&self, run: &RunKey, segment: u32, part: u32, extension: &str) -> String {
        let RunKey { batch_id, scheduled, .. } = run;
        format!("{}/{batch_id}-s{segment:04}-p{part:05}.{extension}", self.parts(*scheduled))
    }

    /// The folder of the commit log.
    pub fn commits(&self) -> String {
        format!("_bronzegate/{}/commits", self.stream)
    }

    /// The commit record of one segment.
    pub fn commit(&self, key: &str, segment: u32) -> String {
        format!("{}/{key}.s{segment:04}.json", self.commits())
    }

    /// The hint to the newest commit.
    pub fn head(&self) -> String {
        format!("_bronzegate/{}/head.json", self.stream)
    }

    /// Whose uploads a segment's are.
    pub fn staging(&self, key: &str, segment: u32) -> StagingArea {
        StagingArea { stream: self.stream.clone(), segment: format!("{key}.s{segment:04}") }
    }

    /// Reads the path of a commit record back; `None` when it is not one.
    pub fn parse_commit(&self, path: &str) -> Option<CommitName> {
        let name = path.strip_prefix(&self.commits())?.strip_prefix('/')?;
        Self::parse_segment(name.strip_suffix(".json")?)
    }

    /// Reads `<key>.s<segment>` back; `None` when it is not that.
    pub fn parse_segment(name: &str) -> Option<CommitName> {
        let (key, number) = name.rsplit_once(".s")?;
        let segment: u32 = number.parse().ok()?;
        let canonical = segment > 0 && format!("{segment:04}") == number;
        Some(CommitName { id: key.parse().ok()?, segment }).filter(|_| canonical)
    }
}

struct Revision(u32);

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 > 1 { write!(f, "-r{}", self.0) } else { Ok(()) }
    }
}

/// The instant in UTC: whole seconds in `format`, the fraction without trailing zeros, then `end`.
fn stamp(time: Timestamp, format: &str, end: &str) -> String {
    let utc = time.to_zoned(TimeZone::UTC);
    let mut text = utc.strftime(format).to_string();
    if utc.subsec_nanosecond() != 0 {
        let fraction = format!(".{:09}", utc.subsec_nanosecond());
        text.push_str(fraction.trim_end_matches('0'));
    }
    text.push_str(end);
    text
}

fn parse_stamp(text: &str) -> Result<Timestamp, NotAKey> {
    // jiff reads ISO 8601's basic format, a fraction included.
    text.parse().map_err(|_| NotAKey)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn window(from: &str, to: &str, revision: u32) -> RunId {
        RunId::Window { from: time(from), to: time(to), revision }
    }

    #[test]
    fn names_follow_from_the_event_alone() {
        let due = time("2026-11-22T17:00:00Z");
        let days = |revision| window("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", revision);
        for (id, key, batch_id) in [
            (RunId::At(due), "at-20261122T170000Z", "20261122170000"),
            (RunId::Sequence(42), "seq-42", "20261122170000-42"),
            (days(1), "window-20260101T000000Z-20260102T000000Z", "20260101000000-20260102000000"),
            (days(2), "window-20260101T000000Z-20260102T000000Z-r2", "20260101000000-20260102000000-r2"),
        ] {
            let run = RunKey::of(id, due);
            assert_eq!((run.key.as_str(), run.batch_id.as_str()), (key, batch_id));
            assert_eq!(key.parse(), Ok(id));
        }
    }

    #[test]
    fn one_instant_is_one_key_and_two_instants_never_share_a_path() {
        let layout = Layout::new("hubspot", "contacts");
        let (here, there) = (time("2026-11-22T17:00:00.123Z"), time("2026-11-22T18:00:00.123000+01:00"));
        assert_eq!(RunKey::at(here), RunKey::at(there));
        assert_eq!(RunKey::at(here).key, "at-20261122T170000.123Z");
        let instants = ["00Z", "00.1Z", "00.12Z", "00.123Z", "00.000000001Z", "01Z"];
        let mut paths: Vec<_> = instants
            .map(|seconds| {
                layout.part(&RunKey::at(time(&format!("2026-11-22T17:00:{seconds}"))), 1, 1, "ndjson")
            })
            .into();
        paths.sort();
        paths.dedup();
        assert_eq!(paths.len(), instants.len());
    }

    #[test]
    fn paths_are_those_of_the_protocol() {
        let layout = Layout::new("hubspot", "contacts");
        let run = RunKey::at(time("2026-11-22T23:59:59-05:00"));
        let part = layout.part(&run, 1, 2, "ndjson.gz");
        assert_eq!(part, "hubspot/contacts/ingest_date=2026-11-23/20261123045959-s0001-p00002.ndjson.gz");
        let commit = layout.commit(&run.key, 3);
        assert_eq!(commit, "_bronzegate/hubspot/contacts/commits/at-20261123T045959Z.s0003.json");
        assert_eq!(layout.head(), "_bronzegate/hubspot/contacts/head.json");
        assert_eq!(layout.staging(&run.key, 3).segment, "at-20261123T045959Z.s0003");
        assert_eq!(layout.staging(&run.key, 3).stream, "hubspot/contacts");
    }

    #[test]
    fn a_commit_name_is_read_back_and_ordered_by_number_above_the_padding_too() {
        let layout = Layout::new("hubspot", "contacts");
        let names: Vec<_> =
            ["seq-9.s0001", "seq-9.s9999", "seq-9.s10000", "seq-10.s0001", "seq-99999999999.s0001"]
                .iter()
                .map(|name| layout.parse_commit(&format!("{}/{name}.json", layout.commits())).unwrap())
                .collect();
        assert!(names.is_sorted(), "{names:?}");
        assert_eq!(
            layout.commit(&names[2].id.to_string(), names[2].segment).rsplit('/').next(),
            Some("seq-9.s10000.json")
        );
        let fractions = ["at-20261122T170000Z", "at-20261122T170000.25Z", "at-20261122T170000.5Z"];
        assert!(fractions.map(|key| key.parse::<RunId>().unwrap()).is_sorted());
    }

    #[test]
    fn what_is_no_commit_name_is_not_read_as_one() {
        let layout = Layout::new("hubspot", "contacts");
        for name in [
            "seq-1.s0001",
            "seq-1.s1.json",
            "seq-1.s0000.json",
            "seq-01.s0001.json",
            "seq-1.s+001.json",
            "seq-.s0001.json",
            "at-2026-11-22T17:00:00Z.s0001.json",
            "at-20261122T170000.500Z.s0001.json",
            "at-20261322T170000Z.s0001.json",
            "window-20260101T000000Z.s0001.json",
            "window-20260101T000000Z-20260102T000000Z-r1.s0001.json",
            "x-1.s0001.json",
            "sub/seq-1.s0001.json",
        ] {
            assert_eq!(layout.parse_commit(&format!("{}/{name}", layout.commits())), None, "{name}");
        }
        assert_eq!(layout.parse_commit("_bronzegate/hubspot/deals/commits/seq-1.s0001.json"), None);
    }
}
