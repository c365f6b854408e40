//! Looking up in a response what a source file's addresses name.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;
use url::Url;

use super::auth::Credential;
use super::link::link;
use crate::config::{Address, Condition, Pointer, Test};
use crate::formats;
use crate::redact::printable;

/// The body paths that a stream reads; the splitter keeps just these.
#[derive(Clone, Debug, Default)]
pub(crate) struct Paths(Arc<[Pointer]>);

impl Paths {
    /// Collects the body paths of some addresses.
    pub(crate) fn of<'a>(addresses: impl IntoIterator<Item = &'a Address>) -> Self {
        let mut paths = Vec::new();
        for address in addresses {
            if let Address::Body(pointer) = address
                && !paths.contains(pointer)
            {
                paths.push(pointer.clone());
            }
        }
        Self(paths.into())
    }

    /// The paths as the splitter takes them.
    pub(crate) fn tokens(&self) -> Vec<Vec<String>> {
        self.0.iter().map(|pointer| pointer.tokens().to_vec()).collect()
    }
}

/// A response without its records: what rules and paginators look at.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The URL that answered, after redirects.
    pub url: Url,
    /// The body paths that were read.
    pub paths: Paths,
    /// What stood there, as JSON text.
    pub values: Vec<Option<Vec<u8>>>,
    /// The page's last record.
    pub last_record: Option<Bytes>,
    /// What the request was let in with.
    pub credential: Arc<Credential>,
}

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

    fn number(&self) -> Option<f64> {
        self.text()?.trim().parse().ok()
    }
}

impl Facts {
    /// What an answer without records says: the body paths are read as far as the body is JSON.
    pub(super) fn of_answer(status: u16, headers: HeaderMap, url: Url, paths: Paths, body: Bytes) -> Self {
        let values = formats::values(body, paths.tokens()).map(|body| body.values).unwrap_or_default();
        Self { status, headers, url, paths, values, last_record: None, credential: Arc::default() }
    }

    /// What stands at an address, or `None` when nothing does.
    pub(crate) fn look(&self, address: &Address) -> Option<Found> {
        match address {
            Address::Body(pointer) => {
                let nth = self.paths.0.iter().position(|path| path == pointer)?;
                self.values.get(nth)?.clone().map(Found::Json)
            }
            Address::Header(name) => {
                let value = self.headers.get(name)?.as_bytes();
                Some(match std::str::from_utf8(value) {
                    Ok(text) => Found::Text(text.to_owned()),
                    Err(_) => Found::Unreadable(String::from_utf8_lossy(value).into_owned()),
                })
            }
            Address::Link(rel) => link(&self.headers, rel),
            Address::LastRecord(pointer) => {
                value_in(self.last_record.as_ref()?, pointer.tokens()).map(Found::Json)
            }
            Address::Status => Some(Found::Json(self.status.to_string().into_bytes())),
        }
    }

    /// Whether a condition holds.
    pub(crate) fn holds(&self, condition: &Condition) -> bool {
        let found = self.look(&condition.at);
        match &condition.test {
            Test::Exists(expected) => found.is_some() == *expected,
            Test::Equals(expected) => found.is_some_and(|found| equal(&found, expected)),
            Test::Over(bound) => found.and_then(|found| found.number()).is_some_and(|number| number > *bound),
        }
    }
}

/// Numbers are equal by value, a header's text also equals a number or boolean spelled like it.
fn equal(found: &Found, expected: &Value) -> bool {
    match (found, expected) {
        (Found::Text(text), Value::String(expected)) => text == expected,
        (Found::Text(text), expected) => {
            let spelled = expected.to_string();
            text.trim() == spelled
        }
        (Found::Unreadable(_), _) => false,
        (Found::Json(json), expected) => {
            let value: Value = serde_json::from_slice(json).unwrap_or_default();
            // Whole numbers are compared as such: above 2^53 a float takes neighbours for equal.
            let by_value = value.is_f64() || expected.is_f64();
            value == *expected || by_value && value.is_number() && value.as_f64() == expected.as_f64()
        }
    }
}

/// The value at a path of a valid JSON document.
pub(crate) fn value_in(json: &Bytes, path: &[String]) -> Option<Vec<u8>> {
    formats::values(json.clone(), vec![path.to_vec()]).ok()?.values.pop()?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_fields_of_the_last_record_verbatim() {
        let record = Bytes::from_static(br#"{"id":9007199254740993,"sort":[1,"a"],"n":{"x":1.50}}"#);
        let look = |path: &[&str]| {
            let path: Vec<String> = path.iter().map(|&step| step.to_owned()).collect();
            value_in(&record, &path).map(|json| Found::Json(json).text().unwrap())
        };
        assert_eq!(look(&["id"]).as_deref(), Some("9007199254740993"));
        assert_eq!(look(&["n", "x"]).as_deref(), Some("1.50"));
        assert_eq!(look(&["sort"]).as_deref(), Some(r#"[1,"a"]"#));
        assert_eq!(look(&["none"]), None);
    }

    #[test]
    fn null_and_the_text_null_differ_and_an_absent_member_is_neither() {
        let json = |text: &str| Found::Json(text.as_bytes().to_vec());
        assert!(equal(&json("null"), &Value::Null) && !equal(&json("\"null\""), &Value::Null));
        let large = 9_007_199_254_740_992_u64;
        assert!(equal(&json(&large.to_string()), &large.into()));
        assert!(!equal(&json(&(large + 1).to_string()), &large.into()));
        assert!(equal(&json("1.0"), &Value::from(1)) && !equal(&json("\"1\""), &Value::from(1)));
        assert!(equal(&Found::Text("false".to_owned()), &Value::Bool(false)));
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
