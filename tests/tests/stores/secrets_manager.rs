//! AWS Secrets Manager as a vault, as moto plays it.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_secretsmanager::primitives::Blob;
use bronzegate_aws::SecretsManager;
use bronzegate_core::clock::TestClock;
use bronzegate_core::secret::{CachedSecrets, Freshness, SecretError, SecretStore, resolve};
use bronzegate_tests::moto;
use bronzegate_tests::spoiling_proxy::{Proxy, Rule, Spoiled};
use bronzegate_tests::test_clock;
use secrecy::ExposeSecret as _;

const TTL: Duration = Duration::from_mins(5);

/// A vault of a test's own prefix, reached through a proxy that counts its calls.
struct Vault {
    proxy: Proxy,
    clock: Arc<TestClock>,
    store: CachedSecrets<SecretsManager>,
    prefix: &'static str,
}

impl Vault {
    async fn open(prefix: &'static str) -> Self {
        let proxy = Proxy::start(moto::port()).await;
        let clock = test_clock();
        let client = aws_sdk_secretsmanager::Client::new(&moto::settings(proxy.port()).await);
        let store = CachedSecrets::new(SecretsManager::new(client, prefix), TTL, clock.clone());
        Self { proxy, clock, store, prefix }
    }

    async fn create(&self, name: &str, value: &str) {
        let request = moto::secrets().await.create_secret().name(format!("{}{name}", self.prefix));
        request.secret_string(value).send().await.expect("a secret is made");
    }

    async fn rotate(&self, name: &str, value: &str) {
        let request = moto::secrets().await.put_secret_value().secret_id(format!("{}{name}", self.prefix));
        request.secret_string(value).send().await.expect("a secret is rotated");
    }

    async fn read(&self, name: &str, freshness: Freshness) -> String {
        self.store.read(name, freshness).await.expect("it is read").expose_secret().to_owned()
    }

    fn calls(&self) -> usize {
        self.proxy.seen().len()
    }
}

#[tokio::test]
async fn a_secret_is_read_once_until_its_time_is_over_or_it_must_be_fresh() {
    let vault = Vault::open("cache/").await;
    vault.create("token", "one").await;
    assert_eq!(vault.read("token", Freshness::Cached).await, "one");
    vault.rotate("token", "two").await;
    vault.clock.advance(TTL.checked_sub(Duration::from_secs(1)).unwrap());
    assert_eq!((vault.read("token", Freshness::Cached).await.as_str(), vault.calls()), ("one", 1));
    vault.clock.advance(Duration::from_secs(1));
    assert_eq!((vault.read("token", Freshness::Cached).await.as_str(), vault.calls()), ("two", 2));
    vault.rotate("token", "three").await;
    assert_eq!((vault.read("token", Freshness::Fresh).await.as_str(), vault.calls()), ("three", 3));
    assert_eq!((vault.read("token", Freshness::Cached).await.as_str(), vault.calls()), ("three", 3));
}

#[tokio::test]
async fn readers_at_once_share_calls() {
    let vault = Vault::open("at-once/").await;
    vault.create("token", "one").await;
    for (freshness, calls) in [(Freshness::Cached, 1), (Freshness::Fresh, 3)] {
        let reads = (0..8).map(|_| vault.read("token", freshness));
        assert_eq!(futures::future::join_all(reads).await, ["one"; 8]);
        assert_eq!(vault.calls(), calls, "{freshness:?}");
    }
}

#[tokio::test]
async fn another_version_stage_is_a_setting_of_the_vault() {
    let vault = Vault::open("stages/").await;
    vault.create("token", "old").await;
    vault.rotate("token", "new").await;
    assert_eq!(vault.read("token", Freshness::Cached).await, "new");
    let client = moto::secrets().await;
    let previous = SecretsManager::new(client, "stages/").at_stage("AWSPREVIOUS");
    let found = previous.read("token", Freshness::Cached).await.unwrap();
    assert_eq!(found.expose_secret(), "old");
}

#[tokio::test]
async fn a_member_of_a_json_secret_is_picked_and_other_content_is_refused() {
    let vault = Vault::open("json/").await;
    vault.create("object", r#"{"key":"k"}"#).await;
    vault.create("plain", "text").await;
    let pick = async |name| resolve(&vault.store, name, Some("key"), Freshness::Cached).await;
    assert_eq!(pick("object").await.unwrap().expose_secret(), "k");
    assert!(matches!(pick("plain").await, Err(SecretError::NotAnObject { .. })));
}

#[tokio::test]
async fn what_cannot_be_used_is_named_with_its_place() {
    let vault = Vault::open("bad/").await;
    let client = moto::secrets().await;
    client.create_secret().name("bad/bytes").secret_binary(Blob::new("text")).send().await.unwrap();
    client.create_secret().name("bad/container").send().await.unwrap();
    vault.create("gone", "x").await;
    client.delete_secret().secret_id("bad/gone").send().await.unwrap();
    let place = |name| format!("`bad/{name}` in Secrets Manager ({})", moto::REGION);
    for name in ["absent", "container", "bytes", "gone"] {
        let error = resolve(&vault.store, name, None, Freshness::Cached).await.unwrap_err();
        let expected = match name {
            "bytes" => matches!(error, SecretError::Binary { .. }),
            "gone" => matches!(error, SecretError::Unreadable { .. }),
            _ => matches!(error, SecretError::Missing { .. }),
        };
        assert!(expected && error.to_string().contains(&place(name)), "{name}: {error}");
    }
}

#[tokio::test]
async fn a_denied_secret_names_the_missing_permission_and_a_failure_is_not_kept() {
    let vault = Vault::open("denied/").await;
    vault.create("token", "one").await;
    let rule = |spoiled, count| Rule { words: vec!["POST "], skip: 0, count, spoiled };
    for (spoiled, word) in [
        (Spoiled::AccessDenied, "secretsmanager:GetSecretValue"),
        (Spoiled::CannotDecrypt, "DecryptionFailure"),
    ] {
        vault.proxy.spoil(rule(spoiled, 1));
        let error = vault.store.read("token", Freshness::Cached).await.unwrap_err();
        assert!(matches!(error, SecretError::Denied { .. }) && error.to_string().contains(word), "{error}");
    }
    vault.proxy.spoil(rule(Spoiled::CutBefore, 2));
    assert_eq!(vault.read("token", Freshness::Cached).await, "one", "a cut connection is tried again");
}
