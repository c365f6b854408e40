//! The streams that several names and patterns mean.

use bronzegate_core::config::Source;
use bronzegate_core::doors::SourceFolder;
use bronzegate_core::error::{Error, ErrorKind, Result};

use crate::names::Pattern;

/// The sources that were asked for.
#[derive(Debug)]
pub(super) struct Chosen {
    /// In the order of the command, else in alphabetical order.
    pub(super) sources: Vec<ChosenSource>,
    /// Files that cannot be used and that no name asked for: they do not stop the others.
    pub(super) unusable: Vec<Error>,
}

/// A source, and which of its streams were asked for.
#[derive(Debug)]
pub(super) struct ChosenSource {
    /// The source file.
    pub(super) source: Source,
    /// In file order.
    pub(super) streams: Vec<ChosenStream>,
}

/// A stream that was asked for.
#[derive(Debug)]
pub(super) struct ChosenStream {
    /// Its name.
    pub(super) name: String,
    /// Whether it was asked for by its own name.
    pub(super) is_named: bool,
}

/// Finds the streams; without a pattern, those of all sources.
///
/// # Errors
/// [`ErrorKind::Config`] when a name is not there, a pattern matches nothing, or the file of a source that is named
/// cannot be used.
pub(super) async fn choose(folder: &SourceFolder, patterns: &[Pattern]) -> Result<Chosen> {
    let mut chosen = Chosen { sources: Vec::new(), unusable: Vec::new() };
    for name in source_names(folder, patterns).await? {
        let about: Vec<_> = patterns.iter().filter(|pattern| pattern.takes_source(&name)).collect();
        match folder.load(&name).await {
            Ok(source) => {
                let streams = streams(&source, &about)?;
                chosen.sources.push(ChosenSource { source, streams });
            }
            Err(error) if about.iter().any(|pattern| pattern.exact_source().is_some()) => {
                return Err(error.into());
            }
            Err(error) => chosen.unusable.push(error.into()),
        }
    }
    let is_met = |pattern: &&Pattern| {
        pattern.exact_stream().is_some() || {
            let of = chosen.sources.iter().filter(|chosen| pattern.takes_source(&chosen.source.name));
            of.flat_map(|chosen| &chosen.streams).any(|stream| pattern.takes_stream(&stream.name))
        }
    };
    match patterns.iter().find(|pattern| !is_met(pattern)) {
        Some(pattern) if chosen.unusable.is_empty() => {
            Err(Error::new(ErrorKind::Config, format!("`{pattern}` matches no stream")))
        }
        _ => Ok(chosen),
    }
}

/// The names of the sources, each once.
async fn source_names(folder: &SourceFolder, patterns: &[Pattern]) -> Result<Vec<String>> {
    let needs_list = patterns.iter().any(|pattern| pattern.exact_source().is_none());
    let known = if needs_list || patterns.is_empty() { folder.names().await? } else { Vec::new() };
    if patterns.is_empty() {
        if known.is_empty() {
            return Err(folder.no_sources());
        }
        return Ok(known);
    }
    let mut names: Vec<String> = Vec::new();
    for pattern in patterns {
        let meant: Vec<String> = match pattern.exact_source() {
            Some(name) => vec![name.to_owned()],
            None => known.iter().filter(|name| pattern.takes_source(name)).cloned().collect(),
        };
        if meant.is_empty() {
            let known = known.join(", ");
            let cause = format!("`{pattern}` matches no source; the sources there are: {known}");
            return Err(Error::new(ErrorKind::Config, cause));
        }
        for name in meant {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    Ok(names)
}

/// The streams of a source that some pattern means; all of them without one.
fn streams(source: &Source, about: &[&Pattern]) -> Result<Vec<ChosenStream>> {
    for named in about.iter().filter(|pattern| pattern.is_one_stream()).filter_map(|p| p.exact_stream()) {
        source.named(named)?;
    }
    let names = source.streams.iter().map(|stream| stream.name.as_str());
    let meant =
        names.filter(|name| about.is_empty() || about.iter().any(|pattern| pattern.takes_stream(name)));
    Ok(meant
        .map(|name| ChosenStream {
            name: name.to_owned(),
            is_named: about.iter().any(|pattern| pattern.is_one_stream() && pattern.takes_stream(name)),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn folder() -> (tempfile::TempDir, SourceFolder) {
        let kept = tempfile::tempdir().unwrap();
        for (name, streams) in
            [("crm", &["deals", "contacts"][..]), ("erp", &["orders"]), ("shop", &["orders"])]
        {
            let mut text = format!("source: {name}\nbase_url: https://x.example\nstreams:\n");
            for stream in streams {
                text.extend(["  ", stream, ": { path: /p, records: $, pagination: { type: none } }\n"]);
            }
            fs::write(kept.path().join(format!("{name}.yaml")), text).unwrap();
        }
        fs::write(kept.path().join("broken.yaml"), "source: 7").unwrap();
        let sources = SourceFolder::local(kept.path());
        (kept, sources)
    }

    async fn chosen(patterns: &str) -> Result<String> {
        let (_kept, folder) = folder();
        let patterns: Vec<Pattern> = patterns.split_whitespace().map(|text| text.parse().unwrap()).collect();
        let chosen = choose(&folder, &patterns).await?;
        let mut names = Vec::new();
        for ChosenSource { source, streams } in &chosen.sources {
            for ChosenStream { name, is_named } in streams {
                names.push(format!("{}/{name}{}", source.name, if *is_named { "!" } else { "" }));
            }
        }
        names.extend(chosen.unusable.iter().map(|_| "unusable".to_owned()));
        Ok(names.join(" "))
    }

    #[tokio::test]
    async fn names_and_patterns_mean_each_stream_once_and_in_file_order() {
        for (patterns, meant) in [
            ("crm", "crm/deals crm/contacts"),
            ("shop crm/contacts", "shop/orders crm/contacts!"),
            ("crm/contacts crm", "crm/deals crm/contacts!"),
            ("erp/* crm/d*", "erp/orders crm/deals"),
            ("*/orders", "erp/orders shop/orders unusable"),
            ("", "crm/deals crm/contacts erp/orders shop/orders unusable"),
        ] {
            assert_eq!(chosen(patterns).await.unwrap(), meant, "{patterns}");
        }
    }

    #[tokio::test]
    async fn what_is_not_there_is_refused_before_anything_runs() {
        for (patterns, why) in [
            ("crm nope", "there is no file"),
            ("crm/nope erp", "nope"),
            ("crm/x*", "`crm/x*` matches no stream"),
            ("x*", "`x*` matches no source; the sources there are: broken, crm, erp, shop"),
            ("crm broken", "broken.yaml"),
        ] {
            let error = chosen(patterns).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.to_string().contains(why), "{patterns}: {error}");
        }
    }
}
