//! What runs are called: keys and batch ids, pure names that follow from the event.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::window::EARLIEST;

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

impl RunKind {
    /// What the keys of its runs begin with, and those of no other kind.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::At => "at-",
            Self::Sequence => "seq-",
            Self::Window => "window-",
        }
    }
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
        f.write_str(self.kind().prefix())?;
        match *self {
            Self::At(time) => write!(f, "{}", stamp(time, "%Y%m%dT%H%M%S", "Z")),
            Self::Sequence(number) => write!(f, "{number}"),
            Self::Window { from, to, revision } => {
                let [from, to] = [from, to].map(|time| stamp(time, "%Y%m%dT%H%M%S", "Z"));
                write!(f, "{from}-{to}{}", Revision(revision))
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
            "seq" => Self::Sequence(numbered(rest).ok_or(NotAKey)?),
            "window" => {
                let mut fields = rest.splitn(3, '-');
                let from = parse_stamp(fields.next().unwrap_or_default())?;
                let to = parse_stamp(fields.next().unwrap_or_default())?;
                let revision = fields.next().map_or(Some(1), |r| revision(r.strip_prefix('r')?));
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

impl RunId {
    /// Reads the run back from its `_batch_id`, which names its parts.
    pub fn of_batch(batch_id: &str) -> Option<Self> {
        let mut fields = batch_id.splitn(3, '-');
        let first = parse_compact(fields.next()?)?;
        let id = match (fields.next(), fields.next()) {
            (None, _) => Self::At(first),
            (Some(second), None) => match parse_compact(second) {
                Some(to) => Self::Window { from: first, to, revision: 1 },
                None => Self::Sequence(numbered(second)?),
            },
            (Some(second), Some(revision)) => Self::Window {
                from: first,
                to: parse_compact(second)?,
                revision: self::revision(revision.strip_prefix('r')?)?,
            },
        };
        // One run has one spelling; the time of a sequence run is not part of its identity.
        (RunKey::of(id, first).batch_id == batch_id).then_some(id)
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
    text.parse().ok().filter(|time| *time >= EARLIEST).ok_or(NotAKey)
}

/// The number of a run that another one may follow.
fn numbered(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number| *number < u64::MAX)
}

/// A revision that another one may follow.
fn revision(text: &str) -> Option<u32> {
    text.parse().ok().filter(|revision| *revision < u32::MAX)
}

/// The compact form in batch ids; 14 digits at least, so that no run's number is taken for one.
fn parse_compact(text: &str) -> Option<Timestamp> {
    let (date, time) = text.split_at_checked(8)?;
    if time.len() < 6 { None } else { parse_stamp(&format!("{date}T{time}Z")).ok() }
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
    fn a_batch_id_is_read_back_and_what_is_none_is_not() {
        let due = time("2026-11-22T17:00:00.25Z");
        for id in [
            RunId::At(due),
            RunId::Sequence(7),
            RunId::Sequence(9_999_999_999_999),
            window("2026-01-01T00:00:00Z", "2026-01-02T00:00:00.5Z", 1),
            window("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", 12),
        ] {
            assert_eq!(RunId::of_batch(&RunKey::of(id, due).batch_id), Some(id));
        }
        for text in [
            "",
            "x",
            "20261122170000-18446744073709551615",
            "20261122",
            "20261322170000",
            "20261122170000-",
            "20261122170000-07",
            "2026é122170000",
        ] {
            assert_eq!(RunId::of_batch(text), None, "{text}");
        }
    }
}
