//! What `check` found, as text and as JSON.

use std::fmt;

use bronzegate_core::config::{Problem, SecretRef};
use bronzegate_core::error::ErrorKind;
use bronzegate_core::explain::Explanation;
use bronzegate_core::probe::{Finding, Probe};
use bronzegate_core::redact::line;
use bronzegate_core::report::Failure;
use serde::Serialize;

use super::check_table::TableCheck;
use super::explain::Told;
use crate::human;

/// What was found of one source file.
#[derive(Debug, Serialize)]
pub(super) struct SourceCheck {
    pub(super) source: String,
    pub(super) file: String,
    /// What is wrong with the file; nothing else is looked at then.
    pub(super) problems: Vec<Problem>,
    pub(super) secrets: Vec<SecretCheck>,
    pub(super) streams: Vec<StreamCheck>,
}

/// Whether one secret is usable.
#[derive(Debug, Serialize)]
pub(super) struct SecretCheck {
    pub(super) secret: String,
    pub(super) field: Option<String>,
    /// Why it is not; it names the secret.
    pub(super) error: Option<String>,
}

/// What one request of a stream found.
#[derive(Debug, Serialize)]
pub(super) struct StreamCheck {
    pub(super) stream: String,
    /// What it asks for, how its pages end, and its first two requests.
    pub(super) explained: Explanation,
    #[serde(flatten)]
    pub(super) checked: Checked,
    /// What its table is, where it writes into one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) table: Option<TableCheck>,
    /// What its settings may lose.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) warnings: Vec<String>,
}

/// How a stream's request ended.
#[derive(Debug, Serialize)]
#[serde(tag = "outcome", content = "detail", rename_all = "snake_case")]
pub(super) enum Checked {
    /// None was sent: `--offline`, or a secret is missing.
    NotAsked,
    Found(Probe),
    Failed(Failure),
}

impl SourceCheck {
    pub(super) fn new(source: &str, file: String) -> Self {
        Self {
            source: source.to_owned(),
            file,
            problems: Vec::new(),
            secrets: Vec::new(),
            streams: Vec::new(),
        }
    }

    /// The exit code of the first thing that is wrong, else 0.
    pub(super) fn exit_code(&self) -> u8 {
        let config = (!self.problems.is_empty()).then_some(ErrorKind::Config);
        let auth = self.secrets.iter().any(|secret| secret.error.is_some()).then_some(ErrorKind::Auth);
        let request = self.streams.iter().find_map(|stream| match &stream.checked {
            Checked::Failed(failure) => Some(failure.kind),
            Checked::Found(_) | Checked::NotAsked => None,
        });
        let tables = self.streams.iter().filter_map(|stream| stream.table.as_ref());
        let table = tables.filter_map(|table| table.error.as_ref()).map(|failure| failure.kind).next();
        config.or(auth).or(request).or(table).map_or(0, ErrorKind::exit_code)
    }
}

impl SecretCheck {
    /// Whether it is this secret's.
    pub(super) fn is(&self, secret: &SecretRef) -> bool {
        (&self.secret, &self.field) == (&secret.secret, &secret.field)
    }
}

impl fmt::Display for SourceCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.problems.is_empty() {
            write!(f, "{}: {}", line(&self.file), human::counted(self.problems.len() as u64, "problem"))?;
            return self.problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"));
        }
        write!(f, "{}: {}", line(&self.file), human::counted(self.streams.len() as u64, "stream"))?;
        self.secrets.iter().try_for_each(|secret| write!(f, "\n  {secret}"))?;
        self.streams.iter().try_for_each(|stream| write!(f, "\n  {stream}"))
    }
}

impl fmt::Display for SecretCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.error, &self.field) {
            (Some(error), _) => write!(f, "error: {error}"),
            (None, None) => write!(f, "secret `{}`: usable", self.secret),
            (None, Some(field)) => write!(f, "secret `{}`, field `{field}`: usable", self.secret),
        }
    }
}

impl fmt::Display for StreamCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.stream;
        match &self.checked {
            Checked::NotAsked => {
                write!(f, "{name}: no request sent")?;
                self.explain(f)?;
            }
            Checked::Failed(failure) => {
                write!(f, "{name}: error: {}", failure.message)?;
                self.explain(f)?;
            }
            Checked::Found(probe) => {
                let Probe { url, status, records, last, .. } = probe;
                let more = if *last { "the last" } else { "more follow" };
                let records = human::counted(*records, "record");
                write!(f, "{name}: {status} from {url}")?;
                self.explain(f)?;
                write!(f, "\n    {records} on the first page, {more}")?;
                if probe.too_large {
                    write!(f, "\n    the window holds more than the API gives out: a run splits it")?;
                }
                probe.found.iter().try_for_each(|finding| write!(f, "\n    {}", Shown(finding)))?;
                probe.warnings.iter().try_for_each(|warning| write!(f, "\n    warning: {warning}"))?;
            }
        }
        if let Some(table) = &self.table {
            write!(f, "\n    {table}")?;
        }
        self.warnings.iter().try_for_each(|warning| write!(f, "\n    warning: {warning}"))
    }
}

impl StreamCheck {
    fn explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Told { explanation: &self.explained, indent: "    " })
    }
}

struct Shown<'a>(&'a Finding);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.value {
            Some(value) => write!(f, "{}: {value}", self.0.address),
            None => write!(f, "{}: nothing there", self.0.address),
        }
    }
}

#[cfg(test)]
mod tests {
    use bronzegate_core::explain::ShownRequest;

    use super::*;

    fn finding(address: &str, value: Option<&str>) -> Finding {
        Finding { address: address.to_owned(), value: value.map(str::to_owned) }
    }

    fn check() -> SourceCheck {
        let probe = Probe {
            stream: "crm/contacts".to_owned(),
            url: "https://api.example.com/contacts?limit=…".to_owned(),
            status: 200,
            records: 100,
            found: vec![finding("body /paging/next/after", Some("100")), finding("body /total", None)],
            last: false,
            branches: Some(1),
            total: None,
            expected: None,
            too_large: false,
            longest_record: 0,
            warnings: vec!["nothing at body /total".to_owned()],
        };
        let failure = Failure {
            kind: ErrorKind::Data,
            message: "crm/deals, page 1: not JSON".to_owned(),
            is_transient: false,
            is_quota: false,
        };
        let stream = |name: &str, checked| StreamCheck {
            stream: name.to_owned(),
            explained: Explanation {
                asks: "Asks GET /x.".to_owned(),
                ends: "Ends after one page.".to_owned(),
                requests: vec![ShownRequest {
                    method: "GET".to_owned(),
                    url: "https://api.example.com/x".to_owned(),
                    headers: [("x-key".to_owned(), "{secret: k}".to_owned())].into(),
                    body: None,
                }],
                unknown: None,
            },
            checked,
            table: None,
            warnings: Vec::new(),
        };
        SourceCheck {
            secrets: vec![SecretCheck { secret: "token".to_owned(), field: None, error: None }],
            streams: vec![
                stream("contacts", Checked::Found(probe)),
                stream("deals", Checked::Failed(failure)),
            ],
            ..SourceCheck::new("crm", "sources/crm.yaml".to_owned())
        }
    }

    #[test]
    fn tells_what_was_found_where() {
        insta::assert_snapshot!(check(), @"
        sources/crm.yaml: 2 streams
          secret `token`: usable
          contacts: 200 from https://api.example.com/contacts?limit=…
            Asks GET /x.
            Ends after one page.
            1. GET https://api.example.com/x
               x-key: {secret: k}
            100 records on the first page, more follow
            body /paging/next/after: 100
            body /total: nothing there
            warning: nothing at body /total
          deals: error: crm/deals, page 1: not JSON
            Asks GET /x.
            Ends after one page.
            1. GET https://api.example.com/x
               x-key: {secret: k}
        ");
    }

    #[test]
    fn the_same_as_json() {
        insta::assert_snapshot!(serde_json::to_string(&check().streams[1]).unwrap(),
            @r#"{"stream":"deals","explained":{"asks":"Asks GET /x.","ends":"Ends after one page.","requests":[{"method":"GET","url":"https://api.example.com/x","headers":{"x-key":"{secret: k}"}}]},"outcome":"failed","detail":{"kind":"data","message":"crm/deals, page 1: not JSON"}}"#);
    }

    #[test]
    fn the_first_thing_wrong_decides_the_code() {
        let mut check = check();
        assert_eq!(check.exit_code(), 6);
        check.secrets[0].error = Some("secret `token` is missing".to_owned());
        assert_eq!(check.exit_code(), 4);
        check.secrets.clear();
        check.streams.remove(1);
        assert_eq!(check.exit_code(), 0);
    }
}
