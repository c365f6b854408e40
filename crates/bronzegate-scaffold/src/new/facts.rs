//! The values of a body that stand beside its records.

use serde_json::Value;

use crate::place::Path;

/// How deep they are looked for.
const DEEPEST: usize = 6;
/// How many are looked at.
const MOST: usize = 2_000;

/// A value and its address.
#[derive(Clone, Debug)]
pub(crate) struct Fact<'a> {
    pub(crate) path: Path,
    pub(crate) value: &'a Value,
}

/// The numbers, texts, flags and nulls of a body outside of its lists, the shallow first.
pub(crate) fn facts(body: &Value) -> Vec<Fact<'_>> {
    let mut found = Vec::new();
    look(body, &mut Path::new(), &mut found);
    found.sort_by_key(|fact| fact.path.len());
    found
}

fn look<'a>(value: &'a Value, path: &mut Path, found: &mut Vec<Fact<'a>>) {
    match value {
        Value::Object(members) if path.len() < DEEPEST => {
            for (name, value) in members {
                if found.len() >= MOST {
                    return;
                }
                path.push(name.clone());
                look(value, path, found);
                path.pop();
            }
        }
        Value::Object(_) | Value::Array(_) => {}
        scalar => found.push(Fact { path: path.clone(), value: scalar }),
    }
}
