//! One stream: its parts put together.

use jiff::Timestamp;

use super::auth::auth;
use super::branches::{Parent, branches};
use super::cursor::{ClientSide, Record, begin};
use super::pages::{page_word, pages};
use super::part::Part;
use super::refused::{Result, refuse};
use super::requests::request;
use super::rules::responses;
use super::selector::{Transformations, key, selected};
use super::settings::Settings;
use crate::tree::Node;
use crate::yaml::Map;

/// A stream in the words of a source file.
#[derive(Debug)]
pub(super) struct Converted {
    /// Scheme and host.
    pub(super) base_url: String,
    pub(super) auth: Option<Map>,
    pub(super) stream: Map,
    pub(super) parent: Option<Parent>,
    pub(super) rewritten: Vec<String>,
    pub(super) left_out: Vec<String>,
    pub(super) notes: Vec<String>,
}

/// Converts one stream.
pub(super) fn convert(
    settings: &Settings,
    source: &str,
    node: &Node,
    client_side: ClientSide,
    now: Timestamp,
) -> Result<Converted> {
    match node.kind() {
        "DeclarativeStream" => {}
        "StateDelegatingStream" => {
            return refuse(
                "two definitions by state",
                "one definition for the first run, another for later ones",
                node,
            );
        }
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
    let Some(requester) = retriever.get("requester") else {
        return refuse("stream", "there is no requester", retriever);
    };
    let mut part = Part::new(settings, source);
    let part = &mut part;
    let transformations = Transformations::read(part, node);
    let branches = branches(part, retriever.get("partition_router"))?;
    let cursor = begin(part, node.get("incremental_sync"))?;
    let paginator = retriever.get("paginator");
    let has_token_option = paginator.is_some_and(|paginator| paginator.get("page_token_option").is_some());
    part.page_word = page_word(paginator).filter(|_| !has_token_option);
    let selected = selected(part, retriever)?;
    let mut request = request(part, requester, &branches)?;
    let pages = pages(part, paginator, &selected.path)?;
    let own = auth(part, requester.get("authenticator"))?;
    let auth = match (own, request.auth.take()) {
        (Some(_), Some(_)) => {
            return refuse(
                "several secrets beside each other",
                "a secret beside the authenticator's",
                requester,
            );
        }
        (own, other) => own.or(other),
    };
    let only_first =
        retriever.is_true("ignore_stream_slicer_parameters_on_paginated_requests") || part.first_only;
    if only_first && pages.map.is_some() {
        if !pages.follows_urls {
            return refuse(
                "parameters of the first request alone",
                "later pages are asked for without these parameters",
                retriever,
            );
        }
        part.rewrite("parameters go with the first request alone: next addresses are followed as they are");
    }
    let key = key(part, node, &transformations);
    let incremental = match &cursor {
        Some(cursor) => cursor.finish(part, &Record { key: key.as_deref(), client_side, now })?,
        None => None,
    };
    let incremental = incremental.map(|map| with_own_cursor(map, &transformations, node)).transpose()?;
    let mut stream = request.stream;
    if let Some(records) = selected.records {
        stream.set("records", records);
    }
    if let Some(format) = selected.format {
        stream.set("format", format);
    }
    if let Some(pagination) = pages.map {
        stream.set("pagination", pagination);
    }
    if !branches.partitions.is_empty() {
        stream.set("partitions", branches.partitions.clone());
    }
    let has_branches = branches.parent.is_some() || !branches.partitions.is_empty();
    let rules = responses(part, requester.get("error_handler"), has_branches)?;
    if !rules.is_empty() {
        stream.set("responses", rules);
    }
    if let Some(incremental) = incremental {
        stream.set("incremental", incremental);
    }
    if branches.parent.as_ref().is_some_and(|parent| parent.by_change) {
        part.rewrite("all parents are read each time, not only those that have changed");
    }
    Ok(Converted {
        base_url: request.base_url,
        auth,
        stream,
        parent: branches.parent,
        rewritten: std::mem::take(&mut part.rewritten),
        left_out: std::mem::take(&mut part.left_out),
        notes: std::mem::take(&mut part.notes),
    })
}

/// The cursor as the API writes it, where a transformation has made another name of it.
fn with_own_cursor(mut map: Map, transformations: &Transformations, node: &Node) -> Result<Map> {
    let cursor = match map.get("cursor") {
        Some(crate::yaml::Yaml::Value(value)) => value.as_str().unwrap_or_default().to_owned(),
        _ => String::new(),
    };
    match transformations.original(&cursor) {
        Some(original) => {
            map.set("cursor", original);
            Ok(map)
        }
        None => refuse(
            "cursor made by a transformation",
            format!("the cursor `{cursor}` is made by a transformation"),
            node,
        ),
    }
}
