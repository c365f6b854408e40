//! What only a local folder can get wrong; what every store promises is in the contract suite.

use std::fs;
use std::path::Path;

use bytes::Bytes;
use serde_json::json;

use super::LocalStore;
use super::files::{entries, rename_new};
use crate::bronze::checksum::Checksum;
use crate::bronze::store::port::{
    BronzeStore, ByteRange, Created, Receipt, StagedPart, StagingArea, StoreError, Upload,
};
use crate::error::Error;

const PATH: &str = "shop/orders/ingest_date=2026-11-22/1.ndjson";
const STAGING: &str = "_bronzegate/staging/shop/orders";

fn area() -> StagingArea {
    StagingArea { stream: "shop/orders".to_owned(), segment: "seq-1.s0001".to_owned() }
}

async fn begin(store: &LocalStore) -> Box<dyn StagedPart> {
    let mut part = store.stage(PATH, &area()).await.unwrap();
    part.write(Bytes::from_static(b"{}\n")).await.unwrap();
    part
}

async fn stage(store: &LocalStore) -> Receipt {
    finished(begin(store).await).await
}

async fn finished(part: Box<dyn StagedPart>) -> Receipt {
    let upload = part.finish().await.unwrap();
    Receipt {
        path: PATH.to_owned(),
        records: 1,
        bytes: 3,
        checksum: Checksum::of(b"{}\n"),
        upload,
        stats: None,
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        entries(folder).unwrap().iter().map(|entry| entry.file_name().display().to_string()).collect();
    names.sort();
    names
}

fn text<T: std::fmt::Debug>(outcome: Result<T, StoreError>) -> String {
    Error::from(outcome.unwrap_err()).to_string()
}

#[test]
fn opens_a_folder_that_is_missing_and_names_what_is_in_the_way() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("a/b/c");
    LocalStore::open(&folder).unwrap();
    assert!(folder.is_dir());
    let file = temp.path().join("file");
    fs::write(&file, "x").unwrap();
    for path in [file.clone(), file.join("below")] {
        let text = text(LocalStore::open(&path));
        assert!(text.contains(path.to_str().unwrap()), "{text}");
        assert!(text.contains("a file is where the folder"), "{text}");
    }
    assert_eq!(text(LocalStore::open("")), "cannot open the folder ``: the path is empty");
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_system_that_takes_no_folders_is_an_error_that_names_the_path() {
    let text = text(LocalStore::open("/proc/bronzegate/bronze"));
    assert!(text.contains("/proc/bronzegate"), "{text}");
}

#[tokio::test]
async fn a_file_where_a_folder_should_be_is_an_error_that_names_it_and_shows_nothing() {
    let temp = tempfile::tempdir().unwrap();
    let store = LocalStore::open(temp.path()).unwrap();
    fs::create_dir(temp.path().join("shop")).unwrap();
    fs::write(temp.path().join("shop/orders"), "x").unwrap();
    let receipt = stage(&store).await;
    let told = text(store.publish(&receipt).await);
    assert!(
        told.starts_with(&format!("cannot publish {PATH}: ")) && told.contains("a file is where the folder"),
        "{told}"
    );
    assert_eq!(store.list("").await.unwrap(), ["shop/orders"]);
    // The upload is still there: with the file out of the way, it is published.
    fs::remove_file(temp.path().join("shop/orders")).unwrap();
    store.publish(&receipt).await.unwrap();

    fs::remove_dir_all(temp.path().join("_bronzegate")).unwrap();
    fs::write(temp.path().join("_bronzegate"), "x").unwrap();
    let told =
        text(store.stage(PATH, &StagingArea { segment: "seq-2.s0001".to_owned(), ..area() }).await.map(drop));
    assert!(told.contains("a file is where the folder") && told.contains("_bronzegate"), "{told}");
}

#[tokio::test]
async fn a_folder_where_an_object_should_be_is_an_error_and_not_an_object() {
    let temp = tempfile::tempdir().unwrap();
    let store = LocalStore::open(temp.path()).unwrap();
    fs::create_dir_all(temp.path().join("log/1.json")).unwrap();
    assert_eq!(store.get("log/1.json").await.unwrap(), None);
    let told = text(store.put_new("log/1.json", Bytes::new()).await);
    assert_eq!(told, "cannot write log/1.json: a folder is where the file should be");
    assert!(text(store.remove("log/1.json").await).starts_with("cannot remove log/1.json: "));
    assert_eq!(names(&temp.path().join("log")), ["1.json"], "no temporary file is left");
}

#[track_caller]
fn assert_refused<T: std::fmt::Debug>(outcome: Result<T, StoreError>, why: &str) {
    let told = text(outcome);
    assert!(told.contains(why), "{told}");
}

#[tokio::test]
async fn a_path_that_leaves_the_target_is_refused() {
    const RULE: &str = "a path under the target is names with `/` between them";
    let temp = tempfile::tempdir().unwrap();
    let store = LocalStore::open(temp.path().join("target")).unwrap();
    let receipt = stage(&store).await;
    fs::write(temp.path().join("outside"), "{}\n").unwrap();
    for path in
        ["../outside", "/etc/passwd", "a/../../outside", "", "a//b", "a/./b", ".hidden", "a/.x.tmp", "a\0b"]
    {
        assert_refused(store.get(path).await, RULE);
        assert_refused(store.get_range(path, ByteRange::Last(1)).await, RULE);
        assert_refused(store.remove(path).await, RULE);
        if !path.is_empty() {
            assert_refused(store.list_after(path, "").await, RULE);
        }
        assert_refused(store.put_new(path, Bytes::new()).await, RULE);
        assert_refused(store.stage(path, &area()).await.map(drop), RULE);
        let elsewhere = Receipt { path: path.to_owned(), ..receipt.clone() };
        assert_refused(store.publish(&elsewhere).await, RULE);
        let forged = Receipt { upload: Upload(json!({ "staged": path })), ..receipt.clone() };
        assert_refused(store.publish(&forged).await, "it is not a staged file");
        assert_refused(store.abort(&forged).await, "it is not a staged file");
    }
    let forged =
        Receipt { upload: Upload(json!({ "staged": "_bronzegate/staging/../../../outside" })), ..receipt };
    assert_refused(store.publish(&forged).await, RULE);
    assert_refused(store.abort(&forged).await, RULE);
    assert!(temp.path().join("outside").exists());
}

#[tokio::test]
async fn a_run_killed_between_link_and_removal_is_finished_by_the_next() {
    let temp = tempfile::tempdir().unwrap();
    let receipt = stage(&LocalStore::open(temp.path()).unwrap()).await;
    fs::create_dir_all(temp.path().join(PATH).parent().unwrap()).unwrap();
    let staged = temp.path().join(receipt.upload.0["staged"].as_str().unwrap());
    fs::hard_link(&staged, temp.path().join(PATH)).unwrap();
    LocalStore::open(temp.path()).unwrap().publish(&receipt).await.unwrap();
    assert_eq!(fs::read(temp.path().join(PATH)).unwrap(), b"{}\n");
    assert_eq!(names(&temp.path().join(STAGING)), [""; 0], "the staged file and its folder are gone");
}

#[tokio::test]
async fn a_staged_file_of_another_size_is_not_published() {
    let temp = tempfile::tempdir().unwrap();
    let store = LocalStore::open(temp.path()).unwrap();
    let receipt = stage(&store).await;
    fs::write(temp.path().join(receipt.upload.0["staged"].as_str().unwrap()), "{").unwrap();
    assert!(text(store.publish(&receipt).await).contains("has 1 bytes where its receipt says 3"));
    assert_eq!(store.get(PATH).await.unwrap(), None);
}

#[tokio::test]
async fn a_folder_left_without_its_lock_is_a_dead_runs_and_one_that_is_locked_is_not() {
    let temp = tempfile::tempdir().unwrap();
    let live = LocalStore::open(temp.path()).unwrap();
    let _part = begin(&live).await;
    let dead = temp.path().join(STAGING).join("seq-1.s0001.7");
    fs::create_dir(&dead).unwrap();
    fs::write(dead.join("p00001"), "{}\n").unwrap();
    let store = LocalStore::open(temp.path()).unwrap();
    for leftover in store.leftovers("shop/orders").await.unwrap() {
        assert_eq!(leftover.segment(), "seq-1.s0001");
        leftover.discard().await.unwrap();
    }
    assert_eq!(names(&temp.path().join(STAGING)), ["seq-1.s0001.1"]);
    assert_eq!(names(&temp.path().join(STAGING).join("seq-1.s0001.1")), ["lock", "p00001"]);
}

#[tokio::test]
async fn two_runs_of_one_segment_stage_in_folders_of_their_own() {
    let temp = tempfile::tempdir().unwrap();
    let (one, two) = (LocalStore::open(temp.path()).unwrap(), LocalStore::open(temp.path()).unwrap());
    let receipts = [stage(&one).await, stage(&two).await, stage(&one).await];
    let staged = receipts.each_ref().map(|receipt| receipt.upload.0["staged"].as_str().unwrap());
    assert_eq!(
        staged,
        ["1/p00001", "2/p00001", "1/p00002"].map(|name| format!("{STAGING}/seq-1.s0001.{name}"))
    );
    for (store, receipt) in [(&one, &receipts[0]), (&two, &receipts[1]), (&one, &receipts[2])] {
        store.publish(receipt).await.unwrap();
    }
    assert_eq!(names(&temp.path().join(STAGING)), [""; 0], "each folder goes with its last upload");
}

#[tokio::test]
async fn staging_and_sweeping_at_once_never_loses_a_live_upload() {
    let temp = tempfile::tempdir().unwrap();
    // Every sweep meets this one.
    let living = LocalStore::open(temp.path()).unwrap();
    let part = begin(&living).await;
    let path = temp.path().to_owned();
    let sweeping = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let flag = std::sync::Arc::clone(&sweeping);
    let sweeper = tokio::task::spawn_blocking(move || {
        let store = LocalStore::open(&path).unwrap();
        let runtime = tokio::runtime::Handle::current();
        loop {
            // The last sweep comes when nothing is staged any more.
            let is_last = !flag.load(std::sync::atomic::Ordering::SeqCst);
            for leftover in runtime.block_on(store.leftovers("shop/orders")).unwrap() {
                runtime.block_on(leftover.discard()).unwrap();
            }
            if is_last {
                break;
            }
        }
    });
    let publish = async |store: &LocalStore, mut receipt: Receipt, name: &str| {
        receipt.path = format!("shop/orders/{name}.ndjson");
        store.publish(&receipt).await.unwrap();
    };
    for round in 100..300 {
        let store = LocalStore::open(temp.path()).unwrap();
        let receipt = stage(&store).await;
        publish(&store, receipt, &round.to_string()).await;
        drop(begin(&store).await);
    }
    sweeping.store(false, std::sync::atomic::Ordering::SeqCst);
    sweeper.await.unwrap();
    assert_eq!(names(&temp.path().join(STAGING)).len(), 1, "what was left is swept, what lives is not");
    publish(&living, finished(part).await, "living").await;
    let published: Vec<_> = (100..300).map(|round| format!("{round}.ndjson")).collect();
    assert_eq!(
        names(&temp.path().join("shop/orders")),
        [published, vec!["living.ndjson".to_owned()]].concat()
    );
    assert_eq!(names(&temp.path().join(STAGING)), [""; 0]);
}

#[test]
fn without_hard_links_an_exclusive_rename_does_the_same() {
    let temp = tempfile::tempdir().unwrap();
    let [from, other, to] = ["from", "other", "to"].map(|name| temp.path().join(name));
    fs::write(&from, "1").unwrap();
    fs::write(&other, "2").unwrap();
    assert_eq!(rename_new(&from, &to).unwrap(), Created::Yes);
    assert_eq!(rename_new(&other, &to).unwrap(), Created::No);
    assert_eq!(fs::read(&to).unwrap(), b"1");
}

#[tokio::test]
async fn what_a_killed_trial_of_the_folder_left_is_swept_and_a_living_one_is_not() {
    let temp = tempfile::tempdir().unwrap();
    let store = LocalStore::open(temp.path()).unwrap();
    store.ready().await.unwrap();
    let staging = temp.path().join("_bronzegate/staging");
    for name in [".try-1-0-from", ".try-1-0-to", ".try-2-0-from"] {
        fs::write(staging.join(name), "").unwrap();
    }
    let living = fs::File::open(staging.join(".try-2-0-from")).unwrap();
    living.lock().unwrap();
    store.leftovers("shop/orders").await.unwrap();
    let left: Vec<_> = fs::read_dir(&staging).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, [".try-2-0-from"]);
    drop(living);
    store.leftovers("shop/orders").await.unwrap();
    assert_eq!(fs::read_dir(&staging).unwrap().count(), 0);
}
