//! The source files of an import: one a host.

use bronzegate_core::config::is_name;

use super::import::{Options, problems};
use super::refused::Refused;
use super::stream::Converted;
use crate::report::{Fate, Report, SourceFile};
use crate::tree::read;
use crate::yaml::{Map, Yaml};

/// The files so far.
pub(super) struct Files {
    name: String,
    /// The setting `auth` in place of the manifest's.
    auth: Option<Map>,
    hosts: Vec<Host>,
}

struct Host {
    name: String,
    base_url: String,
    streams: Vec<Placed>,
}

#[derive(Clone)]
struct Placed {
    name: String,
    auth: Option<Map>,
    map: Map,
    notes: Vec<String>,
}

impl Files {
    pub(super) fn new(options: &Options) -> Result<Self, String> {
        let auth = match &options.auth {
            Some(text) => {
                let node = read(text).map_err(|error| format!("the file of --auth: {error}"))?;
                match Yaml::from(node.to_value()) {
                    Yaml::Map(map) => Some(
                        map.get("auth")
                            .and_then(
                                |inner| if let Yaml::Map(inner) = inner { Some(inner.clone()) } else { None },
                            )
                            .unwrap_or(map),
                    ),
                    _ => return Err("the file of --auth holds no map".to_owned()),
                }
            }
            None => None,
        };
        Ok(Self { name: options.name.clone(), auth, hosts: Vec::new() })
    }

    /// Whether the grammar takes a stream with its parents.
    pub(super) fn check(&self, chain: &[(String, Converted)], line: usize) -> Result<(), Refused> {
        let (_, first) = &chain[0];
        if chain.iter().any(|(_, converted)| converted.base_url != first.base_url) {
            let what = "the parent is on another host".to_owned();
            return Err(Refused { capability: "parent on another host", what, line });
        }
        let host =
            Host { name: self.name.clone(), base_url: first.base_url.clone(), streams: self.placed(chain) };
        problems(&self.name, &host.file().to_text(), line)
    }

    /// The streams of a chain, each with its parent by name.
    fn placed(&self, chain: &[(String, Converted)]) -> Vec<Placed> {
        let placed = chain.iter().enumerate().map(|(at, (name, converted))| {
            let mut map = converted.stream.clone();
            if let (Some(parent), Some((above, _))) = (&converted.parent, chain.get(at + 1)) {
                let fields: Vec<_> = parent.fields.iter().map(|field| Yaml::from(field.as_str())).collect();
                let mut setting = Map::new().with("stream", above.as_str()).with("fields", fields);
                if !parent.passing.is_empty() {
                    setting.set("where", parent.passing.clone());
                }
                if parent.by_change {
                    setting.set("changed", true).set("full_every", "7d");
                }
                map.set("parent", setting);
            }
            let auth = self.auth.clone().or_else(|| converted.auth.clone());
            let notes = converted
                .rewritten
                .iter()
                .chain(&converted.notes)
                .chain(&converted.left_out)
                .cloned()
                .collect();
            Placed { name: name.clone(), auth, map, notes }
        });
        placed.collect()
    }

    /// Puts a stream and its parents into the file of their host, and names the stream's place.
    pub(super) fn add(&mut self, chain: &[(String, Converted)], notes: &mut Vec<String>) -> String {
        let base_url = chain[0].1.base_url.clone();
        let placed = self.placed(chain);
        let count = self.hosts.len();
        let at = self.hosts.iter().position(|host| host.base_url == base_url).unwrap_or_else(|| {
            let name = if count == 0 { self.name.clone() } else { format!("{}-{}", self.name, count + 1) };
            self.hosts.push(Host { name, base_url, streams: Vec::new() });
            count
        });
        let host = &mut self.hosts[at];
        // From the top: a parent's name in this file is known before its child's setting is written.
        let mut parent_name: Option<String> = None;
        let mut place = String::new();
        for (depth, mut stream) in placed.into_iter().enumerate().rev() {
            if let (Some(name), Some(Yaml::Map(parent))) = (&parent_name, stream.map.get_mut("parent")) {
                parent.set("stream", name.as_str());
            }
            let same = host.streams.iter().find(|known| {
                known.map == stream.map
                    && known.auth == stream.auth
                    && (known.name == stream.name || depth > 0)
            });
            let name = if let Some(known) = same {
                known.name.clone()
            } else {
                let mut name = stream.name.clone();
                let mut number = 2;
                while host.streams.iter().any(|known| known.name == name) {
                    name = format!("{}_{number}", stream.name);
                    number += 1;
                }
                if depth > 0 {
                    notes.push(format!("the parent `{name}` is a stream of the file: give it no schedule if its records are not wanted"));
                }
                stream.name.clone_from(&name);
                host.streams.push(stream);
                name
            };
            place = format!("{}/{name}", host.name);
            parent_name = Some(name);
        }
        place
    }

    /// The texts, with what was refused as comments.
    pub(super) fn finish(self, report: &Report) -> Result<Vec<SourceFile>, String> {
        let refused: Vec<_> = report.streams.iter().filter(|stream| stream.fate == Fate::Refused).collect();
        let mut sources = Vec::new();
        for (at, host) in self.hosts.iter().enumerate() {
            let mut file = host.file();
            if at == 0 && !refused.is_empty() {
                file.end("");
                file.end("Not converted:");
                for stream in &refused {
                    let why = stream.refused.as_ref().map(|refusal| {
                        format!("{} (line {}: {})", refusal.capability, refusal.line, refusal.what)
                    });
                    file.end(format!("  {}: {}", stream.name, why.unwrap_or_default()));
                }
            }
            let head = "# yaml-language-server: $schema=./source.schema.json\n#\n# Made by `bronzegate import airbyte`. Comments say what was rewritten.\n";
            let text = format!("{head}{}", file.to_text());
            problems(&host.name, &text, 0).map_err(|refused| format!("{}: {}", host.name, refused.what))?;
            sources.push(SourceFile { name: host.name.clone(), text });
        }
        Ok(sources)
    }
}

impl Host {
    fn file(&self) -> Map {
        let mut file = Map::new().with("source", self.name.as_str()).with("base_url", self.base_url.as_str());
        if self.base_url.starts_with("http://")
            && !self.base_url.contains("127.0.0.1")
            && !self.base_url.contains("localhost")
        {
            file.set("allow_http", true);
        }
        let common = self.streams.first().and_then(|stream| stream.auth.clone());
        if let Some(auth) = &common {
            file.set("auth", auth.clone());
        }
        let mut streams = Map::new();
        for stream in &self.streams {
            let mut map = stream.map.clone();
            if stream.auth != common {
                map.set("auth", stream.auth.clone().unwrap_or_else(|| Map::new().with("type", "none")));
            }
            streams.set(stream.name.as_str(), map);
            for note in &stream.notes {
                streams.above(note);
            }
        }
        file.set("streams", streams);
        file
    }
}

/// A name of Airbyte as a source file's.
pub(crate) fn stream_name(name: &str) -> String {
    let name: String = name
        .chars()
        .map(|letter| match letter.to_ascii_lowercase() {
            letter if letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-' => letter,
            _ => '_',
        })
        .collect();
    let name = name.trim_matches('_').to_owned();
    if is_name(&name) { name } else { format!("stream_{}", name.trim_matches(['-', '_'])) }
}
