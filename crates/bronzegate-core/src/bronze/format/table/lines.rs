//! A line of an NDJSON part as a row of a table: the way back from what [`ndjson`](super::super::ndjson) writes.

use jiff::Timestamp;

use super::json::{members, text};
use super::rows::push;
use crate::config::METADATA_COLUMNS;

/// Why a line of a committed part is no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotALine {
    /// It has no `_ingested_at` of its own.
    #[error("it has no member `_ingested_at`")]
    NoMetadata,
    /// That is no time.
    #[error("its `_ingested_at` is no time")]
    NoTime,
}

/// Appends a line as a row. The record is what stands before `_ingested_at`: members of the record that had a metadata
/// name were renamed, so it stands there once. `parents` are the names of the members that come from a parent.
pub(crate) fn push_line(line: &[u8], parents: &[String], out: &mut Vec<u8>) -> Result<(), NotALine> {
    let mut members = members(line);
    let named = |name: &[u8], known: &str| text(name).is_some_and(|name| name == known);
    let time = members
        .by_ref()
        .find(|member| named(&line[member.name.clone()], METADATA_COLUMNS[0]))
        .ok_or(NotALine::NoMetadata)?;
    let arrived = text(&line[time.value]).and_then(|time| time.parse::<Timestamp>().ok());
    let arrived = arrived.ok_or(NotALine::NoTime)?;
    let mut given = Vec::new();
    for member in members {
        if parents.iter().any(|parent| named(&line[member.name.clone()], parent)) {
            given.push(b',');
            given.extend_from_slice(&line[member.name]);
            given.push(b':');
            given.extend_from_slice(&line[member.value]);
        }
    }
    let record = &line[..time.name.start];
    let record = record.strip_suffix(b",").unwrap_or(record);
    push(arrived, &given, &[record, b"}"], out);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::rows::Rows;
    use super::*;
    use crate::bronze::format::Encoder;
    use crate::bronze::format::PartFormat;
    use crate::config::Compression;
    use crate::formats::{RecordChunk, Span};

    #[test]
    fn a_record_and_its_metadata_are_told_back() {
        let parents = vec!["_parent_id".to_owned()];
        let lines = PartFormat::Lines(Compression::None).encoder("s", "dev", "b1", parents.clone());
        assert!(matches!(lines, Encoder::Lines(_)));
        for (record, back) in [
            (
                r#"{"a":"_ingested_at","b":{"_ingested_at":1}}"#,
                r#"{"a":"_ingested_at","b":{"_ingested_at":1}}"#,
            ),
            (r#"{ "a": 1 }"#, r#"{ "a": 1 }"#),
            ("{}", "{}"),
            ("{ }", "{}"),
            ("5", r#"{"_value":5}"#),
            (r#"{"_ingested_at":1}"#, r#"{"_source_ingested_at":1}"#),
        ] {
            let bytes = bytes::Bytes::copy_from_slice(record.as_bytes());
            let spans = vec![Span { start: 0, end: record.len() as u32, may_clash: true }];
            let piece = RecordChunk { bytes, spans, keys: Vec::new(), line_breaks: false };
            let mut line = Vec::new();
            let tail = lines.page("2026-11-22T17:00:00.12Z".parse().unwrap(), r#","_parent_id":"x""#);
            tail.encode(&piece, 0, usize::MAX, &mut line);
            let mut out = Vec::new();
            push_line(line.trim_ascii_end(), &parents, &mut out).unwrap();
            let row = Rows::of(&out).next().unwrap();
            assert_eq!((row.record, row.parents), (back.as_bytes(), &br#","_parent_id":"x""#[..]));
            assert_eq!(row.ingested_at, 1_795_366_800_120_000);
        }
        for (line, why) in [
            ("{}", NotALine::NoMetadata),
            ("{\"_ingested_at\":1}", NotALine::NoTime),
            ("x", NotALine::NoMetadata),
        ] {
            assert_eq!(push_line(line.as_bytes(), &parents, &mut Vec::new()), Err(why));
        }
    }
}
