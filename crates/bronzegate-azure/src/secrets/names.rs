//! The names that Key Vault allows.

use bronzegate_core::secret::SecretError;

/// Refuses a name that Key Vault cannot hold, without asking it: a source file can be checked offline.
///
/// # Errors
/// [`SecretError::NotAName`], with the rule.
pub fn check_name(name: &str) -> Result<(), SecretError> {
    let allowed =
        (1..=127).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if allowed {
        return Ok(());
    }
    let rule = "1 to 127 characters, each a letter A to Z, a digit or `-`";
    Err(SecretError::NotAName { name: name.to_owned(), vault: "Azure Key Vault", rule })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_letters_digits_and_hyphens_make_a_name() {
        for name in ["hubspot-token", "A1", "-", &"a".repeat(127)] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["", "hubspot_token", "a/b", "a.b", "schlüssel", "a b", &"a".repeat(128)] {
            assert!(matches!(check_name(name), Err(SecretError::NotAName { .. })), "{name}");
        }
        assert_eq!(
            check_name("hubspot_token").unwrap_err().to_string(),
            "`hubspot_token` cannot be the name of a secret in Azure Key Vault: \
             1 to 127 characters, each a letter A to Z, a digit or `-`"
        );
    }
}
