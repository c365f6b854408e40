//! Parts on a local folder: what is stored is what was appended, whatever rolls, fails or is undone.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;

use super::{PartNaming, Parts};
use crate::bronze::checksum::Checksum;
use crate::bronze::format::PartFormat;
use crate::bronze::layout::Layout;
use crate::bronze::run_id::RunKey;
use crate::bronze::store::LocalStore;
use crate::bronze::store::{BronzeStore, Receipt, StoreError};
use crate::bronze::testing::FaultyStore;
use crate::config::Compression;

const MIB: u64 = 1 << 20;

fn parts(store: &Arc<dyn BronzeStore>, compression: Compression, max_part_bytes: u64) -> Parts {
    let layout = Layout::new("shop", "orders");
    let key = RunKey::at("2026-11-22T17:00:00Z".parse::<Timestamp>().unwrap());
    Parts::new(
        Arc::clone(store),
        PartNaming { layout, key, segment: 1, table: None },
        PartFormat::Lines(compression),
        max_part_bytes,
    )
}

fn local(folder: &Path) -> Arc<dyn BronzeStore> {
    Arc::new(LocalStore::open(folder).unwrap())
}

/// The lines `from..to`, of different lengths.
fn lines(from: u64, to: u64) -> Bytes {
    let line = |id| format!("{{\"id\":{id},\"text\":\"{}\"}}\n", "x".repeat((id * 7 % 90) as usize));
    (from..to).map(line).collect::<String>().into()
}

/// Publishes, checks every receipt against its file, and returns the plain content in order.
async fn published(store: &Arc<dyn BronzeStore>, receipts: &[Receipt]) -> String {
    let mut all = String::new();
    for (index, receipt) in receipts.iter().enumerate() {
        store.publish(receipt).await.unwrap();
        let stored = store.get(&receipt.path).await.unwrap().unwrap();
        assert_eq!((receipt.bytes, &receipt.checksum), (stored.len() as u64, &Checksum::of(&stored)));
        assert!(
            receipt.path.contains(&format!("/20261122170000-s0001-p{:05}.ndjson", index + 1)),
            "{receipt:?}"
        );
        let mut text = String::new();
        match receipt.path.rsplit('.').next().unwrap() {
            // Not the decoder for several members: a part is one.
            "gz" => flate2::read::GzDecoder::new(&stored[..]).read_to_string(&mut text).map(|_| ()).unwrap(),
            "zst" => {
                let frame = zstd::Decoder::new(&stored[..]).unwrap().single_frame();
                { frame }.read_to_string(&mut text).unwrap();
            }
            _ => text.push_str(std::str::from_utf8(&stored).unwrap()),
        }
        assert_eq!(receipt.records, text.lines().count() as u64);
        assert!(text.ends_with('\n'));
        all.push_str(&text);
    }
    all
}

#[tokio::test]
async fn parts_hold_what_was_appended_for_every_compression_and_limit() {
    for compression in [Compression::None, Compression::Gzip, Compression::Zstd] {
        for limit in [1, 100, 40_000, 300_000, 128 * MIB] {
            let temp = tempfile::tempdir().unwrap();
            let store = local(temp.path());
            let mut parts = parts(&store, compression, limit);
            let mut end = 0;
            // A large page goes around the gathering buffer, the small ones through it.
            for records in [1, 30, 5_000, 1, 0, 700, 200] {
                // Each part costs the disk some syncs: few records where a part holds one or two.
                let count = if limit <= 100 { records.min(3) } else { records };
                parts.append(lines(end, end + count), count).await.unwrap();
                end += count;
            }
            let receipts = parts.finish().await.unwrap();
            assert_eq!(published(&store, &receipts).await, lines(0, end), "{compression:?} {limit}");
            assert_eq!(receipts.iter().map(|receipt| receipt.records).sum::<u64>(), end);
            if compression == Compression::None {
                assert!(receipts.iter().all(|part| part.bytes <= limit || part.records == 1), "{receipts:?}");
                assert_eq!(receipts.len() > 1, limit < MIB, "{limit}");
            }
        }
    }
}

#[tokio::test]
async fn compressed_parts_roll_close_to_their_limit() {
    // Text that hardly compresses, so that stored and plain sizes are alike.
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state >> 11
    };
    let text: String = (0..60_000)
        .flat_map(|_| {
            [next(), next(), next()].map(|number| format!("{number:x}")).into_iter().chain(["\n".to_owned()])
        })
        .collect();
    for compression in [Compression::Gzip, Compression::Zstd] {
        let temp = tempfile::tempdir().unwrap();
        let store = local(temp.path());
        let mut parts = parts(&store, compression, 500_000);
        parts.append(Bytes::from(text.clone()), 60_000).await.unwrap();
        let receipts = parts.finish().await.unwrap();
        assert_eq!(published(&store, &receipts).await, text);
        let sizes: Vec<_> = receipts.iter().map(|receipt| receipt.bytes).collect();
        assert!(sizes.len() > 1 && sizes.iter().all(|size| *size < 540_000), "{compression:?}: {sizes:?}");
        assert!(sizes[..sizes.len() - 1].iter().all(|size| *size >= 500_000), "{compression:?}: {sizes:?}");
    }
}

#[tokio::test]
async fn compressed_parts_roll_at_a_limit_far_below_what_is_gathered() {
    for compression in [Compression::Gzip, Compression::Zstd] {
        for page in [1, 10, 400] {
            let temp = tempfile::tempdir().unwrap();
            let store = local(temp.path());
            let mut parts = parts(&store, compression, 4 << 10);
            for from in (0..4_000).step_by(page as usize) {
                parts.append(lines(from, from + page), page).await.unwrap();
            }
            let receipts = parts.finish().await.unwrap();
            assert_eq!(published(&store, &receipts).await, lines(0, 4_000), "{compression:?} {page}");
            let sizes: Vec<_> = receipts.iter().map(|receipt| receipt.bytes).collect();
            // What a part has more than its limit: a sixteenth, a line, and the end of the coding.
            let most = (4 << 10) * 17 / 16 + 200;
            assert!(
                sizes.len() > 3 && sizes.iter().all(|size| *size < most),
                "{compression:?} {page}: {sizes:?}"
            );
            let whole = &sizes[..sizes.len() - 1];
            assert!(whole.iter().all(|size| *size >= 4 << 10), "{compression:?} {page}: {sizes:?}");
        }
    }
}

#[tokio::test]
async fn without_records_there_is_no_part_and_nothing_is_staged() {
    let temp = tempfile::tempdir().unwrap();
    let store = local(temp.path());
    let mut parts = parts(&store, Compression::Gzip, MIB);
    parts.append(Bytes::new(), 0).await.unwrap();
    parts.begin_undoable().await.unwrap();
    parts.keep().await.unwrap();
    assert_eq!(parts.finish().await.unwrap(), []);
    assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_page_that_is_undone_leaves_nothing_and_its_numbers_are_used_again() {
    for compression in [Compression::None, Compression::Zstd] {
        let temp = tempfile::tempdir().unwrap();
        let store = local(temp.path());
        let mut parts = parts(&store, compression, 4_000);
        parts.append(lines(0, 100), 100).await.unwrap();
        parts.begin_undoable().await.unwrap();
        parts.append(lines(900, 1_200), 300).await.unwrap();
        parts.undo().await.unwrap();
        parts.append(lines(100, 200), 100).await.unwrap();
        parts.begin_undoable().await.unwrap();
        parts.append(lines(200, 300), 100).await.unwrap();
        parts.append(lines(300, 301), 1).await.unwrap();
        parts.keep().await.unwrap();
        parts.append(lines(301, 302), 1).await.unwrap();
        parts.begin_undoable().await.unwrap();
        parts.append(lines(900, 901), 1).await.unwrap();
        // Neither kept nor undone: it is not among the receipts.
        let receipts = parts.finish().await.unwrap();
        assert_eq!(published(&store, &receipts).await, lines(0, 302));
        assert_eq!(uploads(temp.path()), 0, "no upload is left");
    }
}

/// Staged files below the target.
fn uploads(folder: &Path) -> usize {
    let mut count = 0;
    let mut folders = vec![folder.join("_bronzegate/staging")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                count += usize::from(entry.file_name() != "lock");
            }
        }
    }
    count
}

#[tokio::test]
async fn given_up_parts_leave_nothing() {
    let temp = tempfile::tempdir().unwrap();
    let store = local(temp.path());
    let mut aborted = parts(&store, Compression::None, 10_000);
    aborted.append(lines(0, 500), 500).await.unwrap();
    aborted.abort().await;
    assert_eq!((uploads(temp.path()), store.list("").await.unwrap().len()), (0, 0));
}

#[tokio::test]
async fn a_full_disk_surfaces_names_the_part_and_leaves_nothing() {
    for space in [1, 3_000, 40_000] {
        let temp = tempfile::tempdir().unwrap();
        let store: Arc<dyn BronzeStore> =
            FaultyStore::with_space(LocalStore::open(temp.path()).unwrap(), space);
        let mut parts = parts(&store, Compression::None, 2_000);
        let mut failure = None;
        for page in 0..100 {
            if let Err(error) = parts.append(lines(page * 10, page * 10 + 10), 10).await {
                failure = Some(error);
                break;
            }
        }
        let failure = failure.expect("it surfaces at a later call");
        let StoreError::Io { path, cause, .. } = &failure else { panic!("{failure:?}") };
        assert!(path.starts_with("shop/orders/ingest_date=2026-11-22/20261122170000-s0001-p"), "{path}");
        assert!(cause.to_string().contains("storage"), "{cause}");
        let later = [parts.append(lines(0, 1), 1).await.unwrap_err(), parts.finish().await.unwrap_err()];
        for error in later {
            let StoreError::Io { cause, .. } = &error else { panic!("{error:?}") };
            assert_eq!(cause.to_string(), "an earlier write failed", "later calls fail as well");
        }
        assert_eq!((uploads(temp.path()), store.list("").await.unwrap().len()), (0, 0));
    }
}

#[tokio::test]
async fn a_store_error_that_no_call_met_surfaces_at_the_end() {
    let temp = tempfile::tempdir().unwrap();
    let store: Arc<dyn BronzeStore> = FaultyStore::with_space(LocalStore::open(temp.path()).unwrap(), 1);
    let mut parts = parts(&store, Compression::None, MIB);
    parts.append(lines(0, 10), 10).await.unwrap();
    let told = crate::error::Error::from(parts.finish().await.unwrap_err()).to_string();
    assert!(told.starts_with("cannot write shop/orders/"), "{told}");
}
