//! `vars` and `secrets`: what the templates of a source can name.
//!
//! ```yaml
//! vars: { portal: "4711" }                      # {{ vars.portal }}
//! secrets: { bot: { secret: telegram-token } }  # {{ secrets.bot }}, a part of a path, header, parameter or body
//! ```

use std::collections::BTreeMap;

use super::problem::{Draft, Report};
use super::read::{Entries, Slot, TypedText};
use super::secret_ref::{SecretRef, SecretSpec};
use super::template_name::{NAME_FORM, is_name};

/// What the templates of a source can name, beside what each request has of its own.
#[derive(Debug, Default)]
pub(super) struct Named {
    /// Plain values.
    pub(super) vars: BTreeMap<String, String>,
    /// The names of those that are texts whatever they look like: in quotes.
    pub(super) text_vars: Vec<String>,
    /// Secrets.
    pub(super) secrets: BTreeMap<String, SecretRef>,
}

/// What each request has of its own.
const NAMES: [&str; 9] = [
    "cursor",
    "page",
    "offset",
    "window.from",
    "window.to",
    "run.time",
    "partition.<name>",
    "parent.<field>",
    "job.id",
];

impl Named {
    /// Reads the source's own.
    pub(super) fn read(
        vars: Option<&Entries<TypedText>>,
        secrets: Option<&Entries<SecretSpec>>,
        report: &Report,
    ) -> Self {
        let mut named = Self::default();
        for (name, slot) in vars.map_or(&[][..], |entries| &entries.0) {
            check_name(name, slot, report);
            if let Some(TypedText { text, is_quoted }) = slot.get() {
                if text.contains("{{") {
                    report.say(slot.at(), "a var is plain text; {{ }} is not filled in here");
                }
                named.vars.insert(name.clone(), text.clone());
                named.text_vars.extend(is_quoted.then(|| name.clone()));
            }
        }
        for (name, slot) in secrets.map_or(&[][..], |entries| &entries.0) {
            check_name(name, slot, report);
            if let Some(secret) = slot.get().and_then(SecretSpec::resolve) {
                named.secrets.insert(name.clone(), secret);
            }
        }
        named
    }

    /// The problem with a name that a template uses, if it is not one that templates know.
    pub(super) fn unknown(&self, name: &str) -> Option<Draft> {
        let (root, member) = name.split_once('.').map_or((name, None), |(root, member)| (root, Some(member)));
        let roots =
            ["cursor", "page", "offset", "vars", "secrets", "window", "run", "partition", "parent", "job"];
        match (root, member) {
            ("cursor" | "page" | "offset", None)
            | ("window", Some("from" | "to"))
            | ("run", Some("time"))
            // Whether the stream has such a partition, parent or job is checked where it is known.
            | ("partition" | "parent" | "job", Some(_)) => None,
            ("vars", Some(var)) if self.vars.contains_key(var) => None,
            ("vars", Some(var)) => Some(
                Draft::new("is not one of the source's vars")
                    .value(name)
                    .near(var, self.vars.keys().map(String::as_str))
                    .accepted(self.known()),
            ),
            ("secrets", Some(secret)) if self.secrets.contains_key(secret) => Some(
                Draft::new("is a secret, to which no function can be applied")
                    .value(name)
                    .accepted(format!("{{{{ secrets.{secret} }}}} alone between its braces")),
            ),
            ("secrets", Some(secret)) => Some(
                Draft::new("is not one of the source's secrets")
                    .value(name)
                    .near(secret, self.secrets.keys().map(String::as_str))
                    .accepted("a name under secrets, such as secrets: { bot: { secret: <name> } }"),
            ),
            ("secret" | "secrets" | "auth", _) => Some(
                Draft::new("is not known to templates")
                    .value(name)
                    .accepted("secrets.<name>, with secrets: { <name>: { secret: … } } at the source"),
            ),
            _ => Some(
                Draft::new("is not known to templates")
                    .value(name)
                    .near(root, roots)
                    .accepted(self.known()),
            ),
        }
    }

    fn known(&self) -> String {
        let vars = self.vars.keys().map(|name| format!("vars.{name}"));
        let secrets = self.secrets.keys().map(|name| format!("secrets.{name}"));
        let names: Vec<String> =
            NAMES.iter().map(|&name| name.to_owned()).chain(vars).chain(secrets).collect();
        format!("one of {}", names.join(", "))
    }
}

fn check_name<T>(name: &str, slot: &Slot<T>, report: &Report) {
    if !is_name(name) {
        let draft = Draft::new("is not a name that a template can use").value(name);
        report.add(slot.at(), draft.accepted(NAME_FORM));
    }
}
