//! Terraform, led to moto: the example root in a temporary copy of `infra/`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::moto::{self, REGION};
use crate::repository;

/// What leads the provider to a cloud that is none.
const PROVIDER: &str = r#"provider "aws" {
  access_key                  = "testing"
  secret_key                  = "testing"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  s3_use_path_style           = true
  max_retries                 = 2
}
"#;

/// The variable whose value is the path of Terraform's own settings, which say where providers come from.
const SETTINGS: &str = "BRONZEGATE_TERRAFORM_CLI_CONFIG";

/// The variable whose presence says that no test may be left out.
const ALL: &str = "BRONZEGATE_REQUIRE_ALL";

/// A root in a temporary folder, initialised: `infra/examples/aws`, or one of a test's own.
#[derive(Debug)]
pub struct Terraform {
    folder: TempDir,
    /// Relative to the folder.
    root: &'static str,
    settings: OsString,
    port: u16,
}

impl Terraform {
    /// Initialises the example for a bucket and a folder of source files, on the moto at this port. None, and
    /// a printed line, where Terraform is not installed or its settings are not given.
    ///
    /// # Panics
    /// When Terraform is there and the example cannot be initialised.
    pub async fn example(port: u16, bucket: &str, sources: &Path) -> Option<Self> {
        let settings = settings()?;
        let folder = tempfile::tempdir().expect("a folder");
        copy(&repository().join("infra"), folder.path());
        let example = Self { folder, root: "examples/aws", settings, port };
        let root = example.root();
        fs::write(root.join("provider_override.tf"), PROVIDER).expect("writable");
        let variables = json!({
            "bucket": bucket,
            "region": REGION,
            "sources_path": sources,
            "package": example.folder.path().join("modules/aws/tests/empty.zip"),
            "force_destroy": true,
            "workflow": {
                "retry_interval_seconds": 1, "retry_attempts": 1, "retry_backoff": 1,
                "pause_seconds": 1, "max_segments": 3,
            },
        });
        fs::write(root.join("test.auto.tfvars.json"), variables.to_string()).expect("writable");
        example.succeed(&["init", "-input=false"]).await;
        Some(example)
    }

    /// Initialises a root that calls a module by its address alone, in a repository of git that has only `infra/`, and
    /// validates it. `arguments` are those of the call. None as for [`example`](Self::example).
    ///
    /// # Panics
    /// When that fails.
    pub async fn by_address(module: &str, arguments: &str) -> Option<Self> {
        let settings = settings()?;
        let folder = tempfile::tempdir().expect("a folder");
        let published = folder.path().join("published");
        copy(&repository().join("infra"), &published.join("infra"));
        for line in [
            &["init", "--quiet"][..],
            &["add", "."],
            &[
                "-c",
                "user.name=tests",
                "-c",
                "user.email=tests@example.com",
                "commit",
                "--quiet",
                "-m",
                "infra: as it is",
            ],
        ] {
            let git =
                Command::new("git").args(line).current_dir(&published).status().expect("git is installed");
            assert!(git.success(), "git {line:?}");
        }
        let root = Self { folder, root: "root", settings, port: 0 };
        fs::create_dir(root.root()).expect("writable");
        let address = format!("git::file://{}//infra/modules/{module}", published.display());
        let call = format!("module \"called\" {{\n  source = \"{address}\"\n{arguments}\n}}\n");
        fs::write(root.root().join("main.tf"), call).expect("writable");
        root.succeed(&["init", "-backend=false", "-input=false"]).await;
        root.succeed(&["validate"]).await;
        Some(root)
    }

    /// Applies it: as a whole, or only what these targets need.
    ///
    /// # Panics
    /// When that fails.
    pub async fn apply(&self, targets: &[&str]) {
        let targets: Vec<_> = targets.iter().map(|target| format!("-target={target}")).collect();
        let mut line = vec!["apply", "-auto-approve", "-input=false"];
        line.extend(targets.iter().map(String::as_str));
        self.succeed(&line).await;
    }

    /// What a plan would change: `<address>.<attribute>` where a resource differs, `<address> <actions>` where
    /// it is to be made or removed.
    ///
    /// # Panics
    /// When it cannot be planned.
    pub async fn drift(&self) -> Vec<String> {
        self.succeed(&["plan", "-input=false", "-out=second.plan"]).await;
        let plan = self.json(&["show", "-json", "second.plan"]).await;
        let changes = plan["resource_changes"].as_array().expect("a plan lists its resources").clone();
        let mut drift: Vec<_> = changes.iter().flat_map(differences).collect();
        drift.sort();
        drift
    }

    /// What a plan would make: the known attributes of each resource by its address.
    ///
    /// # Panics
    /// When it cannot be planned.
    pub async fn planned(&self) -> BTreeMap<String, Value> {
        self.succeed(&["plan", "-input=false", "-out=first.plan"]).await;
        let plan = self.json(&["show", "-json", "first.plan"]).await;
        let changes = plan["resource_changes"].as_array().expect("a plan lists its resources").iter();
        let made = changes.filter(|change| change["mode"] == "managed");
        made.map(|change| {
            (change["address"].as_str().unwrap_or_default().to_owned(), change["change"]["after"].clone())
        })
        .collect()
    }

    /// The attributes of a resource that is there, in the example's module.
    ///
    /// # Panics
    /// When it is not there.
    pub async fn attributes(&self, address: &str) -> Value {
        let state = self.json(&["show", "-json"]).await;
        let modules =
            state["values"]["root_module"]["child_modules"].as_array().expect("the example has a module");
        let mut resources = modules.iter().filter_map(|module| module["resources"].as_array()).flatten();
        let found = resources.find(|resource| resource["address"] == address);
        found.unwrap_or_else(|| panic!("there is no {address}: {state}"))["values"].clone()
    }

    /// The outputs' values by name.
    ///
    /// # Panics
    /// When they cannot be read.
    pub async fn outputs(&self) -> Value {
        let outputs = self.json(&["output", "-json"]).await;
        let outputs = outputs.as_object().expect("outputs have names");
        outputs.iter().map(|(name, output)| (name.clone(), output["value"].clone())).collect()
    }

    /// Removes what was applied.
    ///
    /// # Panics
    /// When that fails.
    pub async fn destroy(&self) {
        self.succeed(&["destroy", "-auto-approve", "-input=false"]).await;
    }

    /// The addresses of what is there.
    ///
    /// # Panics
    /// When they cannot be read.
    pub async fn resources(&self) -> Vec<String> {
        self.succeed(&["state", "list"]).await.lines().map(str::to_owned).collect()
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join(self.root)
    }

    async fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.succeed(arguments).await).expect("Terraform writes JSON")
    }

    async fn succeed(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("terraform");
        command
            .args(arguments)
            .current_dir(self.root())
            .env("TF_CLI_CONFIG_FILE", &self.settings)
            .env("TF_IN_AUTOMATION", "1")
            .env("TF_CLI_ARGS", "-no-color")
            .env_remove("TF_DATA_DIR")
            .envs(moto::variables_at(self.port))
            .stdin(Stdio::null());
        // A thread of its own: the test's other servers go on.
        let ended = tokio::task::spawn_blocking(move || command.output());
        let Output { status, stdout, stderr } =
            ended.await.expect("it does not panic").expect("terraform starts");
        let text = String::from_utf8_lossy(&stdout).into_owned();
        assert!(status.success(), "terraform {arguments:?}: {text}\n{}", String::from_utf8_lossy(&stderr));
        text
    }
}

/// Terraform's settings, where it can be run.
#[expect(clippy::disallowed_methods, reason = "the environment says whether Terraform can be tested here")]
fn settings() -> Option<OsString> {
    let Some(settings) = std::env::var_os(SETTINGS) else {
        tell_skipped(&format!("{SETTINGS} is not set"));
        return None;
    };
    let version =
        Command::new("terraform").arg("version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if version.is_err() {
        tell_skipped("terraform is not installed");
        return None;
    }
    Some(settings)
}

/// Prints a line that the test harness does not keep to itself; where everything is to be tested, it fails.
#[expect(clippy::disallowed_methods, reason = "the environment says whether everything is to be tested")]
fn tell_skipped(why: &str) {
    assert!(std::env::var_os(ALL).is_none(), "{ALL} is set, and {why}");
    writeln!(std::io::stderr(), "skipped, a test with Terraform: {why}").expect("the terminal is writable");
}

/// Copies a folder without what Terraform keeps there of earlier runs.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("writable");
    for entry in fs::read_dir(from).expect("readable") {
        let entry = entry.expect("readable");
        let name = entry.file_name();
        let text = name.to_string_lossy();
        if text.starts_with('.') || text.contains(".tfstate") {
            continue;
        }
        if entry.path().is_dir() {
            copy(&entry.path(), &to.join(name));
        } else {
            fs::copy(entry.path(), to.join(name)).expect("writable");
        }
    }
}

fn differences(resource: &Value) -> Vec<String> {
    let (address, change) = (resource["address"].as_str().unwrap_or_default(), &resource["change"]);
    match change["actions"].as_array().expect("a change has actions").as_slice() {
        [action] if action == "no-op" || action == "read" => Vec::new(),
        [action] if action == "update" => {
            let after = change["after"].as_object().expect("an update has an outcome");
            let differs = after.iter().filter(|(name, value)| change["before"][name.as_str()] != **value);
            differs.map(|(name, _)| format!("{address}.{name}")).collect()
        }
        actions => vec![format!("{address} {}", json!(actions))],
    }
}
