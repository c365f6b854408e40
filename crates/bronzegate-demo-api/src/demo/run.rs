//! The demo from its start to its last line.

use super::{
    bronze::{Batch, Seen},
    setting::{SECRETS, STREAMS, options, sources, start},
};
use crate::{arguments::DemoArguments, output::say};
use bronzegate_demo_api::{Options, expected};
use jiff::{Timestamp, Unit};
use std::{error::Error, path::Path, process::ExitStatus};
use tokio::process::Command;

/// Runs the demo. An error says which stream is not exact, or what could not be started.
pub(crate) async fn run(arguments: &DemoArguments) -> Result<(), Box<dyn Error>> {
    let options = options()?;
    let api = start(&options).await?;
    let sources = sources(arguments, &api.base_url())?;
    let target = &arguments.target;
    say(&format!("demo API on {}, with rate limits and faults", api.base_url()));
    say(&format!("reading {}/demo.yaml into {}\n", sources.display(), target.display()));
    let at = now()?;
    let status = ingest(&sources, target, at).await?;
    if !status.success() {
        return Err(format!("bronzegate ended with {status}").into());
    }
    let batch = Batch::new(target, at);
    say("\nwhat was written");
    batch.tree()?.iter().for_each(|line| say(line));
    say("\nthe first record of each stream");
    for stream in STREAMS {
        let first = batch.lines(stream)?.into_iter().next().ok_or("a stream is empty")?;
        say(&format!("{stream}: {}", shorten(&first)));
    }
    say("\ncompared with the API's own count");
    for stream in STREAMS {
        say(&compare(&options, stream, &batch.seen(stream)?)?);
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "somebody who runs the demo runs it now")]
fn now() -> Result<Timestamp, jiff::Error> {
    Timestamp::now().round(Unit::Second)
}

/// Runs the program beside this one, or the one on the PATH.
async fn ingest(sources: &Path, target: &Path, at: Timestamp) -> Result<ExitStatus, Box<dyn Error>> {
    let beside = std::env::current_exe()?.with_file_name("bronzegate");
    let program = if beside.exists() { beside } else { "bronzegate".into() };
    Command::new(&program)
        .args(["run", "demo", "--environment", "demo", "--log", "error", "--at", &at.to_string()])
        .arg("--sources")
        .arg(sources)
        .arg("--target")
        .arg(target)
        .envs(SECRETS)
        .kill_on_drop(true)
        .status()
        .await
        .map_err(|error| format!("cannot start {}: {error}", program.display()).into())
}

/// Count, sum and hash of a stream's ids, compared with what the API serves.
fn compare(options: &Options, stream: &str, seen: &Seen) -> Result<String, String> {
    let served = options.streams.iter().find(|served| served.name == stream);
    let served = served.ok_or_else(|| format!("{stream}: the API has no such stream"))?;
    let expected = expected(options.seed, served.shape, served.records);
    let Seen { records, id_sum, ids_sha256 } = seen;
    if (*records, *id_sum, ids_sha256) != (expected.records, expected.id_sum, &expected.ids_sha256) {
        return Err(format!("{stream}: bronze has {seen:?}, the API has {expected:?}"));
    }
    Ok(format!("{stream}: {records} records, ids sum to {id_sum}, sha256 {}…: exact", &ids_sha256[..12]))
}

/// A line's start and end: the API's own members and the metadata after them.
fn shorten(line: &str) -> String {
    let start: String = line.chars().take(150).collect();
    let end = line.rfind("\"_ingested_at\"").unwrap_or(line.len());
    if start.len() < end { format!("{start} … {}", &line[end..]) } else { line.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_is_missing_or_altered_is_not_exact() {
        let options = options().unwrap();
        for stream in STREAMS {
            let served = options.streams.iter().find(|served| served.name == stream).unwrap();
            let known = expected(options.seed, served.shape, served.records);
            let seen = |records, id_sum| Seen { records, id_sum, ids_sha256: known.ids_sha256.clone() };
            let right = compare(&options, stream, &seen(known.records, known.id_sum)).unwrap();
            assert!(right.ends_with(": exact"), "{right}");
            for wrong in [seen(known.records - 1, known.id_sum), seen(known.records, known.id_sum + 1)] {
                let error = compare(&options, stream, &wrong).unwrap_err();
                assert!(error.starts_with(&format!("{stream}: bronze has ")), "{error}");
            }
        }
    }

    #[test]
    fn a_long_record_is_shown_by_its_start_and_its_metadata() {
        let long = format!(r#"{{"id":1,"text":"{}","_ingested_at":"t"}}"#, "x".repeat(500));
        assert!(shorten(&long).ends_with(r#"x … "_ingested_at":"t"}"#));
        assert_eq!(shorten(r#"{"id":1}"#), r#"{"id":1}"#);
    }
}
