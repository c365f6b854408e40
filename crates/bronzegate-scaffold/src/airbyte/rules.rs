//! Error handlers, as rules of `responses`.

use super::conditions::{rules, status};
use super::part::Part;
use super::refused::Result;
use super::term::Term;
use crate::tree::Node;
use crate::yaml::{Map, Yaml};

/// Statuses that are tried again without a rule.
const RETRIED: [u64; 7] = [408, 425, 429, 500, 502, 503, 504];

/// The setting `responses`; what cannot be said lets the run fail where Airbyte would go on.
pub(super) fn responses(part: &mut Part<'_>, node: Option<&Node>, has_branches: bool) -> Result<Vec<Yaml>> {
    let mut found = Vec::new();
    let Some(node) = node else { return Ok(found) };
    match node.kind() {
        "CompositeErrorHandler" => {
            for handler in node.get("error_handlers").map(Node::items).unwrap_or_default() {
                found.extend(responses(part, Some(handler), has_branches)?);
            }
        }
        "DefaultErrorHandler" => {
            for filter in node.get("response_filters").map(Node::items).unwrap_or_default() {
                found.extend(filtered(part, filter, has_branches));
            }
            if node.get("backoff_strategies").is_some_and(|strategies| !strategies.items().is_empty()) {
                part.note("how long it waits between attempts is bronzegate's own: what the API asks for, else longer each time");
            }
        }
        kind => part.note(format!(
            "the error handler is code of the connector ({kind}): errors that it would skip fail the run"
        )),
    }
    Ok(found)
}

fn filtered(part: &mut Part<'_>, filter: &Node, has_branches: bool) -> Vec<Yaml> {
    let action = filter.text_at("action").unwrap_or_else(|| "FAIL".to_owned());
    let mut ways: Vec<Vec<Map>> = Vec::new();
    for code in filter.get("http_codes").map(Node::items).unwrap_or_default() {
        let code = match part.scope(filter).value(code) {
            Term::Known(value) => value.as_u64(),
            _ => None,
        };
        let is_default = code.is_some_and(|code| RETRIED.contains(&code));
        if let Some(code) =
            code.filter(|_| !(is_default && matches!(action.as_str(), "RETRY" | "RATE_LIMITED")))
        {
            ways.push(vec![status(code)]);
        }
    }
    if let Some(predicate) = filter.get("predicate") {
        match part.scope(filter).value(predicate) {
            Term::Known(_) => {}
            Term::Unknown(why) => part.note(format!(
                "line {}: a rule for errors is left out ({why}): the run fails where it would hold",
                predicate.line
            )),
            term => match term.as_test().err().and_then(|test| rules(&test)) {
                Some(found) => ways.extend(found),
                None => part.note(format!(
                    "line {}: a rule for errors is left out: the run fails where it would hold",
                    predicate.line
                )),
            },
        }
    }
    if let Some(text) = filter.get("error_message_contains")
        && action != "FAIL"
    {
        part.note(format!(
            "line {}: a rule by a part of the error's text is left out: the run fails where it would hold",
            text.line
        ));
    }
    ways.into_iter().filter_map(|way| rule(part, way, &action, has_branches, filter)).collect()
}

fn rule(part: &mut Part<'_>, mut way: Vec<Map>, action: &str, has_branches: bool, at: &Node) -> Option<Yaml> {
    let mut rule = Map::new().with("when", way.remove(0));
    if !way.is_empty() {
        rule.set("and", way.into_iter().map(Yaml::Map).collect::<Vec<_>>());
    }
    match action {
        "RETRY" | "RATE_LIMITED" => {
            rule.set("then", "retry");
        }
        "FAIL" => {
            rule.set("then", "fail");
        }
        "IGNORE" if has_branches => {
            rule.set("then", "skip");
        }
        "IGNORE" => {
            rule.set("then", "end").set("if_first", true);
        }
        "REFRESH_TOKEN_THEN_RETRY" => {
            rule.set("then", "refresh_auth");
        }
        "SUCCESS" => {
            part.note(format!("line {}: a rule that takes an error for a success is left out: the run fails where it would hold", at.line));
            return None;
        }
        other => {
            part.note(format!("line {}: the action `{other}` is left out", at.line));
            return None;
        }
    }
    Some(Yaml::Map(rule))
}
