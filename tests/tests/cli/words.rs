//! What the program says, for a reader: every `--help`, and the errors that are met most, in plain text files under
//! `tests/fixtures/words`. `BRONZEGATE_REWRITE=1` writes them again.

use std::fmt::Write as _;
use std::fs;
use std::net::TcpListener;
use std::process::Command;

use bronzegate_demo_api::{Auth, Fault, FaultKind, InvalidJson, Shape, Stream, Style, When};
use bronzegate_tests::command_line::{Shell, program};
use bronzegate_tests::repository;

#[expect(clippy::disallowed_methods, reason = "set by whoever has reviewed the words, for this run alone")]
fn is_rewriting() -> bool {
    std::env::var_os("BRONZEGATE_REWRITE").is_some()
}

/// Holds a text against its file, or writes the file.
#[track_caller]
fn assert_words(name: &str, text: &str) {
    let file = repository().join("tests/fixtures/words").join(name);
    if is_rewriting() {
        fs::create_dir_all(file.parent().expect("a folder")).expect("writable");
        fs::write(&file, text).expect("writable");
    }
    let known = fs::read_to_string(&file).unwrap_or_default();
    let differs = known.lines().zip(text.lines()).enumerate().find(|(_, (known, text))| known != text);
    assert!(
        known == text,
        "{name} is not what the program says (BRONZEGATE_REWRITE=1 writes it again): {differs:?}"
    );
}

fn help(words: &[&str]) -> String {
    let ended = Command::new(program("bronzegate")).args(words).arg("--help").env_clear().output();
    String::from_utf8(ended.expect("the program starts").stdout).expect("text")
}

/// The commands below one, as its help lists them.
fn commands(help: &str) -> Vec<String> {
    let list = help.split("\nCommands:\n").nth(1).unwrap_or_default();
    let lines = list.lines().take_while(|line| !line.is_empty());
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_help_is_the_one_that_was_reviewed() {
    let mut text = String::new();
    let mut open = vec![Vec::<String>::new()];
    while let Some(words) = open.pop() {
        let called: Vec<&str> = words.iter().map(String::as_str).collect();
        let help = help(&called);
        let line = std::iter::once("bronzegate").chain(called).collect::<Vec<_>>().join(" ");
        let _ = writeln!(text, "==== {line} --help\n\n{help}");
        let below = commands(&help).into_iter().rev();
        open.extend(below.map(|name| words.iter().cloned().chain([name]).collect()));
    }
    assert_words("help.txt", &text);
}

/// A source file's text after its head, and the command.
const FILES: &[(&str, &str)] = &[
    ("streams: { pots: { path: /pots, records: items } }\nspeed: fast\n", "check tea --offline"),
    ("streams: { pots: { path: /pots, record: items } }\n", "check tea --offline"),
    ("streams: { pots: { path: /pots } }\n", "check tea --offline"),
    ("streams: {}\n", "check tea --offline"),
    ("auth: { type: bearer }\nstreams: { pots: { path: /pots, records: items } }\n", "check tea --offline"),
    ("auth: { type: oauth }\nstreams: { pots: { path: /pots, records: items } }\n", "check tea --offline"),
    (
        "auth: { type: bearer, token: ${TOKEN} }\nstreams: { pots: { path: /pots, records: items } }\n",
        "check tea --offline",
    ),
    (
        "auth: { type: bearer, token: abc }\nstreams: { pots: { path: /pots, records: items } }\n",
        "check tea --offline",
    ),
    ("streams:\n  pots:\n    path: /pots\n     records: items\n", "check tea --offline"),
    ("streams:\n\tpots: {}\n", "check tea --offline"),
    (
        "streams: { pots: { path: /pots, records: items, pagination: { type: cursor, next: meta.next, send: after } } }\n",
        "check tea --offline",
    ),
    (
        "streams: { pots: { path: /pots, records: items, pagination: { type: cursor } } }\n",
        "check tea --offline",
    ),
    (
        "streams: { pots: { path: /pots, records: items, pagination: { type: curser } } }\n",
        "check tea --offline",
    ),
    (
        "streams: { pots: { path: /pots, records: items, incremental: { cursor: id } } }\n",
        "check tea --offline",
    ),
    (
        "streams: { pots: { path: /pots, records: items, incremental: { cursor: at, format: iso, from: { query: since } } } }\n",
        "check tea --offline",
    ),
    ("streams: { pots: { path: \"/pots/{{ parent.id }}\", records: items } }\n", "check tea --offline"),
    (
        "streams: { pots: { path: /pots, records: items, parent: { stream: cups, fields: [id] } } }\n",
        "check tea --offline",
    ),
    ("streams: { pots: { path: /pots, records: items, schedule: { every: 7m } } }\n", "check tea --offline"),
    (
        "streams: { pots: { path: /pots, records: items, schedule: { cron: \"61 * * * *\" } } }\n",
        "check tea --offline",
    ),
    ("retry: { budget: 10 }\nstreams: { pots: { path: /pots, records: items } }\n", "check tea --offline"),
    ("streams: { pots: { path: pots, records: items, method: FETCH } }\n", "check tea --offline"),
    ("streams: { pots: { path: /pots, records: items, path: /cups } }\n", "check tea --offline"),
    (
        "auth: { type: bearer, token: { secret: tea-token } }\nstreams: { pots: { path: /pots, records: items } }\n",
        "check tea --offline",
    ),
    ("streams: { pots: { path: /pots, records: items, output: { table: pots } } }\n", "run tea"),
];

/// Commands that are refused, or that fail without an API.
const LINES: &[&str] = &[
    "run nowhere",
    "run demo/nothing",
    "run tea.yaml",
    "run",
    "run demo --at noon",
    "run demo --deadline 10",
    "run demo --log loud",
    "run demo --restart",
    "run x*",
    "sample demo",
    "sample demo/items -n 0",
    "backfill demo/items --from 2026-01-01 --to 2026-01-02",
    "backfill demo/items --from 2026-01-02 --to 2026-01-01",
    "runs demo --since yesterday",
    "run demo --target ftp://x/y",
    "run demo --secrets nowhere:x",
    "check --sources none",
    "run demo --target sources/demo.yaml",
];

#[tokio::test]
async fn the_errors_that_are_met_most_are_those_that_were_reviewed() {
    let items = Stream::new("items", Style::Cursor, Shape::Small, 25).auth(Auth::Bearer);
    let mut shell = Shell::new(vec![items], Vec::new(), &demo("records: results")).await;
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut text = String::new();
    for (rest, line) in FILES {
        shell.file("sources/tea.yaml", &format!("source: tea\nbase_url: https://tea.example\n{rest}"));
        tell(&mut text, &shell, &free, &format!("sources/tea.yaml, from line 3:\n{rest}"), line).await;
    }
    for line in LINES {
        tell(&mut text, &shell, &free, "", line).await;
    }
    let down = format!(
        "source: tea\nbase_url: http://{free}\nretry: {{ max_attempts: 1 }}\nstreams: {{ pots: {{ path: /pots, records: items }} }}\n"
    );
    shell.file("sources/tea.yaml", &down);
    tell(&mut text, &shell, &free, "nobody listens\n", "run tea").await;
    let page = |content_type: &str| FaultKind::RawBody {
        content_type: content_type.to_owned(),
        body: "<html>Sign in</html>".into(),
        status: 200,
    };
    for (title, fault) in [
        ("401", FaultKind::status(401)),
        ("403", FaultKind::status(403)),
        ("404", FaultKind::status(404)),
        ("429, to wait for an hour", FaultKind::retry_after(429, "3600")),
        ("500 each time", FaultKind::status(500)),
        ("a web page", page("text/html")),
        ("a web page that says it is JSON", page("application/json")),
        ("JSON that breaks off", FaultKind::InvalidJson(InvalidJson::Truncated)),
    ] {
        shell.api.set_faults(vec![Fault::new("items", When::Page(1), fault).always()]);
        tell(&mut text, &shell, &free, &format!("the API answers: {title}\n"), "run demo").await;
    }
    shell.api.set_faults(Vec::new());
    for settings in [
        "records: items",
        "records: results\n    incremental: { cursor: changed, format: rfc3339, from: { query: since } }",
        "records: results\n    incremental: { cursor: name, format: rfc3339, from: { query: since } }",
        "records: results\n    pagination: { type: cursor, next: { body: meta.next }, send: { query: after }, page_size: { query: limit, value: 10 } }",
        "records: results\n    pagination: { type: cursor, next: { body: paging.next.after }, send: { query: cursor }, page_size: { query: limit, value: 10 } }",
    ] {
        shell.source("demo", &demo(settings));
        tell(&mut text, &shell, &free, &format!("sources/demo.yaml has:\n    {settings}\n"), "check demo")
            .await;
    }
    shell.unset("BRONZEGATE_SECRET_TOKEN");
    tell(&mut text, &shell, &free, "without the secret\n", "run demo").await;
    assert_words("errors.txt", &text);
}

fn demo(settings: &str) -> String {
    format!(
        "auth: {{ type: bearer, token: {{ secret: token }} }}\nretry: {{ max_attempts: 2, base: 1ms, max: 2ms }}\n\
         streams:\n  items:\n    path: /items\n    {settings}"
    )
}

/// Adds what a command says of a situation, without what differs from run to run.
async fn tell(text: &mut String, shell: &Shell, free: &str, situation: &str, line: &str) {
    let ended = shell.run(line).await;
    let said = format!("{}{}", ended.err, ended.out);
    let folder = shell.path("").display().to_string();
    let said = said.replace(&shell.api.base_url(), "http://127.0.0.1:7780");
    let said = said.replace(free, "127.0.0.1:9999").replace(folder.trim_end_matches('/'), "FOLDER");
    // Logs have times, tables durations: both are for other tests.
    let is_steady = |line: &&str| !line.contains(" WARN ") && !line.starts_with("STREAM ") && !is_row(line);
    let said = said.lines().filter(is_steady).map(without_times).collect::<Vec<_>>().join("\n");
    let _ = writeln!(text, "{situation}$ bronzegate {line}\n{said}\n({})\n", ended.code().unwrap_or(-1));
}

fn is_row(line: &str) -> bool {
    ["demo/", "tea/"].iter().any(|name| line.starts_with(name)) && line.contains("  failed ")
}

/// Instants as one word: what is asked of an API may name the time of the run.
fn without_times(line: &str) -> String {
    let is_time =
        |word: &str| word.len() >= 20 && word.starts_with("20") && word.as_bytes().get(10) == Some(&b'T');
    line.split(' ').map(|word| if is_time(word) { "TIME" } else { word }).collect::<Vec<_>>().join(" ")
}
