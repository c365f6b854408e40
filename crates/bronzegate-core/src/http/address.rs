//! Looking up in a response what a source file's addresses name.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use url::Url;

use super::auth::Credential;
use super::found::Found;
use super::link::link;
use crate::config::{Address, Condition, Pointer};
use crate::cursor::member;
use crate::formats;

/// The body paths that a stream reads; the splitter keeps just these.
#[derive(Clone, Debug, Default)]
pub(crate) struct Paths {
    pointers: Arc<[Pointer]>,
    /// The same as the splitter takes them.
    tokens: Arc<[Vec<String>]>,
}

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
        let tokens = paths.iter().map(|pointer: &Pointer| pointer.tokens().to_vec()).collect();
        Self { pointers: paths.into(), tokens }
    }

    /// What stands at the paths of a record.
    pub(crate) fn in_record(&self, record: &[u8]) -> Vec<Option<Vec<u8>>> {
        let found = |pointer: &Pointer| member(record, pointer.tokens()).map(|json| json.as_bytes().to_vec());
        self.pointers.iter().map(found).collect()
    }

    /// The paths as the splitter takes them.
    pub(crate) fn tokens(&self) -> Arc<[Vec<String>]> {
        self.tokens.clone()
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
                let nth = self.paths.pointers.iter().position(|path| path == pointer)?;
                self.values.get(nth)?.clone().map(Found::Json)
            }
            Address::Header(name) => {
                let value = self.headers.get(name)?.as_bytes();
                Some(match std::str::from_utf8(value) {
                    Ok(text) => Found::Text(text.to_owned()),
                    Err(_) => Found::Unreadable(String::from_utf8_lossy(value).into_owned()),
                })
            }
            Address::Link(rel) => link(&self.headers, rel, &self.url),
            Address::LastRecord(pointer) => {
                let found = member(self.last_record.as_ref()?, pointer.tokens())?;
                Some(Found::Json(found.as_bytes().to_vec()))
            }
            Address::Status => Some(Found::Json(self.status.to_string().into_bytes())),
        }
    }

    /// The body paths at which something stands, with its JSON text.
    pub(crate) fn found(&self) -> impl Iterator<Item = (&Pointer, &[u8])> {
        let values = self.values.iter().map(Option::as_deref);
        self.paths.pointers.iter().zip(values).filter_map(|(pointer, value)| Some((pointer, value?)))
    }

    /// Whether a condition holds.
    pub(crate) fn holds(&self, condition: &Condition) -> bool {
        Found::passes(self.look(&condition.at).as_ref(), &condition.test)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_fields_of_the_last_record_verbatim() {
        let record = Bytes::from_static(br#"{"id":9007199254740993,"sort":[1,"a"],"n":{"x":1.50}}"#);
        let look = |path: &[&str]| {
            let path: Vec<String> = path.iter().map(|&step| step.to_owned()).collect();
            member(&record, &path).map(|json| Found::Json(json.as_bytes().to_vec()).text().unwrap())
        };
        assert_eq!(look(&["id"]).as_deref(), Some("9007199254740993"));
        assert_eq!(look(&["n", "x"]).as_deref(), Some("1.50"));
        assert_eq!(look(&["sort"]).as_deref(), Some(r#"[1,"a"]"#));
        assert_eq!(look(&["none"]), None);
    }
}
