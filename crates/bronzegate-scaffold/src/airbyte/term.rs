//! What an expression of a manifest reduces to.

use std::fmt;

use serde_json::Value;

use super::moments::{Length, Moment};

/// A part of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Name(String),
    /// An element, counted from the end where negative.
    Index(i64),
}

impl Step {
    /// The first step of every place of the configuration.
    pub(super) fn config() -> Self {
        Self::Name("config".to_owned())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Index(at) => write!(f, "{at}"),
        }
    }
}

/// Where something that only a run knows is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Root {
    /// The body of the response.
    Response,
    /// Its headers.
    Headers,
    /// The page's last record.
    LastRecord,
    /// The record itself, in filters and transformations.
    Record,
    /// The partition: values of lists, and of parents.
    Partition,
    /// The window of time.
    Interval,
    /// The cursor of the page.
    Token,
    /// How many records the page has.
    PageCount,
    /// How many elements a list of the response has.
    Length,
    /// The state that was saved.
    State,
}

/// A value, as far as it is known before a run.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Term {
    /// Known: null is what is undefined, too.
    Known(Value),
    /// A secret of the configuration, by its path there.
    Secret(String),
    /// A place.
    At(Root, Vec<Step>),
    /// A time of the window, written in a format.
    Written(Box<Term>, String),
    /// A part of a text at a place, with Python's bounds.
    Slice(Box<Term>, Option<i64>, Option<i64>),
    /// Now, and so long from it.
    Now(Moment),
    /// A length of time.
    Length(Length),
    /// Texts one after the other.
    Text(Vec<Term>),
    /// True or false.
    Test(Box<Test>),
    /// A sum of two: the second is known to no one before a run either.
    Sum(Box<Term>, Box<Term>),
    /// The first of several that is there and not empty.
    First(Vec<Term>),
    /// One of two, by what a partition is.
    Choice(Test1, Box<Term>, Box<Term>),
    /// What the first request says alone.
    FirstOnly(Box<Term>),
    /// A place, written as JSON: the manifest's interpolation reads it back.
    Quoted(Box<Term>),
    /// A query parameter of the URL at a place.
    Parameter(Box<Term>, String),
    /// The pieces of the text at a place, between such texts.
    Pieces(Box<Term>, String),
    /// The first target of the raw `Link` header, in its angle brackets.
    LinkTarget,
    /// Nothing that a source file can say; why.
    Unknown(String),
}

/// A test of what only a run knows.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Test {
    /// It is true, or there and not empty.
    Truthy(Term),
    /// It is there.
    Exists(Term),
    /// A comparison, as written.
    Compare(&'static str, Term, Term),
    Not(Test1),
    And(Vec<Test>),
    Or(Vec<Test>),
}

/// One test inside of another.
pub(super) type Test1 = Box<Test>;

impl Term {
    pub(super) fn null() -> Self {
        Self::Known(Value::Null)
    }

    pub(super) fn unknown(why: impl Into<String>) -> Self {
        Self::Unknown(why.into())
    }

    pub(super) fn test(test: Test) -> Self {
        Self::Test(Box::new(test))
    }

    /// Why it cannot be said, wherever that is in it.
    pub(super) fn reason(&self) -> Option<&str> {
        match self {
            Self::Unknown(why) => Some(why),
            Self::Text(parts) => parts.iter().find_map(Self::reason),
            Self::Written(inner, _) | Self::FirstOnly(inner) => inner.reason(),
            Self::Sum(one, other) => one.reason().or_else(|| other.reason()),
            _ => None,
        }
    }

    /// Whether a secret of the configuration is in it.
    pub(super) fn holds_secret(&self) -> bool {
        match self {
            Self::Secret(_) => true,
            Self::Text(parts) => parts.iter().any(Self::holds_secret),
            Self::Written(inner, _) | Self::FirstOnly(inner) => inner.holds_secret(),
            _ => false,
        }
    }

    /// As a test: a known value by Python's rules.
    pub(super) fn as_test(&self) -> Result<bool, Test1> {
        match self {
            Self::Known(value) => Ok(truthy(value)),
            // Only what is not empty stays a place of the configuration.
            Self::At(Root::State, path) if path.first().is_some_and(|step| *step == Step::config()) => {
                Ok(true)
            }
            Self::Test(test) => Err(test.clone()),
            Self::First(all) => Err(Box::new(Test::Or(all.iter().cloned().map(Test::Truthy).collect()))),
            other => Err(Box::new(Test::Truthy(other.clone()))),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Known(value) if !truthy(value))
    }
}

/// Why an expression ends where it uses what is not there: its whole text is nothing then.
pub(super) const UNDEFINED: &str = "what is not there";

/// A text before a term.
pub(super) fn joined_texts(before: &str, term: Term) -> Term {
    Term::Text(vec![Term::Known(before.into()), term])
}

/// Whether Python takes a value for true.
pub(super) fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

/// A value as Jinja writes it.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The value that a text is a literal of in Python, as manifests are read: `5`, `True`, `['a']`; else the text.
pub(super) fn literal(text: &str) -> Value {
    let trimmed = text.trim();
    match trimmed {
        "True" => return true.into(),
        "False" => return false.into(),
        "None" => return Value::Null,
        _ => {}
    }
    let digits = trimmed.trim_start_matches('-');
    let is_whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_whole && (digits == "0" || !digits.starts_with('0')) {
        return trimmed.parse::<i64>().map_or_else(|_| text.into(), Value::from);
    }
    if digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && digits.contains('.')
        && digits.len() > 1
    {
        return trimmed
            .parse::<f64>()
            .ok()
            .and_then(serde_json::Number::from_f64)
            .map_or_else(|| text.into(), Value::Number);
    }
    let is =
        |open: char, close: char| trimmed.starts_with(open) && trimmed.ends_with(close) && trimmed.len() >= 2;
    if is('[', ']')
        || is('{', '}')
        || (is('\'', '\'') && !trimmed[1..trimmed.len() - 1].contains('\''))
        || is('"', '"')
    {
        let json = if trimmed.contains('"') { trimmed.to_owned() } else { trimmed.replace('\'', "\"") };
        let json = json.replace("True", "true").replace("False", "false").replace("None", "null");
        return serde_json::from_str(&json).unwrap_or_else(|_| text.into());
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_that_are_literals_of_python_are_what_they_say() {
        for (text, value) in [
            ("5", json!(5)),
            ("-5", json!(-5)),
            ("05", json!("05")),
            ("1.50", json!(1.5)),
            ("True", json!(true)),
            ("true", json!("true")),
            ("['a', 'b']", json!(["a", "b"])),
            ("{'a': None}", json!({"a": null})),
            ("2024-01-01", json!("2024-01-01")),
            ("a", json!("a")),
            ("1.2.3", json!("1.2.3")),
        ] {
            assert_eq!(literal(text), value, "{text}");
        }
    }
}
