//! One member of a JSON object exchanged, every other byte kept.

use std::collections::HashMap;

use serde_json::value::RawValue;

/// The raw text of a member's value: of the last of that name, as parsers read it. `None` where the
/// text is no JSON object or has no such member.
pub(super) fn raw<'a>(object: &'a str, name: &str) -> Option<&'a str> {
    let members: HashMap<String, &RawValue> = serde_json::from_str(object).ok()?;
    members.get(name).map(|value| value.get())
}

/// The object with another value at a member that it has; `value` is JSON text.
pub(super) fn exchange(object: &str, name: &str, value: &str) -> Option<String> {
    let old = raw(object, name)?;
    // A raw value borrows from the text it was read from, so its address tells its place.
    let start = old.as_ptr() as usize - object.as_ptr() as usize;
    Some(format!("{}{value}{}", &object[..start], &object[start + old.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_members_value_changes() {
        for (object, expected) in [
            (r#"{"a":"x"}"#, Some(r#"{"a":"new"}"#)),
            (
                "{ \"b\" : 1.50,\n\t\"a\" : { \"n\" : [1] } ,\"c\":\"\\u00eb\" }\n",
                Some("{ \"b\" : 1.50,\n\t\"a\" : \"new\" ,\"c\":\"\\u00eb\" }\n"),
            ),
            (r#"{"a":"first","a":"last"}"#, Some(r#"{"a":"first","a":"new"}"#)),
            (r#"{"\u0061":"x"}"#, Some(r#"{"\u0061":"new"}"#)),
            (r#"{"b":{"a":"inner"}}"#, None),
            ("[]", None),
            ("plain", None),
        ] {
            assert_eq!(exchange(object, "a", "\"new\"").as_deref(), expected, "{object}");
        }
    }
}
