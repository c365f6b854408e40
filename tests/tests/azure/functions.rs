//! The files of the Azure function app: made from the source files, compared with them, and known to the handler.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use bronzegate_azure::functions::{App, HTTP, QUEUE};
use bronzegate_core::doors::SourceFolder;
use bronzegate_demo_api::{Options, Shape, Stream, Style};
use bronzegate_tests::azure_deployment::Deployment;
use bronzegate_tests::command_line::Shell;
use bronzegate_tests::functions_host::Invoked;
use bronzegate_tests::{one_stream, repository};
use serde_json::{Value, json};

fn scheduled(schedule: &str) -> String {
    one_stream("items", &format!("records: results\nschedule: {schedule}\npagination: {{ type: none }}"))
}

#[tokio::test]
async fn the_command_writes_the_app_and_tells_what_differs_from_the_sources() {
    let shell = Shell::new(Vec::new(), Vec::new(), &scheduled("{ every: 1h }")).await;
    let app = shell.path("app");
    let files = |names: &[&str]| names.join("\n") + "\n";
    let hourly = "ingest_timer_every_hour/function.json";
    let watch = "ingest_watch/function.json";
    let all = files(&["host.json", "ingest_http/function.json", "ingest_queue/function.json", hourly, watch]);

    let check = shell.run("functions --output app --check").await;
    assert_eq!((check.code(), check.out.as_str()), (Some(2), all.as_str()), "{check:?}");
    assert!(!app.exists(), "a check writes nothing");
    let written = shell.run("functions --output app").await;
    assert_eq!((written.code(), written.out.as_str()), (Some(0), all.as_str()), "{written:?}");
    for line in ["functions --output app --check", "functions --output app"] {
        let again = shell.run(line).await;
        assert_eq!((again.code(), again.out.as_str()), (Some(0), ""), "{again:?}");
    }

    shell.source("demo", &scheduled("{ cron: \"30 2 * * MON-FRI\" }"));
    let nightly = "ingest_timer_30_2_any_any_mon_to_fri_utc/function.json";
    let changed = files(&[nightly, hourly]);
    let check = shell.run("functions --output app --check").await;
    assert_eq!((check.code(), check.out.as_str()), (Some(2), changed.as_str()), "{check:?}");
    assert!(check.err.contains("is not what the source files ask for"), "{check:?}");
    assert_eq!(shell.run("functions --output app").await.out, changed);
    assert!(!app.join("ingest_timer_every_hour").exists(), "what no schedule has any more is removed");
    let function: Value = serde_json::from_slice(&fs::read(app.join(nightly)).unwrap()).unwrap();
    let trigger = json!({
        "type": "timerTrigger", "direction": "in", "name": "timer", "schedule": "0 30 2 * * *", "useMonitor": true,
    });
    let work = json!({
        "type": "queue", "direction": "out", "name": "work", "queueName": "%BRONZEGATE_QUEUE%",
        "connection": "BRONZEGATE_STORAGE",
    });
    let retry = json!({ "strategy": "fixedDelay", "maxRetryCount": 5, "delayInterval": "00:00:10" });
    assert_eq!(function, json!({ "bindings": [trigger, work], "retry": retry }));

    fs::write(app.join("host.json"), "{}").unwrap();
    let check = shell.run("functions --output app --check").await;
    assert_eq!((check.code(), check.out.as_str()), (Some(2), "host.json\n"), "{check:?}");
    shell.source("demo", "streams: 7");
    let unusable = shell.run("functions --output app").await;
    assert_eq!(unusable.code(), Some(2), "a timer that is missing would be a stream that never runs");
}

#[tokio::test]
async fn the_handler_knows_every_function_of_its_app_and_no_other() {
    let streams: Vec<_> = [
        ("hourly", "{ every: 1h }"),
        ("nightly", "{ cron: \"30 2 * * MON-FRI\", timezone: Europe/Berlin }"),
        ("often", "{ cron: \"0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23 * * * *\" }"),
    ]
    .map(|(name, schedule)| scheduled(schedule).replace("items", name).replace("streams:\n", ""))
    .into();
    let yaml = format!("streams:\n{}", streams.concat());
    let stream = Stream::new("hourly", Style::Single, Shape::Small, 10);
    let options = Options { streams: vec![stream], ..Options::default() };
    let mut deployment = Deployment::new(options, &yaml).await;
    let sources = SourceFolder::local(deployment.folder().join("sources"));
    let (app, unusable) = App::of_folder(&sources).await.unwrap();
    assert!(unusable.is_empty(), "{unusable:?}");
    let functions: Vec<_> = app
        .files()
        .into_keys()
        .filter_map(|path| Some(path.strip_suffix("/function.json")?.to_owned()))
        .collect();
    assert_eq!(functions.len(), 6);
    for function in functions {
        let data = json!({
            "timer": { "ScheduleStatus": null, "IsPastDue": false },
            "item": json!({ "source": "demo", "stream": "hourly" }).to_string(),
            "req": { "Body": json!({ "source": "demo", "stream": "hourly" }).to_string() },
        });
        let invoked = deployment.app.invoke(&function, data, json!({})).await;
        assert!(matches!(invoked, Invoked::Outputs(_)), "{function}: {invoked:?}");
    }
    for function in ["ingest_timer_every_day", "ingest_other"] {
        let invoked = deployment.app.invoke(function, json!({ "timer": {} }), json!({})).await;
        assert!(matches!(invoked, Invoked::Failed(500, _)), "{function}: {invoked:?}");
    }
}

#[tokio::test]
async fn the_example_s_files_are_those_of_the_sources() {
    let sources = SourceFolder::local(repository().join("sources"));
    let (app, unusable) = App::of_folder(&sources).await.unwrap();
    assert!(unusable.is_empty(), "{unusable:?}");
    let files = app.files();
    assert_eq!(
        folder(&repository().join("infra/examples/azure/app")),
        files,
        "`make functions` writes it again"
    );
    let host: Value = serde_json::from_str(&files["host.json"]).unwrap();
    let queues = &host["extensions"]["queues"];
    let handed_out = [&queues["maxDequeueCount"], &queues["visibilityTimeout"]];
    assert_eq!(handed_out, [&json!(5), &json!("00:05:00")], "an outage may take twenty minutes");
    let bindings = |function: &str| -> BTreeSet<String> {
        let text = &files[&format!("{function}/function.json")];
        let json: Value = serde_json::from_str(text).unwrap();
        let names = json["bindings"].as_array().unwrap().iter();
        names.map(|binding| binding["name"].as_str().unwrap().to_owned()).collect()
    };
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(bindings(QUEUE), names(&["item", "poison", "work"]));
    assert_eq!(bindings(HTTP), names(&["req", "res", "work"]));
    assert_eq!(files.keys().filter(|path| path.starts_with("ingest_timer_")).count(), app.timers().count());
}

/// The texts of all files in a folder and in its folders, by their paths.
fn folder(at: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(at).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        let name = entry.file_name().expect("a name").to_string_lossy().into_owned();
        if entry.is_dir() {
            files.extend(folder(&entry).into_iter().map(|(path, text)| (format!("{name}/{path}"), text)));
        } else {
            files.insert(name, fs::read_to_string(&entry).expect("text"));
        }
    }
    files
}
