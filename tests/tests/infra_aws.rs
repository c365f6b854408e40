//! The Terraform module for AWS on moto: it can be applied, its state machine runs what the handler answers,
//! and its policy is enough for the handler and for nothing else.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use bronzegate_demo_api::{Fault, FaultKind, InvalidJson, Options, Shape, Stream, Style, When};
use bronzegate_tests::aws::{Deployment, TIME, scheduled};
use bronzegate_tests::changes::{BOUNDED, change, changes, settings};
use bronzegate_tests::lambda::Invoked;
use bronzegate_tests::moto::{Moto, REGION, s3_as, s3_at};
use bronzegate_tests::terraform::Terraform;
use bronzegate_tests::{SEED, one_stream};
use serde_json::{Value, json};

const RECORDS: u64 = 500;
const SETTINGS: &str = "records: results
retry: { base: 5ms, max: 50ms, attempts: 2 }
pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after }, page_size: { query: limit, value: 20 } }";

fn options(faults: Vec<Fault>, latency: Duration) -> Options {
    let stream = Stream::new("items", Style::Cursor, Shape::Small, RECORDS).page_size(20);
    Options { seed: SEED, streams: vec![stream], faults, latency, ..Options::default() }
}

#[tokio::test]
async fn the_example_is_applied_without_drift_and_destroyed() {
    let moto = Moto::start();
    let sources = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/modules/aws/tests/sources");
    let Some(example) = Terraform::example(moto.port(), "lake", sources.as_ref()).await else { return };
    example.apply(&[]).await;
    assert_eq!(example.outputs().await["target"], "s3://lake/bronze");
    // moto keeps neither of the two.
    let function = "module.bronzegate.aws_lambda_function.run";
    let lost = ["dead_letter_config", "logging_config"].map(|name| format!("{function}.{name}"));
    assert_eq!(example.drift().await, lost);
    example.destroy().await;
    assert_eq!(example.resources().await, Vec::<String>::new());
    let buckets = s3_at(moto.port()).await.list_buckets().send().await.unwrap();
    assert_eq!(buckets.buckets().len(), 0);
}
