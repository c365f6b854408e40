//! The first half hour: what a newcomer writes, and the lines that answer it.

use std::net::TcpListener;

use bronzegate_demo_api::{Fault, FaultKind, Shape, Stream, Style, When};
use bronzegate_tests::command_line::{Shell, until};

use super::commands::shell;

/// The only line that contains a text.
#[track_caller]
fn line_with<'a>(text: &'a str, part: &str) -> &'a str {
    let mut lines = text.lines().filter(|line| line.contains(part));
    let line = lines.next().unwrap_or_else(|| panic!("no line has `{part}`:\n{text}"));
    assert_eq!(lines.next(), None, "another line has `{part}`:\n{text}");
    line.trim()
}

#[tokio::test]
async fn every_request_is_logged_without_the_values_of_its_query() {
    let shell = shell(Vec::new()).await;
    let run = shell.run("run demo/contacts --at 2026-11-22 -vv").await;
    assert_eq!(run.code(), Some(0), "{run:?}");
    let base = shell.api.base_url();
    let first = format!("demo/contacts: GET {base}/contacts?limit=… 200, ");
    assert!(run.err.lines().any(|line| line.contains(&first) && line.ends_with(" ms")), "{run:?}");
    let more = format!("demo/contacts: GET {base}/contacts?limit=…&after=… 200, ");
    assert_eq!(run.err.matches(&more).count(), 2, "{run:?}");
    let quiet = shell.run("run demo/contacts --at 2026-11-23").await;
    assert_eq!((quiet.code(), quiet.err.as_str()), (Some(0), ""));
    let loud = shell.run("run demo --log loud").await;
    assert_eq!(loud.code(), Some(2));
    assert!(
        line_with(&loud.err, "loud").contains("`loud` is no level; write error, warn, info,"),
        "{loud:?}"
    );
}

#[tokio::test]
async fn a_retry_is_one_line_on_a_terminal() {
    let limited = FaultKind::retry_after(429, "0");
    let shell = shell(vec![Fault::new("contacts", When::Page(2), limited)]).await;
    let run = shell.start_on_terminal("run demo/contacts").ended().await;
    let shown = shell.screen();
    assert_eq!(run.code(), Some(0), "{run:?}: {shown}");
    let start = shown.find("warning: demo/contacts: HTTP 429 from ").unwrap_or_else(|| panic!("{shown}"));
    let line = shown[start..].lines().next().unwrap_or_default().trim_end();
    assert!(line.contains(", again in ") && line.ends_with("s (2 of 5)"), "{line:?}");
}

#[tokio::test]
async fn a_terminal_shows_how_much_of_a_stated_total_has_come() {
    let shell = shell(vec![Fault::new("contacts", When::Page(2), FaultKind::Held).always()]).await;
    let running = shell.start_on_terminal("run demo/contacts");
    until("a page and the total", || shell.screen().contains("10 of 25 records")).await;
    shell.api.set_faults(Vec::new());
    let ended = running.ended().await;
    assert_eq!(ended.code(), Some(0), "{ended:?}");
}

#[tokio::test]
async fn check_tells_an_api_that_is_down_after_two_attempts() {
    let shell = shell(Vec::new()).await;
    // A port that was free a moment ago, and that nobody listens to.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    shell.file(
        "sources/down.yaml",
        &format!(
            "source: down\nbase_url: http://{free}\nstreams: {{ pots: {{ path: /pots, records: items }} }}\n"
        ),
    );
    let check = shell.run("check down").await;
    assert_eq!(check.code(), Some(5), "{check:?}");
    let why = format!(
        "attempt 2: {free} refused the connection: does the API run there, and is the port right? (http://{free}/pots)"
    );
    assert!(line_with(&check.out, "refused the connection").ends_with(&why), "{check:?}");
    assert_eq!(check.err.matches("again in").count(), 1, "{check:?}");
}

#[tokio::test]
async fn a_web_page_in_place_of_data_is_named_so() {
    let page = FaultKind::RawBody {
        content_type: "text/html".to_owned(),
        body: "<html>Sign in</html>".into(),
        status: 200,
    };
    let shell = shell(vec![Fault::new("contacts", When::Page(1), page).always()]).await;
    let check = shell.run("check demo/contacts").await;
    assert_eq!(check.code(), Some(6), "{check:?}");
    let line = line_with(&check.out, "web page");
    assert!(
        line.contains("the answer is a web page, not data (content type text/html): is the URL right"),
        "{line}"
    );
}

#[tokio::test]
async fn mistakes_of_yaml_say_what_to_write() {
    let shell = shell(Vec::new()).await;
    let head = "source: tea\nbase_url: https://tea.example\n";
    for (rest, told) in [
        (
            "streams:\n  pots:\n    path: /pots\n    records: items\n     pagination: { type: none }\n",
            "sources/tea.yaml:7: line 7 is indented by 5, its neighbours by 4",
        ),
        (
            "auth: { type: bearer, token: ${TOKEN} }\nstreams: { pots: { path: /pots, records: $ } }\n",
            "sources/tea.yaml:3: ${TOKEN}: variables are not expanded; write { secret: token } for a credential, else the value itself",
        ),
        (
            "headers:\n  X-Key: ${TEA_KEY}\nstreams: { pots: { path: /pots, records: $ } }\n",
            "sources/tea.yaml:4: headers.X-Key: ${TEA_KEY}: variables are not expanded; write { secret: tea-key } for a credential, else the value itself",
        ),
        (
            "streams: { pots: { path: /pots, records: $, pagination: { type: cursor, next: meta.next, send: { query: after } } } }\n",
            "sources/tea.yaml:3: streams.pots.pagination.next: \"meta.next\" is not accepted; write { body: meta.next }, or one of { header: … }, { link: … }, { last_record: … }, { status: … }",
        ),
    ] {
        shell.file("sources/tea.yaml", &format!("{head}{rest}"));
        let check = shell.run("check tea --offline").await;
        assert_eq!(check.code(), Some(2), "{check:?}");
        assert!(check.out.lines().any(|line| line.trim() == told), "{told}\n{}", check.out);
    }
}

#[tokio::test]
async fn a_file_that_ends_with_yml_is_to_be_renamed() {
    let shell = shell(Vec::new()).await;
    shell.file("sources/tea.yml", "source: tea\n");
    let named = shell.run("run tea").await;
    assert_eq!(named.code(), Some(2));
    let told = "there is no file sources/tea.yaml; rename sources/tea.yml to it: source files end with .yaml";
    assert!(named.err.contains(told), "{named:?}");
    let all = shell.run("check --offline").await;
    assert_eq!(all.code(), Some(0));
    assert_eq!(all.err, "warning: tea.yml is not read: source files end with .yaml\n");
    std::fs::remove_file(shell.path("sources/demo.yaml")).unwrap();
    let none = shell.run("runs").await;
    assert!(
        none.err.contains("has no source files; source files end with .yaml: rename tea.yml"),
        "{none:?}"
    );
}

#[tokio::test]
async fn a_run_names_the_folder_that_it_wrote_and_runs_shows_the_newest_twenty() {
    let shell = shell(Vec::new()).await;
    for day in 1..=23 {
        let run = shell.run(&format!("run demo/contacts --at 2026-10-{day:02}")).await;
        assert_eq!(run.code(), Some(0), "{run:?}");
        let folder = "1 file in ./bronze/demo/contacts/ingest_date=";
        assert!(run.out.lines().last().is_some_and(|line| line.starts_with(folder)), "{run:?}");
    }
    let newest = shell.run("runs demo/contacts").await.out;
    assert_eq!(newest.matches("at-202610").count(), 20, "{newest}");
    assert!(newest.contains("at-20261023T000000Z") && !newest.contains("at-20261003T000000Z"), "{newest}");
    assert!(newest.ends_with("3 older ones are not shown: --all, or --since 30d\n"), "{newest}");
    for all in ["runs demo/contacts --all", "runs demo/contacts --since 2026-10-01"] {
        let all = shell.run(all).await.out;
        assert_eq!(all.matches("at-202610").count(), 23, "{all}");
        assert!(!all.contains("not shown"), "{all}");
    }
}

#[tokio::test]
async fn a_cursor_in_another_format_is_shown_with_the_format_it_looks_like() {
    let contacts = Stream::new("contacts", Style::Cursor, Shape::Crm, 5);
    let yaml = "streams: { contacts: { path: /contacts, records: results, incremental: { cursor: id, format: rfc3339, from: { query: since } } } }";
    let shell = Shell::new(vec![contacts], Vec::new(), yaml).await;
    let check = shell.run("check demo").await;
    assert_eq!(check.code(), Some(6), "{check:?}");
    let line = line_with(&check.out, "has a cursor at `id`");
    assert!(line.contains(": it is "), "{line}");
}
