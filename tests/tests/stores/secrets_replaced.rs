//! Secrets that are replaced in the clouds' vaults: in place of what was held, or not at all.

use std::sync::Arc;

use bronzegate_aws::SecretsManager;
use bronzegate_azure::{Azure, TransportOptions};
use bronzegate_core::clock::SystemClock;
use bronzegate_core::secret::{CachedSecrets, Freshness, Replacement, SecretError, SecretStore};
use bronzegate_tests::azure::{Certificates, Held, KeyVault, TokenEndpoints};
use bronzegate_tests::moto;
use bronzegate_tests::spoiling_proxy::{Proxy, Rule, Spoiled};
use secrecy::ExposeSecret as _;

async fn manager(port: u16) -> SecretsManager {
    let settings = moto::settings(port).await;
    SecretsManager::new(aws_sdk_secretsmanager::Client::new(&settings), "replaced/")
}

async fn create(name: &str) {
    let request = moto::secrets().await.create_secret().name(format!("replaced/{name}"));
    request.secret_string("old").send().await.expect("a secret is made");
}

async fn value(store: &dyn SecretStore, name: &str) -> String {
    store.read(name, Freshness::Cached).await.expect("it is read").expose_secret().to_owned()
}

#[tokio::test]
async fn secrets_manager_replaces_only_the_version_that_was_held() {
    create("cas").await;
    let [one, two] = [manager(moto::port()).await, manager(moto::port()).await];
    let (first, second) = (one.hold("cas").await.unwrap(), two.hold("cas").await.unwrap());
    assert_eq!(one.replace(&first, &"one".to_owned().into()).await.unwrap(), Replacement::Replaced);
    assert_eq!(two.replace(&second, &"two".to_owned().into()).await.unwrap(), Replacement::Conflict);
    assert_eq!(value(&one, "cas").await, "one");
    let again = two.hold("cas").await.unwrap();
    assert_eq!(again.value.expose_secret(), "one");
    assert_eq!(two.replace(&again, &"two".to_owned().into()).await.unwrap(), Replacement::Replaced);
    assert_eq!(value(&one, "cas").await, "two");
}

#[tokio::test]
async fn secrets_manager_replacements_survive_lost_answers() {
    create("lost").await;
    // The calls: read, put, move; the answer to each of the writes is lost once.
    for (skip, new) in [(1, "put"), (2, "moved")] {
        let proxy = Proxy::start(moto::port()).await;
        let store = manager(proxy.port()).await;
        proxy.spoil(Rule { words: vec!["POST "], skip, count: 1, spoiled: Spoiled::CutAfter });
        let held = store.hold("lost").await.unwrap();
        assert_eq!(
            store.replace(&held, &new.to_owned().into()).await.unwrap(),
            Replacement::Replaced,
            "{new}"
        );
        assert_eq!(value(&store, "lost").await, new);
    }
}

#[tokio::test]
async fn a_denied_replacement_names_the_permission_and_leaves_the_old_value() {
    create("denied").await;
    for (skip, permission) in
        [(1, "secretsmanager:PutSecretValue"), (2, "secretsmanager:UpdateSecretVersionStage")]
    {
        let proxy = Proxy::start(moto::port()).await;
        let store = manager(proxy.port()).await;
        proxy.spoil(Rule { words: vec!["POST "], skip, count: 1, spoiled: Spoiled::AccessDenied });
        let held = store.hold("denied").await.unwrap();
        let error = store.replace(&held, &"marker-new".to_owned().into()).await.unwrap_err();
        assert!(matches!(error, SecretError::Unwritable { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains(permission) && !text.contains("marker-new"), "{text}");
        assert_eq!(value(&store, "denied").await, "old");
    }
    let proxy = Proxy::start(moto::port()).await;
    let store = manager(proxy.port()).await;
    proxy.spoil(Rule { words: vec!["POST "], skip: 1, count: 1, spoiled: Spoiled::AccessDenied });
    let held = store.hold("denied").await.unwrap();
    let new = "new".to_owned().into();
    let denied = store.replace(&held, &new).await.unwrap_err();
    assert!(matches!(denied, SecretError::Unwritable { .. }), "{denied}");
    assert_eq!(store.replace(&held, &new).await.unwrap(), Replacement::Replaced, "the hold is still good");
}

#[tokio::test]
async fn a_cached_vault_hands_out_what_was_replaced() {
    create("cached").await;
    let clock = Arc::new(SystemClock::default());
    let store = CachedSecrets::new(manager(moto::port()).await, std::time::Duration::from_mins(5), clock);
    assert_eq!(value(&store, "cached").await, "old");
    let (held, late) = (store.hold("cached").await.unwrap(), store.hold("cached").await.unwrap());
    store.replace(&held, &"new".to_owned().into()).await.unwrap();
    assert_eq!(value(&store, "cached").await, "new");
    assert_eq!(store.replace(&late, &"late".to_owned().into()).await.unwrap(), Replacement::Conflict);
    assert_eq!(value(&store, "cached").await, "new");
}

async fn key_vault(vault: &KeyVault) -> (Arc<dyn SecretStore>, TokenEndpoints) {
    let tokens = TokenEndpoints::start().await;
    let variables = tokens.client_secret();
    let transport = Certificates::shared().transport(&TransportOptions::default());
    let clock = Arc::new(SystemClock::default());
    let azure =
        Azure::connect_over(transport, |name| variables.get(name).cloned(), clock).expect("connected");
    (azure.secrets(vault.url().as_str()).expect("a vault"), tokens)
}

#[tokio::test(flavor = "multi_thread")]
async fn key_vault_makes_a_new_version_that_keeps_the_tags() {
    let vault = KeyVault::start([("token", Held::Value("old"))]).await;
    let (store, _tokens) = key_vault(&vault).await;
    let held = store.hold("token").await.unwrap();
    assert_eq!(store.replace(&held, &"new".to_owned().into()).await.unwrap(), Replacement::Replaced);
    assert_eq!(value(&*store, "token").await, "new");
    let body = vault.writes().pop().expect("one write");
    assert_eq!(
        (&body["value"], &body["contentType"], &body["tags"]["owner"]),
        (&"new".into(), &"text".into(), &"data".into())
    );
    // That hold is of an old version now.
    assert_eq!(store.replace(&held, &"late".to_owned().into()).await.unwrap(), Replacement::Conflict);
    assert_eq!((value(&*store, "token").await.as_str(), vault.writes().len()), ("new", 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn key_vault_tells_a_writer_whose_version_was_overtaken() {
    let vault = KeyVault::start([("token", Held::Overtaken("old", "rival"))]).await;
    let (store, _tokens) = key_vault(&vault).await;
    let held = store.hold("token").await.unwrap();
    assert_eq!(store.replace(&held, &"mine".to_owned().into()).await.unwrap(), Replacement::Conflict);
    assert_eq!(store.hold("token").await.unwrap().value.expose_secret(), "rival");
}

#[tokio::test(flavor = "multi_thread")]
async fn key_vault_that_lets_nobody_write_names_the_role() {
    let vault = KeyVault::start([("token", Held::ReadOnly("old"))]).await;
    let (store, _tokens) = key_vault(&vault).await;
    let held = store.hold("token").await.unwrap();
    let error = store.replace(&held, &"marker-new".to_owned().into()).await.unwrap_err().to_string();
    assert!(error.contains("Key Vault Secrets Officer") && !error.contains("marker-new"), "{error}");
}
