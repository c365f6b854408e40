//! The store contract, on S3 as moto plays it.

use bronzegate_tests::moto;
use bronzegate_tests::store_contract;

#[tokio::test(flavor = "multi_thread")]
async fn s3_meets_the_store_contract() {
    moto::bucket("contract").await;
    store_contract::check(async |target| {
        moto::connect(moto::port()).await.store(&format!("s3://contract/lake/{target}")).unwrap()
    })
    .await;
}
