//! Names of sources and streams: `[a-z0-9][a-z0-9_-]*`, because they become folder names.

use schemars::JsonSchema;
use serde::Deserialize;

/// A name that has been checked.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, extend("pattern" = "^[a-z0-9][a-z0-9_-]*$"))]
pub(super) struct Name(String);

/// The form of a source's or stream's name, for messages.
pub const NAME_FORM: &str = "lower-case letters, digits, _ and -, starting with a letter or digit";

impl Name {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Name {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if is_name(&text) { Ok(Self(text)) } else { Err(NAME_FORM) }
    }
}

/// Whether a text may name a source or stream; as a folder it cannot lead anywhere else.
pub fn is_name(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.bytes().next().is_some_and(letter)
        && text.bytes().all(|byte| letter(byte) || matches!(byte, b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_lower_case_and_start_with_a_letter_or_digit() {
        for name in ["hubspot", "2024", "a-b_c", "0"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "_a", "-a", "A", "a b", "a.b", "é", "a/b"] {
            assert!(!is_name(name), "{name}");
        }
    }
}
