//! The types of a table's columns, in the words of Delta's schema.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The type of a column; every column may be null.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ColumnType {
    /// UTF-8 text.
    String,
    /// A signed integer of 64 bits.
    Long,
    /// A floating point number of 64 bits.
    Double,
    /// True or false.
    Boolean,
    /// A decimal number of fixed digits.
    Decimal {
        /// All digits, 1 to 38.
        precision: u8,
        /// Digits after the point, at most `precision`.
        scale: u8,
    },
    /// A day.
    Date,
    /// An instant in microseconds.
    Timestamp,
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String => f.write_str("string"),
            Self::Long => f.write_str("long"),
            Self::Double => f.write_str("double"),
            Self::Boolean => f.write_str("boolean"),
            Self::Decimal { precision, scale } => write!(f, "decimal({precision},{scale})"),
            Self::Date => f.write_str("date"),
            Self::Timestamp => f.write_str("timestamp"),
        }
    }
}

/// A text that names no type of a column.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no type of a column: write string, long, double, boolean, decimal(p,s), date or timestamp")]
pub struct UnknownType(String);

impl std::str::FromStr for ColumnType {
    type Err = UnknownType;

    fn from_str(text: &str) -> Result<Self, UnknownType> {
        let decimal = || {
            let (precision, scale) = text.strip_prefix("decimal(")?.strip_suffix(')')?.split_once(',')?;
            let (precision, scale) = (precision.trim().parse().ok()?, scale.trim().parse().ok()?);
            ((1..=38).contains(&precision) && scale <= precision)
                .then_some(Self::Decimal { precision, scale })
        };
        match text {
            "string" => Ok(Self::String),
            "long" => Ok(Self::Long),
            "double" => Ok(Self::Double),
            "boolean" => Ok(Self::Boolean),
            "date" => Ok(Self::Date),
            "timestamp" => Ok(Self::Timestamp),
            _ => decimal().ok_or_else(|| UnknownType(text.to_owned())),
        }
    }
}

impl Serialize for ColumnType {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ColumnType {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_written_as_it_is_read() {
        for text in
            ["string", "long", "double", "boolean", "decimal(18,2)", "decimal(38,38)", "date", "timestamp"]
        {
            assert_eq!(text.parse::<ColumnType>().map(|kind| kind.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "int", "decimal", "decimal(39,2)", "decimal(2,3)", "decimal(0,0)", "decimal(-1,0)"] {
            assert_eq!(text.parse::<ColumnType>(), Err(UnknownType(text.to_owned())));
        }
    }
}
