//! `check`: reads source files, resolves their secrets, and sends each stream's first request.

use std::collections::BTreeSet;

use bronzegate_core::config::{SecretRef, Source, Stream};
use bronzegate_core::doors::Unusable;
use bronzegate_core::error::{Error, ErrorKind, Result};
use bronzegate_core::redact::visible;
use bronzegate_core::secret::{Freshness, SecretStore, resolve};
use futures::future::join_all;
use futures::stream::{FuturesOrdered, StreamExt as _};

use super::check_report::{Checked, SecretCheck, SourceCheck, StreamCheck};
use super::{Context, selected};
use crate::arguments::CheckArguments;
use crate::output::Output;

/// Checks the selected source, or all there are; the code is that of the first thing wrong.
pub(crate) async fn check(context: &Context, arguments: &CheckArguments, out: &mut Output) -> Result<u8> {
    let (names, stream) = match &arguments.selection {
        Some(selection) => (vec![selection.source.clone()], selection.stream.as_deref()),
        None => (context.sources.names().await?, None),
    };
    if names.is_empty() {
        return Err(Error::new(ErrorKind::Config, "the sources folder (--sources) has no source files"));
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
    let probes = plans.into_iter().map(async |(name, skip)| StreamCheck {
        stream: name.to_owned(),
        warnings: source.stream(name).map(Stream::cautions).unwrap_or_default(),
        checked: if skip {
            Checked::NotAsked
        } else {
            match async { engine.stream(name)?.probe().await }.await {
                Ok(probe) => Checked::Found(probe),
                Err(error) => Checked::Failed((&error).into()),
            }
        },
    });
    checked.streams = join_all(probes).await;
    Ok(checked)
}

fn secrets_of(source: &Source, stream: &str) -> Vec<SecretRef> {
    source.stream(stream).map_or_else(Vec::new, |stream| stream.auth.secrets().into_iter().cloned().collect())
}

async fn check_secret(store: &dyn SecretStore, secret: &SecretRef) -> SecretCheck {
    let found = resolve(store, &secret.secret, secret.field.as_deref(), Freshness::Cached).await;
    SecretCheck {
        secret: secret.secret.clone(),
        field: secret.field.clone(),
        error: found.err().map(|error| error.to_string()),
    }
}
