//! What is wrong with a source file: one [`Problem`] each, all of them in [`Problems`].
//!
//! Only text that may be shown gets in: a value under `auth` is replaced before it is stored.

use std::cell::RefCell;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::redact::{line, printable};

/// Everything that is wrong with one source file, in file order; never empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Problems(Vec<Problem>);

/// One mistake in a source file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file's name as it was given to [`super::parse`].
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The column, counted from 1.
    pub column: usize,
    /// Where in the file: `streams.contacts.pagination.next`; empty for the file as a whole.
    pub path: String,
    /// What is wrong.
    pub what: String,
    /// The value that is wrong, in quotes; `the value (not shown)` under `auth`.
    pub value: Option<String>,
    /// The known word nearest to the one given.
    pub did_you_mean: Option<String>,
    /// The form that is accepted.
    pub accepted: Option<String>,
    /// The keys that are known there, for an unknown key.
    pub known_keys: Vec<String>,
}

impl Problems {
    /// Returns the problems in file order.
    pub fn as_slice(&self) -> &[Problem] {
        &self.0
    }
}

impl std::error::Error for Problems {}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // One problem is one line, whatever the names of files, keys and values are made of.
        f.write_str(&printable(&self.told(), usize::MAX))
    }
}

impl Problem {
    fn told(&self) -> String {
        let mut told = format!("{}:{}: ", line(&self.file), self.line);
        if !self.path.is_empty() {
            told.extend([&line(&self.path), ": "]);
        }
        if let Some(value) = &self.value {
            told.extend([&line(value), " "]);
        }
        told.push_str(&self.what);
        let mut joint = ";";
        if let Some(word) = &self.did_you_mean {
            told.extend(["; did you mean \"", word, "\"?"]);
            joint = "";
        }
        if let Some(accepted) = &self.accepted {
            told.extend([joint, " write ", accepted]);
            joint = ";";
        }
        if !self.known_keys.is_empty() {
            told.extend([joint, " known keys: ", &self.known_keys.join(", ")]);
        }
        told
    }
}

/// A place in the file, kept beside every value so that later checks can name it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct At {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) path: String,
    /// Values here are never echoed.
    pub(super) hidden: bool,
}

/// The text of a problem, before it has a place.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    pub(super) what: String,
    pub(super) value: Option<String>,
    pub(super) did_you_mean: Option<String>,
    pub(super) accepted: Option<String>,
    pub(super) known_keys: Vec<String>,
}

impl Draft {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), ..Self::default() }
    }

    pub(super) fn refused(accepted: impl Into<String>) -> Self {
        Self { accepted: Some(accepted.into()), ..Self::new("is not accepted") }
    }

    pub(super) fn value(mut self, value: impl fmt::Display) -> Self {
        self.value = Some(format!("\"{value}\""));
        self
    }

    pub(super) fn accepted(mut self, accepted: impl Into<String>) -> Self {
        self.accepted = Some(accepted.into());
        self
    }

    pub(super) fn near<'a>(mut self, word: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        self.did_you_mean = nearest(word, known).map(str::to_owned);
        self
    }
}

/// What is said of a required key that is not there.
pub(super) const MISSING: &str = "this key is missing";

/// Collects the problems of one file while it is read and checked.
#[derive(Debug)]
pub(super) struct Report {
    file: String,
    problems: RefCell<Vec<Problem>>,
}

impl Report {
    pub(super) fn new(file: &str) -> Self {
        Self { file: file.to_owned(), problems: RefCell::default() }
    }

    pub(super) fn add(&self, at: &At, draft: Draft) {
        let value = if at.hidden {
            draft.value.map(|_| "the value (not shown)".to_owned())
        } else {
            draft.value.as_deref().map(shorten)
        };
        let problem = Problem {
            file: self.file.clone(),
            line: at.line,
            column: at.column,
            path: one_line(&at.path),
            what: draft.what,
            value,
            did_you_mean: draft.did_you_mean,
            accepted: draft.accepted,
            known_keys: draft.known_keys,
        };
        let mut problems = self.problems.borrow_mut();
        // A source's setting is checked again for every stream that uses it, and a value is refused once by each of
        // its readers.
        let is_told = |told: &Problem| {
            told == &problem
                || problem.value.is_some()
                    && (told.line, told.column, &told.path, &told.what, &told.value)
                        == (problem.line, problem.column, &problem.path, &problem.what, &problem.value)
        };
        if !problems.iter().any(is_told) {
            problems.push(problem);
        }
    }

    pub(super) fn say(&self, at: &At, what: impl Into<String>) {
        self.add(at, Draft::new(what));
    }

    /// Takes back that a key is missing, because it turned out to be misspelt.
    pub(super) fn withdraw_missing(&self, path: &str) {
        self.problems.borrow_mut().retain(|problem| problem.what != MISSING || problem.path != path);
    }

    pub(super) fn is_clean(&self) -> bool {
        self.problems.borrow().is_empty()
    }

    pub(super) fn into_problems(self) -> Problems {
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|problem| (problem.line, problem.column));
        Problems(problems)
    }
}

/// The known word nearest to `word`, if one is near enough to be what was meant.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let written = word;
    let word = word.to_lowercase();
    let allowed = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word, &candidate.to_lowercase()), candidate))
        // What was written is not what was meant, whatever is wrong with it there.
        .filter(|(distance, candidate)| *distance <= allowed && *candidate != written)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// One line of bounded length, whatever the value holds.
fn shorten(value: &str) -> String {
    const SHOWN: usize = 80;
    let mut line: String = value.chars().take(SHOWN).collect();
    line = one_line(&line);
    if value.chars().count() > SHOWN {
        line.push_str("…\"");
    }
    line
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
