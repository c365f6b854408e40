//! The words of the grammar whose work has not come yet: refused by name, never ignored.

use super::problem::Draft;

const LATER: [(&str, &[&str]); 2] = [
    ("StreamSpec", &["job"]),
    ("Format", &["csv", "zip"]),
];

/// Returns the problem if `word` belongs to the grammar of `owner` but is not supported yet.
pub(super) fn refusal(owner: &str, word: &str) -> Option<Draft> {
    LATER
        .iter()
        .any(|(name, words)| *name == owner && words.contains(&word))
        .then(|| Draft::new("is not supported yet").value(word))
}
