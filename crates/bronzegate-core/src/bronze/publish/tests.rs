//! What dead runs leave, on a local folder.

use std::fs;
use std::sync::Arc;

use jiff::Timestamp;

use super::PublishError;
use crate::bronze::commit::CommitLog;
use crate::bronze::commit::SegmentStatus::Complete;
use crate::bronze::commit::tests::{bench, record};
use crate::bronze::run_id::RunId;
use crate::bronze::store::{BronzeStore, LocalStore, StoreError};
use crate::bronze::testing::FaultyStore;

#[tokio::test]
async fn what_a_dead_run_left_unpublished_is_published_once() {
    let bench = bench();
    let parts = vec![bench.staged(1, 1).await, bench.staged(1, 2).await];
    let record = bench.committed(record(RunId::Sequence(1), 1, Complete, parts.clone())).await;
    assert_eq!(bench.publisher().unpublished(&record).await.unwrap().len(), 2);
    bench.store.publish(&parts[1]).await.unwrap();
    assert_eq!(bench.publisher().unpublished(&record).await.unwrap(), [&parts[0]]);
    assert_eq!(bench.publisher().settle(&record).await.unwrap(), 1);
    assert_eq!(bench.publisher().settle(&record).await.unwrap(), 0);
    bench.publisher().publish(&record).await.unwrap();
    assert_eq!(bench.store.list("shop").await.unwrap(), [parts[0].path.as_str(), &parts[1].path]);
}

#[tokio::test]
async fn parts_that_were_published_and_moved_later_are_not_taken_for_lost() {
    let bench = bench();
    let parts = vec![bench.staged(1, 1).await];
    let record = bench.committed(record(RunId::Sequence(1), 1, Complete, parts)).await;
    bench.publisher().publish(&record).await.unwrap();
    fs::remove_dir_all(bench.temp.path().join("shop")).unwrap();
    assert!(matches!(
        bench.publisher().settle(&record).await,
        Err(PublishError::Store(StoreError::Lost { .. }))
    ));
    bench.log.update_head(&record).await;
    assert_eq!(bench.publisher().settle(&record).await.unwrap(), 0);
}

#[tokio::test]
async fn a_sweep_publishes_what_was_committed_and_removes_the_rest() {
    let mut bench = bench();
    let committed = vec![bench.staged(1, 1).await, bench.staged(1, 2).await];
    bench.staged(1, 1).await;
    let uncommitted = bench.staged(2, 1).await;
    let record = bench.committed(record(RunId::Sequence(1), 1, Complete, committed)).await;
    bench.publisher().sweep(Timestamp::UNIX_EPOCH).await.unwrap();
    assert_eq!(bench.publisher().unpublished(&record).await.unwrap().len(), 2, "the run still lives");

    let path = bench.temp.path().to_owned();
    bench.store = FaultyStore::with_space(LocalStore::open(&path).unwrap(), u64::MAX);
    bench.log = CommitLog::new(Arc::clone(&bench.store) as Arc<dyn BronzeStore>, bench.layout.clone());
    bench.publisher().sweep(Timestamp::UNIX_EPOCH).await.unwrap();
    assert_eq!(bench.publisher().unpublished(&record).await.unwrap(), [&record.parts[0]; 0]);
    assert!(matches!(bench.store.publish(&uncommitted).await, Err(StoreError::Lost { .. })));
    assert_eq!(fs::read_dir(path.join("_bronzegate/staging/shop/orders")).unwrap().count(), 0);
}
