//! A source: one file, one API. Joins the settings of all files beside this one.

use std::collections::BTreeMap;
use std::path::Path;

use schemars::JsonSchema;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use url::Url;

use super::allowed_hosts::{self, AllowedHost, AllowedHostSpec};
use super::base_url::{self, Query};
use super::layers::SharedSpec;
use super::name::{self, Name};
use super::named::Named;
use super::parent_check;
use super::problem::{At, Draft, Problems, Report};
use super::rate_limit::RateLimit;
use super::read::{self, Entries, Joined, Slot, TypedText};
use super::secret_ref::{SecretRef, SecretSpec};
use super::stream::{FromSource, Stream, StreamEntry};
use super::table_output;
use crate::error::{Error, ErrorKind};

/// A source file, checked, with defaults filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// The name: the file's, and the first folder of bronze.
    pub name: String,
    /// What every stream's path is appended to.
    pub base_url: Url,
    /// Plain http is accepted for hosts that are not loopback.
    pub allow_http: bool,
    /// Private addresses may be called.
    pub allow_private: bool,
    /// Other hosts that may be called.
    pub allowed_hosts: Vec<AllowedHost>,
    /// Plain values for templates.
    pub vars: BTreeMap<String, String>,
    /// The names of those that are texts whatever they look like: in quotes.
    pub text_vars: Vec<String>,
    /// The pace that streams without their own share.
    pub rate_limit: RateLimit,
    /// The streams in file order, at least one.
    pub streams: Vec<Stream>,
    /// The first 16 hex digits of the SHA-256 of the file's text.
    pub fingerprint: String,
}

/// A source's own keys, and those its streams may have too.
pub(super) type SourceEntry = Joined<SourceSpec, SharedSpec>;

/// A source of bronzegate: one API, its streams and how to fetch them.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Source")]
pub(super) struct SourceSpec {
    /// The source's name; equals the file's name.
    source: Slot<Name>,
    /// The URL of the API: https, or http for loopback only, unless `allow_http: true`; a stream's path is appended.
    #[schemars(extend("pattern" = "^https?://"))]
    base_url: Slot<String>,
    /// Accept plain http for hosts that are not loopback; default false.
    allow_http: Option<Slot<bool>>,
    /// Accept hosts with private addresses; default false.
    allow_private: Option<Slot<bool>>,
    /// Other hosts that may be called with this source's credentials, or without.
    allowed_hosts: Option<Slot<Vec<Slot<AllowedHostSpec>>>>,
    /// Plain values for templates: `{{ vars.portal }}`.
    vars: Option<Slot<Entries<TypedText>>>,
    /// Secrets for templates: `{{ secrets.bot }}`, a part of a path, header, parameter or body.
    secrets: Option<Slot<Entries<SecretSpec>>>,
    /// The streams by name.
    streams: Slot<Entries<StreamEntry>>,
}

/// Reads and checks a source file; `file` is its name for messages, and its stem the source's.
///
/// # Errors
/// Everything that is wrong with the file, in file order.
pub fn parse(file: &str, text: &str) -> Result<Source, Problems> {
    let report = Report::new(file);
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let source = read::document(text, &report).and_then(|node| {
        read::refuse_unfilled(&node, &report);
        let spec: SourceEntry = read::read(&node, &report)?;
        resolve(file, text, &spec, &report)
    });
    match source {
        Some(source) if report.is_clean() => return Ok(source),
        None if report.is_clean() => report.say(&At::default(), "the file cannot be read"),
        _ => {}
    }
    Err(report.into_problems())
}

/// Reads a file's bytes like [`parse`]; text that is not UTF-8 is a problem with its place.
///
/// # Errors
/// Everything that is wrong with the file, in file order.
pub fn parse_bytes(file: &str, bytes: &[u8]) -> Result<Source, Problems> {
    std::str::from_utf8(bytes).map_or_else(
        |error| {
            let before = &bytes[..error.valid_up_to()];
            let lines: Vec<_> = before.split(|byte| *byte == b'\n').collect();
            let last = lines.last().copied().unwrap_or_default();
            let (line, column) = (lines.len(), 1 + String::from_utf8_lossy(last).chars().count());
            let report = Report::new(file);
            report.say(&At { line, column, ..At::default() }, "not UTF-8 text");
            Err(report.into_problems())
        },
        |text| parse(file, text),
    )
}

impl Source {
    /// Returns the secrets of all streams, each once, in order of name.
    pub fn secrets(&self) -> Vec<SecretRef> {
        let mut secrets: Vec<_> = self.streams.iter().flat_map(Stream::secrets).collect();
        secrets.sort();
        secrets.dedup();
        secrets
    }

    /// Returns the stream of this name, which somebody has asked for.
    ///
    /// # Errors
    /// [`ErrorKind::Config`], naming the streams there are.
    pub fn named(&self, name: &str) -> Result<&Stream, Error> {
        self.stream(name).ok_or_else(|| {
            let known: Vec<_> = self.streams.iter().map(|stream| stream.name.as_str()).collect();
            let cause = format!("{} has no stream `{name}`; it has: {}", self.name, known.join(", "));
            Error::new(ErrorKind::Config, cause)
        })
    }

    /// Returns the stream of this name.
    pub fn stream(&self, name: &str) -> Option<&Stream> {
        self.streams.iter().find(|stream| stream.name == name)
    }
}

fn resolve(file: &str, text: &str, spec: &SourceEntry, report: &Report) -> Option<Source> {
    let own = spec.0.get()?;
    let nothing = SharedSpec::default();
    let shared = spec.1.get().unwrap_or(&nothing);
    let flag = |slot: &Option<Slot<bool>>| slot.as_ref().and_then(Slot::cloned).unwrap_or(false);
    let allow_http = flag(&own.allow_http);
    check_stem(file, &own.source, report);
    let base_url = own
        .base_url
        .get()
        .and_then(|url| base_url::check(url, Query::Refused, allow_http, own.base_url.at(), report));
    let hosts = own.allowed_hosts.as_ref().and_then(Slot::get).map_or(&[][..], Vec::as_slice);
    let allowed_hosts = allowed_hosts::resolve(hosts, report);
    let (vars, secrets) = (own.vars.as_ref().and_then(Slot::get), own.secrets.as_ref().and_then(Slot::get));
    let named = Named::read(vars, secrets, report);
    let from_source = FromSource { shared, named: &named, allow_http, report };
    let rate_limit = from_source.shared();
    let streams = streams(&own.streams, &from_source);
    Some(Source {
        name: own.source.get()?.as_str().to_owned(),
        base_url: base_url?,
        allow_http,
        allow_private: flag(&own.allow_private),
        allowed_hosts,
        rate_limit,
        vars: named.vars,
        text_vars: named.text_vars,
        streams,
        fingerprint: fingerprint(text),
    })
}

fn check_stem(file: &str, source: &Slot<Name>, report: &Report) {
    let stem = Path::new(file).file_stem().and_then(|stem| stem.to_str());
    if let (Some(name), Some(stem)) = (source.get(), stem)
        && name.as_str() != stem
    {
        let draft = Draft::new("is not the file's name").value(name.as_str());
        report.add(source.at(), draft.accepted(format!("{stem}, or rename the file")));
    }
}

fn streams(slot: &Slot<Entries<StreamEntry>>, from_source: &FromSource<'_>) -> Vec<Stream> {
    let Some(entries) = slot.get() else {
        return Vec::new();
    };
    if entries.0.is_empty() {
        from_source.report.say(slot.at(), "a source needs at least one stream");
    }
    let mut streams = Vec::new();
    for (name, entry) in &entries.0 {
        if !name::is_name(name) {
            let draft = Draft::new("is not a stream's name").value(name).accepted(name::NAME_FORM);
            from_source.report.add(entry.at(), draft);
        }
        streams.extend(from_source.stream(name, entry));
    }
    let parents = entries.0.iter().filter_map(|(name, entry)| {
        let parent = entry.get()?.0.get()?.parent.as_ref()?.get()?;
        Some((name.as_str(), parent.at()))
    });
    let names: Vec<_> = entries.0.iter().map(|(name, _)| name.as_str()).collect();
    parent_check::parents(&streams, &names, &parents.collect::<Vec<_>>(), from_source.report);
    let places = entries.0.iter().map(|(name, entry)| {
        let own = entry.get().and_then(|entry| entry.1.get()?.output.as_ref());
        (name.as_str(), own.map_or(entry.at(), Slot::at))
    });
    table_output::shared(&streams, &places.collect::<Vec<_>>(), from_source.report);
    streams
}

fn fingerprint(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(8).fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}
