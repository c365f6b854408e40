//! What `check` tells beside what it finds: what every run would fail by, or lose.

use bronzegate_demo_api::{By, Shape, Stream, Style};
use bronzegate_tests::command_line::Shell;

use super::commands::shell;

#[tokio::test]
async fn check_tells_what_every_run_would_fail_by_or_lose() {
    let shell = shell(Vec::new()).await;
    let stream = |name: &str, more: &str| {
        let auth = "auth: { type: bearer, token: { secret: token } }";
        shell.source(
            name,
            &format!("{auth}\nstreams: {{ contacts: {{ path: /contacts, records: results, {more} }} }}"),
        );
    };
    let paged = |next: &str, more: &str| {
        format!(
            "pagination: {{ type: cursor, next: {{ body: {next} }}, send: {{ query: after }}, page_size: {{ query: limit, value: 10 }}{more} }}"
        )
    };
    let counted = paged("paging.next.after", ", total: { body: count }");
    stream("lost", &counted);
    let check = shell.run("check lost").await;
    let told = "    warning: nothing at body count, where `total` looks for the";
    assert!(check.code() == Some(0) && check.out.contains(told), "{check:?}");
    let warnings = &shell.run("check lost --json").await.report()["streams"][0]["detail"]["warnings"];
    assert_eq!(warnings.as_array().map(Vec::len), Some(1), "{warnings}");
    // What a run would leave out without a word.
    stream("lost", &paged("nope", ""));
    let check = shell.run("check lost").await;
    let why = "nothing stands at body nope, where the next page is named, although the API has more";
    assert!(check.code() == Some(6) && check.out.contains(why), "{check:?}");
    // Both at once: the only page states no total, by which every run fails.
    stream("lost", &paged("nope", ", total: { body: count }"));
    let check = shell.run("check lost").await;
    assert!(check.code() == Some(6) && check.out.contains("no response has stated a total"), "{check:?}");
    let incremental = |cursor: &str, more: &str| {
        format!("incremental: {{ cursor: {cursor}, format: rfc3339, from: {{ query: since }}{more} }}")
    };
    for (settings, why) in [
        (
            incremental("changedAt", ""),
            "record 1 has no cursor at `changedAt`: does `incremental.cursor` name the API's member? The record's are: ",
        ),
        (incremental("name", ""), "record 1 has a cursor at `name` that"),
    ] {
        stream("failing", &settings);
        let check = shell.run("check failing").await;
        assert_eq!(check.code(), Some(6), "{check:?}");
        assert!(check.out.contains(&format!("failing/contacts, page 1: {why}")), "{check:?}");
    }
    stream("blind", &incremental("changedAt", ", missing: skip"));
    let check = shell.run("check blind").await;
    let why = "    warning: no record of the first page has a cursor at `changedAt`";
    assert!(check.code() == Some(0) && check.out.contains(why), "{check:?}");
}

#[tokio::test]
async fn check_asks_for_the_second_page_and_for_page_zero() {
    let streams = vec![
        Stream::new("items", Style::Page, Shape::Small, 70).page_size(20),
        Stream::new("capped", Style::Page, Shape::Small, 70).max_page_size(20),
        counted_from_zero(),
    ];
    let shell =
        Shell::new(streams, Vec::new(), "streams: { items: { path: /items, records: results } }").await;
    let check = async |stream: &str, pagination: &str| {
        let text = format!(
            "streams: {{ s: {{ path: /{stream}, records: results, pagination: {{ {pagination} }} }} }}"
        );
        shell.source("asked", &text);
        shell.run("check asked").await
    };
    let right = "type: page, send: { query: page }, page_size: { query: per_page, value: 20 }, total: { body: total_pages }";
    let checked = check("items", right).await;
    assert!(checked.code() == Some(0) && !checked.out.contains("warning"), "{checked:?}");
    let ignored = check("items", &right.replace("query: page ", "query: pagee ")).await;
    let why = "page 2: the second page has the records of the first: the API ignores what asks for it";
    assert!(ignored.code() == Some(6) && ignored.out.contains(why), "{ignored:?}");
    let lowered = check("capped", &right.replace("value: 20", "value: 50")).await;
    let why = "warning: the first page has 20 records where 50 were asked for, and there are more";
    assert!(lowered.code() == Some(0) && lowered.out.contains(why), "{lowered:?}");
    let zero =
        check("zero", "type: page, send: { query: page }, page_size: { query: limit, value: 20 }").await;
    let why = "page 0 has 20 records that page 1 has not: the API counts its pages from 0";
    assert!(zero.code() == Some(6) && zero.out.contains(why), "{zero:?}");
}

fn counted_from_zero() -> Stream {
    let mut stream = Stream::new("zero", Style::Layout, Shape::Small, 70).page_size(20);
    stream.quirks.layout.by = By::PageFromZero("page".to_owned());
    stream
}

#[tokio::test]
async fn check_tells_of_one_page_that_may_not_be_all() {
    let streams = vec![
        Stream::new("round", Style::Single, Shape::Small, 25),
        Stream::new("more", Style::NextUrl, Shape::Small, 70).page_size(20),
    ];
    let shell = Shell::new(streams, Vec::new(), "streams: { s: { path: /round, records: results } }").await;
    let round = shell.run("check demo").await;
    let why = "warning: the only page has 25 records, as many as pages usually have";
    assert!(round.code() == Some(0) && round.out.contains(why), "{round:?}");
    shell.source("demo", "streams: { s: { path: /more, records: results } }");
    let more = shell.run("check demo").await;
    let why = "Write `pagination: { type: next_url, next: { body: next } }`";
    assert!(more.code() == Some(0) && more.out.contains(why), "{more:?}");
    let runs = shell.run("run demo/s").await;
    assert_eq!(runs.code(), Some(0), "{runs:?}");
    let marked = shell.run("runs demo --fail-on-breach").await;
    assert!(marked.code() == Some(1) && marked.out.contains("may_lack"), "{marked:?}");
}

#[tokio::test]
async fn check_tells_once_that_records_get_members_of_their_partitions() {
    let shell = shell(Vec::new()).await;
    let settings = |more: &str| {
        let auth = "auth: { type: bearer, token: { secret: token } }";
        let list = "path: /contacts, params: { of: '{{ partition.of }}' }, partitions: { of: [a] }, records: results";
        let pages = "pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after } }";
        shell.source("parts", &format!("{auth}\nstreams: {{ contacts: {{ {list}, {pages}{more} }} }}"));
    };
    settings("");
    let told = "from the next run on records get `_partition_of`, which those of the last run do not have";
    assert!(!shell.run("check parts").await.out.contains(told), "there is no log");
    let run = async |at: &str| {
        let run = shell.run(&format!("run parts/contacts --at {at}")).await;
        assert_eq!(run.code(), Some(0), "{run:?}");
    };
    run("2026-11-22T17:00:00Z").await;
    assert!(!shell.run("check parts").await.out.contains(told), "they have it");
    // As an earlier version wrote it.
    let commits = shell.target().join("_bronzegate/parts/contacts/commits");
    for commit in std::fs::read_dir(commits).unwrap() {
        let path = commit.unwrap().path();
        let mut record: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        record.as_object_mut().unwrap().remove("branch_members").expect("it names them");
        std::fs::write(&path, record.to_string()).unwrap();
    }
    let check = shell.run("check parts").await;
    assert!(check.code() == Some(0) && check.out.contains(told), "{check:?}");
    settings(", branch_fields: none");
    assert!(!shell.run("check parts").await.out.contains(told), "they will not get it");
    settings("");
    run("2026-11-23T17:00:00Z").await;
    assert!(!shell.run("check parts").await.out.contains(told), "it is told once");
}
