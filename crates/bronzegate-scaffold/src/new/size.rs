//! The parameter that says how many records a page has.

use serde_json::Value;

use super::draft::Draft;
use crate::place::{Path, Target, normal};

/// What such parameters are called, without case and punctuation.
const NAMES: [&str; 19] = [
    "perpage",
    "pagesize",
    "size",
    "maxresults",
    "count",
    "first",
    "top",
    "take",
    "rows",
    "maxrecords",
    "itemsperpage",
    "resultsperpage",
    "num",
    "max",
    "maxpagesize",
    "pagelength",
    "recordsperpage",
    "batchsize",
    "retmax",
];

/// Whether a parameter of this name says a page size: `limit` may have a prefix (`page_limit`, `sysparm_limit`, `rclimit`).
fn is_size(name: &str) -> bool {
    let name = normal(name);
    name.ends_with("limit") || NAMES.contains(&name.as_str())
}

/// How many records a page is asked to have, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) target: Target,
    pub(crate) value: u64,
}

/// The page size that a request asks for.
pub(crate) fn size(draft: &Draft) -> Option<Size> {
    let query = draft.params.iter().find_map(|(name, value)| {
        let value = value.parse().ok().filter(|value| *value > 0)?;
        is_size(name).then(|| Size { target: Target::Query(name.clone()), value })
    });
    query.or_else(|| in_body(draft.body.as_ref()?, draft.is_form, &mut Path::new()))
}

fn in_body(value: &Value, is_form: bool, path: &mut Path) -> Option<Size> {
    let Value::Object(members) = value else { return None };
    for (name, value) in members {
        path.push(name.clone());
        let number = value.as_u64().or_else(|| value.as_str().filter(|_| is_form)?.parse().ok());
        let found = match number {
            Some(number) if number > 0 && is_size(name) => {
                Some(Size { target: Target::Body(path.clone()), value: number })
            }
            _ if path.len() < 3 => in_body(value, is_form, path),
            _ => None,
        };
        path.pop();
        if found.is_some() {
            return found;
        }
    }
    None
}
