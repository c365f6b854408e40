//! Texts that a manifest takes apart: a parameter of a next address, and the target of a `Link` header.

use serde_json::Value;

use super::term::{Root, Step, Term, shown};

/// One of the pieces that a text is split into.
pub(super) fn piece(of: Term, by: &str, step: &Step) -> Term {
    match (of, by, step) {
        // `address.split('after=')[-1]`
        (of @ Term::At(Root::Response, _), by, Step::Index(-1 | 1)) if by.ends_with('=') => {
            Term::Parameter(Box::new(of), by.trim_matches(['?', '&', '=']).to_owned())
        }
        // `….split('&')[0]`
        (parameter @ Term::Parameter(..), "&", Step::Index(0)) => parameter,
        (Term::At(Root::Headers, path), ";", Step::Index(0)) if is_raw_link(&path) => Term::LinkTarget,
        _ => Term::unknown("a piece of a text at run time"),
    }
}

/// Whether this is the header `Link` as it came. Airbyte keeps what it has parsed as `link`.
fn is_raw_link(path: &[Step]) -> bool {
    matches!(path, [Step::Name(name)] if name == "Link")
}

/// A slice of a text or a list.
pub(super) fn sliced(of: Term, start: Option<Term>, stop: Option<Term>) -> Term {
    let bound = |bound: Option<Term>| match bound {
        None | Some(Term::Known(Value::Null)) => Some(None),
        Some(Term::Known(value)) => value.as_i64().map(Some),
        Some(_) => None,
    };
    let (Some(start), Some(stop)) = (bound(start), bound(stop)) else {
        return Term::unknown("a slice whose bounds only a run knows");
    };
    match of {
        // Out of its angle brackets.
        Term::LinkTarget if (start, stop) == (Some(1), Some(-1)) => link_target(),
        Term::Known(Value::Array(items)) => {
            let (from, to) = bounds(items.len(), start, stop);
            Term::Known(items.get(from..to).unwrap_or_default().to_vec().into())
        }
        Term::Known(value) => {
            let letters: Vec<char> = shown(&value).chars().collect();
            let (from, to) = bounds(letters.len(), start, stop);
            Term::Known(letters.get(from..to).unwrap_or_default().iter().collect::<String>().into())
        }
        other @ Term::Unknown(_) => other,
        window @ Term::At(Root::Interval | Root::Partition, _) => Term::Slice(Box::new(window), start, stop),
        _ => Term::unknown("a slice of a text or list"),
    }
}

/// The target of the `Link` header that leads on.
pub(super) fn link_target() -> Term {
    Term::At(Root::Headers, ["link", "next", "url"].map(|name| Step::Name(name.to_owned())).to_vec())
}

/// Python's bounds of a slice.
fn bounds(length: usize, start: Option<i64>, stop: Option<i64>) -> (usize, usize) {
    let placed = |at: i64| {
        let back = usize::try_from(at.unsigned_abs()).unwrap_or(usize::MAX);
        if at < 0 { length.saturating_sub(back) } else { back.min(length) }
    };
    let from = start.map_or(0, placed);
    (from, stop.map_or(length, placed).max(from))
}

/// The query parameter that an expression takes out of an address: `page=(\d+)`. What is no such expression is `None`.
pub(super) fn parameter_of(expression: &str) -> Option<String> {
    let (name, group) = expression.split_once("=(")?;
    let group = group.strip_suffix(')')?;
    if !matches!(group, r"\d+" | "[0-9]+" | "[^&]+" | "[^&]*" | r"\w+" | "[^&#]+" | "[0-9a-fA-F~]+") {
        return None;
    }
    let name = name.trim_start_matches(['?', '&']);
    let name = name.strip_prefix("[?&]").or_else(|| name.strip_prefix("[&?]")).unwrap_or(name);
    let name = name.replace(r"\$", "$").replace(r"\[", "[").replace(r"\]", "]").replace(r"\.", ".");
    let is_name = !name.is_empty() && !name.contains(['\\', '*', '+', '?', '(', ')', '|', '^', '&', '=']);
    is_name.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_for_one_query_parameter_is_told_from_others() {
        for (expression, name) in [
            (r"page=(\d+)", Some("page")),
            (r"\$skiptoken=([^&]+)", Some("$skiptoken")),
            ("[?&]next=([0-9a-fA-F~]+)", Some("next")),
            (r"page\[after\]=([^&]+)", Some("page[after]")),
            (r"page=(\d+)&", None),
            (r"(next|after)=(\d+)", None),
            ("page=([a-z]+)", None),
            ("page", None),
        ] {
            assert_eq!(parameter_of(expression).as_deref(), name, "{expression}");
        }
    }

    #[test]
    fn slices_have_pythons_bounds() {
        let text = || Term::Known("abcdef".into());
        let at = |at: i64| Some(Term::Known(at.into()));
        for (start, stop, result) in [
            (None, at(2), "ab"),
            (at(-2), None, "ef"),
            (at(1), at(-1), "bcde"),
            (at(4), at(2), ""),
            (at(9), None, ""),
            (at(-9), at(i64::MIN), ""),
        ] {
            assert_eq!(sliced(text(), start, stop), Term::Known(result.into()));
        }
    }
}
