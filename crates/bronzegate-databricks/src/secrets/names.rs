//! The names that scopes and their keys may have.

use bronzegate_core::secret::SecretError;

/// The most characters of either.
const LONGEST: usize = 128;

/// Refuses a name that no scope can hold, without asking Databricks: a source file can be checked offline.
///
/// # Errors
/// [`SecretError::NotAName`], with the rule.
pub fn check_key(name: &str) -> Result<(), SecretError> {
    if is_name(name, "-_.") {
        return Ok(());
    }
    let rule = "1 to 128 characters, each a letter A to Z, a digit, `-`, `_` or `.`";
    Err(SecretError::NotAName { name: name.to_owned(), vault: "a Databricks scope", rule })
}

/// Whether a text can be the name of a scope.
pub(crate) fn is_scope(name: &str) -> bool {
    is_name(name, "-_.@")
}

fn is_name(name: &str, more: &str) -> bool {
    (1..=LONGEST).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_characters_of_databricks_make_a_name() {
        for name in ["hubspot-token", "a.b_c", "A1", &"a".repeat(128)] {
            assert!(check_key(name).is_ok() && is_scope(name), "{name}");
        }
        for name in ["", "a/b", "a b", "schlüssel", "a&key=b", &"a".repeat(129)] {
            assert!(check_key(name).is_err() && !is_scope(name), "{name}");
        }
        assert!(is_scope("me@acme.com") && check_key("me@acme.com").is_err());
        assert_eq!(
            check_key("a/b").unwrap_err().to_string(),
            "`a/b` cannot be the name of a secret in a Databricks scope: \
             1 to 128 characters, each a letter A to Z, a digit, `-`, `_` or `.`"
        );
    }
}
