//! The JSON body of a request that is being put together. A value that came from the API is put in as the
//! API wrote it: a number that were parsed on the way might come back as another one.

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::config::{Pointer, RenderedJson};
use crate::error::{Error, ErrorKind};
use crate::extract::paging::Carried;

/// A JSON value.
#[derive(Debug)]
pub(crate) enum RequestBody {
    /// One of the source file's that has no members.
    Plain(Value),
    /// One of the API's.
    Verbatim(Box<RawValue>),
    /// An array.
    List(Vec<Self>),
    /// An object.
    Map(Vec<(String, Self)>),
}

impl From<Value> for RequestBody {
    fn from(value: Value) -> Self {
        match value {
            Value::Array(elements) => Self::List(elements.into_iter().map(Self::from).collect()),
            Value::Object(members) => {
                Self::Map(members.into_iter().map(|(name, member)| (name, member.into())).collect())
            }
            scalar => Self::Plain(scalar),
        }
    }
}

impl From<RenderedJson> for RequestBody {
    fn from(rendered: RenderedJson) -> Self {
        match rendered {
            RenderedJson::Plain(value) => value.into(),
            RenderedJson::Verbatim(text) => match RawValue::from_string(text) {
                Ok(value) => Self::Verbatim(value),
                // It was written as JSON, so there is no other text.
                Err(error) => Self::Plain(Value::String(error.to_string())),
            },
            RenderedJson::List(elements) => Self::List(elements.into_iter().map(Self::from).collect()),
            RenderedJson::Map(members) => {
                Self::Map(members.into_iter().map(|(name, member)| (name, member.into())).collect())
            }
        }
    }
}

impl Serialize for RequestBody {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Plain(value) => value.serialize(serializer),
            Self::Verbatim(value) => value.serialize(serializer),
            Self::List(elements) => serializer.collect_seq(elements),
            Self::Map(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, member) in members {
                    map.serialize_entry(name, member)?;
                }
                map.end()
            }
        }
    }
}

impl RequestBody {
    /// One without members.
    pub(crate) fn empty() -> Self {
        Self::Map(Vec::new())
    }

    /// Its JSON text.
    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("names are texts")
    }

    /// Sets a member, making the objects on the way to it.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] where the way leads through something that has no such member.
    pub(crate) fn set(&mut self, pointer: &Pointer, value: &Carried) -> Result<(), Error> {
        let mut at = self;
        for token in pointer.tokens() {
            if matches!(at, Self::Plain(Value::Null)) {
                *at = Self::empty();
            }
            at = match at {
                Self::Map(members) => {
                    let nth = members.iter().position(|(name, _)| name == token).unwrap_or_else(|| {
                        members.push((token.clone(), Self::Plain(Value::Null)));
                        members.len() - 1
                    });
                    &mut members[nth].1
                }
                Self::List(elements) => {
                    let element = token.parse::<usize>().ok().and_then(|index| elements.get_mut(index));
                    element.ok_or_else(|| bad(format!("the body has no element `{token}` of `{pointer}`")))?
                }
                Self::Plain(_) | Self::Verbatim(_) => {
                    let cause = format!("`{pointer}` leads through a value of the body that has no members");
                    return Err(bad(cause));
                }
            };
        }
        *at = Self::Verbatim(value.json());
        Ok(())
    }
}

fn bad(cause: String) -> Error {
    Error::new(ErrorKind::Config, cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_put_in_as_it_was_written_and_the_rest_keeps_its_order() {
        let template = serde_json::json!({ "z": 1, "sort": [{ "t": "asc" }], "pit": null, "a": "x" });
        let mut body = RequestBody::from(template);
        let bare = |text: &str| Carried { text: text.to_owned(), bare: true };
        for (pointer, value) in [
            ("search_after", bare("[9.181729869443407e-07,36893488147419103233]")),
            ("pit.id", Carried::text("a\"b")),
            ("sort.0.from", bare("1e400")),
            ("z", bare("-0.0")),
        ] {
            body.set(&pointer.parse().unwrap(), &value).unwrap();
        }
        assert_eq!(
            body.to_json(),
            r#"{"z":-0.0,"sort":[{"t":"asc","from":1e400}],"pit":{"id":"a\"b"},"a":"x","search_after":[9.181729869443407e-07,36893488147419103233]}"#
        );
        for (wrong, why) in [
            ("sort.7", "the body has no element `7` of `sort.7`"),
            ("sort.x", "the body has no element `x` of `sort.x`"),
            ("a.b", "`a.b` leads through a value of the body that has no members"),
            ("search_after.0", "`search_after.0` leads through a value of the body that has no members"),
        ] {
            let error = body.set(&wrong.parse().unwrap(), &bare("1")).unwrap_err();
            assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Config, why));
        }
    }
}
