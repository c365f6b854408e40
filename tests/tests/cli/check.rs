//! What `check` tells beside what it finds: what every run would fail by, or lose.

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
    for (settings, warning) in [
        (
            paged("nope", ""),
            "nothing at body nope, where the next page is looked for, although the page is full: if",
        ),
        (
            paged("paging.next.after", ", total: { body: count }"),
            "nothing at body count, where `total` looks for the",
        ),
    ] {
        stream("lost", &settings);
        let check = shell.run("check lost").await;
        let told = format!("    warning: {warning}");
        assert!(check.code() == Some(0) && check.out.contains(&told), "{check:?}");
        let warnings = &shell.run("check lost --json").await.report()["streams"][0]["detail"]["warnings"];
        assert_eq!(warnings.as_array().map(Vec::len), Some(1), "{warnings}");
    }
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
