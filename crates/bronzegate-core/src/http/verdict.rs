//! What a response means: the source file's rules first, then the defaults.

use std::time::Duration;

use jiff::Timestamp;

use super::address::Facts;
use super::body::Framing;
use super::media_type::media_type;
use super::signals::{ResponseSignals, Signals, reset_in};
use crate::config::{ResponseRule, Then, Wait};
use crate::error::ErrorKind;
use crate::formats::{SplitError, SplitErrorKind};
use crate::redact::{SafeUrl, line};

/// How reading the body went.
#[derive(Debug)]
pub(crate) enum BodyState {
    /// It is whole and valid.
    Whole,
    /// It ended or broke before its framing did.
    Cut(String),
    /// It came whole, but what is packed in it cannot be unpacked.
    Damaged(String),
    /// It came whole but is not what it should be.
    Invalid(SplitError, Framing),
    /// It is not to be read: in a content coding that was not asked for, packed in a way that is not read, or
    /// without an end that can be told.
    Refused(String),
    /// It is not the body of a page (an error's, or none), and was read as far as it went; what may be
    /// shown of it.
    Unread(Option<String>),
}

/// What says that there are no more pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndedBy {
    /// The status 204.
    NoContent,
    /// A rule of the source file, which is taken at its word.
    Rule {
        /// It looks at nothing but the status, which a wrong path has too.
        by_status: bool,
    },
}

/// What to do about a response.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is a page.
    Accept,
    /// There are no more pages, and what says so.
    End(EndedBy),
    /// Leave out this partition or parent, and why.
    Skip(String),
    /// Begin the run again at its first page, and why.
    Restart(String),
    /// Renew the credential and ask again, once.
    RefreshAuth(String),
    /// Ask again; how long the server asks to wait, and what it is if it does not get better.
    Retry(ErrorKind, String, Option<Duration>),
    /// Give up.
    Fail(ErrorKind, String),
}

/// Judges a response. `is_known` says that the API has answered before: then a web page in place of data is
/// that of a gateway, which may pass; as its first answer it is what the address leads to.
pub(crate) fn judge(
    rules: &[ResponseRule],
    facts: &Facts,
    body: &BodyState,
    signals: &ResponseSignals,
    is_known: bool,
    now: Timestamp,
) -> Verdict {
    // A body that broke off cannot be compared with rules that look into it.
    if !matches!(body, BodyState::Cut(_) | BodyState::Damaged(_)) {
        let rule = rules.iter().find(|rule| rule.when.iter().all(|condition| facts.holds(condition)));
        if let Some(rule) = rule {
            return match by_rule(rule, facts, body, signals.0, is_known) {
                Verdict::Retry(kind, cause, demanded) => {
                    Verdict::Retry(kind, cause, stated_wait(rule.wait.as_ref(), facts, now).or(demanded))
                }
                verdict => verdict,
            };
        }
    }
    by_default(facts, body, signals.0, is_known)
}

fn by_rule(
    rule: &ResponseRule,
    facts: &Facts,
    body: &BodyState,
    signals: Signals,
    is_known: bool,
) -> Verdict {
    let message = rule.message.as_ref().and_then(|at| facts.look(at)).and_then(|found| found.text());
    let because = match message {
        Some(message) => format!("HTTP {}: {}", facts.status, line(&message)),
        None => format!("HTTP {}, by a rule of `responses`", facts.status),
    };
    match rule.then {
        Then::Retry => Verdict::Retry(ErrorKind::Api, because, signals.wait_after_error()),
        Then::Fail => Verdict::Fail(ErrorKind::Api, because),
        Then::End => Verdict::End(EndedBy::Rule { by_status: rule.is_by_status() }),
        Then::Skip => Verdict::Skip(because),
        Then::Restart => Verdict::Restart(because),
        Then::RefreshAuth => Verdict::RefreshAuth(because),
        // What the page says of errors is no matter; whether there is a page is.
        Then::Accept => by_default(facts, body, signals, is_known),
    }
}

/// How long the API asks to wait, where the source file says where.
pub(crate) fn stated_wait(wait: Option<&Wait>, facts: &Facts, now: Timestamp) -> Option<Duration> {
    let wait = wait?;
    reset_in(facts.look(&wait.at)?.text()?.trim(), wait.unit, now)
}

fn by_default(facts: &Facts, body: &BodyState, signals: Signals, is_known: bool) -> Verdict {
    let status = facts.status;
    let because = refusal(facts, body, "");
    match status {
        204 => Verdict::End(EndedBy::NoContent),
        200..300 => by_body(facts, body, is_known),
        401 => Verdict::RefreshAuth(because),
        403 if signals.is_rate_limit() => {
            let because = refusal(facts, body, " (rate limit)");
            Verdict::Retry(ErrorKind::Api, because, signals.wait_after_error())
        }
        403 => Verdict::Fail(ErrorKind::Auth, because),
        408 | 425 | 429 | 500 | 502 | 503 | 504 => {
            Verdict::Retry(ErrorKind::Api, because, signals.wait_after_error())
        }
        _ => Verdict::Fail(ErrorKind::Api, because),
    }
}

/// The status, who answered with it, and what may be shown of the reason.
fn refusal(facts: &Facts, body: &BodyState, note: &str) -> String {
    let (status, url) = (facts.status, SafeUrl(&facts.url));
    match body {
        BodyState::Unread(Some(excerpt)) => format!("HTTP {status}{note} from {url}: {excerpt}"),
        _ => format!("HTTP {status}{note} from {url}"),
    }
}

fn by_body(facts: &Facts, body: &BodyState, is_known: bool) -> Verdict {
    match body {
        BodyState::Whole | BodyState::Unread(_) => Verdict::Accept,
        BodyState::Refused(cause) => Verdict::Fail(ErrorKind::Data, cause.clone()),
        BodyState::Cut(cause) => Verdict::Retry(ErrorKind::Api, cause.clone(), None),
        BodyState::Damaged(cause) => Verdict::Retry(ErrorKind::Data, cause.clone(), None),
        // A gateway's HTML page, or a connection that closed where only its end told the length:
        // both may pass.
        BodyState::Invalid(error, framing) => {
            let closed = *framing == Framing::UntilClose
                && matches!(error.kind, SplitErrorKind::Truncated | SplitErrorKind::Empty);
            match other_content_type(facts) {
                Some(content_type) => {
                    let because = no_data(error, &content_type);
                    if is_known || closed {
                        Verdict::Retry(ErrorKind::Data, because, None)
                    } else {
                        Verdict::Fail(ErrorKind::Data, because)
                    }
                }
                None if closed => Verdict::Retry(ErrorKind::Data, error.to_string(), None),
                None => Verdict::Fail(ErrorKind::Data, error.to_string()),
            }
        }
    }
}

/// What is wrong with a body of another content type than data has.
fn no_data(error: &SplitError, content_type: &str) -> String {
    let content_type = line(content_type);
    if content_type.contains("html") {
        return format!(
            "the answer is a web page, not data (content type {content_type}): is the URL right, or is this a login page?"
        );
    }
    format!("{error} (content type {content_type})")
}

/// The content type, where it is named and is none that an API's data has.
fn other_content_type(facts: &Facts) -> Option<String> {
    let media_type = media_type(&facts.headers);
    let is_data = ["json", "csv", "zip", "zstd", "octet-stream"].iter().any(|data| media_type.contains(data));
    (!media_type.is_empty() && !is_data).then_some(media_type)
}
