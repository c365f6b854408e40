//! How serde walks a node: the entries of a map, the keys of a struct, the items of a list.

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, MapAccess, SeqAccess};

use super::de::De;
use super::document::{Key, Node};
use super::error::Error;
use crate::config::problem::Draft;

/// A slot: first its place, then its value if it can be read.
pub(super) struct SlotAccess<'a> {
    de: De<'a>,
    placed: bool,
}

impl<'a> SlotAccess<'a> {
    pub(super) fn new(de: De<'a>) -> Self {
        Self { de, placed: false }
    }
}

impl<'a> SeqAccess<'a> for SlotAccess<'a> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let at = &self.de.at;
        if !self.placed {
            self.placed = true;
            let place = serde_json::json!([at.line, at.column, at.path, at.hidden]);
            return seed
                .deserialize(place)
                .map(Some)
                .map_err(|error| Error::new(Draft::new(error.to_string())));
        }
        match seed.deserialize(self.de.clone()) {
            Ok(value) => Ok(Some(value)),
            Err(error) => {
                if let Some(claims) = &self.de.claims {
                    claims.broken.set(true);
                }
                let (place, draft) = self.de.locate(error).into_parts();
                self.de.report.add(place.as_ref().unwrap_or(at), draft);
                Ok(None)
            }
        }
    }
}

/// The parts that read one map together.
pub(super) struct Parts<'a> {
    de: De<'a>,
    left: usize,
}

impl<'a> Parts<'a> {
    pub(super) fn new(de: De<'a>, left: usize) -> Self {
        Self { de, left }
    }
}

impl<'a> SeqAccess<'a> for Parts<'a> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(self.de.clone()).map(Some)
    }
}

/// The items of a list.
pub(super) struct Items<'a> {
    de: De<'a>,
    items: std::iter::Enumerate<std::slice::Iter<'a, Node>>,
}

impl<'a> Items<'a> {
    pub(super) fn new(de: De<'a>, items: &'a [Node]) -> Self {
        Self { de, items: items.iter().enumerate() }
    }
}

impl<'a> SeqAccess<'a> for Items<'a> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let Some((index, node)) = self.items.next() else {
            return Ok(None);
        };
        seed.deserialize(self.de.item(index, node)).map(Some)
    }
}

/// The entries of a map whose keys are the user's own.
pub(super) struct EntryAccess<'a> {
    de: De<'a>,
    entries: std::slice::Iter<'a, (Key, Node)>,
    value: Option<De<'a>>,
}

impl<'a> EntryAccess<'a> {
    pub(super) fn new(de: De<'a>, entries: &'a [(Key, Node)]) -> Self {
        Self { de, entries: entries.iter(), value: None }
    }
}

impl<'a> MapAccess<'a> for EntryAccess<'a> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some((key, node)) = self.entries.next() else {
            return Ok(None);
        };
        self.value = Some(self.de.child(key, node));
        seed.deserialize(StrDeserializer::new(&key.text)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Error> {
        read_value(self.value.take(), seed)
    }
}

/// The known keys of a struct: those that are there, then those that are not, so that each
/// field decides whether it may be absent.
pub(super) struct Fields<'a> {
    keys: std::vec::IntoIter<(&'static str, De<'a>)>,
    value: Option<De<'a>>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(de: &De<'a>, fields: &'static [&'static str]) -> Self {
        let entries = de.entries().unwrap_or_default();
        let keys: Vec<_> = fields
            .iter()
            .map(|&field| {
                let found = entries.iter().find(|(key, _)| key.text == field);
                let mut value = found.map_or_else(|| de.absent(field), |(key, node)| de.child(key, node));
                value.at.hidden |= field == "auth";
                (field, value)
            })
            .collect();
        Self { keys: keys.into_iter(), value: None }
    }
}

impl<'a> MapAccess<'a> for Fields<'a> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some((key, value)) = self.keys.next() else {
            return Ok(None);
        };
        self.value = Some(value);
        seed.deserialize(StrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Error> {
        read_value(self.value.take(), seed)
    }
}

fn read_value<'a, V: DeserializeSeed<'a>>(value: Option<De<'a>>, seed: V) -> Result<V::Value, Error> {
    match value {
        Some(de) => seed.deserialize(de),
        None => Err(Error::new(Draft::new("value read before its key"))),
    }
}
