//! A scope as a secret store.

use std::sync::Arc;
use std::time::Duration;

use bronzegate_core::clock::Clock as _;
use bronzegate_core::secret::{Freshness, SecretError, SecretStore, resolve};
use bronzegate_tests::databricks::{Call, Fault, PlayedDatabricks};
use secrecy::ExposeSecret as _;

use super::{clock, connect};

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_read_as_the_scope_holds_it_and_kept() {
    let played = PlayedDatabricks::start().await;
    played.put_secret("hubspot.token", "pat-na1-ü\n".as_bytes());
    let clock = clock();
    let secrets = connect(played.pat(), clock.clone()).unwrap().secrets("bronze").unwrap();
    assert_eq!(read(&*secrets, "hubspot.token").await, Ok("pat-na1-ü\n".to_owned()));
    played.put_secret("hubspot.token", b"new");
    assert_eq!(read(&*secrets, "hubspot.token").await, Ok("pat-na1-ü\n".to_owned()), "it is kept");
    let fresh = secrets.read("hubspot.token", Freshness::Fresh).await.unwrap();
    assert_eq!(fresh.expose_secret(), "new");
    clock.advance(Duration::from_mins(5));
    played.put_secret("hubspot.token", b"newest");
    assert_eq!(read(&*secrets, "hubspot.token").await, Ok("newest".to_owned()), "and not for ever");
    assert_eq!(played.calls(Call::Secret).len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_names_the_secret_and_the_way_out() {
    let played = PlayedDatabricks::start().await;
    played.put_secret("binary", &[0xff, 0xfe]);
    played.put_secret("empty", b"");
    let databricks = connect(played.pat(), clock()).unwrap();
    let (secrets, wrong) = (databricks.secrets("bronze").unwrap(), databricks.secrets("brnze").unwrap());
    let job = "set its environment variable BRONZEGATE_SECRET_A_B={{secrets/bronze/a-b}} and BRONZEGATE_SECRETS=env";
    let refuse =
        |status, code, message: &str| (Call::Secret, Fault::Refuse(status, code, message.to_owned()));
    let cases = [
        (
            &secrets,
            "a-b",
            None,
            vec!["secret `a-b` is missing", "databricks secrets put-secret bronze a-b", job],
        ),
        (&wrong, "a-b", None, vec!["Scope brnze does not exist!", "the scope `brnze` of 127.0.0.1"]),
        (
            &secrets,
            "a-b",
            Some(refuse(403, "PERMISSION_DENIED", "User does not have READ permission")),
            vec!["secret `a-b` is denied", "READ permission", "databricks secrets put-acl", job],
        ),
        (
            &secrets,
            "a-b",
            Some(refuse(400, "BAD_REQUEST", "Secrets can be read in notebooks only")),
            vec!["secret `a-b` cannot be read", "in notebooks only", "its own jobs alone", job],
        ),
        (&secrets, "binary", None, vec!["secret `binary` is binary"]),
        (&secrets, "empty", None, vec!["secret `empty` is empty"]),
        (&secrets, "a/b", None, vec!["`a/b` cannot be the name of a secret in a Databricks scope"]),
    ];
    for (store, name, fault, expected) in cases {
        played.fail(fault);
        let error = resolve(&**store, name, None, Freshness::Cached).await.unwrap_err();
        let text = error.to_string();
        assert!(expected.iter().all(|expected| text.contains(expected)), "{text}");
        assert!(!error.is_transient(), "{text}");
        let error = bronzegate_core::error::Error::from(error);
        assert_eq!(error.kind().exit_code(), 4);
    }
    assert!(
        !played.calls(Call::Secret).contains(&"a/b".to_owned()),
        "a name that cannot be is not asked for"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_passes_is_tried_again_as_long_as_the_workspace_says() {
    let played = PlayedDatabricks::start().await;
    played.put_secret("token", b"value");
    let clock = clock();
    let secrets = connect(played.pat(), clock.clone()).unwrap().secrets("bronze").unwrap();
    played.fail([
        (Call::Secret, Fault::Status(429, Some(9))),
        (Call::Secret, Fault::Status(503, None)),
        (Call::Secret, Fault::Unheard),
        (Call::Secret, Fault::Unanswered),
    ]);
    assert_eq!(read(&*secrets, "token").await, Ok("value".to_owned()));
    assert_eq!((played.calls(Call::Secret).len(), played.faults_left()), (5, 0));
    assert!(clock.elapsed() >= Duration::from_secs(9), "{:?}", clock.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_that_stays_away_is_told_as_passing() {
    let played = PlayedDatabricks::start().await;
    let secrets = connect(played.pat(), clock()).unwrap().secrets("bronze").unwrap();
    played.fail((0..6).map(|_| (Call::Secret, Fault::Status(503, None))));
    let error = secrets.read("token", Freshness::Cached).await.unwrap_err();
    assert!(matches!(error, SecretError::Unavailable { .. }) && error.is_transient(), "{error}");
    assert_eq!(played.calls(Call::Secret).len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_goes_to_the_workspace_and_nowhere_else() {
    let (played, elsewhere) = (PlayedDatabricks::start().await, PlayedDatabricks::start().await);
    let secrets = connect(played.pat(), clock()).unwrap().secrets("bronze").unwrap();
    let to = elsewhere.url().join("api/2.0/secrets/get?scope=bronze&key=token").unwrap();
    played.fail([(Call::Secret, Fault::Redirect(to.to_string()))]);
    let error = secrets.read("token", Freshness::Cached).await.unwrap_err().to_string();
    assert!(error.contains("answered 302: redirects are not followed"), "{error}");
    assert!(elsewhere.calls(Call::Secret).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_an_end_is_not_read_to_it() {
    let played = PlayedDatabricks::start().await;
    let secrets = connect(played.pat(), clock()).unwrap().secrets("bronze").unwrap();
    played.fail([(Call::Secret, Fault::Refuse(400, "BAD_REQUEST", "x".repeat(17 << 20)))]);
    let error = secrets.read("token", Freshness::Cached).await.unwrap_err().to_string();
    assert!(error.contains("the answer has more than 16777216 bytes") && error.len() < 1_000, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_repeats_the_token_does_not_show_it() {
    let played = PlayedDatabricks::start().await;
    let token = played.pat()["DATABRICKS_TOKEN"].clone();
    let secrets = connect(played.pat(), clock()).unwrap().secrets("bronze").unwrap();
    let message = format!("User of {token} lacks READ");
    played.fail([(Call::Secret, Fault::Refuse(403, "PERMISSION_DENIED", message))]);
    let error = secrets.read("token", Freshness::Cached).await.unwrap_err().to_string();
    assert!(error.contains("User of [secret] lacks READ") && !error.contains(&token), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_is_not_kept_in_a_scope() {
    let played = PlayedDatabricks::start().await;
    let secrets = connect(played.pat(), clock()).unwrap().secrets("bronze").unwrap();
    let error = secrets.hold("token").await.unwrap_err().to_string();
    assert!(error.contains("cannot be replaced") && error.contains("a scope has no versions"), "{error}");
}

async fn read(secrets: &dyn SecretStore, name: &str) -> Result<String, String> {
    let read = secrets.read(name, Freshness::Cached).await;
    read.map(|value| value.expose_secret().to_owned()).map_err(|error| error.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_that_cannot_be_is_a_config_error() {
    let played = PlayedDatabricks::start().await;
    let databricks = connect(played.pat(), Arc::new(bronzegate_core::clock::SystemClock::default())).unwrap();
    let error = databricks.secrets("a b").unwrap_err();
    assert_eq!(error.kind().exit_code(), 2);
    assert!(error.to_string().contains("`a b` cannot be the name of a scope"), "{error}");
}
