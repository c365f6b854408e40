//! What the demo needs: the API's options, the source file that reads it, and its secrets.

use crate::arguments::DemoArguments;
use bronzegate_demo_api::{DemoApi, Options, Running};
use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
};

const API: &str = include_str!("api.json");
const SOURCE: &str = include_str!("../../../../sources/demo.yaml");
/// Where `sources/demo.yaml` and `api.json` put the API.
const USUAL: &str = "127.0.0.1:7780";

/// The streams that the demo reads.
pub(super) const STREAMS: [&str; 3] = ["contacts", "orders", "events"];

/// What the demo API accepts. These are secrets of nobody.
pub(super) const SECRETS: [(&str, &str); 3] = [
    ("BRONZEGATE_SECRET_DEMO_TOKEN", "demo-token"),
    ("BRONZEGATE_SECRET_DEMO_API_KEY", "demo-api-key"),
    ("BRONZEGATE_SECRET_DEMO_CLIENT_SECRET", "demo-client-secret"),
];

/// The API's options.
pub(super) fn options() -> serde_json::Result<Options> {
    serde_json::from_str(API)
}

/// Starts the API on its usual port, or on a free one if that is taken.
pub(super) async fn start(options: &Options) -> std::io::Result<Running> {
    match DemoApi::start(options.clone()).await {
        Ok(api) => Ok(api),
        Err(_) => DemoApi::start(Options { port: 0, ..options.clone() }).await,
    }
}

/// The folder of the source file. `demo.yaml` is written there if the folder has none.
///
/// On another port the file is written beside bronze, because the user's own names the usual one.
pub(super) fn sources(arguments: &DemoArguments, base_url: &str) -> Result<PathBuf, Box<dyn Error>> {
    let host = base_url.trim_start_matches("http://");
    let folder = match host {
        USUAL => arguments.sources.clone(),
        _ => Path::new(&arguments.target).join("_demo_sources"),
    };
    let file = folder.join("demo.yaml");
    if host != USUAL || !file.exists() {
        fs::create_dir_all(&folder)?;
        fs::write(&file, SOURCE.replace(USUAL, host))?;
    }
    Ok(folder)
}
