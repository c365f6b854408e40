//! A plain value with the type that it was written with.

use std::fmt;

use schemars::JsonSchema;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};

/// The name by which the reader knows what is asked of it.
pub(super) const TYPED: &str = "Typed";

/// A text, number or boolean, as it is written.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(inline, with = "Plain")]
pub(in crate::config) struct TypedText {
    /// What stands there.
    pub(in crate::config) text: String,
    /// Whether it is in quotes, so that it is a text whatever it looks like.
    pub(in crate::config) is_quoted: bool,
}

/// Text, or a number or boolean.
#[derive(JsonSchema)]
#[schemars(inline, extend("type" = ["string", "number", "boolean"]))]
struct Plain;

impl<'de> Deserialize<'de> for TypedText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_tuple_struct(TYPED, 2, TypedVisitor)
    }
}

struct TypedVisitor;

impl<'de> Visitor<'de> for TypedVisitor {
    type Value = TypedText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<TypedText, A::Error> {
        let entry = map.next_entry()?;
        let (text, is_quoted) = entry.ok_or_else(|| A::Error::missing_field("text"))?;
        Ok(TypedText { text, is_quoted })
    }
}
