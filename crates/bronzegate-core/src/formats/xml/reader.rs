//! Reads one XML body: chunks go in, whole records come out.

use bytes::Bytes;

use super::element::Element;
use super::fault::XmlFault;
use super::tokens::{Token, Tokens};
use crate::formats::byte_order_mark::ByteOrderMark;
use crate::formats::error::{SplitError, SplitErrorKind};
use crate::formats::json::{Splitter, Wanted};
use crate::formats::page_body::PageBody;
use crate::formats::record_chunk::RecordChunk;

/// The most bytes of open elements.
const MOST_HELD: usize = 64 << 20;
/// Elements in elements.
const DEEPEST: usize = 128;

/// Reads one XML body.
pub(crate) struct XmlReader {
    mark: ByteOrderMark,
    tokens: Tokens,
    /// The names that lead to the records.
    records: Vec<String>,
    /// The names of elements that are lists.
    lists: Vec<String>,
    open: Vec<Element>,
    /// How many elements of `open`, from the root on, lead to the records.
    on_the_way: usize,
    held: usize,
    has_ended: bool,
    /// What is written as JSON and not split yet.
    out: Vec<u8>,
    splitter: Splitter,
    offset: u64,
}

impl XmlReader {
    /// Makes a reader for one body; elements of the names of `lists` are lists.
    pub(crate) fn new(wanted: &Wanted, records: Vec<String>, lists: &[String]) -> Self {
        Self {
            mark: ByteOrderMark::default(),
            tokens: Tokens::default(),
            records,
            lists: lists.to_vec(),
            open: Vec::new(),
            on_the_way: 0,
            held: 0,
            has_ended: false,
            out: Vec::new(),
            splitter: Splitter::new(wanted),
            offset: 0,
        }
    }

    /// Takes the next chunk.
    ///
    /// # Errors
    /// The body's first fault, at its offset.
    pub(crate) fn push(&mut self, chunk: Bytes, out: &mut Vec<RecordChunk>) -> Result<(), SplitError> {
        let Some(chunk) = self.mark.take_off(chunk, &mut self.offset) else { return Ok(()) };
        self.tokens.push(&chunk);
        self.read()?;
        if self.out.is_empty() {
            return Ok(());
        }
        let json = Bytes::from(std::mem::take(&mut self.out));
        self.splitter.push(json, out).map_err(|error| self.at(error.kind))
    }

    /// Closes the body.
    ///
    /// # Errors
    /// It ends before its root does, or is empty.
    pub(crate) fn finish(mut self, out: &mut Vec<RecordChunk>) -> Result<PageBody, SplitError> {
        if self.mark.is_undecided() {
            return Err(self.at(SplitErrorKind::NotUtf8));
        }
        let rest = self.tokens.rest();
        let kind = match rest.trim_ascii().first() {
            None if self.has_ended => None,
            None if self.open.is_empty() => Some(SplitErrorKind::Empty),
            Some(_) if self.has_ended => Some(SplitErrorKind::Trailing),
            Some(byte) if self.open.is_empty() && *byte != b'<' => {
                Some(SplitErrorKind::Xml(XmlFault::OutsideText))
            }
            _ => Some(SplitErrorKind::Truncated),
        };
        if let Some(kind) = kind {
            return Err(self.at(kind));
        }
        let read = self.tokens.read;
        let body = self.splitter.finish(out).map_err(|error| SplitError { offset: read, ..error })?;
        Ok(PageBody { bytes: read, ..body })
    }

    fn read(&mut self) -> Result<(), SplitError> {
        loop {
            let token = self.tokens.next().map_err(|fault| self.wrong(fault))?;
            let Some(token) = token else { return Ok(()) };
            let text = |bytes: &Bytes| std::str::from_utf8(bytes).map(str::to_owned);
            let taken = match &token {
                Token::Nothing => Ok(()),
                Token::Tag(tag) => match text(tag) {
                    Ok(tag) => self.tag(&tag),
                    Err(_) => return Err(self.at(SplitErrorKind::NotUtf8)),
                },
                Token::Text(bytes) | Token::Verbatim(bytes) => match text(bytes) {
                    Ok(text) => self.text(&text, matches!(token, Token::Verbatim(_))),
                    Err(_) => return Err(self.at(SplitErrorKind::NotUtf8)),
                },
            };
            taken.map_err(|fault| self.wrong(fault))?;
            if self.open.len() > DEEPEST {
                return Err(self.wrong(XmlFault::TooDeep));
            }
            if self.held > MOST_HELD {
                return Err(self.wrong(XmlFault::TooLarge));
            }
        }
    }

    fn text(&mut self, text: &str, is_verbatim: bool) -> Result<(), XmlFault> {
        let Some(element) = self.open.last_mut() else {
            return if text.trim().is_empty() { Ok(()) } else { Err(XmlFault::OutsideText) };
        };
        let before = element.size;
        if is_verbatim {
            element.add_verbatim(text);
        } else {
            element.add_text(text)?;
        }
        self.held += element.size - before;
        Ok(())
    }

    fn tag(&mut self, tag: &str) -> Result<(), XmlFault> {
        if let Some(name) = tag.strip_prefix('/') {
            let name = name.trim_end();
            return match self.open.last() {
                Some(open) if open.name == name => self.end(),
                open => {
                    let expected = open.map(|open| open.name.clone()).unwrap_or_default();
                    Err(XmlFault::End { found: name.to_owned(), expected })
                }
            };
        }
        if self.has_ended {
            return Err(XmlFault::SecondRoot);
        }
        let (tag, is_empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let element = Element::begun(tag)?;
        let depth = self.open.len();
        // The last name is that of the records themselves.
        let leads = depth + 1 < self.records.len() && self.records[depth] == element.name;
        if self.on_the_way == depth && leads {
            self.on_the_way += 1;
        }
        self.held += element.size;
        self.open.push(element);
        if is_empty { self.end() } else { Ok(()) }
    }

    /// Whether elements of this name, in the innermost that is open, are the records.
    fn are_records(&self, name: &str) -> bool {
        self.on_the_way == self.open.len()
            && self.records.len() == self.open.len() + 1
            && self.records.last().is_some_and(|last| last == name)
    }

    /// The innermost element ends.
    fn end(&mut self) -> Result<(), XmlFault> {
        let Some(mut element) = self.open.pop() else { return Ok(()) };
        self.held -= element.size;
        self.on_the_way = self.on_the_way.min(self.open.len());
        let (name, has_records) = (element.name.clone(), element.has_records);
        if element.is_written {
            // The list of its records, where it has them itself.
            if has_records {
                self.out.push(b']');
            }
            element.write_members(&mut self.out, true);
            self.out.push(b'}');
        } else if self.are_records(&name) {
            let json = element.into_json();
            self.begin_records();
            self.out.extend_from_slice(&json);
            return Ok(());
        } else if let Some(parent) = self.open.last_mut() {
            let is_list = self.lists.contains(&name);
            let before = parent.size;
            parent.add_element(name, element.into_json(), is_list)?;
            self.held += parent.size - before;
            return Ok(());
        } else {
            self.out.extend_from_slice(format!("{{{}:", quoted(&name)).as_bytes());
            self.out.extend_from_slice(&element.into_json());
        }
        if let Some(parent) = self.open.last_mut() {
            return parent.has_ended(name);
        }
        self.has_ended = true;
        self.out.push(b'}');
        Ok(())
    }

    /// Opens the objects around the records, and their list, where that is not done.
    fn begin_records(&mut self) {
        let Some(holder) = self.open.last() else { return };
        if holder.has_records {
            self.out.push(b',');
            return;
        }
        for nth in 0..self.open.len() {
            let element = &mut self.open[nth];
            if !std::mem::replace(&mut element.is_written, true) {
                let before = if nth == 0 { "{" } else { "" };
                self.out.extend_from_slice(format!("{before}{}:{{", quoted(&element.name)).as_bytes());
            }
        }
        let name = self.records.last().map(|name| quoted(name)).unwrap_or_default();
        self.out.extend_from_slice(format!("{name}:[").as_bytes());
        if let Some(holder) = self.open.last_mut() {
            holder.has_records = true;
        }
    }

    fn wrong(&self, fault: XmlFault) -> SplitError {
        self.at(SplitErrorKind::Xml(fault))
    }

    fn at(&self, kind: SplitErrorKind) -> SplitError {
        SplitError { kind, offset: self.offset + self.tokens.read }
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
