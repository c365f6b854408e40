//! An element that is open: what is known of it, and what it is as JSON.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use quick_xml::escape::unescape;
use quick_xml::events::BytesStart;
use serde_json::Value;

use super::fault::XmlFault;

/// An element that is open.
#[derive(Debug)]
pub(super) struct Element {
    pub(super) name: String,
    /// Its members in the order in which they came, as JSON.
    members: Vec<Member>,
    places: HashMap<String, usize>,
    text: String,
    has_elements: bool,
    /// Its object is open in what was written: records stand in it.
    pub(super) is_written: bool,
    /// Elements of records have ended in it.
    pub(super) has_records: bool,
    /// Bytes that it holds.
    pub(super) size: usize,
}

#[derive(Debug)]
struct Member {
    name: String,
    /// A value, or values with commas between.
    json: Vec<u8>,
    is_list: bool,
}

impl Element {
    /// The element that a tag begins.
    pub(super) fn begun(tag: &str) -> Result<Self, XmlFault> {
        let name = tag.split(|c: char| c.is_ascii_whitespace()).next().unwrap_or_default();
        let is_bad = |c: char| matches!(c, '<' | '>' | '"' | '\'' | '/' | '=' | '&' | '!' | '?');
        let begins = name.chars().next().is_some_and(|c| !matches!(c, '-' | '.' | '0'..='9' | '@' | '#'));
        if !begins || name.contains(is_bad) {
            return Err(XmlFault::Name(name.to_owned()));
        }
        let mut element = Self {
            name: name.to_owned(),
            members: Vec::new(),
            places: HashMap::new(),
            text: String::new(),
            has_elements: false,
            is_written: false,
            has_records: false,
            size: name.len(),
        };
        element.read_attributes(tag)?;
        Ok(element)
    }

    fn read_attributes(&mut self, tag: &str) -> Result<(), XmlFault> {
        let wrong = || XmlFault::Attribute(self.name.clone());
        let mut found = Vec::new();
        for attribute in BytesStart::from_content(tag, self.name.len()).attributes() {
            let attribute = attribute.map_err(|_| wrong())?;
            let name = std::str::from_utf8(attribute.key.as_ref()).map_err(|_| wrong())?;
            let value = std::str::from_utf8(&attribute.value).map_err(|_| wrong())?;
            if value.contains('<') {
                return Err(wrong());
            }
            // Line breaks and tabs of an attribute are spaces (XML 1.0, section 3.3.3).
            let value = value.replace("\r\n", " ").replace(['\t', '\n', '\r'], " ");
            let value = unescape(&value).map_err(|_| XmlFault::Entity)?;
            if name != "xmlns" && !name.starts_with("xmlns:") {
                found.push((format!("@{name}"), Value::from(&*value).to_string().into_bytes()));
            }
        }
        for (name, json) in found {
            self.add(name, json, false)?;
        }
        Ok(())
    }

    /// Adds text with entities.
    pub(super) fn add_text(&mut self, text: &str) -> Result<(), XmlFault> {
        // Line breaks are one character (XML 1.0, section 2.11).
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let text = unescape(&text).map_err(|_| XmlFault::Entity)?;
        self.add_verbatim(&text);
        Ok(())
    }

    /// Adds text as it stands.
    pub(super) fn add_verbatim(&mut self, text: &str) {
        self.text.push_str(text);
        self.size += text.len();
    }

    /// Adds an element that has ended in it.
    pub(super) fn add_element(&mut self, name: String, json: Vec<u8>, is_list: bool) -> Result<(), XmlFault> {
        self.has_elements = true;
        self.add(name, json, is_list)
    }

    /// An element of this name, whose records were written, has ended in it.
    pub(super) fn has_ended(&mut self, name: String) -> Result<(), XmlFault> {
        self.has_elements = true;
        match self.places.entry(name) {
            Entry::Occupied(known) => {
                Err(XmlFault::Repeated { name: known.key().clone(), parent: self.name.clone() })
            }
            Entry::Vacant(free) => {
                free.insert(usize::MAX);
                Ok(())
            }
        }
    }

    fn add(&mut self, name: String, json: Vec<u8>, is_list: bool) -> Result<(), XmlFault> {
        self.size += name.len() + json.len();
        match self.places.entry(name) {
            Entry::Vacant(free) => {
                let name = free.key().clone();
                free.insert(self.members.len());
                self.members.push(Member { name, json, is_list });
            }
            Entry::Occupied(known) => {
                let repeated = || XmlFault::Repeated { name: known.key().clone(), parent: self.name.clone() };
                let member = self.members.get_mut(*known.get()).filter(|_| is_list);
                let member = member.ok_or_else(repeated)?;
                member.json.push(b',');
                member.json.extend_from_slice(&json);
            }
        }
        Ok(())
    }

    /// What it is as JSON.
    pub(super) fn into_json(mut self) -> Vec<u8> {
        if self.members.is_empty() {
            return Value::from(self.text).to_string().into_bytes();
        }
        let mut out = vec![b'{'];
        self.write_members(&mut out, false);
        out.push(b'}');
        out
    }

    /// Writes its members, with a comma before the first where something stands there.
    pub(super) fn write_members(&mut self, out: &mut Vec<u8>, mut is_behind: bool) {
        let text = std::mem::take(&mut self.text);
        let is_text = if self.has_elements { !text.trim().is_empty() } else { !text.is_empty() };
        if is_text {
            let (name, is_list) = ("#text".to_owned(), false);
            let json = Value::from(if self.has_elements { text.trim() } else { &text });
            self.members.push(Member { name, json: json.to_string().into_bytes(), is_list });
        }
        for member in self.members.drain(..) {
            if std::mem::replace(&mut is_behind, true) {
                out.push(b',');
            }
            out.extend_from_slice(Value::from(member.name).to_string().as_bytes());
            out.push(b':');
            if member.is_list {
                out.push(b'[');
            }
            out.extend_from_slice(&member.json);
            if member.is_list {
                out.push(b']');
            }
        }
    }
}
