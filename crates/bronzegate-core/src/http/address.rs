//! Looking up in a response what a source file's addresses name.

use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;
use url::Url;

use crate::config::{Address, Condition, Pointer, Test};
use crate::splitter::{Splitter, Wanted};

/// The body paths that a stream reads; the splitter keeps just these.
#[derive(Clone, Debug, Default)]
pub struct Paths(Vec<Pointer>);

impl Paths {
    /// Collects the body paths of some addresses.
    pub fn of<'a>(addresses: impl IntoIterator<Item = &'a Address>) -> Self {
        let mut paths = Vec::new();
        for address in addresses {
            if let Address::Body(pointer) = address
                && !paths.contains(pointer)
            {
                paths.push(pointer.clone());
            }
        }
        Self(paths)
    }

    /// The paths as the splitter takes them.
    pub fn tokens(&self) -> Vec<Vec<String>> {
        self.0.iter().map(|pointer| pointer.tokens().to_vec()).collect()
    }
}

/// A response without its records: what rules and paginators look at.
#[derive(Clone, Debug)]
pub struct Facts {
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
}

/// What an address leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A header's or link's text.
    Text(String),
    /// A JSON value's text.
    Json(Vec<u8>),
}

impl Found {
    /// The value as text for a query or header: a string unescaped, a number or boolean as it
    /// stands, an array or object as JSON; `None` for null and for an empty string.
    pub fn text(&self) -> Option<String> {
        let text = match self {
            Self::Text(text) => text.clone(),
            Self::Json(json) => match serde_json::from_slice(json).ok()? {
                Value::Null => return None,
                Value::String(text) => text,
                _ => String::from_utf8(json.clone()).ok()?,
            },
        };
        (!text.is_empty()).then_some(text)
    }

    /// The value as JSON, for a request body; `None` where [`text`](Self::text) is.
    pub fn value(&self) -> Option<Value> {
        self.text()?;
        Some(self.raw_value())
    }

    /// The value as a whole number, from JSON or from text; `5.0` is one too.
    pub fn whole_number(&self) -> Option<u64> {
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

    fn raw_value(&self) -> Value {
        match self {
            Self::Text(text) => Value::String(text.clone()),
            Self::Json(json) => serde_json::from_slice(json).unwrap_or_default(),
        }
    }
}

impl Facts {
    /// What an answer without records says: the body paths are read as far as the body is JSON.
    pub(super) fn of_answer(status: u16, headers: HeaderMap, url: Url, paths: Paths, body: Bytes) -> Self {
        let wanted = Wanted { records: None, values: paths.tokens(), lines: false };
        let mut splitter = Splitter::new(&wanted);
        let body = splitter.push(body, &mut Vec::new()).and_then(|()| splitter.finish(&mut Vec::new()));
        let values = body.map(|body| body.values).unwrap_or_default();
        Self { status, headers, url, paths, values, last_record: None }
    }

    /// What stands at an address, or `None` when nothing does.
    pub fn look(&self, address: &Address) -> Option<Found> {
        match address {
            Address::Body(pointer) => {
                let nth = self.paths.0.iter().position(|path| path == pointer)?;
                self.values.get(nth)?.clone().map(Found::Json)
            }
            Address::Header(name) => {
                let value = self.headers.get(name)?;
                Some(Found::Text(String::from_utf8_lossy(value.as_bytes()).into_owned()))
            }
            Address::Link(rel) => self.link(rel).map(Found::Text),
            Address::LastRecord(pointer) => {
                value_in(self.last_record.as_ref()?, pointer.tokens()).map(Found::Json)
            }
            Address::Status => Some(Found::Json(self.status.to_string().into_bytes())),
        }
    }

    /// Whether a condition holds.
    pub fn holds(&self, condition: &Condition) -> bool {
        let found = self.look(&condition.at);
        match &condition.test {
            Test::Exists(expected) => found.is_some() == *expected,
            Test::Equals(expected) => found.is_some_and(|found| equal(&found, expected)),
            Test::Over(bound) => found.and_then(|found| found.number()).is_some_and(|number| number > *bound),
        }
    }

    /// The target of the link with this relation (RFC 8288, section 3).
    fn link(&self, rel: &str) -> Option<String> {
        self.headers.get_all(http::header::LINK).iter().find_map(|value| {
            split_links(value.to_str().ok()?).into_iter().find_map(|(target, parameters)| {
                let rels = parameters.iter().find(|(name, _)| name.eq_ignore_ascii_case("rel"))?;
                rels.1
                    .split_ascii_whitespace()
                    .any(|one| one.eq_ignore_ascii_case(rel))
                    .then(|| target.to_owned())
            })
        })
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
        (Found::Json(_), expected) => {
            let value = found.raw_value();
            // Whole numbers are compared as such: above 2^53 a float takes neighbours for equal.
            let by_value = value.is_f64() || expected.is_f64();
            value == *expected || by_value && value.is_number() && value.as_f64() == expected.as_f64()
        }
    }
}

/// The value at a path of a valid JSON document.
pub(crate) fn value_in(json: &Bytes, path: &[String]) -> Option<Vec<u8>> {
    let wanted = Wanted { records: None, values: vec![path.to_vec()], lines: false };
    let mut splitter = Splitter::new(&wanted);
    splitter.push(json.clone(), &mut Vec::new()).ok()?;
    splitter.finish(&mut Vec::new()).ok()?.values.pop()?
}

type Parameters<'a> = Vec<(&'a str, String)>;

/// Splits a Link header into targets and parameters; commas and semicolons inside of `<…>`
/// and of quoted strings do not separate.
fn split_links(mut header: &str) -> Vec<(&str, Parameters<'_>)> {
    let mut links = Vec::new();
    while let Some((target, rest)) = header.split_once('<').and_then(|(_, rest)| rest.split_once('>')) {
        let (parameters, rest) = split_parameters(rest);
        links.push((target.trim(), parameters));
        header = rest;
    }
    links
}

fn split_parameters(mut rest: &str) -> (Parameters<'_>, &str) {
    let mut parameters = Vec::new();
    while let Some(after) = rest.trim_start().strip_prefix(';') {
        let end = after.find(['=', ',', ';']).unwrap_or(after.len());
        let name = after[..end].trim();
        let Some(value) = after[end..].strip_prefix('=') else {
            rest = &after[end..];
            continue;
        };
        let value = value.trim_start();
        let (text, behind) = match value.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => value.split_at(value.find([',', ';']).unwrap_or(value.len())),
        };
        parameters.push((name, text.trim().to_owned()));
        rest = behind;
    }
    (parameters, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(link: &str) -> Facts {
        let headers = [(http::header::LINK, link.parse().unwrap())].into_iter().collect();
        Facts {
            status: 200,
            headers,
            url: Url::parse("https://api.example.com/").unwrap(),
            paths: Paths::default(),
            values: Vec::new(),
            last_record: Some(Bytes::from_static(
                br#"{"id":9007199254740993,"sort":[1,"a"],"n":{"x":1.50}}"#,
            )),
        }
    }

    #[test]
    fn finds_a_link_by_its_relation() {
        for (header, next) in [
            (r#"<https://x/?page=2>; rel="next""#, Some("https://x/?page=2")),
            (
                r#"<https://x/1>; rel="prev", <https://x/3?a=1,2;3>; title="a, b; c"; rel=next"#,
                Some("https://x/3?a=1,2;3"),
            ),
            (r#"</rel>; rel="first next""#, Some("/rel")),
            (r#"<https://x/9>; rel="last""#, None),
            ("", None),
            ("garbage", None),
        ] {
            assert_eq!(facts(header).link("next").as_deref(), next, "{header}");
        }
    }

    #[test]
    fn reads_fields_of_the_last_record_verbatim() {
        let facts = facts("");
        let look = |path: &[&str]| {
            let path: Vec<String> = path.iter().map(|&step| step.to_owned()).collect();
            value_in(facts.last_record.as_ref().unwrap(), &path).map(|json| Found::Json(json).text().unwrap())
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
}
