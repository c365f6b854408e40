//! A store for tests: a local folder that refuses when told to, and counts what it is asked.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;

use super::store::LocalStore;
use super::store::{
    BronzeStore, ByteRange, Created, Leftover, RangeRead, Receipt, StagedPart, StagingArea, StoreError,
    Upload,
};

/// A local folder in between.
#[derive(Debug)]
pub(super) struct FaultyStore {
    inner: LocalStore,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// Bytes that parts may still take until the medium is full.
    space: Mutex<u64>,
    gets: AtomicU64,
    lists: AtomicU64,
    listed: AtomicU64,
    refuse_put: Mutex<bool>,
}

impl FaultyStore {
    pub(super) fn with_space(inner: LocalStore, space: u64) -> Arc<Self> {
        let shared = Shared {
            space: Mutex::new(space),
            gets: AtomicU64::new(0),
            lists: AtomicU64::new(0),
            listed: AtomicU64::new(0),
            refuse_put: Mutex::new(false),
        };
        Arc::new(Self { inner, shared: Arc::new(shared) })
    }

    /// From now on hints cannot be put.
    pub(super) fn refuse_put(&self) {
        *self.shared.refuse_put.lock().unwrap() = true;
    }

    /// Reads and listings since the last call.
    pub(super) fn calls(&self) -> (u64, u64) {
        (self.shared.gets.swap(0, Ordering::Relaxed), self.shared.lists.swap(0, Ordering::Relaxed))
    }

    /// Paths that listings returned since the last call.
    pub(super) fn listed(&self) -> u64 {
        self.shared.listed.swap(0, Ordering::Relaxed)
    }
}

impl Shared {
    fn count(&self, found: Result<Vec<String>, StoreError>) -> Result<Vec<String>, StoreError> {
        self.lists.fetch_add(1, Ordering::Relaxed);
        self.listed.fetch_add(found.as_ref().map_or(0, Vec::len) as u64, Ordering::Relaxed);
        found
    }
}

fn full(path: &str) -> StoreError {
    StoreError::io("write", path, std::io::Error::from(std::io::ErrorKind::StorageFull))
}

#[async_trait]
impl BronzeStore for FaultyStore {
    fn location(&self) -> String {
        self.inner.location()
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let found = self.inner.list(prefix).await;
        self.shared.count(found)
    }

    async fn list_after(&self, prefix: &str, after: &str) -> Result<Vec<String>, StoreError> {
        let found = self.inner.list_after(prefix, after).await;
        self.shared.count(found)
    }

    async fn get(&self, path: &str) -> Result<Option<Bytes>, StoreError> {
        self.shared.gets.fetch_add(1, Ordering::Relaxed);
        self.inner.get(path).await
    }

    async fn get_range(&self, path: &str, range: ByteRange) -> Result<Option<RangeRead>, StoreError> {
        self.shared.gets.fetch_add(1, Ordering::Relaxed);
        self.inner.get_range(path, range).await
    }

    async fn put_new(&self, path: &str, content: Bytes) -> Result<Created, StoreError> {
        self.inner.put_new(path, content).await
    }

    async fn put(&self, path: &str, content: Bytes) -> Result<(), StoreError> {
        if *self.shared.refuse_put.lock().unwrap() {
            return Err(full(path));
        }
        self.inner.put(path, content).await
    }

    async fn remove(&self, path: &str) -> Result<(), StoreError> {
        self.inner.remove(path).await
    }

    async fn stage(&self, path: &str, run: &StagingArea) -> Result<Box<dyn StagedPart>, StoreError> {
        let part = self.inner.stage(path, run).await?;
        Ok(Box::new(FaultyPart { path: path.to_owned(), part, shared: Arc::clone(&self.shared) }))
    }

    async fn publish(&self, receipt: &Receipt) -> Result<(), StoreError> {
        self.inner.publish(receipt).await
    }

    async fn abort(&self, receipt: &Receipt) -> Result<(), StoreError> {
        self.inner.abort(receipt).await
    }

    async fn pending(&self, stream: &str) -> Result<Vec<String>, StoreError> {
        self.inner.pending(stream).await
    }

    async fn leftovers(&self, stream: &str) -> Result<Vec<Box<dyn Leftover>>, StoreError> {
        self.inner.leftovers(stream).await
    }
}

struct FaultyPart {
    path: String,
    part: Box<dyn StagedPart>,
    shared: Arc<Shared>,
}

#[async_trait]
impl StagedPart for FaultyPart {
    async fn write(&mut self, content: Bytes) -> Result<(), StoreError> {
        let left = {
            let mut space = self.shared.space.lock().unwrap();
            *space = space.saturating_sub(content.len() as u64);
            *space
        };
        if left == 0 {
            return Err(full(&self.path));
        }
        self.part.write(content).await
    }

    async fn finish(self: Box<Self>) -> Result<Upload, StoreError> {
        self.part.finish().await
    }

    async fn abort(self: Box<Self>) -> Result<(), StoreError> {
        self.part.abort().await
    }
}
