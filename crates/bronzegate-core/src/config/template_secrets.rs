//! Secrets within a template: `{{ secrets.<name> }}`. What stands for one is put in when the file is read, and the secret
//! itself when the request is sent.

use super::named::Named;
use super::secret_ref::SecretRef;

/// The root of their names.
const ROOT: &str = "secrets.";

/// The text with what stands for a secret in place of each that is named alone between its braces, and these secrets,
/// each once. What else names one is left, for the check of names.
pub(super) fn placed(text: &str, named: &Named) -> (String, Vec<SecretRef>) {
    let (mut out, mut secrets) = (String::new(), Vec::new());
    let mut rest = text;
    while let Some((before, (inner, after))) = expression(rest) {
        out.push_str(before);
        match name(inner).and_then(|name| named.secrets.get(name)) {
            Some(secret) => {
                out.push_str(&secret.placeholder());
                if !secrets.contains(secret) {
                    secrets.push(secret.clone());
                }
            }
            None => out.extend(["{{", inner, "}}"]),
        }
        rest = after;
    }
    out.push_str(rest);
    (out, secrets)
}

/// Whether a text names a secret.
pub(super) fn names_one(text: &str) -> bool {
    std::iter::successors(expression(text), |(_, (_, rest))| expression(rest))
        .any(|(_, (inner, _))| name(inner).is_some())
}

/// The first expression of a text, between what stands before and after it.
fn expression(text: &str) -> Option<(&str, (&str, &str))> {
    let (before, behind) = text.split_once("{{")?;
    Some((before, behind.split_once("}}")?))
}

/// The name of the secret that an expression is.
fn name(inner: &str) -> Option<&str> {
    inner.trim().strip_prefix(ROOT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_stands_alone_is_placed_and_nothing_else() {
        let secret = |name: &str| SecretRef { secret: name.to_owned(), field: None };
        let secrets = [("bot".to_owned(), secret("telegram")), ("key".to_owned(), secret("k"))].into();
        let named = Named { secrets, ..Named::default() };
        let (bot, key) = (secret("telegram").placeholder(), secret("k").placeholder());
        for (text, expected, found) in [
            ("/bot{{ secrets.bot }}/{{ page }}", format!("/bot{bot}/{{{{ page }}}}"), 1),
            ("{{secrets.key}}:{{ secrets.bot }}:{{ secrets.key }}", format!("{key}:{bot}:{key}"), 2),
            ("{{ secrets.bot | base64 }} {{ secrets.other }}", String::new(), 0),
            ("{{ vars.a }} secrets.bot {{ secrets.bot", String::new(), 0),
        ] {
            let expected = if found == 0 { text.to_owned() } else { expected };
            let (placed, secrets) = placed(text, &named);
            assert_eq!((placed, secrets.len()), (expected, found), "{text}");
        }
        assert!(names_one("a {{ page }} {{ secrets.bot }}") && !names_one("secrets.bot {{ page }} {{"));
    }
}
