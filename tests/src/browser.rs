//! A real browser, headless, that opens a page and tells what somebody would see.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tokio::process::Command;

/// A window that a page is looked at in.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// The name of its picture.
    pub name: &'static str,
    /// Its size in pixels.
    pub size: (u32, u32),
    /// Whether the person prefers dark colours.
    pub dark: bool,
}

/// How often a browser is started again that ends by itself, as one does on a machine short of memory.
const ATTEMPTS: usize = 3;

/// Opens the file in each view. The pictures stay in `target/tmp`.
///
/// # Panics
/// When no browser is installed (`make .node/installed`) or none opens the file.
pub async fn look(file: &Path, views: &[View]) -> Vec<Value> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let modules = tests.join("../.node/node_modules");
    let asked: Vec<_> = views
        .iter()
        .map(|View { name, size: (width, height), dark }| {
            json!({ "name": name, "width": width, "height": height, "scheme": if *dark { "dark" } else { "light" } })
        })
        .collect();
    let mut refusals = Vec::new();
    for _ in 0..ATTEMPTS {
        let ended = Command::new("node")
            .env("NODE_PATH", &modules)
            .arg(tests.join("fixtures/look-at-page.cjs"))
            .args([file, &pictures()])
            .arg(json!(asked).to_string())
            .kill_on_drop(true)
            .output()
            .await
            .expect("Node.js is installed");
        if ended.status.success() {
            let found: Value =
                serde_json::from_slice(&ended.stdout).expect("the browser's findings are JSON");
            return found["views"].as_array().expect("a list").clone();
        }
        refusals.push(String::from_utf8_lossy(&ended.stderr).into_owned());
    }
    panic!("no browser opens {}: {refusals:#?}", file.display());
}

/// The folder of the pictures.
fn pictures() -> PathBuf {
    let own = std::env::current_exe().expect("a test knows its own file");
    let folder = own.ancestors().nth(3).expect("it is in target/<profile>/deps").join("tmp");
    std::fs::create_dir_all(&folder).expect("writable");
    folder
}
