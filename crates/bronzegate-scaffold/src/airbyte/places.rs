//! Places of a response, in the words of source files.

use super::jinja::address;
use super::term::{Root, Step, Term};
use crate::yaml::Map;

/// `{ body: … }`, `{ header: … }` or `{ last_record: … }` of a term; `None` where it is no place of a response.
pub(super) fn response_place(term: &Term, records: &[String]) -> Option<Map> {
    let Term::At(root, path) = term else { return None };
    match root {
        Root::Response => {
            // `response.data[-1].id` is the last record's, where the records are `data`.
            let at = path.iter().position(|step| *step == Step::Index(-1));
            if let Some(at) = at {
                let before = address(&path[..at])?;
                let inner = address(&path[at + 1..])?;
                return (before == records && !inner.is_empty())
                    .then(|| Map::new().with("last_record", crate::place::written(&inner)));
            }
            let path = address(path)?;
            (!path.is_empty()).then(|| Map::new().with("body", crate::place::written(&path)))
        }
        Root::Headers => match path.as_slice() {
            [Step::Name(link), Step::Name(rel), Step::Name(url)]
                if link.eq_ignore_ascii_case("link") && url == "url" =>
            {
                Some(Map::new().with("link", rel.as_str()))
            }
            [Step::Name(name)] if !name.eq_ignore_ascii_case("link") => {
                Some(Map::new().with("header", name.as_str()))
            }
            _ => None,
        },
        Root::LastRecord => {
            let path = address(path)?;
            (!path.is_empty()).then(|| Map::new().with("last_record", crate::place::written(&path)))
        }
        _ => None,
    }
}
