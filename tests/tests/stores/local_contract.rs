//! The store contract, on a local folder.

use std::sync::Arc;

use bronzegate_core::bronze::LocalStore;
use bronzegate_tests::store_contract::{self, Store};

#[tokio::test(flavor = "multi_thread")]
async fn a_local_folder_meets_the_store_contract() {
    let folder = tempfile::tempdir().unwrap();
    store_contract::check(async |target| {
        Arc::new(LocalStore::open(folder.path().join(target)).unwrap()) as Store
    })
    .await;
}
