//! A value with its place in the file.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

use crate::config::problem::At;

/// The name under which the deserializer knows a slot.
pub(super) const SLOT: &str = "Slot";

/// A setting's value and where it stands. The value is absent when it was missing or wrong; the
/// report has that problem already, so whoever finds it absent only goes on.
#[derive(Clone, Debug, Default)]
pub(in crate::config) struct Slot<T> {
    at: At,
    value: Option<T>,
}

impl<T> Slot<T> {
    pub(in crate::config) fn get(&self) -> Option<&T> {
        self.value.as_ref()
    }

    pub(super) fn into_value(self) -> Option<T> {
        self.value
    }

    pub(in crate::config) fn at(&self) -> &At {
        &self.at
    }
}

impl<T: Clone> Slot<T> {
    pub(in crate::config) fn cloned(&self) -> Option<T> {
        self.value.clone()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Slot<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_tuple_struct(SLOT, 2, SlotVisitor(PhantomData))
    }
}

struct SlotVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for SlotVisitor<T> {
    type Value = Slot<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Slot<T>, A::Error> {
        let at = seq.next_element()?.ok_or_else(|| A::Error::missing_field("place"))?;
        Ok(Slot { at, value: seq.next_element()? })
    }
}

/// The schema of a slot is that of its value.
impl<T: JsonSchema> JsonSchema for Slot<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}
