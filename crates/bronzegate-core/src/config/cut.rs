//! A part of a value that an API gives: a query parameter of a URL, or what a pattern finds in a text.
//!
//! ```yaml
//! next: { body: meta.next, parameter: page }
//! next: { header: x-next, match: "cursor=([^;]+)" }
//! total: { header: content-range, match: "/([0-9]+)$" }
//! ```

use std::fmt;

use regex_lite::{Regex, RegexBuilder};
use schemars::JsonSchema;
use serde::Deserialize;

use super::read::Slot;

/// What of a value is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The value is a URL, and this query parameter of it is meant.
    Parameter(String),
    /// What the pattern's group finds in it.
    Match(Pattern),
}

/// A regular expression with one group.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, with = "String")]
pub struct Pattern {
    text: String,
    regex: Regex,
}

/// What the place of the next page says.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Next")]
pub(super) struct NextSpec {
    /// The API keeps the place in the list, as a scroll does: no page is requested twice, and a cut run starts again;
    /// needs total, default false.
    pub(super) stateful: Option<Slot<bool>>,
    /// The value there is a URL, and the cursor is this query parameter of it; only with type cursor.
    pub(super) parameter: Option<Slot<String>>,
    /// The cursor or URL within the text there: a regular expression with one group, such as `cursor=([^;]+)`.
    pub(super) r#match: Option<Slot<Pattern>>,
}

/// What is accepted.
const FORM: &str = "a regular expression with one group of at most 200 characters, such as cursor=([^;]+)";

/// Characters of a pattern, and bytes that it takes.
const LONGEST: usize = 200;
const LARGEST: usize = 256 << 10;

impl Pattern {
    /// As the file writes it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What its group finds in a text; `None` where it does not match, or the group is empty.
    pub fn find<'t>(&self, text: &'t str) -> Option<&'t str> {
        let found = self.regex.captures(text)?.get(1)?.as_str();
        (!found.is_empty()).then_some(found)
    }
}

impl TryFrom<String> for Pattern {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.chars().count() > LONGEST {
            return Err(FORM);
        }
        let regex = RegexBuilder::new(&text).size_limit(LARGEST).build().map_err(|_| FORM)?;
        if regex.captures_len() == 2 { Ok(Self { text, regex }) } else { Err(FORM) }
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_has_one_group_and_finds_what_that_says() {
        let found = |pattern: &str, text: &str| {
            let pattern = Pattern::try_from(pattern.to_owned()).unwrap();
            pattern.find(text).map(str::to_owned)
        };
        assert_eq!(found("cursor=([^;]+)", "a=1; cursor=x7; b"), Some("x7".to_owned()));
        assert_eq!(found("(?:a|b)([0-9]*)$", "xb12"), Some("12".to_owned()));
        assert_eq!(found("/([0-9]+)$", "items 0-9/*"), None);
        assert_eq!(found("next=(.*)", "next="), None, "nothing is no cursor");
        for bad in ["", "a", "(a)(b)", "(a", &format!("({})", "a".repeat(200)), "(a{1000}{1000})"] {
            assert!(Pattern::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
