//! Tests of a response as conditions of source files.

use serde_json::Value;

use super::pieces::link_target;
use super::places::response_place;
use super::term::{Root, Step, Term, Test};
use crate::yaml::{Map, one};

/// Whether a test says that the cursor, or what holds it, is not there.
pub(super) fn is_absence(test: &Test, cursor: &Term) -> bool {
    let holds = |term: &Term| {
        term == cursor
            || is_raw_link(term, cursor)
            || matches!((term, cursor), (Term::At(one, outer), Term::At(other, inner)) if one == other && !outer.is_empty() && inner.starts_with(outer))
    };
    match test {
        Test::Not(inner) => match &**inner {
            Test::Truthy(term) | Test::Exists(term) | Test::Compare("!=", term, Term::Known(Value::Null)) => {
                holds(term)
            }
            _ => false,
        },
        Test::Compare("==", term, Term::Known(value)) => holds(term) && !super::term::truthy(value),
        Test::Or(tests) => tests.iter().all(|test| is_absence(test, cursor)),
        _ => false,
    }
}

/// Whether a test of the raw `Link` header is one of the link that leads on: that it is there, or has `rel="next"`.
fn is_raw_link(term: &Term, cursor: &Term) -> bool {
    let name = |path: &[Step], at: usize| path.get(at).map(Step::to_string).unwrap_or_default();
    match (term, cursor) {
        (Term::At(Root::Headers, tested), Term::At(Root::Headers, link)) => {
            *cursor == link_target()
                && name(tested, 0) == "Link"
                && (tested.len() == 1 || name(tested, 1).contains("next") && link.len() > tested.len())
        }
        _ => false,
    }
}

/// A test as conditions of which one holds; `None` where no condition says it.
pub(super) fn conditions(test: &Test) -> Option<Vec<Map>> {
    let at = |term: &Term| response_place(term, &[]).map(|place| Map::new().with("at", place));
    match test {
        Test::Truthy(term @ Term::At(Root::Response | Root::Headers, _)) => {
            Some(vec![at(term)?.with("equals", true)])
        }
        Test::Exists(term) => Some(vec![at(term)?.with("exists", true)]),
        Test::Not(inner) => match &**inner {
            Test::Truthy(term @ Term::At(Root::Response | Root::Headers, _)) => Some(vec![
                at(term)?.with("equals", false),
                at(term)?.with("exists", false),
                at(term)?.with("equals", Value::Null),
            ]),
            Test::Exists(term) => Some(vec![at(term)?.with("exists", false)]),
            Test::Compare("==", term, value) => conditions(&Test::Compare("!=", term.clone(), value.clone())),
            Test::Compare("!=", term, value) => conditions(&Test::Compare("==", term.clone(), value.clone())),
            _ => None,
        },
        Test::Compare("==", term, Term::Known(Value::Null)) => {
            Some(vec![at(term)?.with("equals", Value::Null), at(term)?.with("exists", false)])
        }
        Test::Compare("==", term, Term::Known(value)) => Some(vec![at(term)?.with("equals", value.clone())]),
        Test::Compare("!=", term, Term::Known(Value::Bool(flag))) => {
            Some(vec![at(term)?.with("equals", !flag), at(term)?.with("exists", false)])
        }
        Test::Compare(">", term, Term::Known(Value::Number(number))) => {
            Some(vec![at(term)?.with("over", Value::Number(number.clone()))])
        }
        Test::Or(tests) => {
            let all: Option<Vec<_>> = tests.iter().map(conditions).collect();
            all.map(|all| all.into_iter().flatten().collect())
        }
        _ => None,
    }
}

/// A rule of `responses` for each way in which a test holds.
pub(super) fn rules(test: &Test) -> Option<Vec<Vec<Map>>> {
    match test {
        Test::And(tests) => {
            let each: Option<Vec<_>> = tests.iter().map(conditions).collect();
            // Each with each.
            each.map(|each| {
                each.into_iter().fold(vec![Vec::new()], |rules: Vec<Vec<Map>>, ways| {
                    rules
                        .iter()
                        .flat_map(|rule| {
                            ways.iter().map(move |way| rule.iter().cloned().chain([way.clone()]).collect())
                        })
                        .collect()
                })
            })
        }
        Test::Or(tests) => {
            let all: Option<Vec<_>> = tests.iter().map(rules).collect();
            all.map(|all| all.into_iter().flatten().collect())
        }
        test => conditions(test).map(|ways| ways.into_iter().map(|way| vec![way]).collect()),
    }
}

/// `{ at: { status: true }, equals: n }`.
pub(super) fn status(code: u64) -> Map {
    Map::new().with("at", one("status", true)).with("equals", code)
}
