//! `run --due`, several names, patterns and `--all`.

use bronzegate_demo_api::{Auth, Fault, FaultKind, Shape, Stream, Style, When};
use bronzegate_tests::command_line::Shell;

/// Two sources with two streams and one; `daily` alone has a schedule.
async fn shell() -> Shell {
    let stream = |name: &str| Stream::new(name, Style::Single, Shape::Small, 3).auth(Auth::None);
    let yaml = "streams:
  daily: { path: /daily, records: results, pagination: { type: none }, schedule: { every: 1d } }
  never: { path: /never, records: results, pagination: { type: none } }";
    let shell = Shell::new(vec![stream("daily"), stream("never"), stream("other")], Vec::new(), yaml).await;
    shell.source(
        "second",
        "streams:\n  other: { path: /other, records: results, pagination: { type: none }, schedule: { cron: \"0 0 * * *\" } }",
    );
    shell
}

fn names(reports: &[serde_json::Value]) -> Vec<String> {
    let text =
        |report: &serde_json::Value, member: &str| report[member].as_str().unwrap_or_default().to_owned();
    let mut names: Vec<_> = reports
        .iter()
        .map(|report| {
            format!("{}/{} {}", text(report, "source"), text(report, "stream"), text(report, "status"))
        })
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn what_is_due_is_one_run_however_often_and_by_whomever_it_is_called() {
    let shell = shell().await;
    let first = shell.run("run --due --json").await;
    assert_eq!(first.code(), Some(0), "{first:?}");
    assert_eq!(names(&first.reports()), ["demo/daily complete", "second/other complete"]);
    assert!(first.err.contains("skipped: demo/never: it has no `schedule`"), "{first:?}");
    let key = first.reports()[0]["key"].as_str().unwrap_or_default().to_owned();
    assert!(key.starts_with("at-") && key.ends_with("T000000Z"), "{key}");
    let again = shell.run("run demo/daily --at due --json").await;
    let report = again.report();
    // At midnight itself the next day's run is due.
    if report["key"] == key {
        again.assert(0, "already_committed");
        assert_eq!(shell.commits("daily").len(), 1);
    }
}

#[tokio::test]
async fn a_stream_without_a_schedule_is_refused_where_it_is_named() {
    let shell = shell().await;
    for line in ["run demo/never --due", "run second demo/never --at due"] {
        let refused = shell.run(line).await;
        assert_eq!((refused.code(), refused.out.as_str()), (Some(2), ""), "{refused:?}");
        assert!(
            refused.err.contains("demo/never: it has no `schedule`, so no run of it is due"),
            "{refused:?}"
        );
    }
    assert!(!shell.target().exists(), "nothing has begun");
}

#[tokio::test]
async fn names_and_patterns_run_each_stream_once() {
    let shell = shell().await;
    let ended = shell.run("run second/* demo/daily demo/d* --json").await;
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    assert_eq!(names(&ended.reports()), ["demo/daily complete", "second/other complete"]);
    let all = shell.run("run --all").await;
    assert_eq!(all.code(), Some(0), "{all:?}");
    let rows: Vec<_> = all.out.lines().skip(1).filter_map(|line| line.split(' ').next()).take(3).collect();
    assert_eq!(rows, ["demo/daily", "demo/never", "second/other"], "the table is in file order");
    for (line, why) in [
        ("run demo/x*", "`demo/x*` matches no stream"),
        ("run x*", "`x*` matches no source; the sources there are: demo, second"),
        ("run demo second/nope", "nope"),
        ("run demo --all", "cannot be used with"),
        ("run --restart demo", "--restart is for one stream"),
        ("run --restart demo/*", "--restart is for one stream"),
    ] {
        let refused = shell.run(line).await;
        assert_eq!(refused.code(), Some(2), "{refused:?}");
        assert!(refused.err.contains(why), "{line}: {refused:?}");
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_used_does_not_stop_the_others() {
    let shell = shell().await;
    shell.file("sources/broken.yaml", "source: broken\n");
    let ended = shell.run("run --all --json").await;
    assert_eq!(ended.code(), Some(2), "{ended:?}");
    assert_eq!(
        names(&ended.reports()),
        ["demo/daily complete", "demo/never complete", "second/other complete"]
    );
    assert!(ended.err.contains("sources/broken.yaml"), "{ended:?}");
    let refused = shell.run("run demo broken --json").await;
    assert_eq!((refused.code(), refused.out.as_str()), (Some(2), ""), "{refused:?}");
}

#[tokio::test]
async fn a_source_whose_turn_never_came_is_partial_and_begun_by_the_next_command() {
    let shell = shell().await;
    for nth in 0..9 {
        shell.source(
            &format!("slow{nth}"),
            "streams:\n  daily: { path: /daily, records: results, pagination: { type: none } }",
        );
    }
    // The first eight sources use up the time: none of their requests is answered before.
    shell.api.set_faults(vec![Fault::new("daily", When::Every(1), FaultKind::Held).always()]);
    let ended = shell.run("run slow* second --deadline 2s --json").await;
    let reports = ended.reports();
    let last = reports.iter().find(|report| report["source"] == "second").expect("it is told");
    assert_eq!(last["status"], "partial", "{last}");
    assert!(last["warnings"][0].as_str().unwrap_or_default().contains("before its turn"), "{last}");
    shell.run("run second --json").await.assert(0, "complete");
}
