//! The marks of partitions from run to run.

use crate::bronze::{CommitRecord, SegmentStatus};
use crate::config::{self, Source};
use crate::cursor::{
    BranchProgress, CursorState, EndedBranch, Mark, PartitionMark, PartitionMarks, Verbatim,
};
use crate::error::ErrorKind;
use crate::report::Counts;

use super::due::Due;
use super::marks::Sequence;
use super::sequence::next;

fn source(regions: &[String], more: &str) -> Source {
    let text = format!(
        "source: x\nbase_url: https://x.example\nstreams:\n  p: {{ path: /p, records: $ }}\n  s:\n    path: '/{{{{ partition.r }}}}{{{{ parent.id }}}}'\n    \
         parent: {{ stream: p, fields: [id] }}\n    records: $\n    partitions: {{ r: [{}] }}\n    incremental: {{ cursor: u, format: rfc3339, from: {{ query: f }}, to: \
         {{ query: t }}, start: 2026-01-01{more} }}",
        regions.join(", ")
    );
    // Without a parent where a test says so.
    let text = if more.contains("window") { text } else { alone(&text) };
    config::parse("x.yaml", &text).unwrap_or_else(|problems| panic!("{problems}"))
}

fn alone(text: &str) -> String {
    text.replace("{{ parent.id }}", "").replace("    parent: { stream: p, fields: [id] }\n", "")
}

fn regions(numbers: std::ops::Range<u32>) -> Vec<String> {
    numbers.map(|number| format!("r{number}")).collect()
}

fn at(day: u32) -> Verbatim {
    Verbatim { text: format!("2026-01-{day:02}T00:00:00Z"), bare: false }
}

/// Marks at the second of January, but for those of these partitions.
fn marks(of: &[String], others: &[(&str, u32)]) -> PartitionMarks {
    let day = |name: &str| others.iter().find(|(other, _)| *other == name).map_or(2, |(_, day)| *day);
    let mark = |name: &String| PartitionMark {
        values: vec![name.clone()],
        known: Some(Mark::at(at(day(name)))),
        ..PartitionMark::default()
    };
    PartitionMarks { names: vec!["r".to_owned()], marks: of.iter().map(mark).collect() }
}

pub(super) fn commit(cursor: CursorState) -> CommitRecord {
    let counts = Counts::default();
    let record = serde_json::json!({
        "format": 2, "source": "x", "stream": "s", "key": "seq-1", "segment": 1, "batch_id": "1",
        "scheduled_time": "2026-01-20T00:00:00Z", "status": "complete", "parts": [], "counts": counts, "total_counts": counts,
        "started_at": "2026-01-20T00:00:00Z", "finished_at": "2026-01-20T00:00:00Z", "duration_ms": 0,
        "total_duration_ms": 0, "engine_version": "", "config_fingerprint": "", "environment": "",
    });
    let record: CommitRecord = serde_json::from_value(record).unwrap();
    CommitRecord { cursor: Some(cursor), ..record }
}

/// What a run asks for after a complete one, and what is told.
fn after(source: &Source, cursor: CursorState) -> (CursorState, Vec<String>) {
    let sequence = Sequence::of(source.named("s").unwrap(), "").unwrap();
    let now = "2026-01-25T00:00:00Z".parse().unwrap();
    match next(&sequence, Some(&commit(cursor)), now, now).unwrap() {
        Due::Run { cursor, told, .. } => (*cursor, told),
        Due::Done(_) => panic!("something is due"),
    }
}

fn known(state: &CursorState, name: &str) -> Option<Verbatim> {
    let mark = state.partitions.as_ref().unwrap().of(&[name.to_owned()])?;
    Some(mark.known.clone().unwrap().cursor)
}

fn state(partitions: PartitionMarks) -> CursorState {
    CursorState { partitions: Some(partitions), ..CursorState::default() }
}

#[test]
fn removed_partitions_keep_marks_up_to_a_thousand_in_all_and_the_oldest_stands_for_the_rest() {
    let before = state(marks(&regions(0..999), &[("r997", 9), ("r998", 5)]));
    let (cursor, told) = after(&source(&regions(2_000..2_400), ""), before);
    let kept = &cursor.partitions.as_ref().unwrap().marks;
    assert_eq!((kept.len(), told.len()), (PartitionMarks::MOST, 0));
    assert_eq!(kept.iter().filter(|mark| mark.progress == BranchProgress::Removed).count(), 600);
    assert_eq!(known(&cursor, "r2000"), Some(at(1)), "a new one begins at `start`");
    assert_eq!(known(&cursor, "r599"), Some(at(2)), "a removed one keeps its mark");
    assert_eq!(cursor.known, Some(Mark::at(at(2))), "the oldest for which there was no room");
    // One of those comes back: it may be new, or not.
    let (cursor, told) = after(&source(&["r997".to_owned()], ""), cursor);
    assert_eq!(known(&cursor, "r997"), Some(at(2)));
    assert!(told[0].starts_with("1 partitions are none of the 1000 whose marks are kept"), "{told:?}");
    assert!(told[0].contains("read from 2026-01-02T00:00:00Z on"), "{told:?}");
}

#[test]
fn more_partitions_than_have_marks_share_the_oldest_and_that_is_told() {
    let (cursor, told) = after(&source(&regions(0..1_001), ""), state(marks(&regions(0..900), &[("r7", 1)])));
    assert!(cursor.partitions.as_ref().unwrap().are_shared());
    assert_eq!((cursor.known, cursor.from), (Some(Mark::at(at(1))), Some(at(1))));
    assert!(
        told[0].starts_with("more than 1000 partitions share one mark, which is now the oldest"),
        "{told:?}"
    );
}

#[test]
fn a_run_begins_where_its_first_partition_does_and_a_removed_one_does_not_count() {
    let before = state(marks(&regions(0..3), &[("r0", 9), ("r1", 4), ("r2", 1)]));
    let (cursor, told) = after(&source(&regions(0..2), ""), before);
    assert_eq!((cursor.from, told.len()), (Some(at(4)), 0));
}

#[test]
fn what_the_file_has_no_more_keeps_its_mark_when_a_cut_run_is_complete() {
    let mut cut = state(marks(&regions(0..3), &[]));
    (cut.from, cut.to) = (Some(at(2)), Some(at(20)));
    for mark in &mut cut.partitions.as_mut().unwrap().marks {
        mark.from = Some(at(2));
        mark.newest = Some(Mark::at(at(10)));
    }
    let ended = |name: &str| EndedBranch { partition: vec![name.to_owned()], id: 0, is_skipped: false };
    assert_eq!(cut.note(&[ended("r0")], false), 0);
    let file = source(&regions(0..2), "");
    let stream = file.named("s").unwrap();
    let mut resumed = Sequence::of(stream, "").unwrap().resumed(cut, false).unwrap();
    resumed.note(&[ended("r1")], false);
    let (complete, gone) = resumed.completed(stream.incremental.as_ref().unwrap(), false).unwrap();
    assert_eq!(gone, 0);
    let marks: Vec<_> = regions(0..3).iter().map(|name| known(&complete, name).unwrap()).collect();
    assert_eq!(marks, [at(10), at(10), at(2)], "what has been read moves");
    assert_eq!(complete.newest, Some(Mark::at(at(10))));
}

#[test]
fn partitions_that_change_places_among_a_parents_branches_need_a_restart() {
    let file = source(&["r1".to_owned(), "r0".to_owned()], ", window: 1d");
    let sequence = Sequence::of(file.named("s").unwrap(), "").unwrap();
    let cut = state(marks(&regions(0..2), &[]));
    let error = sequence.resumed(cut.clone(), false).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(error.to_string().contains("run --restart"), "{error}");
    assert!(sequence.resumed(cut, true).is_ok());
}

#[test]
fn skipped_branches_catch_up_window_by_window_until_they_are_where_the_others_are() {
    let file = source(&regions(0..1), ", window: 1d");
    let settings = file.named("s").unwrap().incremental.clone().unwrap();
    let skipped = EndedBranch { partition: vec!["r0".to_owned()], id: 7, is_skipped: true };
    let mut first = state(marks(&regions(0..1), &[]));
    first.partitions.as_mut().unwrap().marks[0].from = Some(at(2));
    (first.from, first.to) = (Some(at(2)), Some(at(20)));
    first.partitions.as_mut().unwrap().marks[0].newest = Some(Mark::at(at(5)));
    assert_eq!(first.note(std::slice::from_ref(&skipped), true), 0);
    let (first, _) = first.completed(&settings, true).unwrap();
    assert_eq!((known(&first, "r0"), first.skipped[0].known.clone()), (Some(at(5)), Some(Mark::at(at(2)))));
    let mut state = first;
    for day in 2..5 {
        let (mut window, _) = after(&file, state);
        assert_eq!((&window.from, &window.to, window.more), (&Some(at(day)), &Some(at(day + 1)), true));
        let came = EndedBranch { is_skipped: false, ..skipped.clone() };
        window.note(&[came], true);
        state = window.completed(&settings, true).unwrap().0;
        assert_eq!(known(&state, "r0"), Some(at(5)), "the others are ahead");
        assert_eq!(state.skipped.len(), usize::from(day < 4), "day {day}");
    }
}

#[test]
fn a_commit_with_marks_has_a_form_that_an_older_version_refuses() {
    let complete = commit(state(marks(&regions(0..1), &[])));
    assert_eq!(complete.status, SegmentStatus::Complete);
    assert_eq!(CommitRecord::format_of(complete.cursor.as_ref()), 2);
    assert_eq!(CommitRecord::format_of(Some(&CursorState::default())), CommitRecord::FORMAT);
}
