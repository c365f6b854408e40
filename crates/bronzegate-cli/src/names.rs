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

impl FromStr for Selection {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (source, stream) = match text.split_once('/') {
            Some((source, stream)) => (source, Some(stream)),
            None => (text, None),
        };
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
        for text in ["", "/", "crm/", "/contacts", "crm/contacts/x", "../crm", "Crm", "crm.yaml"] {
            let error = text.parse::<Selection>().unwrap_err();
            assert!(error.ends_with(&format!("` is not a name: {NAME_FORM}")), "{text}: {error}");
        }
    }

    #[test]
    fn where_one_stream_is_needed_it_is_asked_for() {
        assert_eq!("crm/contacts".parse::<StreamName>().unwrap().to_string(), "crm/contacts");
        assert_eq!("crm".parse::<StreamName>(), Err("name a stream too: crm/<stream>".to_owned()));
    }
}
