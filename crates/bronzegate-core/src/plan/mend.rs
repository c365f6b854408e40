//! A state that somebody sets: where the next run of an incremental stream begins.

use jiff::Timestamp;
use jiff::civil::Date;

use super::due_time::is_come;
use super::marks::{Sequence, start};
use crate::config::CursorFormat;
use crate::cursor::{CursorState, CursorValue, Mark, PartitionMark, PartitionMarks, Verbatim};
use crate::error::{Error, ErrorKind, Result};
use crate::window::parse_time;

/// What somebody asks of a stream's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mend {
    /// The next run begins at this mark.
    Set {
        /// A cursor as the API writes it; of a format of time also RFC 3339, or a date.
        mark: String,
        /// The values of one partition, in the order of the file; of all partitions if empty.
        partition: Vec<String>,
    },
    /// The next run begins where the first one did: at `start`, or at the oldest record.
    Reset,
}

impl Mend {
    /// Its name in the log.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Set { .. } => "set",
            Self::Reset => "reset",
        }
    }
}

/// The state from which the next run begins, and the mark as the log has it; `before` is the newest one's.
///
/// # Errors
/// [`ErrorKind::Config`] when the mark is no cursor of the stream, lies ahead of `now`, or the partition is none of the
/// file's.
pub(crate) fn mended(
    sequence: &Sequence<'_>,
    before: Option<&CursorState>,
    mend: &Mend,
    now: Timestamp,
) -> Result<(CursorState, Option<String>)> {
    let before = before.cloned().unwrap_or_default();
    sequence.check_names(&before)?;
    let (mark, partition) = match mend {
        Mend::Reset => {
            let known = start(sequence.incremental);
            let from = known.as_ref().map(|mark| mark.cursor.clone());
            let text = from.as_ref().map(|from| from.text.clone());
            let to = from.clone();
            return Ok((
                CursorState { began: from.clone(), from, to, known, ..CursorState::default() },
                text,
            ));
        }
        Mend::Set { mark, partition } => (read(sequence, &before, mark, now)?, partition),
    };
    let text = Some(mark.cursor.text.clone());
    if partition.is_empty() && sequence.partitions.names().next().is_none() {
        let from = Some(mark.cursor.clone());
        let cursor = CursorState {
            from: from.clone(),
            to: from,
            known: Some(mark),
            began: before.began,
            ..CursorState::default()
        };
        return Ok((cursor, text));
    }
    Ok((of_partitions(sequence, before, &mark, partition)?, text))
}

/// The same of a stream with partitions.
fn of_partitions(
    sequence: &Sequence<'_>,
    before: CursorState,
    mark: &Mark,
    partition: &[String],
) -> Result<CursorState> {
    let names: Vec<String> = sequence.partitions.names().map(str::to_owned).collect();
    if !partition.is_empty() && (names.is_empty() || sequence.partitions.place(partition).is_none()) {
        let form = if names.is_empty() {
            "the stream has no partitions".to_owned()
        } else {
            format!("write the values of [{}] of one that the source file has", names.join(", "))
        };
        let cause = format!("`{}` is no partition of the stream: {form}", partition.join(","));
        return Err(Error::new(ErrorKind::Config, cause));
    }
    if sequence.partitions.count() > PartitionMarks::MOST as u64 {
        if !partition.is_empty() {
            let cause = format!(
                "more than {} partitions share one mark, so it can only be set for all of them",
                PartitionMarks::MOST
            );
            return Err(Error::new(ErrorKind::Config, cause));
        }
        let partitions = Some(PartitionMarks { names, marks: Vec::new() });
        return Ok(CursorState {
            known: Some(mark.clone()),
            partitions,
            began: before.began,
            ..CursorState::default()
        });
    }
    let is_meant = |values: &[String]| partition.is_empty() || values == partition;
    let own = before.partitions.as_ref().filter(|marks| !marks.are_shared());
    let others = if own.is_some() { None } else { before.position() }.or_else(|| start(sequence.incremental));
    let marks =
        (0..sequence.partitions.count()).map(|nth| sequence.partitions.combination(nth)).map(|values| {
            let known = match own.and_then(|own| own.of(&values)) {
                _ if is_meant(&values) => Some(mark.clone()),
                Some(own) => own.known.clone(),
                None => others.clone(),
            };
            PartitionMark { values, known, ..PartitionMark::default() }
        });
    let mut marks: Vec<_> = marks.collect();
    // Those of removed partitions stay as they are.
    let removed = own.iter().flat_map(|own| &own.marks);
    let removed = removed.filter(|mark| sequence.partitions.place(&mark.values).is_none());
    marks.extend(removed.take(PartitionMarks::MOST.saturating_sub(marks.len())).cloned());
    let mut skipped = before.skipped;
    skipped.retain(|group| !is_meant(&group.partition));
    let known = before.known.filter(|_| own.is_some());
    let partitions = Some(PartitionMarks { names, marks });
    Ok(CursorState { known, partitions, skipped, began: before.began, ..CursorState::default() })
}

/// The mark, in the spelling that the stream's cursors have.
fn read(sequence: &Sequence<'_>, before: &CursorState, text: &str, now: Timestamp) -> Result<Mark> {
    let format = &sequence.incremental.format;
    let known = before.position().map(|mark| mark.cursor.bare);
    let bare = known.unwrap_or(matches!(
        format.first(),
        CursorFormat::Integer | CursorFormat::EpochS | CursorFormat::EpochMs | CursorFormat::EpochUs
    ));
    let spelled = CursorValue::of(format, Verbatim { text: text.to_owned(), bare });
    let time = parse_time(text).filter(|_| format.is_time());
    let value = match (spelled, time) {
        // A date is an ISO 8601 instant too, but not one that the API writes.
        (Ok(_), Some(time)) if *format.first() == CursorFormat::Rfc3339 && text.parse::<Date>().is_ok() => {
            CursorValue::of_time(format, time)
        }
        (Ok(value), _) => value,
        (Err(_), Some(time)) => CursorValue::of_time(format, time),
        (Err(error), None) => {
            let cause = format!("the mark `{text}` {error}, which the stream's `format` asks for");
            return Err(Error::new(ErrorKind::Config, cause));
        }
    };
    if value.time().is_some_and(|time| !is_come(time, now)) {
        let cause = format!("the mark `{text}` is still to come: no run would find anything until then");
        return Err(Error::new(ErrorKind::Config, cause));
    }
    Ok(Mark::at(value.verbatim().clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tests::commit;
    use crate::plan::{Due, next};

    const NOW: &str = "2026-11-22T17:00:00Z";

    /// The request of the run that follows a mended state: `from` of the whole, and of each partition.
    fn then(settings: &str, before: Option<&CursorState>, mend: &Mend) -> Result<String> {
        let text = format!(
            "source: x\nbase_url: https://x.example\nstreams: {{ s: {{ path: /p, records: $, pagination: {{ type: none }}, {settings} }} }}"
        );
        let source = crate::config::parse("x.yaml", &text).unwrap_or_else(|problems| panic!("{problems}"));
        let sequence = Sequence::of(&source.streams[0], "").unwrap();
        let now = NOW.parse().unwrap();
        let (cursor, _) = mended(&sequence, before, mend, now)?;
        let Due::Run { key, cursor, .. } = next(&sequence, Some(&commit(cursor)), now, now)? else {
            panic!("something is due");
        };
        assert_eq!(key.key, "seq-2");
        let shown =
            |from: &Option<Verbatim>| from.as_ref().map_or("oldest".to_owned(), |from| from.text.clone());
        let mut begins = vec![shown(&cursor.from)];
        for mark in cursor.partitions.iter().flat_map(|partitions| &partitions.marks) {
            begins.push(format!("{}:{}", mark.values.join(","), shown(&mark.from)));
        }
        Ok(begins.join(" "))
    }

    fn set(mark: &str, partition: &[&str]) -> Mend {
        let partition = partition.iter().map(|value| (*value).to_owned()).collect();
        Mend::Set { mark: mark.to_owned(), partition }
    }

    fn at(text: &str, bare: bool) -> CursorState {
        let known = Some(Mark::at(Verbatim { text: text.to_owned(), bare }));
        CursorState { known, ..CursorState::default() }
    }

    const TIMES: &str = "incremental: { cursor: u, format: rfc3339, from: { query: f } }";

    #[test]
    fn the_next_run_begins_at_the_mark_that_was_set() {
        let format = |word: &str| TIMES.replace("rfc3339", word);
        for (settings, mark, begins) in [
            (TIMES.to_owned(), "2026-11-01T00:00:00Z", "2026-11-01T00:00:00Z"),
            (TIMES.to_owned(), "2026-11-01", "2026-11-01T00:00:00Z"),
            (format("date"), "2026-11-01", "2026-11-01"),
            (format("epoch_s"), "2026-11-01", "1793491200"),
            (format("epoch_ms"), "1793491200000", "1793491200000"),
            (format("integer"), "00042", "00042"),
        ] {
            for before in [None, Some(at("2026-11-20T00:00:00Z", false))] {
                let before = before.filter(|_| settings == TIMES);
                assert_eq!(then(&settings, before.as_ref(), &set(mark, &[])).unwrap(), begins, "{settings}");
            }
        }
    }

    #[test]
    fn after_a_reset_a_run_begins_where_the_first_one_did() {
        let before = at("2026-11-20T00:00:00Z", false);
        assert_eq!(then(TIMES, Some(&before), &Mend::Reset).unwrap(), "oldest");
        let from_start = TIMES.replace("{ query: f }", "{ query: f }, start: 2026-01-01");
        assert_eq!(then(&from_start, Some(&before), &Mend::Reset).unwrap(), "2026-01-01T00:00:00Z");
    }

    #[test]
    fn one_partition_is_set_and_the_others_stay() {
        let settings = format!(
            "partitions: {{ region: [eu, us] }}, params: {{ r: \"{{{{ partition.region }}}}\" }}, {TIMES}"
        );
        let both = set("2026-11-01T00:00:00Z", &[]);
        let begins = "2026-11-01T00:00:00Z eu:2026-11-01T00:00:00Z us:2026-11-01T00:00:00Z";
        assert_eq!(then(&settings, None, &both).unwrap(), begins);
        let one = set("2026-11-01T00:00:00Z", &["us"]);
        assert_eq!(then(&settings, None, &one).unwrap(), "oldest eu:oldest us:2026-11-01T00:00:00Z");
        let before = at("2026-11-20T00:00:00Z", false);
        assert_eq!(
            then(&settings, Some(&before), &one).unwrap(),
            "2026-11-01T00:00:00Z eu:2026-11-20T00:00:00Z us:2026-11-01T00:00:00Z"
        );
        let error = then(&settings, None, &set("2026-11-01", &["asia"])).unwrap_err();
        insta::assert_snapshot!(error, @"`asia` is no partition of the stream: write the values of [region] of one that the source file has");
        assert_eq!(then(&settings, Some(&before), &Mend::Reset).unwrap(), "oldest eu:oldest us:oldest");
    }

    #[test]
    fn a_mark_that_is_no_cursor_or_is_still_to_come_is_refused() {
        let refused = |mark: &str| then(TIMES, None, &set(mark, &[])).unwrap_err().to_string();
        insta::assert_snapshot!(refused("yesterday"), @"the mark `yesterday` is not an ISO 8601 instant, which the stream's `format` asks for");
        insta::assert_snapshot!(refused("2027-01-01"), @"the mark `2027-01-01` is still to come: no run would find anything until then");
        insta::assert_snapshot!(then(TIMES, None, &set("2026-01-01", &["eu"])).unwrap_err(), @"`eu` is no partition of the stream: the stream has no partitions");
    }
}
