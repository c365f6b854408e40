//! `new` and `import`: files that are written once, checked, and hold no secret.

use bronzegate_demo_api::{Auth, Shape, Stream, Style};
use bronzegate_tests::TOKEN;
use bronzegate_tests::command_line::{Ended, Shell};

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

#[tokio::test]
async fn offline_is_a_skeleton_and_a_refusal_names_what_is_missing() {
    let shell = shell().await;
    let url = format!("{}/contacts?limit=100", shell.api.base_url());
    let offline = run(&shell, "new later --offline", &[&url, "--secret", "crm-token"]).await;
    assert!(offline.code() == Some(0) && offline.out.contains("wrote sources/later.yaml"), "{offline:?}");
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
