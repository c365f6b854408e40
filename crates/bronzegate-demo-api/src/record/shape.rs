//! What a record looks like.

use crate::named::named;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// Names what a record looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// About 200 bytes.
    Small,
    /// Nested, about 1.1 KB.
    Crm,
    /// Some 180 members, about 8 KB.
    Wide,
}

impl FromStr for Shape {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        named(text)
    }
}
