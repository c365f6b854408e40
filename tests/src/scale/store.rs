//! A store in memory that counts the requests which an object store in a cloud would bill.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use bronzegate_core::bronze::{
    BronzeStore, ByteRange, Created, Leftover, RangeRead, Receipt, StagedPart, StagingArea, StoreError,
    Upload,
};
use bytes::Bytes;
use serde_json::json;

/// The names in one page of a listing.
const PAGE: usize = 1_000;

/// Requests, as prices tell them apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    /// Puts and uploads.
    pub writes: u64,
    /// Gets.
    pub reads: u64,
    /// Pages of listings, which are billed as writes are.
    pub lists: u64,
}

/// The store. Its clones are one.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore(Arc<Mutex<Contents>>);

#[derive(Debug, Default)]
struct Contents {
    objects: BTreeMap<String, Bytes>,
    staged: BTreeMap<String, Bytes>,
    requests: Requests,
}

impl MemoryStore {
    /// What was asked since the last call of this.
    ///
    /// # Panics
    /// Never: no holder of the lock panics.
    pub fn take_requests(&self) -> Requests {
        std::mem::take(&mut self.contents().requests)
    }

    /// Puts an object there, which nobody asked for.
    ///
    /// # Panics
    /// Never: no holder of the lock panics.
    pub fn set(&self, path: String, content: Bytes) {
        self.contents().objects.insert(path, content);
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.0.lock().expect("no holder of this lock panics")
    }

    fn read(&self) -> MutexGuard<'_, Contents> {
        let mut contents = self.contents();
        contents.requests.reads += 1;
        contents
    }

    fn write(&self) -> MutexGuard<'_, Contents> {
        let mut contents = self.contents();
        contents.requests.writes += 1;
        contents
    }
}

#[async_trait]
impl BronzeStore for MemoryStore {
    fn location(&self) -> String {
        "s3://memory".to_owned()
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let folder = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        self.list_after(&folder, "").await
    }

    async fn list_after(&self, prefix: &str, after: &str) -> Result<Vec<String>, StoreError> {
        let mut contents = self.contents();
        let from = after.max(prefix).to_owned();
        let begun = contents.objects.range(from..).map(|(path, _)| path);
        let found = begun.take_while(|path| path.starts_with(prefix)).filter(|path| path.as_str() > after);
        let found: Vec<_> = found.cloned().collect();
        contents.requests.lists += found.len().div_ceil(PAGE).max(1) as u64;
        Ok(found)
    }

    async fn get(&self, path: &str) -> Result<Option<Bytes>, StoreError> {
        Ok(self.read().objects.get(path).cloned())
    }

    async fn get_range(&self, path: &str, range: ByteRange) -> Result<Option<RangeRead>, StoreError> {
        let contents = self.read();
        Ok(contents.objects.get(path).map(|object| {
            let size = object.len() as u64;
            let (offset, length) = range.within(size);
            let content = object.slice(offset as usize..(offset + length) as usize);
            RangeRead { content, size }
        }))
    }

    async fn put_new(&self, path: &str, content: Bytes) -> Result<Created, StoreError> {
        let mut contents = self.write();
        if contents.objects.contains_key(path) {
            return Ok(Created::No);
        }
        contents.objects.insert(path.to_owned(), content);
        Ok(Created::Yes)
    }

    async fn put(&self, path: &str, content: Bytes) -> Result<(), StoreError> {
        self.write().objects.insert(path.to_owned(), content);
        Ok(())
    }

    async fn remove(&self, path: &str) -> Result<(), StoreError> {
        self.write().objects.remove(path);
        Ok(())
    }

    async fn stage(&self, path: &str, _run: &StagingArea) -> Result<Box<dyn StagedPart>, StoreError> {
        drop(self.write());
        Ok(Box::new(Part { store: self.clone(), path: path.to_owned(), content: Vec::new() }))
    }

    async fn publish(&self, receipt: &Receipt) -> Result<(), StoreError> {
        let mut contents = self.write();
        if let Some(content) = contents.staged.remove(&receipt.path) {
            contents.objects.insert(receipt.path.clone(), content);
        }
        Ok(())
    }

    async fn abort(&self, receipt: &Receipt) -> Result<(), StoreError> {
        self.write().staged.remove(&receipt.path);
        Ok(())
    }

    async fn leftovers(&self, _stream: &str) -> Result<Vec<Box<dyn Leftover>>, StoreError> {
        Ok(Vec::new())
    }

    async fn pending(&self, _stream: &str) -> Result<Vec<String>, StoreError> {
        let mut contents = self.contents();
        contents.requests.lists += 1;
        Ok(contents.staged.keys().cloned().collect())
    }
}

struct Part {
    store: MemoryStore,
    path: String,
    content: Vec<u8>,
}

#[async_trait]
impl StagedPart for Part {
    async fn write(&mut self, content: Bytes) -> Result<(), StoreError> {
        self.content.extend_from_slice(&content);
        Ok(())
    }

    async fn finish(self: Box<Self>) -> Result<Upload, StoreError> {
        let Self { store, path, content } = *self;
        store.write().staged.insert(path, content.into());
        Ok(Upload(json!({})))
    }

    async fn abort(self: Box<Self>) -> Result<(), StoreError> {
        Ok(())
    }
}
