//! Operators and choices, as far as their sides are known.

use minijinja::machinery::ast::{BinOpKind, CompareOpKind, UnaryOpKind};
use serde_json::Value;

use super::jinja::{joined, negated};
use super::term::{Root, Step, Term, Test, shown, truthy};

pub(super) fn unary(operator: &UnaryOpKind, of: Term) -> Term {
    match (operator, of) {
        (UnaryOpKind::Not, of @ Term::Unknown(_)) => of,
        (UnaryOpKind::Not, of) => match of.as_test() {
            Ok(flag) => Term::Known((!flag).into()),
            Err(test) => Term::test(negated(*test)),
        },
        (UnaryOpKind::Neg, Term::Known(Value::Number(number))) => number
            .as_i64()
            .and_then(i64::checked_neg)
            .map_or_else(Term::null, |number| Term::Known(number.into())),
        (UnaryOpKind::Neg, _) => Term::unknown("a negative of what only a run knows"),
    }
}

pub(super) fn binary(operator: BinOpKind, left: Term, right: Term) -> Term {
    let compared = match operator {
        BinOpKind::Eq => Some(CompareOpKind::Eq),
        BinOpKind::Ne => Some(CompareOpKind::Ne),
        BinOpKind::Lt => Some(CompareOpKind::Lt),
        BinOpKind::Lte => Some(CompareOpKind::Lte),
        BinOpKind::Gt => Some(CompareOpKind::Gt),
        BinOpKind::Gte => Some(CompareOpKind::Gte),
        BinOpKind::In => Some(CompareOpKind::In),
        _ => None,
    };
    if let Some(operator) = compared {
        return compare(operator, left, right);
    }
    match operator {
        BinOpKind::ScAnd => and(left, right),
        BinOpKind::ScOr => or(left, right),
        BinOpKind::Concat => joined(vec![left, right]),
        BinOpKind::Add => add(left, right),
        BinOpKind::Sub => match (left, right) {
            (Term::Now(now), Term::Length(length)) => Term::Now(now.moved(length.negative())),
            (left, right) => numbers("-", &left, &right, i64::checked_sub),
        },
        BinOpKind::Mul => numbers("*", &left, &right, i64::checked_mul),
        BinOpKind::FloorDiv => numbers("//", &left, &right, i64::checked_div_euclid),
        BinOpKind::Rem => numbers("%", &left, &right, i64::checked_rem_euclid),
        _ => Term::unknown("arithmetic"),
    }
}

fn numbers(sign: &str, left: &Term, right: &Term, of: fn(i64, i64) -> Option<i64>) -> Term {
    match (left, right) {
        (Term::Known(Value::Number(left)), Term::Known(Value::Number(right))) => {
            let number = left.as_i64().zip(right.as_i64()).and_then(|(left, right)| of(left, right));
            number.map_or_else(
                || Term::unknown("arithmetic with fractions"),
                |number| Term::Known(number.into()),
            )
        }
        _ => left
            .reason()
            .or_else(|| right.reason())
            .map_or_else(|| Term::unknown(format!("arithmetic (`{sign}`) at run time")), Term::unknown),
    }
}

fn add(left: Term, right: Term) -> Term {
    match (left, right) {
        (Term::Known(Value::String(left)), Term::Known(Value::String(right))) => {
            Term::Known((left + &right).into())
        }
        (Term::Known(Value::Array(mut left)), Term::Known(Value::Array(right))) => {
            left.extend(right);
            Term::Known(Value::Array(left))
        }
        (Term::Now(now), Term::Length(length)) => Term::Now(now.moved(length)),
        (left @ Term::Known(Value::Number(_)), right @ Term::Known(Value::Number(_))) => {
            numbers("+", &left, &right, i64::checked_add)
        }
        // A text beside a place makes a text.
        (left @ (Term::Known(Value::String(_)) | Term::Text(_)), right)
        | (left, right @ Term::Known(Value::String(_))) => joined(vec![left, right]),
        (left, right) => Term::Sum(Box::new(left), Box::new(right)),
    }
}

fn and(left: Term, right: Term) -> Term {
    match (left, right) {
        (Term::Known(value), right) => {
            if truthy(&value) {
                right
            } else {
                Term::Known(value)
            }
        }
        (left @ Term::Unknown(_), _) => left,
        (_, right @ Term::Unknown(_)) => right,
        (left, right) => match (left.as_test(), right.as_test()) {
            (Err(left), Err(right)) => {
                let mut all = Vec::new();
                for test in [*left, *right] {
                    match test {
                        Test::And(tests) => all.extend(tests),
                        test => all.push(test),
                    }
                }
                Term::test(Test::And(all))
            }
            (Err(left), Ok(true)) => Term::Test(left),
            (_, Ok(false)) => Term::Known(false.into()),
            (Ok(_), _) => right,
        },
    }
}

fn or(left: Term, right: Term) -> Term {
    match (left, right) {
        (Term::Known(value), right) => {
            if truthy(&value) {
                Term::Known(value)
            } else {
                right
            }
        }
        (left @ Term::Unknown(_), _) => left,
        (left, right) if right.is_empty() => left,
        (_, right @ Term::Unknown(_)) => right,
        (left @ Term::Test(_), right) | (left, right @ Term::Test(_)) => {
            match (left.as_test(), right.as_test()) {
                (Err(left), Err(right)) => Term::test(Test::Or(vec![*left, *right])),
                (Err(left), Ok(false)) => Term::Test(left),
                (_, Ok(true)) => Term::Known(true.into()),
                (Ok(_), _) => right,
            }
        }
        (left, right) if is_of_slice(&left) => {
            Term::Choice(Box::new(Test::Truthy(left.clone())), Box::new(left), Box::new(right))
        }
        // The first page's number, where there is no token yet.
        (token @ Term::At(Root::Token, _), Term::Known(first)) if shown(&first).parse::<u64>().is_ok() => {
            token
        }
        (left, right) => first(left, right),
    }
}

/// A member of a record, or where it is not there a default: another member, a constant, or the time of the run.
pub(super) fn record_or(member: Term, default: &Term) -> Term {
    match default {
        default if default.is_empty() => member,
        default @ (Term::At(Root::Record, _) | Term::First(_) | Term::Known(_)) => {
            first(member, default.clone())
        }
        Term::Now(_) => member,
        _ => Term::unknown("a default for what only a run knows"),
    }
}

/// Places of records or responses, of which the first counts that has something.
fn first(left: Term, right: Term) -> Term {
    let is_place =
        |term: &Term| matches!(term, Term::At(Root::Record | Root::Response, path) if !path.is_empty());
    let mut all = match left {
        Term::First(all) => all,
        left => vec![left],
    };
    match right {
        Term::First(more) => all.extend(more),
        right => all.push(right),
    }
    // A constant ends what a record may have.
    let is_record = |term: &Term| matches!(term, Term::At(Root::Record, _));
    let is_last = |term: &Term| matches!(term, Term::Known(_));
    let is_choice = match all.split_last() {
        Some((last, before)) => {
            before.iter().all(is_place) && (is_place(last) || is_last(last) && before.iter().all(is_record))
        }
        None => false,
    };
    if is_choice { Term::First(all) } else { Term::unknown("a choice (`or`) at run time") }
}

/// A choice by what only a run knows, where both ways are the same thing.
pub(super) fn choose(test: &Test, chosen: Term, other: Term) -> Term {
    if chosen == other {
        return chosen;
    }
    // `x if a and b`: x if a, and that only if b.
    if let Test::And(tests) = test
        && other.is_empty()
    {
        return tests.iter().rev().fold(chosen, |chosen, test| choose(test, chosen, other.clone()));
    }
    if let Some(there) = says_token(test) {
        let (first, later) = if there { (other, chosen) } else { (chosen, other) };
        return if later.is_empty() {
            Term::FirstOnly(Box::new(first))
        } else {
            Term::unknown("a choice between the first page and later ones")
        };
    }
    let of = |test: &Test| match test {
        Test::Truthy(term)
        | Test::Exists(term)
        | Test::Compare("!=", term, Term::Known(Value::Null))
        | Test::Compare(">" | "!=", term, Term::Known(Value::Number(_))) => Some(term.clone()),
        _ => None,
    };
    // `x if x else ''`: x, or nothing.
    let (positive, negative) = match test {
        Test::Not(inner) => (of(inner), true),
        Test::Compare("==", term, Term::Known(Value::Null)) => (Some(term.clone()), true),
        test => (of(test), false),
    };
    let (value, nothing) = if negative { (other, chosen) } else { (chosen, other) };
    if let Some(tested) = &positive
        && nothing.is_empty()
        && rests_on(&value, tested)
    {
        return value;
    }
    match (&value, &nothing) {
        (Term::Unknown(why), _) | (_, Term::Unknown(why)) => Term::unknown(why.clone()),
        (Term::Known(Value::Bool(true)), Term::Known(Value::Bool(false))) if !negative => {
            Term::test(test.clone())
        }
        _ if !negative && is_of_partition(test) => {
            Term::Choice(Box::new(test.clone()), Box::new(value), Box::new(nothing))
        }
        _ => match positive.filter(|term| is_of_slice(term) && !is_of_number(test)) {
            Some(there) => Term::Choice(Box::new(Test::Truthy(there)), Box::new(value), Box::new(nothing)),
            None => Term::unknown("a choice (`if`) at run time"),
        },
    }
}

/// Whether a test compares with a number.
fn is_of_number(test: &Test) -> bool {
    matches!(test, Test::Compare(_, _, Term::Known(Value::Number(_))))
        || matches!(test, Test::Not(inner) if is_of_number(inner))
}
/// Whether this is a value of the slice: an end of the window, if there is one, or a partition's.
fn is_of_slice(term: &Term) -> bool {
    matches!(term, Term::At(Root::Interval | Root::Partition, path) if path.len() == 1)
}

/// Whether a test compares a value of the partition with a constant.
fn is_of_partition(test: &Test) -> bool {
    matches!(test, Test::Compare("==" | "!=", Term::At(Root::Partition, path), Term::Known(_)) if path.len() == 1)
}

/// Whether a test says that there is a token of a page, or that there is none.
fn says_token(test: &Test) -> Option<bool> {
    let is_token = |term: &Term| matches!(term, Term::At(Root::Token, _));
    match test {
        Test::Truthy(term) | Test::Exists(term) | Test::Compare("!=", term, Term::Known(Value::Null)) => {
            is_token(term).then_some(true)
        }
        Test::Compare("==", term, Term::Known(Value::Null)) => is_token(term).then_some(false),
        Test::Not(inner) => says_token(inner).map(|there| !there),
        _ => None,
    }
}

/// Whether a value is there only where another one is: it is the other one, stands in it, or is made of it.
fn rests_on(value: &Term, tested: &Term) -> bool {
    match (value, tested) {
        (value, tested) if value == tested => true,
        (Term::At(one, inner), Term::At(other, outer)) => one == other && inner.starts_with(outer),
        // `'after=' in address`
        (Term::Parameter(of, name), Term::At(root, path)) => {
            let is_named =
                |step: &Step| matches!(step, Step::Name(step) if step.trim_matches(['?', '&', '=']) == name);
            rests_on(of, tested)
                || matches!((&**of, path.split_last()), (Term::At(other, of), Some((last, path))) if root == other && of == path && is_named(last))
        }
        (Term::Quoted(of) | Term::FirstOnly(of) | Term::Written(of, _), tested) => rests_on(of, tested),
        (Term::Text(parts), tested) => parts.iter().any(|part| rests_on(part, tested)),
        _ => false,
    }
}

pub(super) fn compare(operator: CompareOpKind, left: Term, right: Term) -> Term {
    let sign = match operator {
        CompareOpKind::Eq => "==",
        CompareOpKind::Ne => "!=",
        CompareOpKind::Lt => "<",
        CompareOpKind::Lte => "<=",
        CompareOpKind::Gt => ">",
        CompareOpKind::Gte => ">=",
        CompareOpKind::In => "in",
        CompareOpKind::NotIn => "not in",
    };
    match (left, right) {
        (Term::Unknown(why), _) | (_, Term::Unknown(why)) => Term::Unknown(why),
        (Term::Known(left), Term::Known(right)) => Term::Known(known(sign, &left, &right).into()),
        // `'next' in response`: whether it is there.
        (Term::Known(Value::String(name)), Term::At(root, mut path)) if sign.ends_with("in") => {
            path.push(Step::Name(name));
            let test = Test::Exists(Term::At(root, path));
            Term::test(if sign == "in" { test } else { negated(test) })
        }
        (left, right) => Term::test(Test::Compare(sign, left, right)),
    }
}

fn known(sign: &str, left: &Value, right: &Value) -> bool {
    let contains = || match right {
        Value::Array(items) => items.contains(left),
        Value::String(text) => text.contains(&shown(left)),
        Value::Object(members) => members.contains_key(&shown(left)),
        _ => false,
    };
    let ordered = match (left.as_f64(), right.as_f64()) {
        (Some(left), Some(right)) => left.partial_cmp(&right),
        _ => left.as_str().zip(right.as_str()).map(|(left, right)| left.cmp(right)),
    };
    match sign {
        "==" => left == right,
        "!=" => left != right,
        "<" => ordered.is_some_and(std::cmp::Ordering::is_lt),
        "<=" => ordered.is_some_and(std::cmp::Ordering::is_le),
        ">" => ordered.is_some_and(std::cmp::Ordering::is_gt),
        ">=" => ordered.is_some_and(std::cmp::Ordering::is_ge),
        "in" => contains(),
        _ => !contains(),
    }
}

/// `x is none`, `x is defined`.
pub(super) fn tested(name: &str, of: Term) -> Term {
    match (name, of) {
        (_, of @ Term::Unknown(_)) => of,
        ("none" | "undefined", Term::Known(value)) => Term::Known(value.is_null().into()),
        ("defined", Term::Known(value)) => Term::Known((!value.is_null()).into()),
        ("string", Term::Known(value)) => Term::Known(value.is_string().into()),
        ("number" | "integer", Term::Known(value)) => Term::Known(value.is_number().into()),
        ("true" | "false", of) => compare(CompareOpKind::Eq, of, Term::Known((name == "true").into())),
        ("none", of) => Term::test(Test::Compare("==", of, Term::null())),
        ("defined", of) => Term::test(Test::Exists(of)),
        ("undefined", of) => Term::test(negated(Test::Exists(of))),
        (name, _) => Term::unknown(format!("the test `is {name}`")),
    }
}
