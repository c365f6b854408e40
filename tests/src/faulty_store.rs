//! A store that fails, or from which the process vanishes, at the n-th of its calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

use async_trait::async_trait;
use bronzegate_core::bronze::{
    BronzeStore, ByteRange, Created, Leftover, RangeRead, Receipt, StagedPart, StagingArea, StoreError,
    Upload,
};
use bytes::Bytes;
use tokio::sync::{Notify, Semaphore};

/// What happens at the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failing {
    /// It is an error, and nothing was done.
    Before,
    /// It is an error, although it was done: an answer that got lost.
    After,
    /// This call and all later ones are errors: the store has gone away.
    Gone,
    /// The process is killed before the call; see [`FaultyStore::moment`].
    KilledBefore,
    /// The process is killed after the call.
    KilledAfter,
    /// This call is held before it is done, until [`FaultyStore::release`].
    Held,
    /// The put that decides is held until [`FaultyStore::release`].
    HeldAtCommit,
    /// The first upload is held until [`FaultyStore::release`].
    HeldAtStage,
}

/// A store with one bad moment.
#[derive(Clone, Debug)]
pub struct FaultyStore {
    inner: Arc<dyn BronzeStore>,
    plan: Arc<Plan>,
}

#[derive(Debug)]
struct Plan {
    calls: AtomicU64,
    at: u64,
    failing: Failing,
    moment: Notify,
    held: Semaphore,
    dead: AtomicBool,
}

impl FaultyStore {
    /// A store on another whose call number `at`, counted from 1, goes wrong.
    pub fn new(inner: Arc<dyn BronzeStore>, at: u64, failing: Failing) -> Self {
        let plan = Plan {
            calls: AtomicU64::new(0),
            at,
            failing,
            moment: Notify::new(),
            held: Semaphore::new(0),
            dead: AtomicBool::new(false),
        };
        Self { inner, plan: Arc::new(plan) }
    }

    /// Another store whose calls count with those of this one.
    #[must_use]
    pub fn over(&self, inner: Arc<dyn BronzeStore>) -> Self {
        Self { inner, plan: self.plan.clone() }
    }

    /// Calls so far.
    pub fn calls(&self) -> u64 {
        self.plan.calls.load(SeqCst)
    }

    /// Waits for the moment at which the process is to be killed, or a call is held.
    pub async fn moment(&self) {
        self.plan.moment.notified().await;
    }

    /// Lets a held call go on.
    pub fn release(&self) {
        self.plan.held.close();
    }

    /// The killed process is gone: whatever of it still calls does nothing.
    pub fn bury(self) {
        self.plan.dead.store(true, SeqCst);
        self.release();
    }
}

impl Plan {
    /// Runs a call, and something bad around it when its number has come.
    async fn call<T>(
        &self,
        path: &str,
        call: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let number = self.calls.fetch_add(1, SeqCst) + 1;
        let failed = || Err(StoreError::io("reach", path, "the test says so"));
        if self.dead.load(SeqCst) {
            return failed();
        }
        match self.failing {
            Failing::Gone if number >= self.at => failed(),
            _ if number != self.at => call.await,
            Failing::Before | Failing::Gone => failed(),
            Failing::After => call.await.and_then(|_| failed()),
            Failing::KilledBefore => {
                self.hold().await;
                failed()
            }
            Failing::KilledAfter => {
                let _done = call.await;
                self.hold().await;
                failed()
            }
            Failing::Held => {
                self.hold().await;
                call.await
            }
            Failing::HeldAtCommit | Failing::HeldAtStage => call.await,
        }
    }

    async fn hold(&self) {
        self.moment.notify_one();
        // Closed, it gives no permit, and that is the sign.
        let _ = self.held.acquire().await;
    }
}

#[async_trait]
impl BronzeStore for FaultyStore {
    fn location(&self) -> String {
        self.inner.location()
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        self.plan.call(prefix, self.inner.list(prefix)).await
    }

    async fn list_after(&self, prefix: &str, after: &str) -> Result<Vec<String>, StoreError> {
        self.plan.call(prefix, self.inner.list_after(prefix, after)).await
    }

    async fn get(&self, path: &str) -> Result<Option<Bytes>, StoreError> {
        self.plan.call(path, self.inner.get(path)).await
    }

    async fn get_range(&self, path: &str, range: ByteRange) -> Result<Option<RangeRead>, StoreError> {
        self.plan.call(path, self.inner.get_range(path, range)).await
    }

    async fn put_new(&self, path: &str, content: Bytes) -> Result<Created, StoreError> {
        if self.plan.failing == Failing::HeldAtCommit {
            self.plan.hold().await;
        }
        self.plan.call(path, self.inner.put_new(path, content)).await
    }

    async fn put(&self, path: &str, content: Bytes) -> Result<(), StoreError> {
        self.plan.call(path, self.inner.put(path, content)).await
    }

    async fn remove(&self, path: &str) -> Result<(), StoreError> {
        self.plan.call(path, self.inner.remove(path)).await
    }

    async fn stage(&self, path: &str, run: &StagingArea) -> Result<Box<dyn StagedPart>, StoreError> {
        if self.plan.failing == Failing::HeldAtStage {
            self.plan.hold().await;
        }
        let inner = self.plan.call(path, self.inner.stage(path, run)).await?;
        Ok(Box::new(FaultyPart { inner, path: path.to_owned(), plan: self.plan.clone() }))
    }

    async fn publish(&self, receipt: &Receipt) -> Result<(), StoreError> {
        self.plan.call(&receipt.path, self.inner.publish(receipt)).await
    }

    async fn abort(&self, receipt: &Receipt) -> Result<(), StoreError> {
        self.plan.call(&receipt.path, self.inner.abort(receipt)).await
    }

    async fn pending(&self, stream: &str) -> Result<Vec<String>, StoreError> {
        self.plan.call(stream, self.inner.pending(stream)).await
    }

    async fn leftovers(&self, stream: &str) -> Result<Vec<Box<dyn Leftover>>, StoreError> {
        self.plan.call(stream, self.inner.leftovers(stream)).await
    }
}

struct FaultyPart {
    inner: Box<dyn StagedPart>,
    path: String,
    plan: Arc<Plan>,
}

#[async_trait]
impl StagedPart for FaultyPart {
    async fn write(&mut self, content: Bytes) -> Result<(), StoreError> {
        self.plan.call(&self.path, self.inner.write(content)).await
    }

    async fn finish(self: Box<Self>) -> Result<Upload, StoreError> {
        self.plan.call(&self.path, self.inner.finish()).await
    }

    async fn abort(self: Box<Self>) -> Result<(), StoreError> {
        self.plan.call(&self.path, self.inner.abort()).await
    }
}
