//! Templates: text with `{{ }}` around `vars.<name>`, `cursor`, `page`, `offset`, `window.from`, `window.to`,
//! `partition.<name>`, `parent.<field>` or `job.id`.
//!
//! Of the template language only expressions are accepted, with the functions of `template_filters`: no statements, no
//! comments.
//! In `path` a value is percent-encoded as one segment. Secrets are no values: what stands for one is a part of the
//! template's text (`template_secrets`).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{Environment, UndefinedBehavior};
use schemars::JsonSchema;
use serde::Deserialize;

use super::cursor_format::CursorFormat;
use super::named::Named;
use super::problem::{At, Draft, Report};
use super::secret_ref::SecretRef;
use super::template_filters::{Times, add_functions};
use super::template_json;
use super::template_secrets;
use crate::local_time::Zone;

/// Text with `{{ }}`, checked: it renders whenever its scope has the stream's own vars.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    text: String,
    escaping: Escaping,
    names: BTreeSet<String>,
    secrets: Vec<SecretRef>,
}

/// The values a template may use for one request.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The source's `vars`.
    pub vars: &'a BTreeMap<String, String>,
    /// The names of those that are texts whatever they look like.
    pub text_vars: &'a [String],
    /// The cursor of the page asked for; the empty text before there is one.
    pub cursor: Option<&'a str>,
    /// The cursor's text is JSON as it stands: a number, a list or an object.
    pub is_cursor_bare: bool,
    /// The number of the page asked for.
    pub page: Option<u64>,
    /// The offset of the page asked for.
    pub offset: Option<u64>,
    /// The beginning of the window asked for.
    pub window_from: Option<&'a str>,
    /// Its end.
    pub window_to: Option<&'a str>,
    /// The time that the run is for.
    pub run_time: Option<&'a str>,
    /// The values of the branch's partition by name.
    pub partition: &'a [(String, String)],
    /// The names of those that are texts whatever they look like.
    pub text_partitions: &'a [String],
    /// The values of the branch's parent by field: `id`, `owner.login`.
    pub parent: &'a [(String, String)],
    /// The same as JSON.
    pub parent_json: &'a [(String, String)],
    /// The id of the export job, once it is submitted.
    pub job_id: Option<&'a str>,
    /// What its poll has said of it, by name.
    pub job_values: &'a [(String, String)],
    /// How requests write times, for the functions that read them.
    pub clock: Option<RequestClock<'a>>,
}

/// How requests write times.
#[derive(Clone, Copy, Debug)]
pub struct RequestClock<'a> {
    /// The format.
    pub format: &'a CursorFormat,
    /// What clocks show times that carry no offset; UTC without it.
    pub zone: Option<&'a Zone>,
}

/// A template that gave no usable text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("template {text:?}: {reason}")]
pub struct TemplateError {
    text: String,
    reason: String,
}

/// Where the template stands, which decides how values are written into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escaping {
    Path,
    Text,
}

/// A template's text, not checked yet; numbers and booleans are kept as written.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(from = "String")]
#[schemars(inline, with = "Plain")]
pub(super) struct TemplateText(pub(super) String);

/// Text, or a number or boolean that is taken as it is written.
#[derive(JsonSchema)]
#[schemars(inline, extend("type" = ["string", "number", "boolean"]))]
struct Plain;

/// The most bytes of a template; what is longer is read by a parser that is as deep as the text is long.
const LONGEST: usize = 4 << 10;

impl From<String> for TemplateText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl Template {
    /// A path that adds nothing to the `base_url`.
    pub(super) fn root() -> Self {
        Self { text: "/".to_owned(), escaping: Escaping::Path, names: BTreeSet::new(), secrets: Vec::new() }
    }

    /// A secret: what is rendered stands for it until the request is sent.
    pub(super) fn of_secret(secret: SecretRef) -> Self {
        let text = secret.placeholder();
        Self { text, escaping: Escaping::Text, names: BTreeSet::new(), secrets: vec![secret] }
    }

    /// The secrets in it.
    pub fn secrets(&self) -> &[SecretRef] {
        &self.secrets
    }

    /// Returns the template as it stands in the file, with what stands for secrets.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns whether it is one value as JSON, which has a type of its own in a JSON body.
    pub(super) fn is_json(&self) -> bool {
        template_json::is_one_value(&self.text)
    }

    /// Returns whether it is the same text for every request.
    pub fn is_literal(&self) -> bool {
        self.names.is_empty() && !self.text.contains("{{")
    }

    /// Returns the names it uses: `cursor`, `vars.portal`.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// Fills in the values of one request.
    ///
    /// # Errors
    /// A var that is not in the scope; in a path, a value that is empty or makes a `.` or `..` segment.
    pub fn render(&self, scope: &Scope<'_>) -> Result<String, TemplateError> {
        if self.is_literal() {
            return Ok(self.text.clone());
        }
        self.rendered(scope, Times::of(scope))
    }

    fn rendered(&self, scope: &Scope<'_>, times: Times) -> Result<String, TemplateError> {
        let fail = |reason: String| TemplateError { text: self.text.clone(), reason };
        let environment = environment(self.escaping, times);
        let text = environment
            .render_str(&template_json::with_types(&self.text), values(scope))
            .map_err(|error| fail(reason(&error)))?;
        if self.escaping == Escaping::Path && has_dot_segment(&text) {
            return Err(fail("a value makes a . or .. segment of the path".to_owned()));
        }
        Ok(text)
    }

    /// Checks a template of the file; `None` when the report says what is wrong.
    pub(super) fn check(
        text: &TemplateText,
        escaping: Escaping,
        named: &Named,
        at: &At,
        report: &Report,
    ) -> Option<Self> {
        let TemplateText(text) = text;
        if text.len() > LONGEST && text.contains("{{") {
            let draft = Draft::new(format!("has {} bytes, a template has at most {LONGEST}", text.len()));
            report.add(at, draft);
            return None;
        }
        if text.contains("{%") || text.contains("{#") {
            let draft = Draft::refused("{{ }} only; {% %} and {# #} are not part of the grammar");
            report.add(at, draft.value(text));
            return None;
        }
        let (text, secrets) = template_secrets::placed(text, named);
        let names = if text.contains("{{") { names(&text, at, report)? } else { BTreeSet::new() };
        let mut known = true;
        for name in &names {
            if let Some(draft) = named.unknown(name) {
                report.add(at, draft);
                known = false;
            }
        }
        let template = Self { text, escaping, names, secrets };
        let (partition, parent) = (template.samples("partition."), template.samples("parent."));
        let job = template.samples("job.");
        let parent_json: Vec<_> = parent.iter().map(|(name, _)| (name.clone(), "\"v\"".to_owned())).collect();
        let scope = Scope {
            vars: &named.vars,
            text_vars: &[],
            cursor: Some("c"),
            is_cursor_bare: false,
            page: Some(1),
            offset: Some(1),
            window_from: Some("f"),
            window_to: Some("t"),
            run_time: Some("2026-01-01T00:00:00Z"),
            partition: &partition,
            text_partitions: &[],
            parent: &parent,
            parent_json: &parent_json,
            job_id: Some("j"),
            job_values: &job,
            clock: None,
        };
        if known
            && !template.is_literal()
            && let Err(error) = template.rendered(&scope, Times::Tried)
        {
            report.add(at, Draft::new(format!("the template fails: {}", error.reason)).value(&template.text));
            return None;
        }
        known.then_some(template)
    }

    /// A value for each name below a root, to try the template with.
    fn samples(&self, root: &str) -> Vec<(String, String)> {
        let names = self.names.iter().filter_map(|name| name.strip_prefix(root));
        names.map(|name| (name.to_owned(), "v".to_owned())).collect()
    }
}

fn names(text: &str, at: &At, report: &Report) -> Option<BTreeSet<String>> {
    match environment(Escaping::Text, Times::Tried).template_from_str(text) {
        Ok(template) => Some(template.undeclared_variables(true).into_iter().collect()),
        Err(error) => {
            report.add(at, Draft::new(format!("not a template: {}", reason(&error))).value(text));
            None
        }
    }
}

fn environment(escaping: Escaping, times: Times) -> Environment<'static> {
    let mut environment = Environment::empty();
    add_functions(&mut environment, times);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder().keep_trailing_newline(true).build();
    environment.set_syntax(syntax.expect("the delimiters are the default ones"));
    environment.set_formatter(move |out, _, value| {
        let text = value.to_string();
        match escaping {
            Escaping::Text => out.write_str(&text)?,
            Escaping::Path if text.is_empty() => {
                return Err(invalid("an empty value in a path"));
            }
            Escaping::Path => out.write_str(&segment(&text))?,
        }
        Ok(())
    });
    environment
}

pub(super) fn invalid(reason: impl Into<Cow<'static, str>>) -> minijinja::Error {
    minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, reason)
}

fn values(scope: &Scope<'_>) -> Value {
    let number = |value: Option<u64>| value.map_or_else(|| Value::from(""), Value::from);
    let vars = scope.vars.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    let job = scope.job_values.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    let window = [("from", scope.window_from), ("to", scope.window_to)];
    let window = window.into_iter().filter_map(|(name, text)| Some((name, text?)));
    Value::from_pairs([
        ("vars", Value::from_pairs(vars)),
        ("cursor", Value::from(scope.cursor.unwrap_or_default())),
        ("page", number(scope.page)),
        ("offset", number(scope.offset)),
        ("window", Value::from_pairs(window)),
        ("run", Value::from_pairs(scope.run_time.map(|time| ("time", time)))),
        ("partition", tree(scope.partition.iter().map(|(name, text)| (name.as_str(), text.as_str())))),
        ("parent", tree(scope.parent.iter().map(|(name, text)| (name.as_str(), text.as_str())))),
        ("job", Value::from_pairs(job.chain(scope.job_id.map(|id| ("id", id))))),
        (template_json::ROOT, template_json::values(scope)),
    ])
}

/// Values by dotted name, as members of members.
pub(super) fn tree<'a>(values: impl Iterator<Item = (&'a str, &'a str)>) -> Value {
    let mut members: Vec<(&str, Vec<(&str, &str)>)> = Vec::new();
    let mut plain = Vec::new();
    for (name, text) in values {
        match name.split_once('.') {
            None => plain.push((name, Value::from(text))),
            Some((outer, inner)) => match members.iter_mut().find(|(known, _)| *known == outer) {
                Some((_, values)) => values.push((inner, text)),
                None => members.push((outer, vec![(inner, text)])),
            },
        }
    }
    let nested = members.into_iter().map(|(name, values)| (name, tree(values.into_iter())));
    Value::from_pairs(plain.into_iter().chain(nested))
}

fn reason(error: &minijinja::Error) -> String {
    error.detail().map_or_else(|| error.kind().to_string(), str::to_owned)
}

/// Percent-encodes everything but the unreserved characters of RFC 3986, section 2.3.
fn segment(text: &str) -> String {
    let encode = |byte: u8| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    text.bytes().map(encode).collect()
}

/// Whether the URL parser would take a segment of the path for "this" or "the one above".
pub(super) fn has_dot_segment(path: &str) -> bool {
    path.split('/').any(|segment| {
        let plain = segment.to_ascii_lowercase().replace("%2e", ".");
        plain == "." || plain == ".."
    })
}
