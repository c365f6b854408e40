//! The members of a record, which the splitter has found to be valid JSON.

use std::borrow::Cow;
use std::ops::Range;

/// Where a member's name and value stand. The name's range has its quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) name: Range<usize>,
    pub(super) value: Range<usize>,
}

/// The members of an object's own, in order; of what is no object, none.
pub(super) fn members(json: &[u8]) -> impl Iterator<Item = Member> {
    let mut at = match json.first() {
        Some(b'{') => 1,
        _ => json.len(),
    };
    std::iter::from_fn(move || {
        let open = at + memchr::memchr(b'"', json.get(at..)?)?;
        let name = open..string_end(json, open)?;
        let colon = name.end + memchr::memchr(b':', &json[name.end..])?;
        let begin = colon + 1 + json[colon + 1..].iter().position(|byte| !byte.is_ascii_whitespace())?;
        let end = value_end(json, begin)?;
        at = end;
        Some(Member { name, value: begin..end })
    })
}

/// The offset after the value that begins at `begin`.
fn value_end(json: &[u8], begin: usize) -> Option<usize> {
    match json.get(begin)? {
        b'"' => string_end(json, begin),
        b'{' | b'[' => nested_end(json, begin),
        _ => {
            let is_end = |byte: &u8| matches!(byte, b',' | b'}' | b']') || byte.is_ascii_whitespace();
            Some(begin + json[begin..].iter().position(is_end).unwrap_or(json.len() - begin))
        }
    }
}

/// The offset after the object or list that opens at `open`.
fn nested_end(json: &[u8], open: usize) -> Option<usize> {
    let (mut at, mut depth) = (open, 0_usize);
    loop {
        match json.get(at)? {
            b'"' => {
                at = string_end(json, at)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
}

/// The offset after the string that opens at `open`.
fn string_end(json: &[u8], open: usize) -> Option<usize> {
    let mut at = open + 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', json.get(at..)?)?;
        if json[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// The text of a JSON string with its quotes; `None` where it is none, or has no UTF-8 form (a lone surrogate).
pub(super) fn text(json: &[u8]) -> Option<Cow<'_, str>> {
    match json {
        [b'"', text @ .., b'"'] if memchr::memchr(b'\\', text).is_none() => {
            std::str::from_utf8(text).ok().map(Cow::Borrowed)
        }
        [b'"', ..] => serde_json::from_slice(json).ok().map(Cow::Owned),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_s_own_members_are_found_whatever_is_between_and_within_them() {
        let json = br#"{ "a" : 1 ,"b":{"a":[1,"}"],"c":2}, "c\"":"x\\", "d":[ ] , "e":-1.5e3,"f":null}"#;
        let found: Vec<_> = members(json)
            .map(|Member { name, value }| {
                (std::str::from_utf8(&json[name]).unwrap(), std::str::from_utf8(&json[value]).unwrap())
            })
            .collect();
        assert_eq!(
            found,
            [
                ("\"a\"", "1"),
                ("\"b\"", r#"{"a":[1,"}"],"c":2}"#),
                ("\"c\\\"\"", r#""x\\""#),
                ("\"d\"", "[ ]"),
                ("\"e\"", "-1.5e3"),
                ("\"f\"", "null"),
            ]
        );
        for json in ["{}", "{ }", "[{\"a\":1}]", "1", "\"{\"", "null", ""] {
            assert_eq!(members(json.as_bytes()).count(), 0, "{json}");
        }
    }

    #[test]
    fn a_string_without_utf_8_has_no_text() {
        assert_eq!(text(br#""a\u00e9\ud83d\ude00""#).as_deref(), Some("aé😀"));
        assert_eq!(text(br#""\ud800""#), None);
        assert_eq!(text(b"1"), None);
    }
}
