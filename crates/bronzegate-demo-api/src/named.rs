//! Names of choices on the command line: those that they have in JSON.

use serde::{Deserialize, de::IntoDeserializer};

/// Reads an enum by the name it has in JSON; `-` is taken for `_`.
pub(crate) fn named<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, String> {
    let name = text.replace('-', "_");
    let from: serde::de::value::StringDeserializer<serde::de::value::Error> = name.into_deserializer();
    T::deserialize(from).map_err(|e| e.to_string())
}
