//! What an address leads to in a response: a text, a JSON value, or something that cannot be read.

use serde_json::Value;

use crate::config::Test;
use crate::redact::printable;

/// What an address leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A header's or link's text.
    Text(String),
    /// A JSON value's text.
    Json(Vec<u8>),
    /// Something that cannot be read, as it stands there.
    Unreadable(String),
}

/// A value as it goes into a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plain {
    /// A string unescaped; a number, boolean, array or object as its JSON text stands.
    pub text: String,
    /// Whether it is JSON text.
    pub bare: bool,
}

/// Something stands there, and it cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot be read: `{0}`")]
pub(crate) struct Unreadable(String);

/// The longest text of an unreadable value that a message shows.
const LONGEST_SHOWN: usize = 200;

impl Unreadable {
    fn of(text: &str) -> Self {
        Self(printable(text, LONGEST_SHOWN))
    }
}

impl Found {
    /// The value as it goes into a request; `None` for null and for an empty string.
    ///
    /// # Errors
    /// [`Unreadable`] for a header that is none and for a string that is no Unicode (a lone surrogate).
    pub(crate) fn plain(&self) -> Result<Option<Plain>, Unreadable> {
        let (text, bare) = match self {
            Self::Text(text) => (text.clone(), false),
            Self::Unreadable(text) => return Err(Unreadable::of(text)),
            Self::Json(json) => {
                let unreadable = || Unreadable::of(&String::from_utf8_lossy(json));
                match json.first() {
                    Some(b'n') => return Ok(None),
                    Some(b'"') => (serde_json::from_slice(json).map_err(|_| unreadable())?, false),
                    // A number is never parsed: it may have any length.
                    _ => (String::from_utf8(json.clone()).map_err(|_| unreadable())?, true),
                }
            }
        };
        Ok((!text.is_empty()).then_some(Plain { text, bare }))
    }

    /// The text of [`plain`](Self::plain), where there is one and it can be read.
    pub(crate) fn text(&self) -> Option<String> {
        self.plain().ok().flatten().map(|plain| plain.text)
    }

    /// The value as a whole number, from JSON or from text; `5.0` is one too.
    pub(crate) fn whole_number(&self) -> Option<u64> {
        let text = self.text()?;
        let text = text.trim();
        text.parse().ok().or_else(|| {
            let (whole, fraction) = text.split_once('.')?;
            let is_zero = !fraction.is_empty() && fraction.bytes().all(|digit| digit == b'0');
            whole.parse().ok().filter(|_| is_zero)
        })
    }

    /// The value as a number, from JSON or from text.
    pub(super) fn number(&self) -> Option<f64> {
        self.text()?.trim().parse().ok()
    }

    /// Whether what stands somewhere, or nothing, passes a test.
    pub(crate) fn passes(found: Option<&Self>, test: &Test) -> bool {
        match test {
            Test::Exists(expected) => found.is_some() == *expected,
            Test::Equals(expected) => found.is_some_and(|found| found.equals(expected)),
            Test::Over(bound) => found.and_then(Self::number).is_some_and(|number| number > *bound),
        }
    }

    /// Numbers are equal by value, a header's text also equals a number or boolean spelled like it.
    pub(super) fn equals(&self, expected: &Value) -> bool {
        match (self, expected) {
            (Self::Text(text), Value::String(expected)) => text == expected,
            (Self::Text(text), expected) => {
                let spelled = expected.to_string();
                text.trim() == spelled
            }
            (Self::Unreadable(_), _) => false,
            (Self::Json(json), expected) => {
                // What is nested deeper than this reader goes is equal to nothing that a file can write.
                let Ok(value) = serde_json::from_slice::<Value>(json) else { return false };
                // Whole numbers are compared as such: above 2^53 a float takes neighbours for equal.
                let by_value = value.is_f64() || expected.is_f64();
                value == *expected || by_value && value.is_number() && value.as_f64() == expected.as_f64()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_and_the_text_null_differ_and_an_absent_member_is_neither() {
        let json = |text: &str| Found::Json(text.as_bytes().to_vec());
        assert!(json("null").equals(&Value::Null) && !json("\"null\"").equals(&Value::Null));
        let large = 9_007_199_254_740_992_u64;
        assert!(json(&large.to_string()).equals(&large.into()));
        assert!(!json(&(large + 1).to_string()).equals(&large.into()));
        assert!(json("1.0").equals(&Value::from(1)) && !json("\"1\"").equals(&Value::from(1)));
        assert!(Found::Text("false".to_owned()).equals(&Value::Bool(false)));
        assert_eq!((json("null").text(), json("\"\"").text()), (None, None));
        assert_eq!(json("\"null\"").text().as_deref(), Some("null"));
    }

    #[test]
    fn a_value_keeps_its_own_digits_and_what_cannot_be_read_is_not_nothing() {
        let json = |text: &str| Found::Json(text.as_bytes().to_vec()).plain();
        for number in ["9.181729869443407e-07", "36893488147419103233", "1e400", "-0.0", "[1.10,2e+5]"] {
            let plain = Plain { text: number.to_owned(), bare: true };
            assert_eq!(json(number), Ok(Some(plain)));
        }
        assert_eq!((json("null"), json("\"\"")), (Ok(None), Ok(None)));
        for broken in ["\"\\ud800abc\"", "\"\\udc00\\ud800\""] {
            assert_eq!(json(broken), Err(Unreadable(broken.to_owned())));
        }
        let long = Found::Unreadable("x".repeat(500)).plain().unwrap_err().to_string();
        assert_eq!(long, format!("cannot be read: `{}…`", "x".repeat(200)));
    }
}
