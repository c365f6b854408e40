//! Key Vault as a secret store, played to the letter of its protocol.

use std::sync::Arc;
use std::time::Duration;

use bronzegate_azure::{Azure, TransportOptions, check_name};
use bronzegate_core::clock::{Clock, SystemClock, TestClock};
use bronzegate_core::secret::{Freshness, SecretError, SecretStore, resolve};
use bronzegate_tests::azure::{Certificates, Held, KeyVault, TokenEndpoints};
use futures::future::join_all;
use secrecy::ExposeSecret as _;

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_read_with_a_token_for_vaults_after_one_challenge() {
    let vault = KeyVault::start([("a", Held::Value("one\n")), ("b", Held::Value("two"))]).await;
    let (secrets, tokens) = open(&vault).await;
    assert_eq!(read(&*secrets, "a").await, Ok("one\n".to_owned()), "as the vault holds it");
    assert_eq!(read(&*secrets, "b").await, Ok("two".to_owned()));
    let resources: Vec<_> = tokens.given().into_iter().map(|given| given.resource).collect();
    assert_eq!((vault.challenges(), resources), (1, vec!["https://vault.azure.net".to_owned()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_names_the_secret_and_says_what_to_do() {
    let vault = KeyVault::start([
        ("disabled", Held::Disabled),
        ("rbac", Held::Forbidden("ForbiddenByRbac")),
        ("policy", Held::Forbidden("AccessDenied")),
        ("firewall", Held::Forbidden("ForbiddenByFirewall")),
        ("empty", Held::Value("")),
    ])
    .await;
    let (secrets, _tokens) = open(&vault).await;
    let role = "the identity needs the role Key Vault Secrets User on the vault or the secret";
    let cases = [
        (
            "absent",
            format!("secret `absent` is missing: the key vault {} has none of this name", vault.url()),
        ),
        (
            "disabled",
            "403 SecretDisabled: Operation get is not allowed on a disabled secret. (request \
                      played-vault); the secret is disabled: enable it, or add a new version"
                .to_owned(),
        ),
        (
            "rbac",
            format!(
                "403 ForbiddenByRbac: Caller is not authorized to perform action. (request played-vault); {role}"
            ),
        ),
        ("policy", role.to_owned()),
        ("firewall", "the vault's network rules do not let this address in".to_owned()),
        ("empty", "secret `empty` is empty".to_owned()),
        ("under_score", "`under_score` cannot be the name of a secret in Azure Key Vault".to_owned()),
    ];
    for (name, expected) in cases {
        let error = resolve(&*secrets, name, None, Freshness::Cached).await.unwrap_err().to_string();
        assert!(error.contains(&expected) && error.contains(&format!("`{name}`")), "{error}");
    }
    assert_eq!(vault.reads("under_score"), 0, "a name that cannot be is not asked for");
    let offline = check_name("under_score");
    assert!(
        matches!(offline, Err(SecretError::NotAName { .. })),
        "nor has the vault to be there: {offline:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_secret_is_handed_out_as_key_vault_does() {
    let vault = KeyVault::start([("old", Held::Expired("value"))]).await;
    let (secrets, _tokens) = open(&vault).await;
    assert_eq!(read(&*secrets, "old").await, Ok("value".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_secret_is_seen_by_a_fresh_read_or_after_its_time() {
    let vault = KeyVault::start([("token", Held::Value("old"))]).await;
    let clock = Arc::new(TestClock::at(SystemClock::default().now()));
    let (secrets, _tokens) = open_with(&vault, clock.clone()).await;
    let readers = join_all((0..20).map(|_| read(&*secrets, "token"))).await;
    assert!(readers.iter().all(|value| value.as_deref() == Ok("old")));
    assert_eq!(vault.reads("token"), 1, "readers at once make one call");
    vault.hold("token", Held::Value("new"));
    assert_eq!(read(&*secrets, "token").await, Ok("old".to_owned()), "it is kept");
    let fresh = secrets.read("token", Freshness::Fresh).await.unwrap();
    assert_eq!(fresh.expose_secret(), "new");
    assert_eq!(read(&*secrets, "token").await, Ok("new".to_owned()), "what is fresh is kept");
    vault.hold("token", Held::Value("newest"));
    clock.advance(Duration::from_mins(5));
    assert_eq!(read(&*secrets, "token").await, Ok("newest".to_owned()), "and not for ever");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_read_waits_as_long_as_the_vault_says() {
    let vault = KeyVault::start([("busy", Held::Throttled(1, "value"))]).await;
    let (secrets, _tokens) = open(&vault).await;
    let clock = SystemClock::default();
    assert_eq!(read(&*secrets, "busy").await, Ok("value".to_owned()));
    assert_eq!(vault.reads("busy"), 2);
    // The SDK alone would have waited for less than half a second.
    assert!(clock.elapsed() >= Duration::from_secs(1), "{:?}", clock.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_that_stays_throttled_is_an_error() {
    let vault = KeyVault::start([("busy", Held::Throttled(u32::MAX, ""))]).await;
    let (secrets, _tokens) = open(&vault).await;
    let error = read(&*secrets, "busy").await.unwrap_err();
    assert!(error.contains("429 Throttled") && error.contains("too many reads in a short time"), "{error}");
    assert_eq!(vault.reads("busy"), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_not_a_vault_is_a_config_error() {
    let tokens = TokenEndpoints::start().await;
    let azure = azure(&tokens, Arc::new(SystemClock::default()));
    for url in
        ["http://acme.vault.azure.net", "https://acme.vault.azure.net/secrets/x", "acme", "https://u@v.net"]
    {
        let error = azure.secrets(url).unwrap_err();
        assert_eq!(error.kind().exit_code(), 2, "{error}");
        assert!(error.to_string().contains(&format!("`{url}` is not the address of a key vault")), "{error}");
    }
}

async fn open(vault: &KeyVault) -> (Arc<dyn SecretStore>, TokenEndpoints) {
    open_with(vault, Arc::new(SystemClock::default())).await
}

async fn open_with(vault: &KeyVault, clock: Arc<dyn Clock>) -> (Arc<dyn SecretStore>, TokenEndpoints) {
    let tokens = TokenEndpoints::start().await;
    (azure(&tokens, clock).secrets(vault.url().as_str()).expect("Azure is connected"), tokens)
}

fn azure(tokens: &TokenEndpoints, clock: Arc<dyn Clock>) -> Azure {
    let variables = tokens.client_secret();
    let transport = Certificates::shared().transport(&TransportOptions::default());
    Azure::connect_over(transport, |name| variables.get(name).cloned(), clock).expect("Azure is connected")
}

async fn read(secrets: &dyn SecretStore, name: &str) -> Result<String, String> {
    let read = secrets.read(name, Freshness::Cached).await;
    read.map(|value| value.expose_secret().to_owned()).map_err(|error| error.to_string())
}
