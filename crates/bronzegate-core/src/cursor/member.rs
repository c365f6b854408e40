//! One member of a record, found in the record's bytes: no document tree is built.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// The JSON text at a path of a record; `None` where the path leads nowhere. Of members with one
/// name the last counts, as RFC 8259 section 4 says most readers do.
pub(crate) fn member<'r>(record: &'r [u8], path: &[String]) -> Option<&'r str> {
    let mut reader = serde_json::Deserializer::from_slice(record);
    // A record is valid JSON. What this reader still refuses stands where no member can be.
    Seek(path).deserialize(&mut reader).ok().flatten().map(RawValue::get)
}

/// How many names of a record are looked at.
const MOST_NAMES: usize = 1_000;

/// The names of a record's first members, sorted; none where it is no object.
pub(crate) fn names(record: &[u8]) -> Vec<String> {
    let mut reader = serde_json::Deserializer::from_slice(record);
    let names: Result<BTreeSet<String>, _> = reader.deserialize_map(FirstNames);
    names.unwrap_or_default().into_iter().collect()
}

/// Reads the names of an object, as many as are looked at.
struct FirstNames;

impl<'de> Visitor<'de> for FirstNames {
    type Value = BTreeSet<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut names = BTreeSet::new();
        while names.len() < MOST_NAMES
            && let Some(name) = map.next_key()?
        {
            map.next_value::<IgnoredAny>()?;
            names.insert(name);
        }
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(names)
    }
}

/// Reads a value and finds what is at the path within it.
struct Seek<'p>(&'p [String]);

impl<'de> DeserializeSeed<'de> for Seek<'_> {
    type Value = Option<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        match self.0.split_first() {
            None => serde::Deserialize::deserialize(deserializer).map(Some),
            Some((name, rest)) => deserializer.deserialize_any(Inside { name, rest }),
        }
    }
}

/// Reads an object or array and finds one of its values.
struct Inside<'p> {
    name: &'p str,
    rest: &'p [String],
}

impl<'de> Visitor<'de> for Inside<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(is_it) = map.next_key_seed(IsNamed(self.name))? {
            if is_it {
                found = map.next_value_seed(Seek(self.rest))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        if let Ok(index) = self.name.parse::<usize>() {
            for _ in 0..index {
                if seq.next_element::<IgnoredAny>()?.is_none() {
                    return Ok(None);
                }
            }
            found = seq.next_element_seed(Seek(self.rest))?.flatten();
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(found)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// Whether a member has this name. Read as bytes: a name may hold a lone surrogate's escape.
struct IsNamed<'p>(&'p str);

impl<'de> DeserializeSeed<'de> for IsNamed<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_bytes(self)
    }
}

impl Visitor<'_> for IsNamed<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_bytes<E>(self, name: &[u8]) -> Result<bool, E> {
        Ok(name == self.0.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Pointer;

    fn at<'r>(record: &'r str, path: &str) -> Option<&'r str> {
        member(record.as_bytes(), path.parse::<Pointer>().unwrap().tokens())
    }

    #[test]
    fn a_member_is_found_with_its_own_text() {
        let record = r#" { "id" : 9007199254740993123 , "a":{"x":[1,{"b" : "\u00e9\ud800" }],"c":-0.10}, "\u0069d2":null}"#;
        for (path, want) in [
            ("id", Some("9007199254740993123")),
            ("a.c", Some("-0.10")),
            ("a.x.1.b", Some(r#""\u00e9\ud800""#)),
            ("id2", Some("null")),
            ("b", None),
            ("a.x.2", None),
            ("id.x", None),
            ("a.x.b", None),
        ] {
            assert_eq!(at(record, path), want, "{path}");
        }
    }

    #[test]
    fn the_last_of_equal_names_counts_and_strange_names_do_no_harm() {
        assert_eq!(at(r#"{"a":1,"\ud800":0,"a":2}"#, "a"), Some("2"));
        assert_eq!(at(r#"{"a":{"b":1},"a":2}"#, "a.b"), None);
        for value in ["[1]", "7", "\"a\"", "null", "1e999", "\"\\ud800\"", "true"] {
            assert_eq!(at(value, "a"), None, "{value}");
        }
    }

    #[test]
    fn so_many_names_of_a_record_are_looked_at_and_no_more() {
        assert_eq!(names(br#"{"b":[{"x":1}],"a":null,"b":2}"#), ["a", "b"]);
        assert_eq!((names(b"[1]"), names(b"null"), names(b"{}")), (vec![], vec![], vec![]));
        let many: Vec<_> = (0..3_000).map(|nth| format!("\"{nth}\":0")).collect();
        assert_eq!(names(format!("{{{}}}", many.join(",")).as_bytes()).len(), MOST_NAMES);
    }

    #[test]
    fn depth_has_no_limit_of_its_own() {
        let deep = format!("{{\"deep\":{}1{},\"a\":3}}", "[".repeat(500), "]".repeat(500));
        assert_eq!(at(&deep, "a"), Some("3"));
    }
}
