//! The names of sources and streams as the command line takes them.

use std::fmt;
use std::str::FromStr;

use bronzegate_core::config::{NAME_FORM, is_name};

/// `<source>` or `<source>/<stream>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Selection {
    pub(crate) source: String,
    /// All streams of the source without it.
    pub(crate) stream: Option<String>,
}

/// `<source>/<stream>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StreamName {
    pub(crate) source: String,
    pub(crate) stream: String,
}

/// `<source>` or `<source>/<stream>`, where `*` in a name stands for any letters: `crm/*`, `shop-*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    source: String,
    stream: Option<String>,
}

impl Pattern {
    /// The source, where it is named and not described.
    pub(crate) fn exact_source(&self) -> Option<&str> {
        Some(self.source.as_str()).filter(|name| is_exact(name))
    }

    /// The stream, where it is named and not described.
    pub(crate) fn exact_stream(&self) -> Option<&str> {
        self.stream.as_deref().filter(|name| is_exact(name))
    }

    /// Whether one stream is named.
    pub(crate) fn is_one_stream(&self) -> bool {
        self.exact_source().is_some() && self.exact_stream().is_some()
    }

    /// Whether streams of this source are meant.
    pub(crate) fn takes_source(&self, name: &str) -> bool {
        is_like(&self.source, name)
    }

    /// Whether this stream is meant, of a source that is.
    pub(crate) fn takes_stream(&self, name: &str) -> bool {
        self.stream.as_deref().is_none_or(|pattern| is_like(pattern, name))
    }
}

fn is_exact(pattern: &str) -> bool {
    !pattern.contains('*')
}

/// Each piece between stars is found as early as it can be; the last one must end the name.
fn is_like(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut left) = name.strip_prefix(first) else { return false };
    let mut pieces: Vec<_> = rest.split('*').collect();
    let last = pieces.pop().unwrap_or_default();
    for piece in pieces {
        let Some(at) = left.find(piece) else { return false };
        left = &left[at + piece.len()..];
    }
    left.ends_with(last)
}

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // A star may stand for any letters, so whatever is left must be those of a name.
        if let Err(error) = text.replace('*', "x").parse::<Selection>() {
            return if is_exact(text) {
                Err(error)
            } else {
                Err(format!("`{text}` matches no name: {NAME_FORM}; `*` stands for any of them"))
            };
        }
        let (source, stream) = match text.split_once('/') {
            Some((source, stream)) => (source, Some(stream)),
            None => (text, None),
        };
        Ok(Self { source: source.to_owned(), stream: stream.map(str::to_owned) })
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)?;
        self.stream.iter().try_for_each(|stream| write!(f, "/{stream}"))
    }
}

impl FromStr for Selection {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (source, stream) = match text.split_once('/') {
            Some((source, stream)) => (source, Some(stream)),
            None => (text, None),
        };
        let file = [".yaml", ".yml"].iter().find_map(|ending| text.strip_suffix(ending));
        if let Some(name) = file.filter(|name| is_name(name)) {
            return Err(format!("write the source's name, without the ending of its file: {name}"));
        }
        if let Some(wrong) = std::iter::once(source).chain(stream).find(|name| !is_name(name)) {
            return Err(format!("`{wrong}` is not a name: {NAME_FORM}"));
        }
        Ok(Self { source: source.to_owned(), stream: stream.map(str::to_owned) })
    }
}

impl FromStr for StreamName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Selection { source, stream } = text.parse()?;
        let stream = stream.ok_or_else(|| format!("name a stream too: {source}/<stream>"))?;
        Ok(Self { source, stream })
    }
}

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.source, self.stream)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_is_a_source_and_perhaps_a_stream() {
        let of = |source: &str, stream: Option<&str>| {
            Ok(Selection { source: source.to_owned(), stream: stream.map(str::to_owned) })
        };
        assert_eq!("crm".parse(), of("crm", None));
        assert_eq!("crm/contacts".parse(), of("crm", Some("contacts")));
        for text in ["", "/", "crm/", "/contacts", "crm/contacts/x", "../crm", "Crm", "crm.yaml.gz"] {
            let error = text.parse::<Selection>().unwrap_err();
            assert!(error.ends_with(&format!("` is not a name: {NAME_FORM}")), "{text}: {error}");
        }
    }

    #[test]
    fn a_star_stands_for_any_letters_of_a_name() {
        let takes = |pattern: &str, source: &str, stream: &str| {
            let pattern: Pattern = pattern.parse().unwrap();
            pattern.takes_source(source) && pattern.takes_stream(stream)
        };
        for (pattern, source, stream, is_meant) in [
            ("crm", "crm", "deals", true),
            ("crm", "crm2", "deals", false),
            ("crm/deals", "crm", "deals", true),
            ("crm/deals", "crm", "deal", false),
            ("crm/*", "crm", "deals", true),
            ("crm/*", "erp", "deals", false),
            ("*", "erp", "deals", true),
            ("*/deals", "erp", "deals", true),
            ("*/deals", "erp", "contacts", false),
            ("c*/d*s", "crm", "deals", true),
            ("c*/d*s", "crm", "ds", true),
            ("c*/d*s", "crm", "d", false),
            ("*-a*b*", "x-aab", "t", true),
            ("*-a*b", "x-aba", "t", false),
            ("a*a", "a", "t", false),
        ] {
            assert_eq!(takes(pattern, source, stream), is_meant, "{pattern} {source}/{stream}");
        }
        let refused = |text: &str| text.parse::<Pattern>().unwrap_err();
        insta::assert_snapshot!(refused("Crm"), @"`Crm` is not a name: lower-case letters, digits, _ and -, starting with a letter or digit");
        insta::assert_snapshot!(refused("C*"), @"`C*` matches no name: lower-case letters, digits, _ and -, starting with a letter or digit; `*` stands for any of them");
        insta::assert_snapshot!(refused("*/a/b"), @"`*/a/b` matches no name: lower-case letters, digits, _ and -, starting with a letter or digit; `*` stands for any of them");
        assert!(refused("").contains("is not a name"));
    }

    #[test]
    fn where_one_stream_is_needed_it_is_asked_for() {
        assert_eq!("crm/contacts".parse::<StreamName>().unwrap().to_string(), "crm/contacts");
        assert_eq!("crm".parse::<StreamName>(), Err("name a stream too: crm/<stream>".to_owned()));
    }
}
