//! Where things are under the target: pure names, no I/O.
//!
//! Numbers are padded so that names sort by hand (`s0001`, `p00001`). Above the padding they simply
//! grow longer; nothing here relies on the order of names: commit names are parsed, and compared as
//! [`RunId`] and number.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use super::run_id::{RunId, RunKey, RunKind};
use super::store::StagingArea;

/// A segment of a run, as the name of its commit tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CommitName {
    /// The run.
    pub id: RunId,
    /// Its segment, counted from 1.
    pub segment: u32,
}

/// How far a segment of a table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TableMark {
    /// It is about to be committed, or is.
    Open,
    /// The table has it.
    Done,
}

/// Where the parts of a segment are, if they are a table's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableParts {
    /// The table.
    pub name: String,
    /// The id of the target whose commits name them.
    pub target: String,
    /// What tells them from those of others: two targets may have one root of tables, and two runs one key.
    pub suffix: String,
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

    /// The path of a table's part, relative to the root of the tables.
    pub fn table_part(
        &self,
        TableParts { name, suffix, .. }: &TableParts,
        RunKey { batch_id, scheduled, .. }: &RunKey,
        segment: u32,
        part: u32,
        extension: &str,
    ) -> String {
        let folder = self.parts(*scheduled);
        format!("{name}/{folder}/{batch_id}-s{segment:04}-p{part:05}-{suffix}.{extension}")
    }

    /// The stream as the uploads of a target's tables are grouped: several targets may have one root of tables.
    pub fn staging_of(&self, target: &str) -> String {
        format!("{target}/{}", self.stream)
    }

    /// The id of the target, which all its streams share.
    pub const TARGET_ID: &str = "_bronzegate/id.json";

    /// The folder of the marks of segments that a table is to have, which were committed in the month of `at`.
    pub fn table_marks(&self, at: Timestamp) -> String {
        let month = at.to_zoned(TimeZone::UTC).strftime("%Y-%m").to_string();
        format!("_bronzegate/{}/tables/{month}", self.stream)
    }

    /// The mark of a segment: `open` before its commit, `done` when the table has it.
    pub fn table_mark(&self, at: Timestamp, key: &str, segment: u32, mark: TableMark) -> String {
        let ending = match mark {
            TableMark::Open => "open",
            TableMark::Done => "done",
        };
        format!("{}/{key}.s{segment:04}.{ending}", self.table_marks(at))
    }

    /// A mark of a segment whose files become rows of a table afterwards.
    pub fn files_mark(&self, key: &str, segment: u32, ending: &str) -> String {
        format!("_bronzegate/{}/tables/files/{key}.s{segment:04}.{ending}", self.stream)
    }

    /// Reads the path of a mark back; `None` when it is none.
    pub fn parse_mark(path: &str) -> Option<(CommitName, TableMark)> {
        let (_, name) = path.rsplit_once('/')?;
        let (segment, ending) = name.rsplit_once('.')?;
        let mark = match ending {
            "open" => TableMark::Open,
            "done" => TableMark::Done,
            _ => return None,
        };
        Some((Self::parse_segment(segment)?, mark))
    }

    /// The folder of the commit log.
    pub fn commits(&self) -> String {
        format!("_bronzegate/{}/commits", self.stream)
    }

    /// What the paths of all commits of a kind of run begin with.
    pub fn commits_of(&self, kind: RunKind) -> String {
        format!("{}/{}", self.commits(), kind.prefix())
    }

    /// Comes, in the order of bytes, before the commits of snapshot runs that were due in that second or later, and
    /// after those of earlier seconds. `None` for years before 0, whose names are in no such order.
    ///
    /// It has no fraction, because within a second the order of bytes is not that of time: `.5Z` comes before `Z`.
    pub fn commits_from(&self, time: Timestamp) -> Option<String> {
        let utc = time.to_zoned(TimeZone::UTC);
        let begin = || format!("{}{}", self.commits_of(RunKind::At), utc.strftime("%Y%m%dT%H%M%S"));
        (utc.year() >= 0).then(begin)
    }

    /// What the paths begin with of commits of snapshot runs that were due from the month of `from` to that of
    /// `to`: a prefix for each month. For more than a year it is one prefix, that of all snapshot runs.
    pub fn commits_by_month(&self, from: Timestamp, to: Timestamp) -> Vec<String> {
        const MOST: usize = 12;
        let all = self.commits_of(RunKind::At);
        let [from, to] =
            [from, to.max(from)].map(|time| time.to_zoned(TimeZone::UTC).date().first_of_month());
        let months = from.series(1.month()).take_while(|month| *month <= to).take(MOST + 1);
        let months: Vec<_> = months.map(|month| format!("{all}{}", month.strftime("%Y%m"))).collect();
        if months.len() > MOST || from.year() < 0 { vec![all] } else { months }
    }

    /// The commit record of one segment.
    pub fn commit(&self, key: &str, segment: u32) -> String {
        format!("{}/{key}.s{segment:04}.json", self.commits())
    }

    /// The folder of the backfills that were asked for.
    pub fn backfills(&self) -> String {
        format!("_bronzegate/{}/backfills", self.stream)
    }

    /// The hint to the newest commit.
    pub fn head(&self) -> String {
        format!("_bronzegate/{}/head.json", self.stream)
    }

    /// Which run is in flight.
    pub fn running(&self) -> String {
        format!("_bronzegate/{}/running.json", self.stream)
    }

    /// When the watch first saw the stream.
    pub fn watched(&self) -> String {
        format!("_bronzegate/{}/watched.json", self.stream)
    }

    /// Why the stream's last failed run failed.
    pub fn last_error(&self) -> String {
        format!("_bronzegate/{}/last_error.json", self.stream)
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

    /// Reads a part's path back: the segment it belongs to; `None` when it is not a part of the stream.
    pub fn parse_part(&self, path: &str) -> Option<CommitName> {
        let (folder, name) = path.strip_prefix(&self.stream)?.strip_prefix('/')?.split_once('/')?;
        let (batch_and_segment, _) = name.rsplit_once("-p")?;
        let (batch_id, segment) = batch_and_segment.rsplit_once("-s")?;
        let id = RunId::of_batch(batch_id)?;
        let name = CommitName { id, segment: segment.parse().ok()? };
        folder.starts_with("ingest_date=").then_some(name)
    }

    /// Reads `<key>.s<segment>` back; `None` when it is not that.
    pub fn parse_segment(name: &str) -> Option<CommitName> {
        let (key, number) = name.rsplit_once(".s")?;
        let segment: u32 = number.parse().ok()?;
        let canonical = (1..u32::MAX).contains(&segment) && format!("{segment:04}") == number;
        Some(CommitName { id: key.parse().ok()?, segment }).filter(|_| canonical)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
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
        assert_eq!(layout.last_error(), "_bronzegate/hubspot/contacts/last_error.json");
        assert_eq!(layout.staging(&run.key, 3).segment, "at-20261123T045959Z.s0003");
        assert_eq!(layout.staging(&run.key, 3).stream, "hubspot/contacts");
    }

    #[test]
    fn commits_of_a_second_and_later_come_after_where_it_begins() {
        let layout = Layout::new("hubspot", "contacts");
        let begin = layout.commits_from(time("2026-11-22T17:00:00.5Z")).unwrap();
        assert_eq!(layout.commits_from(time("-000001-01-01T00:00:00Z")), None);
        let path = |text: &str, segment| layout.commit(&RunKey::at(time(text)).key, segment);
        for later in [
            "2026-11-22T17:00:00Z",
            "2026-11-22T17:00:00.25Z",
            "2026-11-22T17:00:01Z",
            "9999-12-30T00:00:00Z",
        ] {
            for segment in [1, 9_999, 10_000] {
                assert!(path(later, segment) > begin, "{later}");
            }
        }
        for earlier in ["2026-11-22T16:59:59.999Z", "2026-10-31T00:00:00Z", "0999-01-01T00:00:00Z"] {
            assert!(path(earlier, 10_000) < begin, "{earlier}");
        }
    }

    #[test]
    fn every_commit_is_in_its_month_and_a_long_time_is_not_listed_by_month() {
        let layout = Layout::new("hubspot", "contacts");
        let months = |from: &str, to: &str| layout.commits_by_month(time(from), time(to));
        let all = "_bronzegate/hubspot/contacts/commits/at-";
        assert_eq!(
            months("2026-11-30T23:59:59.9Z", "2027-01-01T00:00:00Z"),
            ["202611", "202612", "202701"].map(|month| format!("{all}{month}"))
        );
        for to in ["2026-11-30T23:59:59Z", "2020-01-01T00:00:00Z"] {
            assert_eq!(months("2026-11-01T00:00:00Z", to), [format!("{all}202611")]);
        }
        assert_eq!(months("2026-01-31T00:00:00Z", "2026-12-01T00:00:00Z").len(), 12);
        assert_eq!(months("2026-01-31T00:00:00Z", "2027-01-01T00:00:00Z"), [all]);
        assert_eq!(months("-000001-01-01T00:00:00Z", "-000001-01-01T00:00:00Z"), [all]);
        for text in ["2026-11-30T23:59:59.9Z", "0999-02-01T00:00:00Z"] {
            let commit = layout.commit(&RunKey::at(time(text)).key, 1);
            assert!(commit.starts_with(&months(text, text)[0]), "{commit}");
        }
    }

    #[test]
    fn a_part_tells_its_segment() {
        let layout = Layout::new("hubspot", "contacts");
        let due = time("2026-11-22T17:00:00.5Z");
        for id in [RunId::At(due), RunId::Sequence(3)] {
            let path = layout.part(&RunKey::of(id, due), 12, 10, "ndjson.gz");
            assert_eq!(layout.parse_part(&path), Some(CommitName { id, segment: 12 }), "{path}");
        }
        for path in [
            "hubspot/contacts/notes.txt",
            "hubspot/deals/ingest_date=2026-11-22/20261122170000-s0001-p00001.ndjson",
        ] {
            assert_eq!(layout.parse_part(path), None, "{path}");
        }
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
            "seq-1.s4294967295.json",
            "seq-18446744073709551615.s0001.json",
            "at--0000010101T000000Z.s0001.json",
            "at-00000101T000000Z.s0001.json",
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
