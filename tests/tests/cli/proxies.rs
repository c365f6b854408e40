//! Proxies, as the environment names them: APIs and clouds through proxy.py, by name, with TLS from end to end.

use bronzegate_azure::BLOB_ENDPOINT;
use bronzegate_demo_api::{Auth, Fault, FaultKind, Shape, Stream, Style, When};
use bronzegate_tests::azure::{Azurite, Certificates, Held, KeyVault, TokenEndpoints};
use bronzegate_tests::command_line::{Shell, run_line};
use bronzegate_tests::forward_proxy::{ForwardProxy, TlsFront};
use bronzegate_tests::{moto, one_stream};

const RECORDS: u64 = 90;
const PASSWORD: &str = "p%40ss-w0rd-of-the-proxy";
const PLAIN_PASSWORD: &str = "p@ss-w0rd-of-the-proxy";
const BEARER: &str = "auth: { type: bearer, token: { secret: token } }";
const PAGES: &str = "records: results
retry: { base: 1ms, max: 2ms, max_attempts: 3 }
pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after }, page_size: { query: limit, value: 20 } }";

/// A shell behind a proxy that asks for a password, and the API by TLS.
struct Behind {
    shell: Shell,
    proxy: ForwardProxy,
    api: TlsFront,
}

impl Behind {
    async fn new(faults: Vec<Fault>) -> Self {
        let stream = Stream::new("items", Style::Cursor, Shape::Small, RECORDS).auth(Auth::Bearer);
        let mut shell = Shell::new(vec![stream], faults, &one_stream("items", PAGES)).await;
        let proxy = ForwardProxy::start(Some(&format!("reader:{PLAIN_PASSWORD}")));
        let roots = shell.file("roots.pem", &Certificates::shared().authority).display().to_string();
        shell.set("SSL_CERT_FILE", &roots);
        shell.set("HTTPS_PROXY", &format!("http://reader:{PASSWORD}@127.0.0.1:{}", proxy.port()));
        let api = TlsFront::start(shell.api.port()).await;
        let behind = Self { shell, proxy, api };
        behind.source("api.test", BEARER);
        behind
    }

    /// The source file, with the API by this name.
    fn source(&self, host: &str, settings: &str) {
        let base = format!("https://{host}:{}", self.api.port());
        self.shell.file("sources/demo.yaml", &yaml(&base, settings));
    }

    fn connected(&self, host: &str) -> usize {
        let wanted = format!("CONNECT {host}:");
        self.proxy.requests().iter().filter(|request| request.starts_with(&wanted)).count()
    }

    /// Loopback and nobody's names alone.
    fn assert_only(&self, hosts: &[&str]) {
        for request in self.proxy.requests() {
            let (method, target) = request.split_once(' ').expect("two words");
            let host = target.split(':').next().unwrap_or_default();
            assert!(method == "CONNECT" && hosts.contains(&host), "{request}");
        }
    }
}

fn yaml(base: &str, settings: &str) -> String {
    format!("source: demo\nbase_url: {base}\n{settings}\n{}", one_stream("items", PAGES))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_s3_and_secrets_manager_are_called_by_the_proxy() {
    let mut behind = Behind::new(Vec::new()).await;
    moto::bucket("by-proxy").await;
    let token = behind.shell.api.credentials().token;
    let made = moto::secrets().await.create_secret().name("by-proxy/token").secret_string(token);
    made.send().await.expect("a secret is made");
    // Of any other name moto takes the first label as a bucket.
    let aws = TlsFront::start(moto::port()).await;
    for (name, value) in [
        ("AWS_ENDPOINT_URL", format!("https://localhost-aws.test:{}", aws.port())),
        ("AWS_REGION", moto::REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", "testing".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "testing".to_owned()),
        ("BRONZEGATE_TARGET", "s3://by-proxy/lake".to_owned()),
        ("BRONZEGATE_SECRETS", "aws-secretsmanager:by-proxy/".to_owned()),
    ] {
        behind.shell.set(name, &value);
    }
    let report = behind.shell.run(&run_line("demo/items")).await.assert(0, "complete");
    assert_eq!(report["records"], RECORDS, "{report}");
    assert!(behind.connected("api.test") > 0 && behind.connected("localhost-aws.test") > 0);
    behind.assert_only(&["api.test", "localhost-aws.test"]);
    // What the proxy refuses lastingly is told as that, and not as a fault of S3.
    let wrong = format!("http://reader:{PASSWORD}x@127.0.0.1:{}", behind.proxy.port());
    behind.shell.set("https_proxy", &wrong);
    behind.shell.set("BRONZEGATE_SECRETS", "env");
    behind.shell.run(&run_line("demo/items")).await.assert_failed(4, "auth", "answered 407");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_a_key_vault_and_entra_id_are_called_by_the_proxy() {
    let mut behind = Behind::new(Vec::new()).await;
    let azurite = Azurite::shared();
    let container = azurite.container().await;
    let token = behind.shell.api.credentials().token.leak();
    let vault = KeyVault::start([("token", Held::Value(token))]).await;
    let tokens = TokenEndpoints::start().await;
    for (name, value) in tokens.client_secret() {
        behind.shell.set(&name, &value.replace("127.0.0.1", "login.test"));
    }
    // Of a name Azurite takes the first label as the account.
    let port = azurite.endpoint().port().expect("it has one");
    let blobs = format!("https://devstoreaccount1.test:{port}/");
    for (name, value) in [
        (BLOB_ENDPOINT, blobs),
        ("BRONZEGATE_TARGET", format!("abfss://{container}@acme.dfs.core.windows.net/lake")),
        (
            "BRONZEGATE_SECRETS",
            format!("azure-keyvault:{}", vault.url()).replace("127.0.0.1", "acme.vault.azure.net"),
        ),
    ] {
        behind.shell.set(name, &value);
    }
    behind.shell.run(&run_line("demo/items")).await.assert(0, "complete");
    let hosts = ["api.test", "devstoreaccount1.test", "login.test", "acme.vault.azure.net"];
    assert!(hosts.iter().all(|host| behind.connected(host) > 0), "{:?}", behind.proxy.requests());
    behind.assert_only(&hosts);
    let wrong = format!("http://reader:{PASSWORD}x@127.0.0.1:{}", behind.proxy.port());
    behind.shell.set("https_proxy", &wrong);
    behind.shell.run(&run_line("demo/items")).await.assert_failed(4, "auth", "answered 407");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_password_of_the_proxy_is_asked_for_and_none_is_told() {
    let mut behind = Behind::new(Vec::new()).await;
    let port = behind.proxy.port();
    behind.shell.set("HTTPS_PROXY", &format!("http://reader:another-s3cret@127.0.0.1:{port}"));
    let ended = behind.shell.run(&format!("-vv {}", run_line("demo/items"))).await;
    ended.assert_failed(4, "auth", &format!("the proxy http://127.0.0.1:{port} answered 407"));
    let told = format!("{}{}", ended.out, ended.err);
    assert!(!told.contains("another-s3cret") && told.contains("HTTPS_PROXY"), "{told}");
    assert_eq!(behind.shell.api.stats().connections, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_proxy_answers_to_connect_is_tried_again_or_told_as_its_rule() {
    let behind = Behind::new(Vec::new()).await;
    behind.source("once-503.test", BEARER);
    behind.shell.run(&run_line("demo/items")).await.assert(0, "complete");
    let later = "run demo/items --at 2026-11-22T18:00:00Z --json";
    for status in [502, 503, 504] {
        behind.source(&format!("status-{status}.test"), BEARER);
        let ended = behind.shell.run(later).await;
        ended.assert_failed(5, "api", &format!("it answered {status}"));
        assert!(ended.err.contains("the proxy http://127.0.0.1:"), "{ended:?}");
        // Three attempts, and after each the question why.
        assert_eq!(behind.connected(&format!("status-{status}.test")), 6);
    }
    behind.source("status-403.test", BEARER);
    let ended = behind.shell.run(later).await;
    ended.assert_failed(2, "config", "refuses to connect to status-403.test");
    assert_eq!(behind.connected("status-403.test"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_is_not_there_is_named() {
    let mut behind = Behind::new(Vec::new()).await;
    behind.shell.set("HTTPS_PROXY", "http://reader:s3cret-of-none@127.0.0.1:9");
    let ended = behind.shell.run(&run_line("demo/items")).await;
    ended.assert_failed(5, "api", "cannot connect to the proxy http://127.0.0.1:9 (of HTTPS_PROXY)");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_by_the_proxy_leads_neither_to_private_addresses_nor_to_names_of_the_machine() {
    for target in [
        "https://10.1.2.3/items",
        "https://169.254.169.254/items",
        "https://metadata.google.internal/items",
        "https://localhost/items",
        "https://[fd00:ec2::254]/items",
        "https://elsewhere.test/items",
    ] {
        let fault = Fault::new("items", When::Page(2), FaultKind::RedirectTo { url: target.to_owned() });
        let behind = Behind::new(vec![fault]).await;
        let allowed = r#"allowed_hosts: [{ host: "10.1.2.3" }, { host: "169.254.169.254" }, { host: metadata.google.internal }, { host: localhost }, { host: "[fd00:ec2::254]" }]"#;
        behind.source("api.test", &format!("{BEARER}\n{allowed}"));
        let ended = behind.shell.run(&run_line("demo/items")).await;
        ended.assert_failed(6, "data", "may not be called");
        behind.assert_only(&["api.test"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn loopback_and_the_hosts_of_no_proxy_are_called_directly() {
    let mut behind = Behind::new(Vec::new()).await;
    behind.shell.set("HTTP_PROXY", "http://127.0.0.1:9");
    behind.shell.file("sources/demo.yaml", &yaml(&behind.shell.api.base_url(), BEARER));
    behind.shell.run(&run_line("demo/items")).await.assert(0, "complete");
    behind.source("127.0.0.1", BEARER);
    behind.shell.run("run demo/items --at 2026-11-22T18:00:00Z --json").await.assert(0, "complete");
    behind.source("api.test", BEARER);
    behind.shell.set("NO_PROXY", "example.com, .test");
    let ended = behind.shell.run("run demo/items --at 2026-11-22T19:00:00Z --json").await;
    ended.assert_failed(5, "api", "DNS has no address for api.test");
    behind.assert_only(&[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_by_the_proxy_has_no_credential() {
    let stream = Stream::new("items", Style::Cursor, Shape::Small, RECORDS);
    let mut shell = Shell::new(vec![stream], Vec::new(), &one_stream("items", PAGES)).await;
    let proxy = ForwardProxy::start(Some("reader:opensesame"));
    shell.set("HTTP_PROXY", &format!("http://reader:opensesame@127.0.0.1:{}", proxy.port()));
    let base = format!("http://api.test:{}", shell.api.port());
    shell.file("sources/demo.yaml", &yaml(&base, &format!("allow_http: true\n{BEARER}")));
    let ended = shell.run(&run_line("demo/items")).await;
    ended.assert_failed(2, "config", "a credential would go to the proxy");
    assert_eq!((proxy.requests(), shell.api.stats().connections), (Vec::new(), 0));
    shell.file("sources/demo.yaml", &yaml(&base, "allow_http: true"));
    shell.run(&run_line("demo/items")).await.assert(0, "complete");
    assert!(proxy.requests().iter().all(|request| request.starts_with("GET api.test:")));
    assert!(!proxy.requests().is_empty());
    shell.set("HTTP_PROXY", &format!("http://reader:wrong-one@127.0.0.1:{}", proxy.port()));
    let ended = shell.run("run demo/items --at 2026-11-22T18:00:00Z --json").await;
    ended.assert_failed(4, "auth", "answered 407");
}

#[tokio::test]
async fn a_variable_that_names_no_proxy_is_refused_before_anything_is_called() {
    let mut behind = Behind::new(Vec::new()).await;
    for (value, why) in [
        ("socks5://reader:s3cret-of-socks@127.0.0.1:1080", "SOCKS is not supported"),
        ("https://reader:s3cret-of-tls@127.0.0.1:3129", "TLS to the proxy itself is not supported"),
    ] {
        behind.shell.set("HTTPS_PROXY", value);
        let ended = behind.shell.run(&run_line("demo/items")).await;
        assert_eq!(ended.code(), Some(2), "{ended:?}");
        assert!(
            ended.err.contains(&format!("HTTPS_PROXY: {why}")) && !ended.err.contains("s3cret"),
            "{ended:?}"
        );
    }
}
