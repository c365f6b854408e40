//! The policy of the Terraform module for AWS is enough for the handler and for nothing else.

use std::fmt::Debug;

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use bronzegate_demo_api::Shape;
use bronzegate_tests::aws_deployment::{Deployment, TIME, scheduled};
use bronzegate_tests::moto::{Moto, s3_as, s3_at};
use bronzegate_tests::one_stream;
use bronzegate_tests::terraform::Terraform;

use super::aws::{RECORDS, SETTINGS, options};

#[tokio::test]
async fn the_policy_is_enough_for_the_handler_and_for_nothing_else() {
    let moto = Moto::start();
    let options = options(vec![]);
    let mut deployment = Deployment::on(moto.port(), options, &one_stream("items", SETTINGS)).await;
    let bucket = deployment.bucket.clone();
    let sources = deployment.sources();
    let Some(example) = Terraform::example(moto.port(), &bucket, &sources).await else { return };
    example.apply(&["module.bronzegate.data.aws_iam_policy_document.store"]).await;
    let policy = example.outputs().await["store_policy"].as_str().unwrap().to_owned();
    let (key, secret) = user(&moto, &policy).await;
    let others = s3_at(moto.port()).await;
    for path in ["elsewhere/theirs", "bronze-of-others/theirs"] {
        let body = ByteStream::from_static(b"theirs");
        others.put_object().bucket(&bucket).key(path).body(body).send().await.unwrap();
    }

    moto.set("reset-auth", "0".to_owned()).await;
    deployment.lambda.set("AWS_ACCESS_KEY_ID", &key);
    deployment.lambda.set("AWS_SECRET_ACCESS_KEY", &secret);
    let event = scheduled(Some("items"));
    for status in ["complete", "already_committed"] {
        let answer = deployment.lambda.invoke(&event, TIME).await.answer();
        assert_eq!(answer["status"], status, "{answer}");
    }
    let s3 = s3_as(moto.port(), &key, &secret).await;
    for path in ["elsewhere/theirs", "bronze-of-others/theirs"] {
        assert_denied(s3.get_object().bucket(&bucket).key(path).send().await);
        assert_denied(s3.put_object().bucket(&bucket).key(path).send().await);
        assert_denied(s3.delete_object().bucket(&bucket).key(path).send().await);
    }
    moto.set("reset-auth", "inf".to_owned()).await;

    let parts = deployment.objects("bronze/demo/items/").await;
    assert_eq!(parts.len(), 1);
    moto.set("reset-auth", "0".to_owned()).await;
    assert_denied(s3.delete_object().bucket(&bucket).key(&parts[0].0).send().await);
    moto.set("reset-auth", "inf".to_owned()).await;
    deployment.assert_records("items", Shape::Small, RECORDS).await;
    assert_eq!(deployment.objects("elsewhere/").await[0].1, b"theirs");
}

/// Makes a user who may do this and nothing else; tells the keys.
async fn user(moto: &Moto, policy: &str) -> (String, String) {
    let call = async |action: &str, more: &[(&str, &str)]| {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs([("Action", action), ("Version", "2010-05-08"), ("UserName", "function")]);
        let body = form.extend_pairs(more).finish();
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("accept", "application/xml")];
        moto.call("iam", headers, body).await
    };
    call("CreateUser", &[]).await;
    call("PutUserPolicy", &[("PolicyName", "store"), ("PolicyDocument", policy)]).await;
    let answer = call("CreateAccessKey", &[]).await;
    let value = |name: &str| {
        let rest = answer.split(&format!("<{name}>")).nth(1).expect("the answer has keys");
        rest.split('<').next().expect("a split has a first part").to_owned()
    };
    (value("AccessKeyId"), value("SecretAccessKey"))
}

#[track_caller]
fn assert_denied<T: Debug, E: ProvideErrorMetadata + Debug, R: Debug>(answer: Result<T, SdkError<E, R>>) {
    let error = answer.expect_err("it is denied");
    assert_eq!(error.code(), Some("AccessDenied"), "{error:?}");
}
