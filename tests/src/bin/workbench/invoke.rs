//! What the invocations of both clouds begin with: the event, the demo API, and the folder of a function.

use std::error::Error;
use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::process::Api;
use crate::{Outcome, sources};

const API_CONFIG: &str = "crates/bronzegate-demo-api/src/demo/api.json";
/// What the demo API takes; these are no secrets of anyone.
pub(crate) const SECRETS: [&str; 3] = ["demo-token", "demo-api-key", "demo-client-secret"];

/// Invokes with the event of a file.
pub(crate) fn with(event: &str, invoke: impl AsyncFnOnce(&Value) -> Outcome) -> Outcome {
    let event: Value = serde_json::from_str(&fs::read_to_string(event)?)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(invoke(&event))
}

/// The running API, and a folder with the source files that read it.
pub(crate) fn deployment() -> Result<(Api, TempDir), Box<dyn Error>> {
    let api = Api::start(&["--config", API_CONFIG, "--port", "0"])?;
    let folder = tempfile::tempdir()?;
    sources::copy(&folder.path().join("sources"), &api)?;
    Ok((api, folder))
}
