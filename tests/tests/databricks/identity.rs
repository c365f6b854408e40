//! Which identity calls, and what becomes of its tokens.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bronzegate_core::secret::{CachedSecrets, FileSecrets, Freshness, SecretStore as _};
use bronzegate_tests::azure::TokenEndpoints;
use bronzegate_tests::databricks::{Call, Fault, PlayedDatabricks};
use futures::future::join_all;
use secrecy::ExposeSecret as _;

use super::{clock, connect, connect_with};

/// The application of Azure Databricks in Entra ID.
const RESOURCE: &str = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d";

#[tokio::test(flavor = "multi_thread")]
async fn a_service_principal_asks_for_one_token_and_renews_it_before_its_end() {
    let played = PlayedDatabricks::start().await;
    played.put_secret("token", b"value");
    let clock = clock();
    let secrets = connect(played.principal(), clock.clone()).unwrap().secrets("bronze").unwrap();
    let all = join_all((0..10).map(|_| secrets.read("token", Freshness::Fresh))).await;
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(played.calls(Call::Token).len(), 1);
    clock.advance(Duration::from_mins(54));
    secrets.read("token", Freshness::Fresh).await.unwrap();
    assert_eq!(played.calls(Call::Token).len(), 1, "it is still good for a while");
    clock.advance(Duration::from_mins(2));
    secrets.read("token", Freshness::Fresh).await.unwrap();
    assert_eq!(played.calls(Call::Token).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_not_renewed_yet_is_used_to_its_end() {
    let played = PlayedDatabricks::start().await;
    played.put_secret("token", b"value");
    let clock = clock();
    let secrets = connect(played.principal(), clock.clone()).unwrap().secrets("bronze").unwrap();
    secrets.read("token", Freshness::Fresh).await.unwrap();
    clock.advance(Duration::from_mins(56));
    played.fail([(Call::Token, Fault::Refuse(500, "INTERNAL_ERROR", "away".to_owned()))]);
    played.fail((0..5).map(|_| (Call::Token, Fault::Status(429, Some(1)))));
    secrets.read("token", Freshness::Fresh).await.unwrap();
    assert_eq!(played.faults_left(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_revoked_is_replaced_once() {
    let played = PlayedDatabricks::start().await;
    played.put_secret("token", b"value");
    let secrets = connect(played.principal(), clock()).unwrap().secrets("bronze").unwrap();
    secrets.read("token", Freshness::Fresh).await.unwrap();
    played.revoke_tokens();
    assert_eq!(secrets.read("token", Freshness::Fresh).await.unwrap().expose_secret(), "value");
    assert_eq!(played.calls(Call::Token).len(), 2);
    played.fail((0..2).map(|_| (Call::Secret, Fault::Refuse(401, "UNAUTHENTICATED", "no".to_owned()))));
    let error = secrets.read("token", Freshness::Fresh).await.unwrap_err().to_string();
    assert!(error.contains("DATABRICKS_CLIENT_ID is not in this workspace"), "{error}");
    assert_eq!(played.calls(Call::Token).len(), 3, "and no more than once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_personal_access_token_that_was_revoked_is_named() {
    let played = PlayedDatabricks::start().await;
    played.revoke_tokens();
    let secrets = connect(played.pat(), clock()).unwrap().secrets("bronze").unwrap();
    let error = secrets.read("token", Freshness::Cached).await.unwrap_err();
    let text = error.to_string();
    let expected =
        "Invalid access token.; the token of DATABRICKS_TOKEN is revoked, expired, or another workspace's";
    assert!(text.contains(expected) && text.contains("secret `token` is denied"), "{text}");
    assert_eq!(played.calls(Call::Secret).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_of_a_principal_that_is_refused_is_told_and_not_shown() {
    let played = PlayedDatabricks::start().await;
    let mut variables = played.principal();
    variables.insert("DATABRICKS_CLIENT_SECRET".to_owned(), "dose-wrong-one".to_owned());
    let secrets = connect(variables, clock()).unwrap().secrets("bronze").unwrap();
    let text = secrets.read("token", Freshness::Cached).await.unwrap_err().to_string();
    for expected in
        ["no token from the service principal", "HTTP 401: invalid_client", "its secret is wrong or expired"]
    {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert!(!text.contains("dose-wrong-one"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn identities_of_azure_hand_in_tokens_for_databricks() {
    let (played, entra) = (PlayedDatabricks::start().await, TokenEndpoints::start().await);
    played.put_secret("token", b"value");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "federated-token").unwrap();
    let workload = entra.workload(file.to_str().unwrap());
    let with = |own: BTreeMap<String, String>, word: Option<&str>| {
        let mut variables = played.variables([]);
        variables.extend(own);
        variables.extend(word.map(|word| ("DATABRICKS_AUTH_TYPE".to_owned(), word.to_owned())));
        variables
    };
    let everything =
        [entra.function_app(), entra.client_secret(), workload.clone(), played.pat()].concat_all();
    // A managed identity is read from the process's own environment, so it cannot be tried within this one.
    for (variables, kind) in [
        (with(entra.client_secret(), None), "client_secret"),
        (with(workload, None), "client_assertion"),
        (with(everything.clone(), Some("azure-client-secret")), "client_secret"),
        (with(everything, Some("azure-workload-identity")), "client_assertion"),
    ] {
        let secrets = connect(variables, clock()).unwrap().secrets("bronze").unwrap();
        // The workspace knows the token only after Entra ID has given it.
        let first = secrets.read("token", Freshness::Fresh).await.unwrap_err().to_string();
        assert!(first.contains("the identity in Azure is not in this workspace"), "{first}");
        let given = entra.given().pop().unwrap();
        assert_eq!((given.kind, given.resource.as_str()), (kind, RESOURCE));
        played.trust(&entra.newest());
        assert_eq!(secrets.read("token", Freshness::Fresh).await.unwrap().expose_secret(), "value");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_identities_are_an_error_unless_one_is_named() {
    let played = PlayedDatabricks::start().await;
    played.put_secret("token", b"value");
    let mut variables = [played.pat(), played.principal()].concat_all();
    let error = connect(variables.clone(), clock()).unwrap_err();
    assert_eq!(error.kind().exit_code(), 2);
    let text = error.to_string();
    assert!(
        text.contains("two identities") && text.contains("DATABRICKS_AUTH_TYPE: pat or oauth-m2m"),
        "{text}"
    );
    variables.insert("DATABRICKS_AUTH_TYPE".to_owned(), "oauth-m2m".to_owned());
    let secrets = connect(variables, clock()).unwrap().secrets("bronze").unwrap();
    secrets.read("token", Freshness::Cached).await.unwrap();
    assert_eq!(played.calls(Call::Token).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_principals_secret_may_be_in_another_clouds_vault_and_be_rotated_there() {
    let played = PlayedDatabricks::start().await;
    played.put_secret("token", b"value");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("vault.json");
    let hold = |secret: &str| std::fs::write(&file, format!(r#"{{"databricks": "{secret}"}}"#)).unwrap();
    let mut variables = played.principal();
    let secret = variables.remove("DATABRICKS_CLIENT_SECRET").unwrap();
    variables.insert("BRONZEGATE_DATABRICKS_SECRET".to_owned(), "databricks".to_owned());
    let vault = || Arc::new(FileSecrets::new(&file));
    hold("an old one");
    let open = || connect_with(variables.clone(), clock(), Some(vault())).unwrap().secrets("bronze").unwrap();
    let text = open().read("token", Freshness::Cached).await.unwrap_err().to_string();
    assert!(text.contains("its secret is wrong or expired") && !text.contains("an old one"), "{text}");
    let kept = Arc::new(CachedSecrets::new(FileSecrets::new(&file), Duration::from_mins(5), clock()));
    kept.read("databricks", Freshness::Cached).await.unwrap();
    hold(&secret);
    let secrets = connect_with(variables.clone(), clock(), Some(kept)).unwrap().secrets("bronze").unwrap();
    assert_eq!(secrets.read("token", Freshness::Cached).await.unwrap().expose_secret(), "value");
    hold("");
    let text = open().read("token", Freshness::Cached).await.unwrap_err().to_string();
    assert!(text.contains("BRONZEGATE_DATABRICKS_SECRET: secret `databricks` is empty"), "{text}");
    let error = connect(variables, clock()).unwrap_err();
    assert!(error.to_string().contains("this program has no vault for it"), "{error}");
}

trait ConcatAll {
    fn concat_all(self) -> BTreeMap<String, String>;
}

impl<const N: usize> ConcatAll for [BTreeMap<String, String>; N] {
    fn concat_all(self) -> BTreeMap<String, String> {
        self.into_iter().flatten().collect()
    }
}
