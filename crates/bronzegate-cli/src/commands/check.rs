//! `check`: reads source files, resolves their secrets, and sends each stream's first request.

use std::collections::{BTreeMap, BTreeSet};

use bronzegate_core::bronze::{CommitLog, Layout, Stores};
use bronzegate_core::config::{SecretRef, Source, Stream};
use bronzegate_core::doors::Unusable;
use bronzegate_core::error::Result;
use bronzegate_core::health::{earlier_start, new_members};
use bronzegate_core::redact::visible;
use bronzegate_core::run::StreamRun;
use bronzegate_core::secret::{Freshness, SecretStore, resolve};
use futures::future::join_all;
use futures::stream::{FuturesOrdered, StreamExt as _};

use super::check_report::{Checked, SecretCheck, SourceCheck, StreamCheck};
use super::check_table::{TableCheck, look_at_table};
use super::{Context, selected};
use crate::arguments::CheckArguments;
use crate::output::{self, Output};

/// Checks the selected source, or all there are; the code is that of the first thing wrong.
pub(crate) async fn check(context: &Context, arguments: &CheckArguments, out: &mut Output) -> Result<u8> {
    let (names, stream) = match &arguments.selection {
        Some(selection) => (vec![selection.source.clone()], selection.stream.as_deref()),
        None => (context.sources.names().await?, None),
    };
    if names.is_empty() {
        return Err(context.sources.no_sources());
    }
    if arguments.selection.is_none() {
        for file in context.sources.unread() {
            output::tell(&format!("warning: {file} is not read: source files end with .yaml"));
        }
    }
    let mut checks: FuturesOrdered<_> =
        names.iter().map(|name| check_source(context, name, stream, arguments.offline)).collect();
    let mut code = 0;
    while let Some(checked) = checks.next().await {
        let checked = checked?;
        if context.json {
            out.json(&checked);
        } else {
            out.line(visible(&checked.to_string()));
        }
        if code == 0 {
            code = checked.exit_code();
        }
    }
    Ok(code)
}

/// Checks one file. What is wrong with it is in the answer; an error is one of the command line.
async fn check_source(
    context: &Context,
    name: &str,
    stream: Option<&str>,
    offline: bool,
) -> Result<SourceCheck> {
    let mut checked = SourceCheck::new(name, context.sources.file(name));
    let source = match context.sources.load(name).await {
        Ok(source) => source,
        Err(Unusable::Wrong { problems, .. }) => {
            checked.problems = problems.as_slice().to_vec();
            return Ok(checked);
        }
        Err(Unusable::Unreadable(error)) => return Err(error),
    };
    let streams: Vec<_> = selected(&source, stream)?.into_iter().map(|stream| stream.name.clone()).collect();
    let needed: BTreeSet<_> = streams.iter().flat_map(|name| secrets_of(&source, name)).collect();
    checked.secrets = join_all(needed.iter().map(|secret| check_secret(&*context.secrets, secret))).await;
    let missing = |name: &str| {
        let own = secrets_of(&source, name);
        checked.secrets.iter().any(|secret| secret.error.is_some() && own.iter().any(|own| secret.is(own)))
    };
    let plans: Vec<_> = streams.iter().map(|name| (name.as_str(), offline || missing(name))).collect();
    let engine = context.engine(source.clone());
    let logged = told_by_log(context, &source, &streams).await;
    let tables = tables(context, &source, &streams, offline).await;
    let probes = plans.into_iter().map(async |(name, skip)| {
        let run = engine.stream(name);
        let explained = run.as_ref().map(StreamRun::explain).unwrap_or_default();
        let checked = if skip {
            Checked::NotAsked
        } else {
            match async { run?.probe().await }.await {
                Ok(probe) => Checked::Found(probe),
                Err(error) => Checked::Failed((&error).into()),
            }
        };
        let table = tables.get(name).cloned().map(|table| match &checked {
            Checked::Found(probe) => table.seen_with(probe),
            Checked::NotAsked | Checked::Failed(_) => table,
        });
        StreamCheck {
            stream: name.to_owned(),
            explained,
            warnings: warnings(&source, &logged, name),
            table,
            checked,
        }
    });
    checked.streams = join_all(probes).await;
    Ok(checked)
}

/// What somebody should know of a stream: of its settings, and of its log.
fn warnings(source: &Source, logged: &BTreeMap<String, Vec<String>>, stream: &str) -> Vec<String> {
    let cautions = source.stream(stream).map(Stream::cautions).unwrap_or_default();
    cautions.into_iter().chain(logged.get(stream).cloned().into_iter().flatten()).collect()
}

/// What the log tells of the streams: what of their past is not loaded because their `start` was moved earlier, and what
/// their next run writes otherwise. Where there is no log, or it cannot be read from here, nothing is known.
async fn told_by_log(
    context: &Context,
    source: &Source,
    streams: &[String],
) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    let with_start = |stream: &Stream| {
        let incremental = stream.incremental.as_ref();
        incremental.is_some_and(|incremental| incremental.start.is_some())
    };
    let is_meant = |stream: &&Stream| {
        streams.contains(&stream.name) && (with_start(stream) || !stream.branch_members().is_empty())
    };
    let meant: Vec<_> = source.streams.iter().filter(is_meant).collect();
    if meant.is_empty() {
        return found;
    }
    let Ok(Some(store)) = context.target.open_existing().await else { return found };
    for stream in meant {
        let log = CommitLog::new(store.clone(), Layout::new(&source.name, &stream.name));
        let not_loaded = match &stream.incremental {
            Some(incremental) => earlier_start(&log, incremental).await.ok().flatten(),
            None => None,
        };
        let new = new_members(&log, stream).await.ok().flatten();
        found.insert(stream.name.clone(), not_loaded.into_iter().chain(new).collect());
    }
    found
}

/// What the streams' tables are, as a run looks at them before its first request. `offline` looks at nothing but whether
/// there is a place for them.
async fn tables(
    context: &Context,
    source: &Source,
    streams: &[String],
    offline: bool,
) -> BTreeMap<String, TableCheck> {
    let mut found = BTreeMap::new();
    let chosen: Vec<_> = source.streams.iter().filter(|stream| streams.contains(&stream.name)).collect();
    for stream in chosen.iter().filter(|stream| stream.output.table.is_some()) {
        let looked = async {
            let target = match (&context.tables, offline) {
                // Without a target there is no log and no table of it, and looking creates none.
                (Some(_), false) => context.target.open_existing().await?,
                _ => None,
            };
            let stores = match (target, &context.tables) {
                (Some(target), Some(place)) => {
                    let tables = place.open_existing(target.clone()).await?;
                    tables.map(|tables| Stores::from(target).with_tables(Some(tables)))
                }
                _ => None,
            };
            look_at_table(context.tables.is_some(), stores, source, stream).await
        };
        let check = looked.await.unwrap_or_else(|error| TableCheck::failed(stream, &error));
        found.insert(stream.name.clone(), check);
    }
    found
}

fn secrets_of(source: &Source, stream: &str) -> Vec<SecretRef> {
    source.stream(stream).map_or_else(Vec::new, Stream::secrets)
}

async fn check_secret(store: &dyn SecretStore, secret: &SecretRef) -> SecretCheck {
    let found = resolve(store, &secret.secret, secret.field.as_deref(), Freshness::Cached).await;
    SecretCheck {
        secret: secret.secret.clone(),
        field: secret.field.clone(),
        error: found.err().map(|error| error.to_string()),
    }
}
