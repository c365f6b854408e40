//! Parts of objects.

use bronzegate_core::bronze::{ByteRange, RangeRead};
use bytes::Bytes;

use super::{Store, stage};

pub(super) async fn check(open: &impl AsyncFn(&str) -> Store) {
    a_range_is_read_with_the_size_of_the_whole(open("range-bytes").await).await;
    a_range_of_what_is_no_object_is_none(open("range-none").await).await;
    an_empty_object_has_empty_ranges(open("range-empty").await).await;
    a_range_of_a_big_part_is_whole(open("range-big").await).await;
}

fn bytes(offset: u64, length: u64) -> ByteRange {
    ByteRange::From { offset, length }
}

async fn read(store: &Store, path: &str, range: ByteRange) -> Option<RangeRead> {
    store.get_range(path, range).await.unwrap_or_else(|error| panic!("{range:?} of {path}: {error:?}"))
}

async fn a_range_is_read_with_the_size_of_the_whole(store: Store) {
    store.put_new("a/1", Bytes::from_static(b"0123456789")).await.expect("an object is put");
    for (range, content) in [
        (bytes(0, 10), "0123456789"),
        (bytes(0, 1), "0"),
        (bytes(3, 4), "3456"),
        (bytes(9, 1), "9"),
        (ByteRange::Last(1), "9"),
        (ByteRange::Last(8), "23456789"),
        (ByteRange::Last(10), "0123456789"),
        // It ends with the object.
        (bytes(8, 100), "89"),
        (bytes(8, u64::MAX), "89"),
        (ByteRange::Last(11), "0123456789"),
        (ByteRange::Last(u64::MAX), "0123456789"),
        // Nothing is asked for, or nothing is there.
        (bytes(3, 0), ""),
        (bytes(10, 1), ""),
        (bytes(11, 1), ""),
        (bytes(1 << 40, 1), ""),
        (bytes(11, 0), ""),
        (ByteRange::Last(0), ""),
    ] {
        let found = read(&store, "a/1", range).await;
        assert_eq!(found, Some(RangeRead { content: content.into(), size: 10 }), "{range:?}");
    }
}

async fn a_range_of_what_is_no_object_is_none(store: Store) {
    store.put_new("a/b/1", Bytes::from_static(b"x")).await.expect("an object is put");
    for path in ["a/2", "a/b", "a/b/1/2", "x/y"] {
        for range in [bytes(0, 5), bytes(7, 1), bytes(0, 0), ByteRange::Last(5), ByteRange::Last(0)] {
            assert_eq!(read(&store, path, range).await, None, "{range:?} of {path}");
        }
    }
}

async fn an_empty_object_has_empty_ranges(store: Store) {
    store.put_new("a/1", Bytes::new()).await.expect("an object is put");
    for range in [bytes(0, 5), bytes(7, 1), bytes(0, 0), ByteRange::Last(5), ByteRange::Last(0)] {
        let found = read(&store, "a/1", range).await;
        assert_eq!(found, Some(RangeRead { content: Bytes::new(), size: 0 }), "{range:?}");
    }
}

async fn a_range_of_a_big_part_is_whole(store: Store) {
    // More than S3 takes in one part, and than Azure's SDK reads in one request.
    const SIZE: u64 = 11 << 20;
    let content: Bytes = (0..SIZE).map(|at| (at % 251) as u8).collect();
    let receipt = stage(&store, "o/1.parquet", "0001", &content).await;
    store.publish(&receipt).await.expect("an upload is published");
    for range in
        [bytes(4 << 20, 5 << 20), bytes((5 << 20) - 3, 6), ByteRange::Last(9 << 20), ByteRange::Last(8)]
    {
        let (offset, length) = range.within(SIZE);
        let found = read(&store, "o/1.parquet", range).await.expect("it is there");
        let expected = content.slice(offset as usize..(offset + length) as usize);
        assert!(found.content == expected && found.size == SIZE, "{range:?}: {} bytes", found.content.len());
    }
}
