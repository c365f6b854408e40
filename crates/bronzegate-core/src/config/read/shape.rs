//! Forms that several settings share: text or a map, one or many, a map of the user's own keys,
//! and two sets of keys in one map.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::slot::Slot;

/// The name under which the deserializer knows two parts of one map.
pub(super) const JOINED: &str = "Joined";

/// A short form in text, or the long form as a map.
#[derive(Clone, Debug, serde::Deserialize, JsonSchema)]
#[schemars(untagged, inline)]
pub(in crate::config) enum TextOr<T, M> {
    Text(T),
    Map(M),
}

/// One value, or a list of them.
#[derive(Clone, Debug, serde::Deserialize, JsonSchema)]
#[schemars(untagged, inline)]
pub(in crate::config) enum OneOrMany<T> {
    One(Slot<T>),
    Many(Vec<Slot<T>>),
}

impl<T> OneOrMany<T> {
    pub(in crate::config) fn as_slice(&self) -> &[Slot<T>] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

/// A map of the user's own keys, in file order.
#[derive(Clone, Debug)]
pub(in crate::config) struct Entries<V>(pub(in crate::config) Vec<(String, Slot<V>)>);

impl<V> Default for Entries<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Entries<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor(PhantomData))
    }
}

struct EntriesVisitor<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for EntriesVisitor<V> {
    type Value = Entries<V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<V>, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Entries(entries))
    }
}

impl<V: JsonSchema> JsonSchema for Entries<V> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        BTreeMap::<String, V>::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        BTreeMap::<String, V>::json_schema(generator)
    }
}

/// Two readers of one map: each takes the keys it knows; a key neither knows is a problem.
#[derive(Clone, Debug, serde::Deserialize)]
pub(in crate::config) struct Joined<A, B>(pub(in crate::config) Slot<A>, pub(in crate::config) Slot<B>);

impl<A: JsonSchema, B: JsonSchema> JsonSchema for Joined<A, B> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}With{}", A::schema_name(), B::schema_name()).into()
    }

    /// The keys of both; where the first is a choice, the second's keys join each of its forms.
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut joined = A::json_schema(generator);
        let other = B::json_schema(generator);
        let other = other.as_object();
        let object = joined.ensure_object();
        match object.get_mut("oneOf").and_then(Value::as_array_mut) {
            Some(forms) => {
                for form in forms.iter_mut().filter_map(Value::as_object_mut) {
                    add_keys(form, other);
                }
            }
            None => add_keys(object, other),
        }
        joined
    }
}

fn add_keys(schema: &mut Map<String, Value>, other: Option<&Map<String, Value>>) {
    let get = |name: &str| other.and_then(|other| other.get(name)).cloned();
    let object = || Value::Object(Map::new());
    if let Some(Value::Object(more)) = get("properties")
        && let Value::Object(keys) = schema.entry("properties").or_insert_with(object)
    {
        keys.extend(more);
    }
    let array = || Value::Array(Vec::new());
    if let Some(Value::Array(more)) = get("required")
        && let Value::Array(keys) = schema.entry("required").or_insert_with(array)
    {
        keys.extend(more);
    }
    schema.insert("additionalProperties".to_owned(), false.into());
}
