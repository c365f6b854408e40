//! Stores that break their promise on purpose: a harness that passes them proves nothing.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bronzegate_core::bronze::{
    BronzeStore, ByteRange, Created, Leftover, RangeRead, Receipt, StagedPart, StagingArea, StoreError,
    Upload,
};
use bronzegate_core::clock::{Clock as _, SystemClock};
use bytes::Bytes;

/// How long a put takes that replaces.
const DECISION: Duration = Duration::from_millis(20);

/// What a store does wrong, and keeps to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// A create-only put replaces what is there, and says that it created.
    Replaces,
    /// A part is published under a second name, too.
    PublishesTwice,
    /// The last part of a commit is not published.
    PublishesLess,
    /// A part is visible before it is committed.
    PublishesEarly,
    /// A byte of an upload is another.
    Garbles,
    /// A piece of an upload is written twice.
    WritesTwice,
    /// What is there already is not told.
    Forgets,
}

impl Sabotage {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Replaces,
        Self::PublishesTwice,
        Self::PublishesLess,
        Self::PublishesEarly,
        Self::Garbles,
        Self::WritesTwice,
        Self::Forgets,
    ];

    /// A store that does it.
    pub(super) fn on(self, inner: Arc<dyn BronzeStore>) -> Arc<dyn BronzeStore> {
        Arc::new(Saboteur { inner, sabotage: self })
    }
}

#[derive(Debug)]
struct Saboteur {
    inner: Arc<dyn BronzeStore>,
    sabotage: Sabotage,
}

#[async_trait]
impl BronzeStore for Saboteur {
    fn location(&self) -> String {
        self.inner.location()
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        self.inner.list(prefix).await
    }

    async fn list_after(&self, prefix: &str, after: &str) -> Result<Vec<String>, StoreError> {
        self.inner.list_after(prefix, after).await
    }

    async fn get(&self, path: &str) -> Result<Option<Bytes>, StoreError> {
        if self.sabotage == Sabotage::Forgets && path.ends_with(".s0001.json") {
            return Ok(None);
        }
        self.inner.get(path).await
    }

    async fn get_range(&self, path: &str, range: ByteRange) -> Result<Option<RangeRead>, StoreError> {
        self.inner.get_range(path, range).await
    }

    async fn put_new(&self, path: &str, content: Bytes) -> Result<Created, StoreError> {
        if matches!(self.sabotage, Sabotage::Replaces | Sabotage::Forgets) {
            // Slowly, so that others decide meanwhile.
            SystemClock::default().sleep(DECISION).await;
            self.inner.put(path, content).await?;
            return Ok(Created::Yes);
        }
        self.inner.put_new(path, content).await
    }

    async fn put(&self, path: &str, content: Bytes) -> Result<(), StoreError> {
        self.inner.put(path, content).await
    }

    async fn remove(&self, path: &str) -> Result<(), StoreError> {
        self.inner.remove(path).await
    }

    async fn stage(&self, path: &str, run: &StagingArea) -> Result<Box<dyn StagedPart>, StoreError> {
        let inner = self.inner.stage(path, run).await?;
        let (store, sabotage) = (self.inner.clone(), self.sabotage);
        Ok(Box::new(SabotagedPart { inner, store, path: path.to_owned(), sabotage, written: Vec::new() }))
    }

    async fn publish(&self, receipt: &Receipt) -> Result<(), StoreError> {
        match self.sabotage {
            Sabotage::PublishesLess if receipt.path.contains("-p00001") => return Ok(()),
            Sabotage::PublishesEarly => return Ok(()),
            _ => {}
        }
        self.inner.publish(receipt).await?;
        if self.sabotage == Sabotage::PublishesTwice
            && let Some(content) = self.inner.get(&receipt.path).await?
        {
            self.inner.put(&receipt.path.replace("-p0", "-p1"), content).await?;
        }
        Ok(())
    }

    async fn abort(&self, receipt: &Receipt) -> Result<(), StoreError> {
        self.inner.abort(receipt).await
    }

    async fn leftovers(&self, stream: &str) -> Result<Vec<Box<dyn Leftover>>, StoreError> {
        self.inner.leftovers(stream).await
    }

    async fn pending(&self, stream: &str) -> Result<Vec<String>, StoreError> {
        self.inner.pending(stream).await
    }
}

struct SabotagedPart {
    inner: Box<dyn StagedPart>,
    store: Arc<dyn BronzeStore>,
    path: String,
    sabotage: Sabotage,
    written: Vec<u8>,
}

#[async_trait]
impl StagedPart for SabotagedPart {
    async fn write(&mut self, content: Bytes) -> Result<(), StoreError> {
        let mut content = content.to_vec();
        match (self.sabotage, content.len()) {
            (Sabotage::Garbles, 10..) => content[9] ^= 1,
            (Sabotage::WritesTwice, _) => self.inner.write(content.clone().into()).await?,
            _ => {}
        }
        self.written.extend_from_slice(&content);
        self.inner.write(content.into()).await
    }

    async fn finish(self: Box<Self>) -> Result<Upload, StoreError> {
        if self.sabotage == Sabotage::PublishesEarly {
            self.store.put(&self.path, self.written.into()).await?;
        }
        self.inner.finish().await
    }

    async fn abort(self: Box<Self>) -> Result<(), StoreError> {
        self.inner.abort().await
    }
}
