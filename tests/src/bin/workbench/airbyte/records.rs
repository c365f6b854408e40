//! Records, in a form in which two runners can be compared.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// A record whose members are in the order of their names, without what bronze adds for branches. Numbers are compared as
/// Airbyte's runner can carry them: whole ones of 64 bits by their digits, all others as the double next to them, which is what
/// its parser (orjson) makes of them.
pub(super) fn canonical(record: &str) -> Result<String, serde_json::Error> {
    let mut members: BTreeMap<String, &RawValue> = serde_json::from_str(record)?;
    members.retain(|name, _| !name.starts_with("_parent_") && !name.starts_with("_partition_"));
    object(&members)
}

fn object(members: &BTreeMap<String, &RawValue>) -> Result<String, serde_json::Error> {
    let members = members.iter().map(|(name, value)| Ok(format!("{name:?}:{}", plain(value)?)));
    Ok(format!("{{{}}}", members.collect::<Result<Vec<_>, serde_json::Error>>()?.join(",")))
}

fn plain(value: &RawValue) -> Result<String, serde_json::Error> {
    let text = value.get();
    Ok(match text.as_bytes().first() {
        Some(b'{') => object(&serde_json::from_str(text)?)?,
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text)?;
            let items = items.into_iter().map(plain).collect::<Result<Vec<_>, _>>()?;
            format!("[{}]", items.join(","))
        }
        Some(b'"') => format!("{:?}", serde_json::from_str::<String>(text)?),
        Some(b't' | b'f' | b'n') | None => text.to_owned(),
        Some(_) => match (text.parse::<i64>(), text.parse::<u64>()) {
            (Err(_), Err(_)) => format!("{:?}", text.parse::<f64>().unwrap_or(f64::NAN)),
            _ => text.to_owned(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_as_a_double_carries_them_and_whole_ones_by_their_digits() {
        let same = |one: &str, other: &str| canonical(one).unwrap() == canonical(other).unwrap();
        assert!(same(r#"{"b":1.10,"a":[0.1234567890123456789]}"#, r#"{"a":[0.12345678901234568],"b":1.1}"#));
        assert!(same(r#"{"a":123456789012345678901}"#, r#"{"a":1.2345678901234568e+20}"#));
        assert!(same(r#"{"a":"\u00e9","_parent_id":1}"#, "{\"a\":\"é\"}"));
        assert!(!same(r#"{"a":9007199254740993}"#, r#"{"a":9007199254740992}"#));
        assert!(!same(r#"{"a":0.12345678901234568}"#, r#"{"a":0.12345678901234566}"#));
        assert!(!same(r#"{"a":"1"}"#, r#"{"a":1}"#));
    }
}
