//! `new` and `import`: files that are written once, checked, and hold no secret.

use bronzegate_demo_api::{Auth, Shape, Stream, Style};
use bronzegate_tests::TOKEN;
use bronzegate_tests::command_line::{Ended, Shell};
use bronzegate_tests::terminal::in_terminal;
use serde_json::{Value, json};

async fn shell() -> Shell {
    let streams = vec![
        Stream::new("contacts", Style::HubSpot, Shape::Crm, 230).auth(Auth::Bearer),
        Stream::new("pages", Style::Notion, Shape::Crm, 230),
    ];
    Shell::new(streams, Vec::new(), "streams: { contacts: { path: /contacts, records: results } }").await
}

/// Runs a line with further arguments, which may hold spaces.
async fn run(shell: &Shell, line: &str, more: &[&str]) -> Ended {
    shell
        .start_command(line, |command| {
            command.args(more);
        })
        .ended()
        .await
}

#[tokio::test]
async fn a_curl_line_becomes_a_file_without_its_token_which_runs() {
    let mut shell = shell().await;
    let line =
        format!("curl '{}/contacts?limit=100' -H 'Authorization: Bearer {TOKEN}'", shell.api.base_url());
    let made = run(&shell, "new crm", &["--curl", &line]).await;
    assert_eq!(made.code(), Some(0), "{made:?}");
    let store = "store it: read -rs BRONZEGATE_SECRET_CRM_TOKEN && export BRONZEGATE_SECRET_CRM_TOKEN";
    for told in [
        store,
        "next: bronzegate sample crm/contacts",
        "wrote sources/crm.yaml",
        "secret `crm-token`: usable",
    ] {
        assert!(made.out.contains(told), "{told}: {}", made.out);
    }
    let text = std::fs::read_to_string(shell.path("sources/crm.yaml")).expect("it is written");
    assert!(
        !text.contains(TOKEN) && !made.out.contains(TOKEN) && !made.err.contains(TOKEN),
        "{text}\n{made:?}"
    );
    assert!(text.contains("auth: { type: bearer, token: { secret: crm-token } }"), "{text}");
    shell.set("BRONZEGATE_SECRET_CRM_TOKEN", TOKEN);
    let ran = shell.run("run crm --json").await;
    ran.assert(0, "complete");
    assert_eq!(ran.report()["records"], 230, "{ran:?}");
    // Never over a file.
    let again = run(&shell, "new crm", &["--curl", &line]).await;
    assert!(again.code() == Some(2) && again.err.contains("sources/crm.yaml exists already"), "{again:?}");
    assert_eq!(std::fs::read_to_string(shell.path("sources/crm.yaml")).expect("it is there"), text);
}

#[tokio::test]
async fn a_post_is_sent_only_when_it_is_confirmed() {
    let shell = shell().await;
    let line = format!(
        "curl {}/pages -H 'Notion-Version: 2022-06-28' -d '{{\"page_size\": 100}}'",
        shell.api.base_url()
    );
    let unasked = run(&shell, "new wiki", &["--curl", &line]).await;
    assert!(unasked.code() == Some(2) && unasked.err.contains("is sent only with --yes"), "{unasked:?}");
    assert_eq!(
        shell.api.stats().streams.get("pages").map_or(0, |stream| stream.requests),
        0,
        "nothing is sent"
    );
    let sent = run(&shell, "new wiki --yes", &["--curl", &line]).await;
    assert_eq!(sent.code(), Some(0), "{sent:?}");
}

/// A list of contacts beside another list that may as well be the records.
async fn two_lists() -> Shell {
    let events: Vec<_> = (0..20).map(|id| json!({"id": id})).collect();
    let stream = json!({
        "name": "events", "style": "layout", "shape": "crm", "records": 20,
        "quirks": { "layout": { "by": { "page": "page" }, "size": "limit", "records": "data",
            "body": [["items", { "just": events }]] } }
    });
    let stream: Stream = serde_json::from_value(stream).expect("a stream");
    Shell::new(vec![stream], Vec::new(), "streams: { events: { path: /events, records: data } }").await
}

#[tokio::test]
async fn without_a_terminal_two_lists_that_may_be_the_records_end_with_3_and_no_file() {
    let shell = two_lists().await;
    let url = format!("{}/events?limit=20", shell.api.base_url());
    let undecided = run(&shell, "new crm", &[&url]).await;
    assert_eq!(undecided.code(), Some(3), "{undecided:?}");
    for told in ["--records 'data'  20 objects", "--records 'items'  20 objects"] {
        assert!(undecided.out.contains(told), "{told}: {undecided:?}");
    }
    assert!(!shell.path("sources/crm.yaml").exists());
    let asked = run(&shell, "new crm --json", &[&url]).await;
    assert_eq!(asked.code(), Some(3), "{asked:?}");
    let told: Value = serde_json::from_str(asked.out.trim()).expect("one JSON text");
    assert_eq!(
        (&told["outcome"], told["candidates"].as_array().map(Vec::len)),
        (&json!("undecided"), Some(2))
    );
    // What the message says decides it.
    let decided = run(&shell, "new crm --records data", &[&url]).await;
    assert_eq!(decided.code(), Some(0), "{decided:?}");
}

#[tokio::test]
async fn on_a_terminal_a_person_chooses_the_list_and_an_answer_that_is_none_ends_with_3() {
    let shell = two_lists().await;
    let url = format!("{}/events?limit=20", shell.api.base_url());
    let asked = async |typed: &str, name: &str| {
        let process =
            shell.start_command(&format!("new {name} {url}"), |command| in_terminal(command, typed));
        process.ended().await
    };
    for (typed, name) in [("7\n", "seven"), ("\n", "nothing"), ("\u{4}", "the-end")] {
        let ended = asked(typed, name).await;
        assert_eq!(ended.code(), Some(3), "{ended:?}");
        assert!(!shell.path(&format!("sources/{name}.yaml")).exists());
    }
    let ended = asked("2\n", "crm").await;
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    assert!(ended.out.contains("Which list holds the records?"), "{ended:?}");
    let second = ended.out.lines().find_map(|line| line.trim().strip_prefix("2  ")?.split(' ').next());
    let text = std::fs::read_to_string(shell.path("sources/crm.yaml")).expect("it is written");
    assert!(text.contains(&format!("records: {}", second.expect("a second list"))), "{text}");
}

#[tokio::test]
async fn a_post_is_confirmed_on_a_terminal_and_anything_but_yes_is_no() {
    let shell = shell().await;
    let line = format!(
        "curl {}/pages -H 'Notion-Version: 2022-06-28' -d '{{\"page_size\": 100}}'",
        shell.api.base_url()
    );
    let asked = async |typed: &str| {
        let process = shell.start_command("new wiki --curl", |command| {
            command.arg(&line);
            in_terminal(command, typed);
        });
        process.ended().await
    };
    let refused = asked("yesterday\n").await;
    assert_eq!(refused.code(), Some(2), "{refused:?}");
    assert_eq!(shell.api.stats().streams.get("pages").map_or(0, |stream| stream.requests), 0);
    let sent = asked("y\n").await;
    assert_eq!(sent.code(), Some(0), "{sent:?}");
    assert!(sent.out.contains("Does it only read? (y/n)"), "{sent:?}");
}

#[tokio::test]
async fn a_form_of_a_curl_line_stays_a_form_and_its_cookie_is_a_secret() {
    let shell = shell().await;
    let url = format!("{}/pages", shell.api.base_url());
    let line = format!("curl {url} -d limit=100 -d status=open -b 'session=abc123'");
    let made = run(&shell, "new wiki --offline", &["--curl", &line]).await;
    assert_eq!(made.code(), Some(0), "{made:?}");
    let text = std::fs::read_to_string(shell.path("sources/wiki.yaml")).expect("it is written");
    assert!(text.contains("form: { limit: \"100\", status: open }"), "{text}");
    assert!(text.contains("name: Cookie, value: { secret: wiki-cookie }"), "{text}");
    assert!(!text.contains("abc123"), "{text}");
}

#[tokio::test]
async fn offline_is_a_skeleton_and_a_refusal_names_what_is_missing() {
    let shell = shell().await;
    let url = format!("{}/contacts?limit=100", shell.api.base_url());
    let offline = run(&shell, "new later --offline", &[&url, "--secret", "crm-token"]).await;
    assert!(offline.code() == Some(0) && offline.out.contains("wrote sources/later.yaml"), "{offline:?}");
    assert_eq!(shell.api.stats().stream("contacts").requests, 0, "nothing is sent");
    let without = run(&shell, "new bare", &[&url]).await;
    assert!(without.code() == Some(4) && without.err.contains("--header"), "{without:?}");
    assert!(!shell.path("sources/bare.yaml").exists());
}

#[tokio::test]
async fn a_manifest_becomes_a_file_and_what_is_refused_a_comment() {
    let shell = shell().await;
    let manifest = format!(
        "version: 6.0.0\ntype: DeclarativeSource\nstreams:\n  - type: DeclarativeStream\n    name: Contacts\n    retriever:\n      type: SimpleRetriever\n      \
         record_selector: {{ extractor: {{ field_path: [results] }} }}\n      requester:\n        type: HttpRequester\n        url_base: {}\n        path: contacts\n        \
         authenticator: {{ type: BearerAuthenticator, api_token: \"{{{{ config['token'] }}}}\" }}\n  - {{ type: DeclarativeStream, name: own, retriever: {{ type: CustomRetriever, class_name: a.B }} }}\n",
        shell.api.base_url()
    );
    shell.file("manifest.yaml", &manifest);
    let imported = shell.run("import airbyte manifest.yaml --name acme").await;
    assert_eq!(imported.code(), Some(0), "{imported:?}");
    for told in [
        "2 streams: 1 exact, 0 rewritten, 1 refused",
        "own: refused: custom component (line 14",
        "secret to create: acme-token",
    ] {
        assert!(imported.out.contains(told), "{told}: {}", imported.out);
    }
    let text = std::fs::read_to_string(shell.path("sources/acme.yaml")).expect("it is written");
    assert!(text.contains("#   own: custom component (line 14"), "{text}");
    let again = shell.run("import airbyte manifest.yaml --name acme").await;
    assert_eq!(again.code(), Some(2), "{again:?}");
}
