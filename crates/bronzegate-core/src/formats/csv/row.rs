//! A row of comma-separated values, and the names that make a record of it.

use std::collections::{HashMap, HashSet};

use crate::config::RepeatedNames;
use crate::formats::error::SplitErrorKind;

/// The largest record that is written.
const MAX_RECORD: usize = 64 << 20;
/// The most bytes of JSON that a byte of text becomes: `\u0001`.
const MAX_ESCAPE: usize = 6;

/// How large a row may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    text: usize,
    fields: usize,
    too_large: fn() -> SplitErrorKind,
}

impl Bounds {
    /// A row's.
    pub(crate) const ROW: Self =
        Self { text: 64 << 20, fields: 1 << 20, too_large: || SplitErrorKind::RecordTooLarge };
    /// The header's, whose names each record has.
    pub(crate) const HEADER: Self =
        Self { text: 1 << 20, fields: 1 << 16, too_large: || SplitErrorKind::HeaderTooLarge };
}

/// The names of the fields, as the members of a record begin with them.
pub(crate) struct Columns {
    names: Vec<String>,
    /// `{"id":`, then `,"name":`.
    starts: Vec<Vec<u8>>,
    /// Whether a name begins as a metadata name could: with `_` or an escape.
    pub(crate) may_clash: bool,
}

impl Columns {
    /// The names that a source file gives, which differ.
    pub(crate) fn of<T: AsRef<str>>(names: &[T]) -> Self {
        let mut starts = Vec::new();
        let mut may_clash = false;
        for name in names {
            let mut start = vec![if starts.is_empty() { b'{' } else { b',' }];
            write_string(name.as_ref(), &mut start);
            may_clash |= matches!(start[2], b'_' | b'\\');
            start.push(b':');
            starts.push(start);
        }
        let names = names.iter().map(|name| name.as_ref().to_owned()).collect();
        Self { names, starts, may_clash }
    }

    /// The names, in their order.
    pub(crate) fn into_names(self) -> Vec<String> {
        self.names
    }

    /// The names that a header holds.
    ///
    /// # Errors
    /// Two are the same, and are not to be told apart by a number.
    pub(crate) fn read(header: Fields<'_>, repeated: RepeatedNames) -> Result<Self, SplitErrorKind> {
        let names: Vec<&str> = header.iter().collect();
        let mut sorted = names.clone();
        sorted.sort_unstable();
        match (sorted.windows(2).find(|pair| pair[0] == pair[1]), repeated) {
            (Some(pair), RepeatedNames::Error) => Err(SplitErrorKind::HeaderTwice(pair[0].to_owned())),
            (Some(_), RepeatedNames::Number) => Ok(Self::of(&numbered(&names))),
            (None, _) => Ok(Self::of(&names)),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.starts.len()
    }

    /// The names, in their order.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Writes a row of as many JSON values as an object.
    pub(crate) fn write_values(&self, values: &[&[u8]], out: &mut Vec<u8>) {
        for (start, value) in self.starts.iter().zip(values) {
            out.extend_from_slice(start);
            out.extend_from_slice(value);
        }
        out.push(b'}');
    }

    /// Writes a row of as many fields as a JSON object of strings.
    ///
    /// # Errors
    /// It is larger than a record may be.
    pub(crate) fn write(&self, fields: Fields<'_>, out: &mut Vec<u8>) -> Result<(), SplitErrorKind> {
        let names = self.starts.iter().map(|start| start.len() + 2).sum::<usize>() + 1;
        if names + MAX_ESCAPE * fields.text.len() > MAX_RECORD {
            let length = names + escaped(fields.text.as_bytes());
            if length > MAX_RECORD {
                return Err(SplitErrorKind::RecordTooLarge);
            }
            out.reserve_exact(length);
        }
        for (start, field) in self.starts.iter().zip(fields.iter()) {
            out.extend_from_slice(start);
            write_string(field, out);
        }
        out.push(b'}');
        Ok(())
    }
}

/// The names, of which repeated ones get the next number that is free.
fn numbered(names: &[&str]) -> Vec<String> {
    let mut taken: HashSet<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut counts: HashMap<&str, u64> = HashMap::new();
    let mut all = Vec::new();
    for &name in names {
        let count = counts.entry(name).or_default();
        *count += 1;
        let mut free = name.to_owned();
        while *count > 1 {
            free = format!("{name}_{count}");
            if taken.insert(free.clone()) {
                break;
            }
            *count += 1;
        }
        all.push(free);
    }
    all
}

/// How long a text is as JSON, without its quotes.
fn escaped(text: &[u8]) -> usize {
    let length = |byte: &u8| match byte {
        b'"' | b'\\' | 0x08 | 0x0c | b'\n' | b'\r' | b'\t' => 2,
        0..0x20 => MAX_ESCAPE,
        _ => 1,
    };
    text.iter().map(length).sum()
}

fn write_string(text: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, text).expect("a string always has a JSON form, and a Vec takes all of it");
}

/// The row that is being read.
#[derive(Default)]
pub(crate) struct Row {
    /// The fields' text without quotes, one after the other; its tail is room.
    text: Vec<u8>,
    written: usize,
    /// Where each field ends in the text; its tail is room.
    ends: Vec<usize>,
    ended: usize,
}

/// The fields of a whole row.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    text: &'a str,
    ends: &'a [usize],
}

impl Row {
    /// Where the reader may write text and ends.
    pub(crate) fn room(&mut self) -> (&mut [u8], &mut [usize]) {
        (&mut self.text[self.written..], &mut self.ends[self.ended..])
    }

    /// The reader has written so much.
    pub(crate) fn add(&mut self, written: usize, ended: usize) {
        self.written += written;
        self.ended += ended;
    }

    /// Makes more room for text.
    pub(crate) fn grow(&mut self, bounds: Bounds) -> Result<(), SplitErrorKind> {
        if self.text.len() >= bounds.text {
            return Err((bounds.too_large)());
        }
        self.text.resize((2 * self.text.len()).clamp(4 << 10, bounds.text), 0);
        Ok(())
    }

    /// Makes more room for ends.
    pub(crate) fn grow_ends(&mut self, bounds: Bounds) -> Result<(), SplitErrorKind> {
        if self.ends.len() >= bounds.fields {
            return Err(SplitErrorKind::TooManyFields(bounds.fields));
        }
        self.ends.resize((2 * self.ends.len()).clamp(64, bounds.fields), 0);
        Ok(())
    }

    /// Whether nothing of a row has been read.
    pub(crate) fn is_empty(&self) -> bool {
        self.written == 0 && self.ended == 0
    }

    /// The fields; `None` where one of them is not UTF-8.
    pub(crate) fn fields(&self) -> Option<Fields<'_>> {
        let text = simdutf8::basic::from_utf8(&self.text[..self.written]).ok()?;
        let ends = &self.ends[..self.ended];
        // Half a character at one field's end and half at the next one's beginning would pass as one.
        ends.iter().all(|&end| text.is_char_boundary(end)).then_some(Fields { text, ends })
    }

    /// Begins the next row.
    pub(crate) fn clear(&mut self) {
        self.written = 0;
        self.ended = 0;
    }
}

impl<'a> Fields<'a> {
    pub(crate) fn len(self) -> usize {
        self.ends.len()
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = &'a str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(self.ends).map(move |(start, &end)| &self.text[start..end])
    }
}
