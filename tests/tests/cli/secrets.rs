//! No secret anywhere but in requests: not in output, logs, reports or bronze, in no encoding, whatever
//! the API sends back.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use bronzegate_demo_api::{Auth, Credentials, Fault, FaultKind, Options, Shape, Stream, Style, When};
use bronzegate_tests::command_line::{Ended, Shell, files};
use bronzegate_tests::{SEED, one_stream};
use serde_json::json;

/// The secrets; each has characters that are written otherwise in a URL, in base64 and in JSON.
const MARKERS: [&str; 4] = [
    "mark-Bearer+1/x=?~\\y",
    "mark-Pass word&2/\"%\\<y",
    "mark-Key+3/x=&?\\\"y",
    "mark-Client secret/4+%\\\"y",
];

/// Ways to authenticate, as the source file and as the API have them.
const WAYS: [(Auth, &str); 6] = [
    (Auth::Bearer, "auth: { type: bearer, token: { secret: token } }"),
    (Auth::Basic, "auth: { type: basic, username: demo-user, password: { secret: password } }"),
    (Auth::ApiKeyQuery, "auth: { type: api_key, in: query, name: api_key, value: { secret: api-key } }"),
    (
        Auth::ApiKeyHeader,
        "auth: { type: api_key, in: header, name: X-Api-Key, value: { secret: api-key, field: key } }",
    ),
    (
        Auth::OAuth2,
        "auth: { type: oauth2_client_credentials, token_url: BASE/oauth/token, client_id: demo-client, client_secret: { secret: client-secret } }",
    ),
    (
        Auth::Session,
        "auth: { type: login, request: { path: /login, body: { user: demo-user, password: { secret: password } } }, token: { body: session.id }, send: { query: sid } }",
    ),
];

/// Every text by which one of the markers could be recognised.
fn needles() -> Vec<String> {
    let mut needles = Vec::new();
    for marker in MARKERS {
        needles.push(marker.to_owned());
        let json = json!(marker).to_string();
        needles.push(json.trim_matches('"').to_owned());
        needles.push(format!("{marker:?}").trim_matches('"').to_owned());
        let mut percent = String::new();
        for byte in marker.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    percent.push(byte.into());
                }
                _ => write!(percent, "%{byte:02X}").expect("a text takes all"),
            }
        }
        needles.push(percent.replace("%20", "+"));
        needles.push(percent.to_lowercase());
        needles.push(percent);
        // Base64 of a text that has the marker in it: at each of the three alignments.
        for (skipped, before) in [(0, ""), (2, "\0"), (3, "\0\0")] {
            for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
                let text = engine.encode(format!("{before}{marker}"));
                needles.push(text[skipped..text.len() - 1].to_owned());
            }
        }
        // The part that no encoding changes.
        needles.push(marker[..10].trim_end_matches(['+', ' ']).to_owned());
    }
    needles.push("demo-access".to_owned());
    needles
}

fn credentials() -> Credentials {
    let [token, password, api_key, client_secret] = MARKERS.map(str::to_owned);
    Credentials { token, password, api_key, client_secret, ..Credentials::default() }
}

async fn shell(auth: Auth, style: Style, settings: &str, file_store: bool) -> Shell {
    let stream = Stream::new("items", style, Shape::Small, 100).page_size(10).auth(auth);
    let options =
        Options { seed: SEED, streams: vec![stream], credentials: credentials(), ..Options::default() };
    let mut shell = Shell::with(options, &one_stream("items", settings)).await;
    let key = json!({ "key": MARKERS[2] }).to_string();
    let with_field = settings.contains("field: key");
    if with_field {
        shell.set("BRONZEGATE_SECRET_API_KEY", &key);
    }
    if file_store {
        for name in ["TOKEN", "USERNAME", "PASSWORD", "API_KEY", "CLIENT_SECRET"] {
            shell.unset(&format!("BRONZEGATE_SECRET_{name}"));
        }
        let key = if with_field { json!({ "key": MARKERS[2] }) } else { json!(MARKERS[2]) };
        let vault = json!({ "token": MARKERS[0], "password": MARKERS[1], "api-key": key, "client-secret": MARKERS[3] });
        let path = shell.file("vault.json", &vault.to_string());
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("its owner may");
        shell.set("BRONZEGATE_SECRETS", "file:vault.json");
    }
    shell
}

/// Nothing a command has printed or written has a secret in it.
#[track_caller]
fn assert_clean(shell: &Shell, ended: &[Ended]) {
    let needles = needles();
    let check = |place: &str, text: &[u8]| {
        let text = String::from_utf8_lossy(text);
        if let Some(needle) = needles.iter().find(|needle| text.contains(needle.as_str())) {
            panic!("`{needle}` is in {place}: {text}");
        }
    };
    for ended in ended {
        check("stdout", ended.out.as_bytes());
        check("stderr", ended.err.as_bytes());
    }
    for path in files(&shell.path("")) {
        if !path.ends_with("vault.json") {
            check(&path.display().to_string(), path.display().to_string().as_bytes());
            check(&path.display().to_string(), &fs::read(&path).expect("readable"));
        }
    }
}

/// Every command that calls the API, each as loud as it gets.
async fn all_commands(shell: &Shell) -> Vec<Ended> {
    let mut ended = Vec::new();
    for line in [
        "run demo/items --log trace --json --deadline 10m",
        "run demo/items --log trace --deadline 10m",
        "check demo --log trace",
        "check demo --log trace --json",
        "sample demo/items -n 100 --log trace",
        "runs demo/items --json --log trace",
    ] {
        ended.push(shell.run(line).await);
    }
    ended
}

const CURSOR: &str = "records: results
retry: { max_attempts: 2, base: 1ms, max: 2ms }
pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after }, page_size: { query: limit, value: 10 } }";

#[tokio::test]
async fn a_run_that_goes_well_shows_no_secret() {
    for (auth, way) in WAYS {
        for file_store in [false, true] {
            let shell = shell(auth, Style::Cursor, &format!("{way}\n{CURSOR}"), file_store).await;
            let ended = all_commands(&shell).await;
            for ended in &ended {
                assert_eq!(ended.code(), Some(0), "{auth:?} {ended:?}");
            }
            assert_clean(&shell, &ended);
        }
    }
}

#[tokio::test]
async fn an_error_that_repeats_the_credentials_shows_no_secret() {
    for (auth, way) in WAYS {
        for outcome in [
            "fail, message: { body: error.message }",
            "fail, message: { body: error.target }",
            "fail, message: { body: error.headers.2 }",
            "fail, message: { body: error }",
            "retry",
            "refresh_auth",
        ] {
            let rule = format!(
                "responses: [{{ when: {{ at: {{ status: true }}, equals: 400 }}, then: {outcome} }}]"
            );
            let shell = shell(auth, Style::Cursor, &format!("{way}\n{CURSOR}\n{rule}"), false).await;
            for page in [1, 2] {
                let echo = Fault::new("items", When::Page(page), FaultKind::EchoSecret);
                shell.api.set_faults(vec![echo.always()]);
                let ended = all_commands(&shell).await;
                assert!(matches!(ended[0].code(), Some(4 | 5)), "{:?}", ended[0]);
                assert_clean(&shell, &ended);
            }
        }
    }
}

#[tokio::test]
async fn a_token_endpoint_that_repeats_the_client_secret_shows_none() {
    let (auth, way) = WAYS[4];
    let shell = shell(auth, Style::Cursor, &format!("{way}\n{CURSOR}"), false).await;
    for kind in [
        FaultKind::EchoSecret,
        FaultKind::status(401),
        FaultKind::status(503),
        FaultKind::RawBody {
            content_type: "application/json".to_owned(),
            body: json!({ "error": "invalid_client", "error_description": MARKERS[3] })
                .to_string()
                .as_str()
                .into(),
            status: 400,
        },
        FaultKind::RawBody { content_type: "text/plain".to_owned(), body: MARKERS[3].into(), status: 200 },
    ] {
        shell.api.set_faults(vec![Fault::new("oauth", When::Request(1), kind.clone()).always()]);
        let ended = all_commands(&shell).await;
        assert!(matches!(ended[0].code(), Some(4..=6)), "{kind:?}: {:?}", ended[0]);
        assert_clean(&shell, &ended);
    }
}

#[tokio::test]
async fn a_credential_that_is_refused_shows_no_secret() {
    for (auth, way) in WAYS {
        let shell = shell(auth, Style::Cursor, &format!("{way}\n{CURSOR}"), true).await;
        let wrong = Credentials { username: "other".to_owned(), ..Credentials::default() };
        shell.api.set_credentials(wrong);
        let ended = all_commands(&shell).await;
        assert_eq!(ended[0].code(), Some(4), "{:?}", ended[0]);
        assert_clean(&shell, &ended);
    }
}

/// The key in a URL that the API makes up: percent-encoded, form-encoded, in the path.
fn urls(origin: &str) -> Vec<String> {
    let encoded = "mark-Key%2B3%2Fx%3D%26%3F%5C%22y";
    let lower = encoded.to_lowercase().replace("mark-key", "mark-Key");
    vec![
        origin.to_owned(),
        format!("{origin}/items?api_key={encoded}"),
        format!("{origin}/items?other={lower}"),
        format!("{origin}/{encoded}/items"),
        format!("{origin}/{lower}/items#{encoded}"),
        origin.replace("http://", &format!("http://user:{encoded}@")),
    ]
}

#[tokio::test]
async fn a_link_or_redirect_that_carries_the_secret_shows_none() {
    let (auth, way) = WAYS[2];
    let by_url = "records: results\nretry: { max_attempts: 2, base: 1ms, max: 2ms }\npagination: { type: next_url, next: { body: next } }";
    let own = shell(auth, Style::NextUrl, &format!("{way}\n{by_url}"), false).await;
    let mut origins = urls("http://127.0.0.1:9");
    origins.extend(urls("https://elsewhere.example"));
    origins.extend(urls(&own.api.base_url()));
    for url in origins {
        for kind in [FaultKind::NextLinkTo { url: url.clone() }, FaultKind::RedirectTo { url: url.clone() }] {
            own.api.set_faults(vec![Fault::new("items", When::Page(2), kind).always()]);
            let ended = all_commands(&own).await;
            assert_clean(&own, &ended);
        }
    }
}

#[tokio::test]
async fn the_saved_state_of_a_partial_run_has_no_secret_and_goes_on() {
    let (auth, way) = WAYS[2];
    let by_url = "records: results\npagination: { type: next_url, next: { body: next } }";
    let shell = shell(auth, Style::NextUrl, &format!("{way}\n{by_url}"), false).await;
    let wait = FaultKind::retry_after(429, "3600");
    shell.api.set_faults(vec![Fault::new("items", When::Page(4), wait).always()]);
    let cut = shell.run("run demo/items --at 2026-11-22T17:00:00Z --json --deadline 5m --log trace").await;
    cut.assert(3, "partial");
    let commit = fs::read_to_string(&shell.commits("items")[0]).unwrap();
    assert!(commit.contains("/items?"), "the state is a URL: {commit}");
    shell.api.set_faults(Vec::new());
    let runs = shell.run("runs demo/items --json").await;
    let rest = shell.run_at("demo/items").await;
    rest.assert(0, "complete");
    shell.assert_records("items", Shape::Small, 100);
    assert_clean(&shell, &[cut, runs, rest]);
}

#[tokio::test]
async fn a_secrets_file_that_others_can_read_is_warned_of() {
    let (auth, way) = WAYS[0];
    let shell = shell(auth, Style::Cursor, &format!("{way}\n{CURSOR}"), true).await;
    for (mode, warned) in [(0o600, false), (0o400, false), (0o640, true), (0o604, true), (0o666, true)] {
        fs::set_permissions(shell.path("vault.json"), fs::Permissions::from_mode(mode)).unwrap();
        let ended = shell.run("run demo/items --at 2026-11-22T17:00:00Z").await;
        assert_eq!(ended.code(), Some(0), "{ended:?}");
        assert_eq!(ended.err.contains("vault.json can be read by others"), warned, "{mode:o}: {ended:?}");
        assert_clean(&shell, &[ended]);
    }
}

#[tokio::test]
async fn a_malformed_secrets_file_is_not_quoted() {
    let (auth, way) = WAYS[0];
    let shell = shell(auth, Style::Cursor, &format!("{way}\n{CURSOR}"), true).await;
    for content in [
        format!("{{\"token\": {:?}", MARKERS[0]),
        format!("[{:?}]", MARKERS[0]),
        format!("{{\"token\": [{:?}]}}", MARKERS[0]),
        format!("{{\"token\": \"{}\\n{}\"}}", &MARKERS[0][..12], &MARKERS[0][..12]),
        format!("token: {}", MARKERS[0]),
    ] {
        shell.file("vault.json", &content);
        let ended = all_commands(&shell).await;
        assert_eq!(ended[0].code(), Some(4), "{:?}", ended[0]);
        assert_clean(&shell, &ended);
    }
}
