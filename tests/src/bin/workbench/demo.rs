//! The demo: the demo API with authentication, rate limits and faults, three of its streams into
//! `./bronze`, and the result held against what the API says it has served.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use jiff::{Timestamp, Unit};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::Outcome;
use crate::output::say;
use crate::process::{Api, program};

const API_CONFIG: &str = "tests/fixtures/demo-api.json";
const SOURCE: &str = "sources/demo.yaml";
const TARGET: &str = "bronze";
/// Where `sources/demo.yaml` and the fixture put the API.
const PORT: &str = "7780";
const STREAMS: [&str; 3] = ["contacts", "orders", "events"];
/// What the demo API takes; these are no secrets of anyone.
const SECRETS: [(&str, &str); 3] = [
    ("BRONZEGATE_SECRET_DEMO_TOKEN", "demo-token"),
    ("BRONZEGATE_SECRET_DEMO_API_KEY", "demo-api-key"),
    ("BRONZEGATE_SECRET_DEMO_CLIENT_SECRET", "demo-client-secret"),
];

/// Runs the demo from the repository's root.
pub(crate) fn run() -> Outcome {
    let (api, sources) = start_api()?;
    say(&format!("demo API on {}, with rate limits and faults; ingesting into ./{TARGET}\n", api.base_url));
    let at = now()?;
    let status = ingest(&sources, at)?;
    if !status.success() {
        return Err(format!("bronzegate ended with {status}").into());
    }
    let batch = at.strftime("%Y%m%d%H%M%S").to_string();
    say("\nwhat was written");
    tree(Path::new(TARGET), &batch)?;
    say("\nthe first record of each stream");
    for stream in STREAMS {
        let first = read(stream, &batch)?.into_iter().next().ok_or("a stream is empty")?;
        say(&format!("{stream}: {}", shorten(&first)));
    }
    say("\nheld against the API's own count");
    check(&api, &batch)
}

/// Starts the API on its usual port, or on a free one with a source file that says so.
fn start_api() -> Result<(Api, PathBuf), Box<dyn std::error::Error>> {
    if let Ok(api) = Api::start(&["--config", API_CONFIG]) {
        return Ok((api, PathBuf::from("sources")));
    }
    let api = Api::start(&["--config", API_CONFIG, "--port", "0"])?;
    let port = api.base_url.rsplit(':').next().unwrap_or(PORT);
    let folder = std::env::current_exe()?.with_file_name("demo-sources");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("demo.yaml"), fs::read_to_string(SOURCE)?.replace(PORT, port))?;
    Ok((api, folder))
}

#[expect(clippy::disallowed_methods, reason = "a person who runs the demo runs it now")]
fn now() -> Result<Timestamp, jiff::Error> {
    Timestamp::now().round(Unit::Second)
}

fn ingest(sources: &Path, at: Timestamp) -> Result<ExitStatus, Box<dyn std::error::Error>> {
    let status = Command::new(program("bronzegate")?)
        .args([
            "run",
            "demo",
            "--at",
            &at.to_string(),
            "--target",
            TARGET,
            "--environment",
            "demo",
            "--log",
            "error",
        ])
        .arg("--sources")
        .arg(sources)
        .envs(SECRETS)
        .status()?;
    Ok(status)
}

/// The lines of a stream's parts of this batch, in order.
fn read(stream: &str, batch: &str) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let mut parts = Vec::new();
    for date in fs::read_dir(Path::new(TARGET).join("demo").join(stream))? {
        for part in fs::read_dir(date?.path())? {
            let part = part?.path();
            let name = part.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.starts_with(&format!("{batch}-")) {
                parts.push(part);
            }
        }
    }
    parts.sort();
    let mut lines = Vec::new();
    for part in parts {
        lines.extend(fs::read_to_string(part)?.lines().map(str::to_owned));
    }
    Ok(lines)
}

/// Holds count, sum and hash of the ids against `GET /_expected`.
fn check(api: &Api, batch: &str) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let expected: Value = runtime.block_on(async {
        let http = reqwest::Client::builder().no_proxy().tls_certs_only([]).build()?;
        let text = http.get(format!("{}/_expected", api.base_url)).send().await?.text().await?;
        Ok::<_, Box<dyn std::error::Error>>(serde_json::from_str(&text)?)
    })?;
    for stream in STREAMS {
        let (mut sum, mut hash) = (0_u128, Sha256::new());
        let lines = read(stream, batch)?;
        for line in &lines {
            let record: Value = serde_json::from_str(line)?;
            let id = record.get("id").and_then(Value::as_u64).ok_or("a record has no id")?;
            sum += u128::from(id);
            hash.update(format!("{id}\n"));
        }
        let hash = hash.finalize().iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        let expected = &expected["streams"][stream];
        let exact = expected["records"] == lines.len()
            && expected["id_sum"] == sum.to_string()
            && expected["ids_sha256"] == hash;
        if !exact {
            return Err(
                format!("{stream}: {} records came, not what the API has: {expected}", lines.len()).into()
            );
        }
        say(&format!("{stream}: {} records, ids sum to {sum}, sha256 {}…: exact", lines.len(), &hash[..12]));
    }
    Ok(())
}

/// Prints the folder as a tree; of the parts only this batch's.
fn tree(folder: &Path, batch: &str) -> Outcome {
    say(&format!("{}/", folder.display()));
    branch(folder, batch, "")
}

fn branch(folder: &Path, batch: &str, indent: &str) -> Outcome {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    let is_old = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        path.is_file() && name.contains(".ndjson") && !name.starts_with(batch)
    };
    entries.retain(|path| !is_old(path));
    entries.sort();
    for (nth, path) in entries.iter().enumerate() {
        let last = nth + 1 == entries.len();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let turn = if last { "└── " } else { "├── " };
        if path.is_dir() {
            say(&format!("{indent}{turn}{name}/"));
            branch(path, batch, &format!("{indent}{}", if last { "    " } else { "│   " }))?;
        } else {
            say(&format!("{indent}{turn}{name}  ({} bytes)", path.metadata()?.len()));
        }
    }
    Ok(())
}

/// A line's start and end: the API's own members and the metadata behind them.
fn shorten(line: &str) -> String {
    let start: String = line.chars().take(150).collect();
    let end = line.rfind("\"_ingested_at\"").unwrap_or(line.len());
    if start.len() < end { format!("{start} … {}", &line[end..]) } else { line.to_owned() }
}
