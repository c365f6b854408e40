//! One stream: its parts put together.

use jiff::Timestamp;

use super::auth::{auth, key_in_body, together};
use super::branches::{Parent, branches};
use super::cursor::{ClientSide, Cursor, Record, begin};
use super::pages::{Pages, page_word, pages};
use super::part::Part;
use super::refused::{Result, refuse};
use super::requests::{Request, request};
use super::rules::responses;
use super::selector::{key, selected};
use super::settings::Settings;
use super::transformations::{Made, Transformations};
use crate::tree::Node;
use crate::yaml::{Map, Yaml};

/// A stream in the words of a source file.
#[derive(Debug)]
pub(super) struct Converted {
    /// Scheme and host.
    pub(super) base_url: String,
    pub(super) auth: Option<Map>,
    pub(super) stream: Map,
    /// `incremental` of a stream that has none because only parents that have changed are read.
    filter: Option<Map>,
    pub(super) parent: Option<Parent>,
    pub(super) rewritten: Vec<String>,
    pub(super) left_out: Vec<String>,
    pub(super) notes: Vec<String>,
}

/// What becomes of children of which the manifest leaves out old records on its own side.
const CHANGED_PARENTS: &str =
    "the children of parents that have changed are read whole, with their old records";

/// What becomes of a parent of which the manifest reads only what has changed.
const ALL_PARENTS: &str = "all parents are read each time, not only those that have changed";

impl Converted {
    /// Gives up that only parents which have changed have their children read.
    pub(super) fn read_all_parents(&mut self) {
        if self.parent.as_mut().is_some_and(|parent| std::mem::take(&mut parent.by_change)) {
            self.rewritten.retain(|how| how != CHANGED_PARENTS);
            self.rewritten.push(ALL_PARENTS.to_owned());
            if let Some(incremental) = self.filter.take() {
                self.stream.set("incremental", incremental);
            }
        }
    }
}

/// Settles whether the children of changed parents alone are read. `incremental` of the children stands back for that, and is
/// returned, where no request says its window.
fn by_change(part: &mut Part<'_>, parent: &mut Parent, has_cursor: bool, stream: &mut Map) -> Option<Map> {
    // Without a cursor of the children Airbyte keeps no state, and reads the children of all.
    parent.by_change &= has_cursor;
    if !parent.by_change {
        return None;
    }
    let asks = |incremental: &Map| incremental.get("from").is_some() || part.uses_window != (false, false);
    match stream.remove("incremental") {
        Some(Yaml::Map(incremental)) if !asks(&incremental) => {
            part.rewrite(CHANGED_PARENTS);
            Some(incremental)
        }
        Some(incremental) => {
            stream.set("incremental", incremental);
            parent.by_change = false;
            part.rewrite(ALL_PARENTS);
            None
        }
        None => None,
    }
}

/// What conversions share.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) settings: &'a Settings,
    /// The source's name.
    pub(super) source: &'a str,
    pub(super) client_side: ClientSide,
    pub(super) now: Timestamp,
    /// Another setting takes the place of the manifest's authentication.
    pub(super) has_own_auth: bool,
}

/// The retriever and the requester of a stream that can be read.
fn parts_of(node: &Node) -> Result<(&Node, &Node)> {
    match node.kind() {
        "DeclarativeStream" => {}
        kind => return refuse("custom component", format!("the stream is of kind {kind}"), node),
    }
    let Some(retriever) = node.get("retriever") else {
        return refuse("stream", "there is no retriever", node);
    };
    match retriever.kind() {
        "SimpleRetriever" => {}
        "AsyncRetriever" => {
            return refuse("export job", "the stream is an export job (AsyncRetriever)", retriever);
        }
        kind => {
            return refuse(
                "custom component",
                format!("the retriever is code of the connector ({kind})"),
                retriever,
            );
        }
    }
    match retriever.get("requester") {
        Some(requester) => Ok((retriever, requester)),
        None => refuse("stream", "there is no requester", retriever),
    }
}

/// Converts one stream.
pub(super) fn convert(wanted: &Wanted<'_>, node: &Node) -> Result<Converted> {
    let part = &mut Part::new(wanted.settings, wanted.source);
    let delegated = node.get("full_refresh_stream").filter(|_| node.kind() == "StateDelegatingStream");
    let node = delegated.unwrap_or(node);
    let (retriever, requester) = parts_of(node)?;
    let cursor = begin(part, node.get("incremental_sync"))?;
    let transformations = Transformations::read(part, node);
    let mut branches = branches(part, retriever.get("partition_router"))?;
    let paginator = retriever.get("paginator");
    part.page_word = page_word(paginator);
    let selected = selected(part, retriever)?;
    let mut request = request(part, requester, &branches)?;
    let pages = pages(part, paginator, &selected.path)?;
    let auth = authentication(part, wanted, requester, &mut request)?;
    only_first(part, retriever, &pages)?;
    let incremental = match &cursor {
        Some(_) if delegated.is_some() => every_time(part, node).map(|()| None)?,
        Some(cursor) => incremental(part, wanted, cursor, (node, &transformations))?,
        None => None,
    };
    request.complete(part, requester)?;
    if let Some((target, size)) = part.fixed_size.take() {
        request.put(&target, size, requester)?;
    }
    if let Some(parent) = &mut branches.parent {
        add_used_fields(part, parent);
    }
    let mut stream = request.stream;
    let pagination = pages.map.map(Yaml::Map);
    for (key, value) in
        [("records", selected.records), ("format", selected.format), ("pagination", pagination)]
    {
        if let Some(value) = value {
            stream.set(key, value);
        }
    }
    without_idle(part, &mut branches.partitions, &stream);
    if !branches.partitions.is_empty() {
        stream.set("partitions", branches.partitions.clone());
    }
    let has_branches = branches.parent.is_some() || !branches.partitions.is_empty();
    let mut rules = responses(part, requester.get("error_handler"), has_branches)?;
    rules.append(&mut part.last_rules);
    if !rules.is_empty() {
        stream.set("responses", rules);
    }
    if let Some(incremental) = incremental {
        stream.set("incremental", incremental);
    }
    let filter =
        branches.parent.as_mut().and_then(|parent| by_change(part, parent, cursor.is_some(), &mut stream));
    Ok(Converted {
        base_url: request.base_url,
        auth,
        stream,
        filter,
        parent: branches.parent,
        rewritten: std::mem::take(&mut part.rewritten),
        left_out: std::mem::take(&mut part.left_out),
        notes: std::mem::take(&mut part.notes),
    })
}

/// The setting `incremental` of a cursor.
fn incremental(
    part: &mut Part<'_>,
    wanted: &Wanted<'_>,
    cursor: &Cursor<'_>,
    (node, transformations): (&Node, &Transformations),
) -> Result<Option<Map>> {
    let key = key(part, node, transformations);
    let record = Record { key: key.as_deref(), client_side: wanted.client_side, now: wanted.now };
    let map = cursor.finish(part, &record)?;
    map.map(|map| with_own_cursor(part, map, transformations, node)).transpose()
}

/// A stream with two definitions by state: that of the first run is used each time, where it reads everything.
fn every_time(part: &mut Part<'_>, node: &Node) -> Result<()> {
    let says_window = |key: &str| node.path(&["incremental_sync", key]).is_some();
    if part.uses_window != (false, false)
        || says_window("start_time_option")
        || says_window("end_time_option")
    {
        return refuse(
            "two definitions by state",
            "one definition for the first run, another for later ones",
            node,
        );
    }
    part.rewrite("the definition of the first run is used each time: every run reads everything");
    Ok(())
}

/// Takes out a partition of one value that no request uses.
fn without_idle(part: &mut Part<'_>, partitions: &mut Map, stream: &Map) {
    let text = stream.to_text();
    let is_idle = |name: &str, values: &Yaml| {
        matches!(values, Yaml::List(values) if values.len() == 1)
            && !text.contains(&format!("partition.{name}"))
    };
    let idle: Vec<_> = partitions
        .entries()
        .filter(|(name, values)| is_idle(name, values))
        .map(|(name, _)| name.to_owned())
        .collect();
    for name in idle {
        let _ = partitions.remove(&name);
        part.rewrite(format!("`{name}` has one value, which no request uses: it is no partition"));
    }
}

/// Fields of the parent that templates use, besides those that its router names.
fn add_used_fields(part: &mut Part<'_>, parent: &mut Parent) {
    // An object of which only members are used is no field.
    let is_used = part.uses_parent_key || part.parent_fields.is_empty();
    if is_used && parent.key != "$" {
        parent.fields.insert(0, parent.key.clone());
    }
    for field in std::mem::take(&mut part.parent_fields) {
        if !parent.fields.contains(&field) {
            parent.fields.push(field);
        }
    }
}

/// The credentials of the authenticator, and those that stood elsewhere in the request.
fn authentication(
    part: &mut Part<'_>,
    wanted: &Wanted<'_>,
    requester: &Node,
    request: &mut Request,
) -> Result<Option<Map>> {
    if wanted.has_own_auth {
        return Ok(None);
    }
    let authenticator = requester.get("authenticator");
    let own = match key_in_body(part, authenticator)? {
        Some((path, secret)) => {
            request.put_key(&path, secret, part.sends_form);
            None
        }
        None => auth(part, authenticator)?,
    };
    together(own.into_iter().chain(std::mem::take(&mut request.auth)).collect(), requester)
}

/// What goes with the first request alone needs next addresses that have all of it.
fn only_first(part: &mut Part<'_>, retriever: &Node, pages: &Pages) -> Result<()> {
    let is_first =
        retriever.is_true("ignore_stream_slicer_parameters_on_paginated_requests") || part.first_only;
    if !is_first || pages.map.is_none() {
        return Ok(());
    }
    if !pages.follows_urls {
        return refuse(
            "parameters of the first request alone",
            "later pages are asked for without these parameters",
            retriever,
        );
    }
    part.rewrite("parameters go with the first request alone: next addresses are followed as they are");
    Ok(())
}

/// The cursor as the API writes it, where a transformation has made another name of it.
fn with_own_cursor(
    part: &mut Part<'_>,
    mut map: Map,
    transformations: &Transformations,
    node: &Node,
) -> Result<Map> {
    let cursor = match map.get("cursor") {
        Some(Yaml::Value(value)) => value.as_str().unwrap_or_default().to_owned(),
        _ => String::new(),
    };
    let made = transformations.of(&cursor);
    if let Made::OfOrConstant(_) = &made {
        map.set("missing", "keep");
    }
    match made {
        Made::Of(members) | Made::OfOrConstant(members) => {
            let mut members: Vec<Yaml> = members.into_iter().map(Yaml::from).collect();
            match members.len() {
                1 => map.set("cursor", members.remove(0)),
                _ => map.set("cursor", members),
            };
            Ok(map)
        }
        Made::Window if is_short(&map) => {
            part.rewrite(
                "records carry the window's time, not their own: each window is loaded once it has ended",
            );
            for key in ["cursor", "key"] {
                let _ = map.remove(key);
            }
            if let (Some(request), Some(_)) = (map.remove("request_format"), map.get("format")) {
                map.set("format", request);
            }
            map.set("windows_only", true);
            Ok(map)
        }
        _ => refuse(
            "cursor made by a transformation",
            format!("the cursor `{cursor}` is made by a transformation"),
            node,
        ),
    }
}

/// Whether windows are so short that a record may wait for the end of its own.
fn is_short(incremental: &Map) -> bool {
    let Some(Yaml::Value(window)) = incremental.get("window") else { return false };
    let window = window.as_str().unwrap_or_default();
    let days = |word: &str| window.strip_suffix(word).and_then(|count| count.parse::<u64>().ok());
    days("h").is_some_and(|hours| hours <= 24)
        || days("d").is_some_and(|days| days <= 7)
        || days("w") == Some(1)
}
