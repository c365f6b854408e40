//! The demo from its start to its last line.

use super::{
    bronze::{Batch, Seen},
    lake,
    setting::{SECRETS, STREAMS, options, sources, start},
};
use crate::{arguments::DemoArguments, output::say};
use bronzegate_demo_api::{Options, expected};
use jiff::{Timestamp, Unit};
use std::{error::Error, path::Path};
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
    ingest("demo", &sources, arguments, at).await?;
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
    say(&format!(
        "\nthe stream {} again, into a Delta table in {}\n",
        lake::TABLE,
        arguments.tables.display()
    ));
    let sources = lake::sources(target, &api.base_url())?;
    ingest(lake::NAME, &sources, arguments, at).await?;
    say(&told(&options, lake::rows(&arguments.tables, batch.id())?)?);
    say(&format!("read it: {}", lake::reader(&arguments.tables)));
    Ok(())
}

/// The rows of the table, compared with the records that the API serves.
fn told(options: &Options, rows: u64) -> Result<String, String> {
    let served = options.streams.iter().find(|served| served.name == lake::TABLE);
    let served = served.map_or(0, |served| served.records);
    if rows == served {
        Ok(format!("\n{}: {rows} rows of this run in the table, as many as the API has records", lake::TABLE))
    } else {
        Err(format!("{}: the table has {rows} rows, the API has {served} records", lake::TABLE))
    }
}

#[expect(clippy::disallowed_methods, reason = "somebody who runs the demo runs it now")]
fn now() -> Result<Timestamp, jiff::Error> {
    Timestamp::now().round(Unit::Second)
}

/// Runs the program beside this one, or the one on the PATH.
async fn ingest(
    source: &str,
    sources: &Path,
    arguments: &DemoArguments,
    at: Timestamp,
) -> Result<(), Box<dyn Error>> {
    let beside = std::env::current_exe()?.with_file_name("bronzegate");
    let program = if beside.exists() { beside } else { "bronzegate".into() };
    let status = Command::new(&program)
        .args(["run", source, "--environment", "demo", "--log", "error", "--at", &at.to_string()])
        .arg("--sources")
        .arg(sources)
        .arg("--target")
        .arg(&arguments.target)
        .arg("--tables")
        .arg(&arguments.tables)
        .envs(SECRETS)
        .kill_on_drop(true)
        .status()
        .await
        .map_err(|error| format!("cannot start {}: {error}", program.display()))?;
    if status.success() { Ok(()) } else { Err(format!("bronzegate ended with {status}").into()) }
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
    fn a_table_with_fewer_rows_than_the_api_has_records_is_told() {
        let options = options().unwrap();
        assert!(told(&options, 50_000).unwrap().contains("orders: 50000 rows"));
        assert!(told(&options, 49_999).unwrap_err().contains("the table has 49999 rows"));
    }

    #[test]
    fn a_long_record_is_shown_by_its_start_and_its_metadata() {
        let long = format!(r#"{{"id":1,"text":"{}","_ingested_at":"t"}}"#, "x".repeat(500));
        assert!(shorten(&long).ends_with(r#"x … "_ingested_at":"t"}"#));
        assert_eq!(shorten(r#"{"id":1}"#), r#"{"id":1}"#);
    }
}
