//! The words of the grammar whose work has not come yet: refused by name, never ignored.

use super::problem::Draft;

const LATER: [(&str, &[&str]); 5] = [
    ("SourceSpec", &["base_url_from"]),
    ("StreamSpec", &["partitions", "parent", "base_url_from"]),
    ("AuthSpec", &["oauth2_refresh_token", "jwt_bearer", "login", "base_url_from", "refresh_token"]),
    ("Then", &["skip"]),
    ("template", &["partition", "parent"]),
];

/// Returns the problem if `word` belongs to the grammar of `owner` but is not supported yet.
pub(super) fn refusal(owner: &str, word: &str) -> Option<Draft> {
    LATER
        .iter()
        .any(|(name, words)| *name == owner && words.contains(&word))
        .then(|| Draft::new("is not supported yet").value(word))
}
