//! What a store takes for the bytes alone: uploads by the same port, with nothing read, split or encoded.

use std::time::Duration;

use bronzegate_core::bronze::{BronzeStore, ByteRange, Checksum, Receipt, StagingArea};
use bytes::Bytes;

use crate::figures::now;

/// Bytes of a part, as source files have them by default.
const PART: u64 = 128 << 20;
/// Bytes that are written at once.
const BLOCK: u64 = 256 << 10;

/// Uploads and publishes as many bytes as there are below `folder`, as parts below `bare/`.
///
/// # Panics
/// When the store fails.
pub(crate) async fn bare_upload(store: &dyn BronzeStore, folder: &str) -> Duration {
    let mut bytes = 0;
    for path in store.list(folder).await.expect("it is listed") {
        let read = store.get_range(&path, ByteRange::Last(1)).await.expect("it is read");
        bytes += read.map_or(0, |read| read.size);
    }
    assert!(bytes > 0, "a run has written something");
    let block = Bytes::from(vec![b'x'; BLOCK as usize]);
    let area =
        StagingArea { stream: "bare/upload".to_owned(), segment: "at-20261130T000000Z.s0001".to_owned() };
    let began = now();
    let mut left = bytes;
    while left > 0 {
        let path = format!("bare/upload/{left}.ndjson");
        let mut part = store.stage(&path, &area).await.expect("an upload begins");
        let (size, mut checksum) = (left.min(PART), Checksum::default());
        let mut missing = size;
        while missing > 0 {
            let content = block.slice(..BLOCK.min(missing) as usize);
            checksum.update(&content);
            missing -= content.len() as u64;
            part.write(content).await.expect("it is written to");
        }
        let upload = part.finish().await.expect("it is finished");
        let receipt =
            Receipt { path, records: 1, bytes: size, checksum: checksum.to_hex(), upload, stats: None };
        store.publish(&receipt).await.expect("it is published");
        left -= size;
    }
    began.elapsed()
}
