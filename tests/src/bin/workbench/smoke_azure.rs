//! The checks that the tests make on Azurite and played services, on a subscription's own: a store, a vault,
//! an identity, and a function app where one is told.
//!
//! | variable | |
//! |---|---|
//! | `BRONZEGATE_TARGET` | an `abfss://` folder; all is written below `smoke-<time>` in it, and left there |
//! | `BRONZEGATE_SECRETS` | `azure-keyvault:<url>`; the vault holds a secret `bronzegate-smoke` of any text |
//! | `BRONZEGATE_SMOKE_APP`, `BRONZEGATE_SMOKE_KEY` | `https://<app>.azurewebsites.net` and its function key; optional |
//! | `BRONZEGATE_SMOKE_EVENT` | what the app is asked for: `{"source": …, "stream": …}` |
//!
//! Storage errors cannot be ordered from Azure; for those there are the tests.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use bronzegate_azure::Azure;
use bronzegate_core::bronze::BronzeStore;
use bronzegate_core::clock::{Clock as _, SystemClock};
use bronzegate_core::secret::{Freshness, Replacement, SecretStore};
use bronzegate_demo_api::{
    Auth, Credentials, DemoApi, Fault, FaultKind, Framing, Options, Running, Shape, Stream, Style, When,
};
use bronzegate_tests::azure_deployment::lines;
use bronzegate_tests::command_line::{assert_same, own_bytes, program, run_line, until};
use bronzegate_tests::{SEED, expected, one_stream, store_contract};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use tokio::process::{Child, Command};

use crate::Outcome;
use crate::azure::variable;
use crate::output::say;

const SECRET: &str = "bronzegate-smoke";
const STREAM: &str = "items";
const RECORDS: u64 = 500;
/// After these requests to the API a run is killed: at its beginning, on its way, and with its last page.
const KILLED_AT: [u64; 5] = [1, 3, 12, 20, 25];
const SETTINGS: &str = "records: results
retry: { base: 5ms, max: 50ms }
auth: { type: bearer, token: { secret: bronzegate-smoke } }
output: { max_part_bytes: 40KiB }
pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after }, page_size: { query: limit, value: 20 } }";
/// How long an app may take to commit a run.
const PATIENCE: Duration = Duration::from_mins(15);
const PERIOD: Duration = Duration::from_secs(2);

/// Makes every check, each told in a line; the first that fails ends the process.
pub(crate) fn run() -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(check())
}

async fn check() -> Outcome {
    let target = needed("BRONZEGATE_TARGET")?;
    let secrets = needed("BRONZEGATE_SECRETS")?;
    let url = secrets.strip_prefix("azure-keyvault:").ok_or("BRONZEGATE_SECRETS is no Key Vault")?;
    let clock = Arc::new(SystemClock::default());
    let azure = Azure::connect(variable, clock.clone())?;
    let root = format!("{}/smoke-{}", target.trim_end_matches('/'), clock.now().strftime("%Y%m%d%H%M%S"));

    store_contract::check(async |name| azure.store(&format!("{root}/{name}")).expect("it is a target")).await;
    say("store: it keeps the contract of the port, create-only puts and uploads included");
    let token = vault(&*azure.secrets(url)?).await?;
    let smoke = Smoke::new(&azure, root.clone(), token).await?;
    smoke.twice_at_once_and_again().await?;
    smoke.killed().await?;
    let app = variable("BRONZEGATE_SMOKE_APP");
    match &app {
        Some(app) => function_app(app, &*azure.store(&target)?, &clock).await?,
        None => say("function app: left out, BRONZEGATE_SMOKE_APP is not set"),
    }
    say(&format!("all is well; what was written is below {root} and may be removed"));
    Ok(())
}

/// Reads the secret, and writes it back as it is, as a refresh token that rotates would be.
async fn vault(vault: &dyn SecretStore) -> Result<SecretString, Box<dyn std::error::Error>> {
    let value = vault.read(SECRET, Freshness::Fresh).await?;
    let missing = vault.read("bronzegate-smoke-that-is-not-there", Freshness::Fresh).await;
    let error = missing.err().ok_or("a secret that is not there was read")?;
    say(&format!("vault: {SECRET} is read; and another one is not: {error}"));
    let held = vault.hold(SECRET).await?;
    match vault.replace(&held, &value).await {
        Ok(Replacement::Replaced) => say("vault: a new version is written"),
        Ok(other) => return Err(format!("{SECRET} was not replaced: {other:?}").into()),
        Err(error) => say(&format!("vault: no new version, which only refresh tokens need: {error}")),
    }
    Ok(value)
}

/// A stream of the demo API that the command line reads into the target.
struct Smoke<'a> {
    azure: &'a Azure,
    root: String,
    api: Running,
    folder: tempfile::TempDir,
}

impl<'a> Smoke<'a> {
    async fn new(
        azure: &'a Azure,
        root: String,
        token: SecretString,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let stream =
            Stream::new(STREAM, Style::Cursor, Shape::Small, RECORDS).page_size(20).auth(Auth::Bearer);
        let cut = FaultKind::CutBody { after_bytes: 500, framing: Framing::Chunked };
        let faults = vec![
            Fault::new(STREAM, When::Request(3), FaultKind::status(503)).times(2),
            Fault::new(STREAM, When::Page(9), cut),
            Fault::new(STREAM, When::Page(15), FaultKind::Reset),
        ];
        let credentials =
            Credentials { token: token.expose_secret().trim_end().to_owned(), ..Credentials::default() };
        let options =
            Options { seed: SEED, streams: vec![stream], faults, credentials, ..Options::default() };
        let api = DemoApi::start(options).await?;
        let folder = tempfile::tempdir()?;
        let text = format!("source: demo\nbase_url: {}\n{}\n", api.base_url(), one_stream(STREAM, SETTINGS));
        std::fs::write(folder.path().join("demo.yaml"), text)?;
        Ok(Self { azure, root, api, folder })
    }

    async fn twice_at_once_and_again(&self) -> Outcome {
        let target = format!("{}/twice", self.root);
        let both = [self.start(&target)?, self.start(&target)?];
        for mut process in both {
            ended(&mut process).await?;
        }
        ended(&mut self.start(&target)?).await?;
        self.is_exact(&target).await?;
        say("run: exact with faults on, twice at once and once more; nothing is repeated");
        Ok(())
    }

    async fn killed(&self) -> Outcome {
        for at in KILLED_AT {
            let target = format!("{}/killed-{at}", self.root);
            let requests = || self.api.stats().stream(STREAM).requests;
            let before = requests();
            let mut process = self.start(&target)?;
            until("the API is asked", || requests() >= before + at).await;
            process.kill().await?;
            ended(&mut self.start(&target)?).await?;
            self.is_exact(&target).await?;
        }
        say(&format!("run: exact after SIGKILL at requests {KILLED_AT:?} and the same run again"));
        Ok(())
    }

    fn start(&self, target: &str) -> std::io::Result<Child> {
        Command::new(program("bronzegate"))
            .args(run_line(&format!("demo/{STREAM}")).split(' '))
            .env("BRONZEGATE_TARGET", target)
            .env("BRONZEGATE_SOURCES", self.folder.path() as &Path)
            .env("BRONZEGATE_ENVIRONMENT", "test")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
    }

    async fn is_exact(&self, target: &str) -> Outcome {
        let found = lines(&*self.azure.store(target)?, STREAM).await;
        let found: Vec<_> = found.iter().map(|line| own_bytes(line)).collect();
        assert_same(&found, &expected(Shape::Small, RECORDS));
        Ok(())
    }
}

async fn ended(process: &mut Child) -> Outcome {
    let status = process.wait().await?;
    if status.success() { Ok(()) } else { Err(format!("bronzegate ended with {status}").into()) }
}

/// Asks the app for a run, and waits until the run is committed.
async fn function_app(app: &str, store: &dyn BronzeStore, clock: &SystemClock) -> Outcome {
    let event: Value = serde_json::from_str(&needed("BRONZEGATE_SMOKE_EVENT")?)?;
    let (source, stream) = (text(&event, "source")?, text(&event, "stream")?);
    let commits = format!("_bronzegate/{source}/{stream}/commits/");
    let before = store.list(&commits).await?.len();
    let request = reqwest::Client::new().post(format!("{}/api/ingest", app.trim_end_matches('/')));
    let answer = request.header("x-functions-key", needed("BRONZEGATE_SMOKE_KEY")?).body(event.to_string());
    let answer = answer.header("content-type", "application/json").send().await?;
    let (status, body) = (answer.status(), answer.text().await?);
    if status != 202 {
        return Err(format!("the app answered {status}: {body}").into());
    }
    say(&format!("function app: 202 {}", json!(body)));
    while store.list(&commits).await?.len() == before {
        if clock.elapsed() > PATIENCE {
            return Err(format!("nothing new in {commits} after {PATIENCE:?}").into());
        }
        clock.sleep(PERIOD).await;
    }
    say(&format!("function app: {source}/{stream} is committed"));
    Ok(())
}

fn needed(name: &str) -> Result<String, String> {
    variable(name).filter(|value| !value.is_empty()).ok_or_else(|| format!("{name} is not set"))
}

fn text<'v>(event: &'v Value, member: &str) -> Result<&'v str, String> {
    event[member].as_str().ok_or_else(|| format!("BRONZEGATE_SMOKE_EVENT has no `{member}`"))
}
