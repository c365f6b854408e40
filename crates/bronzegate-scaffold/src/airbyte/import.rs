//! A manifest as a whole: its streams converted one by one, each compared with the grammar, and put into source files.

use bronzegate_core::config;
use jiff::Timestamp;
use serde_json::Value;

use super::cursor::ClientSide;
use super::files::{Files, stream_name};
use super::jinja::Scope;
use super::refused::Refused;
use super::resolve::{PARAMETERS, resolve};
use super::settings::Settings;
use super::stream::{Converted, Wanted, convert};
use super::term::Term;
use crate::report::{Assumed, Fate, Refusal, Report, SecretToCreate, StreamReport};
use crate::tree::{Node, read};

/// What an import is asked for.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The name of the source.
    pub name: String,
    /// The configuration, as the connector takes it.
    pub config: Option<Value>,
    /// Which alternative of the specification is meant: `credentials=oauth`.
    pub choose: Vec<(String, String)>,
    /// Places of the configuration that are no secrets although they stand in an authentication slot.
    pub plain: Vec<String>,
    /// The streams that are wanted; all without any.
    pub streams: Vec<String>,
    /// What becomes of streams whose old records the manifest leaves out on its own side.
    pub client_side: ClientSide,
    /// The setting `auth` in place of the manifest's, as YAML.
    pub auth: Option<String>,
}

/// Converts a manifest.
///
/// # Errors
/// Why it is no manifest, with its line.
pub fn import(text: &str, options: &Options, now: Timestamp) -> Result<Report, String> {
    let manifest = read(text).map_err(|error| format!("the manifest is not valid YAML: {error}"))?;
    if manifest.get("streams").is_none() && manifest.get("dynamic_streams").is_none() {
        return Err("this is no manifest of a low-code connector: it has no `streams`".to_owned());
    }
    let resolved = resolve(&manifest).map_err(|error| error.to_string())?;
    let settings =
        Settings::new(resolved.get("spec"), options.config.as_ref(), &options.choose, &options.plain);
    let mut import =
        Import { options, settings: &settings, now, files: Files::new(options)?, report: Report::default() };
    let mut nodes = Vec::new();
    for stream in resolved.get("streams").map(Node::items).unwrap_or_default() {
        import.listed(stream, &mut nodes);
    }
    for node in &nodes {
        import.stream(node);
    }
    for dynamic in resolved.get("dynamic_streams").map(Node::items).unwrap_or_default() {
        let name = dynamic.text_at("name").unwrap_or_else(|| "dynamic streams".to_owned());
        let refused = Refused {
            capability: "dynamic streams",
            what: "the list of streams comes from the API or the configuration".to_owned(),
            line: dynamic.line,
        };
        import.refused(name, refused);
    }
    let Import { files, mut report, .. } = import;
    report.sources = files.finish(&report)?;
    let used = settings.used();
    let stands = |name: &str| report.sources.iter().any(|source| source.text.contains(name));
    report.secrets = used
        .secrets
        .into_iter()
        .filter(|(name, _)| stands(name))
        .map(|(name, was)| SecretToCreate { name, was })
        .collect();
    report.to_fill_in = used.assumed.into_iter().map(|(place, value)| Assumed { place, value }).collect();
    Ok(report)
}

struct Import<'a> {
    options: &'a Options,
    settings: &'a Settings,
    now: Timestamp,
    files: Files,
    report: Report,
}

impl Import<'_> {
    /// The streams that a configuration has: some stand under a condition.
    fn listed(&mut self, stream: &Node, nodes: &mut Vec<Node>) {
        if stream.kind() != "ConditionalStreams" {
            nodes.push(stream.clone());
            return;
        }
        let scope = Scope {
            settings: self.settings,
            parameters: stream.get(PARAMETERS),
            secret_slot: false,
            stands_in: false,
        };
        let condition = stream.get("condition").map_or_else(Term::null, |condition| scope.value(condition));
        if condition.is_empty() {
            self.report.lints.push(format!(
                "line {}: streams whose condition does not hold for this configuration are left out",
                stream.line
            ));
            return;
        }
        for inner in stream.get("streams").map(Node::items).unwrap_or_default() {
            self.listed(inner, nodes);
        }
    }

    fn stream(&mut self, node: &Node) {
        let scope = Scope {
            settings: self.settings,
            parameters: node.get(PARAMETERS),
            secret_slot: false,
            stands_in: false,
        };
        let name = match node.get("name").map(|name| scope.raw(&name.text().unwrap_or_default())) {
            Some(Term::Known(name)) => super::term::shown(&name),
            _ => format!("line {}", node.line),
        };
        if !self.options.streams.is_empty() && !self.options.streams.contains(&name) {
            return;
        }
        match self.whole(&name, node) {
            Ok(report) => self.report.streams.push(report),
            Err(refused) => self.refused(name, refused),
        }
    }

    fn refused(&mut self, name: String, refused: Refused) {
        let Refused { capability, what, line } = refused;
        let refused = Some(Refusal { capability: capability.to_owned(), what, line });
        self.report.streams.push(StreamReport {
            name,
            stream: None,
            fate: Fate::Refused,
            rewritten: Vec::new(),
            left_out: Vec::new(),
            notes: Vec::new(),
            refused,
        });
    }

    /// A stream with its parents, as far as the grammar takes them.
    fn whole(&mut self, name: &str, node: &Node) -> Result<StreamReport, Refused> {
        let mut chain = Vec::new();
        self.chain(name, node, &mut chain)?;
        // Where a parent has no times of its own, the children of all are read, which is more.
        if self.files.check(&chain, node.line).is_err() {
            for (_, converted) in &mut chain {
                converted.read_all_parents();
            }
        }
        self.files.check(&chain, node.line)?;
        let (_, converted) = &chain[0];
        let (rewritten, left_out, mut notes) =
            (converted.rewritten.clone(), converted.left_out.clone(), converted.notes.clone());
        if converted.parent.as_ref().is_some_and(|parent| parent.by_change) {
            notes.push("the children of all parents are read every 7 days, because not every API touches a parent when its child changes: see full_every".to_owned());
        }
        let place = self.files.add(&chain, &mut notes);
        let fate = if rewritten.is_empty() { Fate::Exact } else { Fate::Rewritten };
        Ok(StreamReport {
            name: name.to_owned(),
            stream: Some(place),
            fate,
            rewritten,
            left_out,
            notes,
            refused: None,
        })
    }

    /// The stream first, then its parent, and so on.
    fn chain(&self, name: &str, node: &Node, chain: &mut Vec<(String, Converted)>) -> Result<(), Refused> {
        if chain.len() > 4 {
            return Err(Refused {
                capability: "deep parents",
                what: "parents of parents, more than four deep".to_owned(),
                line: node.line,
            });
        }
        let wanted = Wanted {
            settings: self.settings,
            source: &self.options.name,
            client_side: self.options.client_side,
            now: self.now,
            has_own_auth: self.options.auth.is_some(),
        };
        let converted = convert(&wanted, node)?;
        let parent = converted.parent.as_ref().map(|parent| parent.stream.clone());
        chain.push((stream_name(name), converted));
        match parent {
            Some(parent) => {
                let name = parent.text_at("name").unwrap_or_else(|| format!("{name}_parent"));
                let scope = Scope {
                    settings: self.settings,
                    parameters: parent.get(PARAMETERS),
                    secret_slot: false,
                    stands_in: false,
                };
                let name = match scope.raw(&name) {
                    Term::Known(name) => super::term::shown(&name),
                    _ => name,
                };
                self.chain(&name, &parent, chain)
            }
            None => Ok(()),
        }
    }
}

/// The problems of a source file as a refusal.
pub(super) fn problems(name: &str, text: &str, line: usize) -> Result<(), Refused> {
    match config::parse(&format!("{name}.yaml"), text) {
        Ok(_) => Ok(()),
        Err(problems) => {
            let first = problems.as_slice().first();
            let told = |problem: &config::Problem| {
                let value = problem.value.as_ref().map(|value| format!(" ({value})")).unwrap_or_default();
                format!("{}: {}{value}", problem.path, problem.what)
            };
            let what = first.map(told).unwrap_or_default();
            Err(Refused { capability: "grammar", what, line })
        }
    }
}
