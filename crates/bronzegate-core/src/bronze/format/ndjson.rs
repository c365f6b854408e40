//! Records into lines: the record's own bytes, with the metadata members spliced in at the end.
//!
//! Nothing is parsed and nothing rewritten, but for two things: line breaks between tokens go,
//! because a record is one line, and a member that bears a metadata name is renamed.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;

use crate::formats::{RecordChunk, Span, might_hold_one_of, rename_clashes};

/// The metadata members, in the order in which they are added.
pub(crate) const METADATA: [&str; 4] = ["_ingested_at", "_source_system", "_environment", "_batch_id"];

/// What a run adds to each of its records.
#[derive(Clone, Debug)]
pub(crate) struct LineEncoder {
    /// The members after `_ingested_at`.
    constant: String,
    /// The names of all members that are added.
    names: Arc<[String]>,
}

/// What is added to the records of one page.
#[derive(Clone, Debug)]
pub(crate) struct LineTail {
    /// `,"_ingested_at":…}` and a line feed.
    text: Vec<u8>,
    names: Arc<[String]>,
}

impl LineEncoder {
    /// Makes the encoder of one run; `parents` are the names of the members that come from a branch.
    pub(crate) fn new(source: &str, environment: &str, batch_id: &str, parents: Vec<String>) -> Self {
        let quoted = |text| serde_json::Value::from(text).to_string();
        let [_, system, env, batch] = METADATA;
        Self {
            constant: format!(
                ",\"{system}\":{},\"{env}\":{},\"{batch}\":{}",
                quoted(source),
                quoted(environment),
                quoted(batch_id)
            ),
            names: METADATA.map(str::to_owned).into_iter().chain(parents).collect(),
        }
    }

    /// What the records of a page get that arrived at this time; `parents` are the members that come from
    /// the page's branch, each with a comma before it.
    pub(crate) fn page(&self, arrived: Timestamp, parents: &str) -> LineTail {
        let printer = DateTimePrinter::new().precision(Some(3));
        let arrived = printer.timestamp_to_string(&arrived);
        let text = format!(",\"{}\":\"{arrived}\"{}{parents}}}\n", METADATA[0], self.constant);
        LineTail { text: text.into_bytes(), names: self.names.clone() }
    }
}

impl LineTail {
    /// Appends the piece's records from the `nth` on to `out`, one line each, until it has `most` bytes; returns
    /// the number of the next. A line may be much longer than its record: what is added has a length of its own.
    pub(crate) fn encode(&self, piece: &RecordChunk, nth: usize, most: usize, out: &mut Vec<u8>) -> usize {
        let spans = &piece.spans[nth..];
        let bytes: usize = spans.iter().map(|span| (span.end - span.start) as usize).sum();
        out.reserve((bytes + spans.len() * (self.text.len() + 16)).min(most.saturating_sub(out.len())));
        for (written, &Span { start, end, may_clash }) in spans.iter().enumerate() {
            if out.len() >= most {
                return nth + written;
            }
            let record = &piece.bytes[start as usize..end as usize];
            let before = out.len();
            self.splice(record, may_clash, out);
            if piece.line_breaks {
                join_lines(out, before);
            }
        }
        piece.spans.len()
    }

    #[inline]
    fn splice(&self, record: &[u8], may_clash: bool, out: &mut Vec<u8>) {
        match record {
            [b'{', members @ .., b'}'] if members.trim_ascii().is_empty() => {
                out.push(b'{');
                out.extend_from_slice(&self.text[1..]);
            }
            [open @ .., b'}'] => {
                if may_clash && might_hold_one_of(&self.names, record) {
                    rename_clashes(&self.names, record, out);
                } else {
                    out.extend_from_slice(open);
                }
                out.extend_from_slice(&self.text);
            }
            value => {
                out.extend_from_slice(b"{\"_value\":");
                out.extend_from_slice(value);
                out.extend_from_slice(&self.text);
            }
        }
    }
}

/// Takes the line breaks out of the line that begins at `from`, but for the one at its end.
///
/// In valid JSON a line break can only stand between tokens.
fn join_lines(out: &mut Vec<u8>, from: usize) {
    let end = out.len() - 1;
    if memchr::memchr2(b'\n', b'\r', &out[from..end]).is_none() {
        return;
    }
    let mut kept = from;
    for at in from..end {
        if !matches!(out[at], b'\n' | b'\r') {
            out[kept] = out[at];
            kept += 1;
        }
    }
    out.truncate(kept);
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Nulls;
    use crate::formats::{Reader, RecordsAt, Wanted};

    const TAIL: &str = r#""_ingested_at":"2026-11-22T17:00:00.120Z","_source_system":"hub\"spot","_environment":"dev","_batch_id":"b1""#;

    fn encode(record: &str) -> String {
        let mut pieces = Vec::new();
        let wanted = Wanted { records: Some(RecordsAt::Root), nulls: Nulls::Keep, ..Wanted::default() };
        let mut splitter = Reader::json(&wanted);
        splitter.push(format!("[{record}]").into(), &mut pieces).unwrap();
        let tail = LineEncoder::new("hub\"spot", "dev", "b1", Vec::new())
            .page("2026-11-22T17:00:00.12Z".parse().unwrap(), "");
        let mut out = Vec::new();
        for piece in &pieces {
            tail.encode(piece, 0, usize::MAX, &mut out);
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn adds_the_metadata_behind_the_records_own_bytes() {
        for (record, start) in [
            (r#"{"b":1.50,"a":"\u00e9","z":1e400}"#, r#"{"b":1.50,"a":"\u00e9","z":1e400,"#),
            (r#"{"a":1,"a":2}"#, r#"{"a":1,"a":2,"#),
            ("{}", "{"),
            ("{ }", "{"),
            ("5", r#"{"_value":5,"#),
            ("null", r#"{"_value":null,"#),
            (r#""text""#, r#"{"_value":"text","#),
            ("[1,[2]]", r#"{"_value":[1,[2]],"#),
            ("{\"a\": {\r\n  \"b\": [ ]\n}\n}", "{\"a\": {  \"b\": [ ]},"),
            ("{\n}", "{"),
            ("[1,\n2]", r#"{"_value":[1,2],"#),
        ] {
            assert_eq!(encode(record), format!("{start}{TAIL}}}\n"), "{record}");
        }
    }

    #[test]
    fn a_member_with_a_metadata_name_is_renamed_until_the_name_is_free() {
        for (record, start) in [
            (r#"{"_batch_id":7,"x":{"_batch_id":8}}"#, r#"{"_source_batch_id":7,"x":{"_batch_id":8},"#),
            (r#"{"a":1,"\u005fbatch_id" : "y"}"#, r#"{"a":1,"_source_batch_id" : "y","#),
            (r#"{"_source_system":"s"}"#, r#"{"_source_source_system":"s","#),
            (
                r#"{"_source_batch_id":1,"_batch_id":2}"#,
                r#"{"_source_batch_id":1,"_source_source_batch_id":2,"#,
            ),
            (r#"{"_id":"_batch_id","_t":"\"_batch_id\":"}"#, r#"{"_id":"_batch_id","_t":"\"_batch_id\":","#),
            // Two members of one name are two of one name afterwards.
            (
                r#"{"_batch_id":1,"a":0,"_batch_id":2}"#,
                r#"{"_source_batch_id":1,"a":0,"_source_batch_id":2,"#,
            ),
            (
                r#"{"_source_batch_id":1,"_source_source_source_batch_id":2,"_batch_id":3}"#,
                r#"{"_source_batch_id":1,"_source_source_source_batch_id":2,"_source_source_batch_id":3,"#,
            ),
            (
                r#"{"_ingested_at":1,"_environment":2}"#,
                r#"{"_source_ingested_at":1,"_source_environment":2,"#,
            ),
        ] {
            assert_eq!(encode(record), format!("{start}{TAIL}}}\n"), "{record}");
        }
    }

    #[test]
    fn a_line_is_hardly_longer_than_its_record_however_many_members_are_renamed() {
        let member = |count: usize| format!("{{{}}}", vec!["\"_batch_id\":1"; count].join(","));
        let record = member(8_000);
        let line = encode(&record);
        assert_eq!(line.matches("\"_source_batch_id\":1").count(), 8_000);
        assert!(line.len() < 2 * record.len(), "{} of {}", line.len(), record.len());
        // Chains of what a renamed member is called are as long as the record, and no longer.
        let chain: Vec<_> =
            (0..300).map(|times| format!("\"{}_batch_id\":1", "_source".repeat(times))).collect();
        let record = format!("{{{}}}", chain.join(","));
        let line = encode(&record);
        assert!(
            line.contains(&format!("\"{}_batch_id\":1", "_source".repeat(300))),
            "the first is free there"
        );
        assert!(line.len() < 2 * record.len(), "{} of {}", line.len(), record.len());
    }

    #[test]
    fn what_is_encoded_at_once_is_bounded_however_long_the_added_members_are() {
        let mut pieces = Vec::new();
        let wanted = Wanted { records: Some(RecordsAt::Root), ..Wanted::default() };
        let body = format!("[{}1]", "1,".repeat(5_000));
        Reader::json(&wanted).push(body.into(), &mut pieces).unwrap();
        let parent = format!(",\"_parent_id\":\"{}\"", "x".repeat(4_000));
        let tail = LineEncoder::new("s", "dev", "b", Vec::new()).page(Timestamp::UNIX_EPOCH, &parent);
        let (mut nth, mut lines) = (0, 0);
        while nth < pieces[0].spans.len() {
            let mut out = Vec::new();
            nth = tail.encode(&pieces[0], nth, 100_000, &mut out);
            lines += memchr::memchr_iter(b'\n', &out).count();
            assert!(out.capacity() < 220_000, "{}", out.capacity());
        }
        assert_eq!((nth, lines), (5_001, 5_001));
    }

    #[test]
    fn every_line_is_a_json_object_on_one_line() {
        let lines = encode("{\"a\":1}, 2 ,{},\n{\"_batch_id\":\n3}");
        assert_eq!(lines.lines().count(), 4);
        for line in lines.lines() {
            let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).unwrap();
            assert!(METADATA.iter().all(|name| object.contains_key(*name)), "{line}");
        }
    }
}
