//! Lets serde read the tree, and goes on after a mistake: a [`super::Slot`] that cannot be read
//! becomes a problem of the report and reading continues beside it, so one pass finds them all.
//!
//! Structs are maps whose unknown and missing keys are reported here, which is why a setting's
//! field is always a `Slot` (required) or an `Option` (may be absent).

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use serde::de::value::MapDeserializer;
use serde::de::{Deserializer, Expected, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};

use super::access::{EntryAccess, Fields, Items, Parts, SlotAccess};
use super::choice::Choice;
use super::document::{Content, Key, Node, format_index, push_key};
use super::error::Error;
use super::scalar::{self, Scalar};
use super::shape::JOINED;
use super::slot::{SLOT, Slot};
use super::typed::TYPED;
use crate::config::problem::{At, Draft, MISSING, Report};

/// Reads settings out of a tree; mistakes go to the report.
pub(in crate::config) fn read<'de, T: Deserialize<'de>>(node: &'de Node, report: &'de Report) -> Option<T> {
    let at = At { line: node.position.line, column: node.position.column, ..At::default() };
    let de = De { at, node: Some(node), report, claims: None };
    Slot::<T>::deserialize(de).ok().and_then(Slot::into_value)
}

/// One node (or an absent key) at its path.
#[derive(Clone)]
pub(super) struct De<'a> {
    pub(super) at: At,
    pub(super) node: Option<&'a Node>,
    pub(super) report: &'a Report,
    pub(super) claims: Option<Rc<Claims>>,
}

/// The keys of one map that its readers know, when several read it together.
#[derive(Default)]
pub(super) struct Claims {
    pub(super) known: RefCell<Vec<&'static str>>,
    /// A part could not be read, so nobody can say which keys are unknown.
    pub(super) broken: Cell<bool>,
}

impl<'a> De<'a> {
    /// The value of a key of this map.
    pub(super) fn child(&self, key: &Key, node: &'a Node) -> Self {
        let mut at = self.at.clone();
        push_key(&mut at.path, &key.text);
        at.line = key.position.line;
        at.column = key.position.column;
        Self { at, node: Some(node), report: self.report, claims: None }
    }

    /// The value of a key that is not there; its place is the map's.
    pub(super) fn absent(&self, key: &str) -> Self {
        let mut at = self.at.clone();
        push_key(&mut at.path, key);
        Self { at, node: None, report: self.report, claims: None }
    }

    pub(super) fn item(&self, index: usize, node: &'a Node) -> Self {
        let mut at = self.at.clone();
        at.path.push_str(&format_index(index));
        at.line = node.position.line;
        at.column = node.position.column;
        Self { at, node: Some(node), report: self.report, claims: None }
    }

    pub(super) fn entries(&self) -> Option<&'a [(Key, Node)]> {
        match self.node.map(|node| &node.content) {
            Some(Content::Map(entries)) => Some(entries),
            _ => None,
        }
    }

    /// The value in quotes if it is a scalar, else what it is.
    pub(super) fn shown(&self) -> Option<String> {
        Some(match &self.node?.content {
            Content::Scalar { text, .. } => format!("\"{text}\""),
            Content::List(_) => "a list".to_owned(),
            Content::Map(_) => "a map".to_owned(),
        })
    }

    pub(super) fn locate(&self, error: Error) -> Error {
        error.locate(&self.at, self.shown())
    }

    /// The error for a node of the wrong kind.
    pub(super) fn mismatch(&self, accepted: &str) -> Error {
        let draft = match self.node {
            None => Draft::new(MISSING),
            Some(_) if self.is_null() => Draft::new("no value given").accepted(accepted),
            Some(_) => Draft { value: self.shown(), ..Draft::refused(accepted) },
        };
        Error::new(draft).locate(&self.at, None)
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self.scalar(), Some(Scalar::Null))
    }

    fn scalar(&self) -> Option<Scalar<'a>> {
        match &self.node?.content {
            Content::Scalar { text, plain: true } => Some(scalar::plain(text)),
            Content::Scalar { text, .. } => Some(Scalar::Text(text)),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> Option<&'a str> {
        match &self.node?.content {
            Content::Scalar { text, .. } if !self.is_null() => Some(text),
            _ => None,
        }
    }

    /// Reads this map, perhaps together with others who read it too; the outermost reader then
    /// reports the keys that nobody claimed.
    pub(super) fn share<T>(
        mut self,
        read: impl FnOnce(De<'a>, &Rc<Claims>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if let Some(claims) = self.claims.clone() {
            return read(self, &claims);
        }
        let claims = Rc::new(Claims::default());
        let map = self.clone();
        self.claims = Some(Rc::clone(&claims));
        let value = read(self, &claims)?;
        if !claims.broken.get() {
            map.report_unknown(&claims);
        }
        Ok(value)
    }

    fn report_unknown(&self, claims: &Claims) {
        let known = claims.known.borrow();
        for (key, node) in self.entries().unwrap_or_default() {
            if !known.contains(&key.text.as_str()) {
                self.unknown_key(key, node, &known);
            }
        }
    }

    fn unknown_key(&self, key: &Key, node: &'a Node, known: &[&'static str]) {
        let mut at = self.child(key, node).at;
        if at.hidden {
            // A secret may have been written where a key belongs.
            at.path.clone_from(&self.at.path);
        }
        let draft = unknown_key(&key.text, known);
        if let Some(meant) = &draft.did_you_mean {
            self.report.withdraw_missing(&self.absent(meant).at.path);
        }
        self.report.add(&at, draft);
    }
}

pub(super) fn unknown_key(key: &str, known: &[&'static str]) -> Draft {
    Draft {
        known_keys: known.iter().map(|&name| name.to_owned()).collect(),
        ..Draft::new("unknown key").near(key, known.iter().copied())
    }
}

impl<'a> Deserializer<'a> for De<'a> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        let Some(node) = self.node else {
            return Err(self.mismatch("a value"));
        };
        match &node.content {
            Content::List(_) => self.deserialize_seq(visitor),
            Content::Map(_) => self.deserialize_map(visitor),
            Content::Scalar { .. } => match self.scalar() {
                None | Some(Scalar::Null) => visitor.visit_unit(),
                Some(Scalar::Bool(value)) => visitor.visit_bool(value),
                Some(Scalar::Unsigned(value)) => visitor.visit_u64(value),
                Some(Scalar::Signed(value)) => visitor.visit_i64(value),
                Some(Scalar::Float(value)) => visitor.visit_f64(value),
                Some(Scalar::Text(value)) => visitor.visit_str(value),
            }
            .map_err(|error: Error| self.locate(error)),
        }
    }

    /// Text is taken verbatim, so `1.10` stays `1.10`.
    fn deserialize_str<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.text() {
            Some(text) => visitor.visit_str(text).map_err(|error: Error| self.locate(error)),
            None => Err(self.mismatch("text")),
        }
    }

    fn deserialize_string<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    /// Only an absent key is none: an empty value is a mistake that the inner type reports.
    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.node {
            None => visitor.visit_none(),
            Some(_) => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.node.map(|node| &node.content) {
            Some(Content::List(items)) => visitor.visit_seq(Items::new(self.clone(), items)),
            _ => Err(self.mismatch("a list")),
        }
    }

    fn deserialize_map<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.entries() {
            Some(entries) => visitor.visit_map(EntryAccess::new(self.clone(), entries)),
            None => Err(self.mismatch("a map of key: value")),
        }
    }

    fn deserialize_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if self.entries().is_none() {
            return Err(self.mismatch(&accepted_map(&visitor, fields)));
        }
        self.fields(fields, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'a>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        match name {
            SLOT => visitor.visit_seq(SlotAccess::new(self)),
            TYPED => self.typed(visitor),
            JOINED if self.entries().is_some() => self.parts(len, visitor),
            // Each reader refuses it; what the first accepts is what is told.
            JOINED if self.node.is_some() && !self.is_null() => visitor.visit_seq(Parts::new(self, len)),
            _ => Err(self.mismatch("a map of key: value")),
        }
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        Choice::read(self, name, variants, visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        <V: Visitor<'a>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf
        unit unit_struct tuple identifier
    }
}

impl<'a> De<'a> {
    pub(super) fn fields<V: Visitor<'a>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.share(|de, claims| {
            claims.known.borrow_mut().extend(fields);
            visitor.visit_map(Fields::new(&de, fields))
        })
    }

    /// A text, and whether it is in quotes.
    fn typed<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        let Some(text) = self.text() else { return Err(self.mismatch("text")) };
        let is_quoted =
            matches!(self.node.map(|node| &node.content), Some(Content::Scalar { plain: false, .. }));
        visitor.visit_map(MapDeserializer::new(std::iter::once((text, is_quoted))))
    }

    fn parts<V: Visitor<'a>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        self.share(|de, _| visitor.visit_seq(Parts::new(de, len)))
    }
}

fn accepted_map(visitor: &dyn Expected, fields: &[&str]) -> String {
    let expected = visitor.to_string();
    if expected.starts_with("struct ") {
        format!("a map with keys of {}", fields.join(", "))
    } else {
        expected
    }
}
