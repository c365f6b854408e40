//! `host.json` and each function's `function.json`, as the Functions host reads them.
//!
//! Their form is that of
//! [host.json](https://learn.microsoft.com/azure/azure-functions/functions-host-json) and
//! [custom handlers](https://learn.microsoft.com/azure/azure-functions/functions-custom-handlers).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use bronzegate_core::bounded_file::read_text;
use serde_json::{Value, json};

use super::app::App;

/// The most bytes of a file that is there already.
const LARGEST: u64 = 1 << 20;
/// The function that does the work of a queue's item.
pub const QUEUE: &str = "ingest_queue";
/// The function that somebody calls.
pub const HTTP: &str = "ingest_http";
/// The function that looks for missing runs.
pub const WATCH: &str = "ingest_watch";
/// The binding of a timer's firing.
pub const TIMER: &str = "timer";
/// The binding of a queue's item.
pub const ITEM: &str = "item";
/// The binding of an HTTP request.
pub const REQUEST: &str = "req";
/// The binding of an HTTP response.
pub const RESPONSE: &str = "res";
/// The binding of new items.
pub const WORK: &str = "work";
/// The binding of items that are given up.
pub const POISON: &str = "poison";

/// The settings of the Functions host that the handler goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Host {
    /// How often an item is handed out before the host gives it up.
    pub max_dequeue_count: u64,
    /// Items that the host fetches at once: one, so that none waits behind another that takes long.
    pub batch_size: u64,
    /// It fetches again while no more than so many are worked on; with the batch, an instance works on four.
    pub new_batch_threshold: u64,
    /// The most time of an invocation, as `HH:MM:SS`.
    pub function_timeout: &'static str,
    /// How long a failed item waits, as `HH:MM:SS`. With the count, an outage of less than four times as long
    /// gives nothing up.
    pub visibility_timeout: &'static str,
}

/// The settings that are generated.
pub const HOST: Host = Host {
    max_dequeue_count: 5,
    batch_size: 1,
    new_batch_threshold: 3,
    function_timeout: "00:10:00",
    visibility_timeout: "00:05:00",
};

/// The queue's name, and the connection's, as the app's settings have them. The connection is not the host's
/// own (`AzureWebJobsStorage`), which Terraform's provider writes as it likes.
const QUEUE_NAME: &str = "%BRONZEGATE_QUEUE%";
const CONNECTION: &str = "BRONZEGATE_STORAGE";

impl App {
    /// The files of the function app, by their paths from its root.
    pub fn files(&self) -> BTreeMap<String, String> {
        let work = || output(WORK, QUEUE_NAME);
        let poison = || output(POISON, &format!("{QUEUE_NAME}-poison"));
        let item = json!({
            "type": "queueTrigger", "direction": "in", "name": ITEM, "queueName": QUEUE_NAME, "connection": CONNECTION,
        });
        let request = json!({
            "type": "httpTrigger", "direction": "in", "name": REQUEST, "authLevel": "function", "methods": ["post"],
            "route": "ingest",
        });
        let response = json!({ "type": "http", "direction": "out", "name": RESPONSE });
        let mut files = BTreeMap::from([
            ("host.json".to_owned(), text(&host())),
            function(QUEUE, &[item, work(), poison()]),
            function(HTTP, &[request, response, work()]),
        ]);
        // Not on the hour, when most runs begin.
        let hourly = json!({
            "type": "timerTrigger", "direction": "in", "name": TIMER, "schedule": "0 37 * * * *", "useMonitor": true,
        });
        files.extend([function(WATCH, &[hourly])]);
        files.extend(self.timers().map(|timer| {
            let trigger = json!({
                "type": "timerTrigger", "direction": "in", "name": TIMER, "schedule": timer.expression,
                "useMonitor": true,
            });
            let (path, _) = function(&timer.function, &[]);
            // The times come from the schedule, so a repeat puts the same items on the queue.
            let retry = json!({ "strategy": "fixedDelay", "maxRetryCount": 5, "delayInterval": "00:00:10" });
            (path, text(&json!({ "bindings": [trigger, work()], "retry": retry })))
        }));
        files
    }
}

fn host() -> Value {
    json!({
        "version": "2.0",
        "functionTimeout": HOST.function_timeout,
        "customHandler": {
            "description": { "defaultExecutablePath": "handler" },
            "enableForwardingHttpRequest": false,
        },
        "extensionBundle": { "id": "Microsoft.Azure.Functions.ExtensionBundle", "version": "[4.*, 5.0.0)" },
        "extensions": {
            "queues": {
                "batchSize": HOST.batch_size,
                "newBatchThreshold": HOST.new_batch_threshold,
                "maxDequeueCount": HOST.max_dequeue_count,
                "visibilityTimeout": HOST.visibility_timeout,
                "messageEncoding": "base64",
            },
        },
        "logging": {
            "applicationInsights": { "samplingSettings": { "isEnabled": true, "excludedTypes": "Trace;Exception" } },
        },
    })
}

fn function(name: &str, bindings: &[Value]) -> (String, String) {
    (format!("{name}/function.json"), text(&json!({ "bindings": bindings })))
}

fn output(name: &str, queue: &str) -> Value {
    json!({ "type": "queue", "direction": "out", "name": name, "queueName": queue, "connection": CONNECTION })
}

fn text(json: &Value) -> String {
    format!("{json:#}\n")
}

/// Makes a folder's files those of an app, and returns the paths that were not: changed, missing, or left
/// from a schedule that is gone. With `only_look` nothing is written.
///
/// # Errors
/// The file system's, with the path it is about.
pub fn write_differences(
    app: &App,
    folder: &Path,
    only_look: bool,
) -> Result<BTreeSet<String>, (String, io::Error)> {
    let files = app.files();
    let mut differences = BTreeSet::new();
    for (path, text) in &files {
        let file = folder.join(path);
        let at = |error| (file.display().to_string(), error);
        match read_text(&file, LARGEST) {
            Ok(found) if found == *text => continue,
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(error)),
            Ok(_) | Err(_) => {}
        }
        differences.insert(path.clone());
        if !only_look {
            fs::create_dir_all(file.parent().unwrap_or(folder)).map_err(at)?;
            fs::write(&file, text).map_err(at)?;
        }
    }
    for name in stale(folder, &files)? {
        let stale = folder.join(&name);
        if !only_look {
            fs::remove_dir_all(&stale).map_err(|error| (stale.display().to_string(), error))?;
        }
        differences.insert(format!("{name}/function.json"));
    }
    Ok(differences)
}

/// Folders of timers that no schedule has any more.
fn stale(folder: &Path, files: &BTreeMap<String, String>) -> Result<Vec<String>, (String, io::Error)> {
    let at = |error| (folder.display().to_string(), error);
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(at(error)),
    };
    let mut stale = Vec::new();
    for entry in entries {
        let name = entry.map_err(at)?.file_name().to_string_lossy().into_owned();
        if name.starts_with("ingest_timer_") && !files.contains_key(&format!("{name}/function.json")) {
            stale.push(name);
        }
    }
    Ok(stale)
}
