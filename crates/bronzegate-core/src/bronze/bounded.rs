//! A store whose calls end with the run's time.

use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use super::store::{BronzeStore, Created, Leftover, Receipt, StagedPart, StagingArea, StoreError, Upload};
use crate::clock::{Clock, Deadline};

/// A store that gives every call up once the deadline has passed, so that a cloud SDK's retries never
/// outlive the run. A call given up may have been done: to the commit protocol that is an answer that
/// got lost.
#[derive(Debug)]
pub struct BoundedStore {
    inner: Arc<dyn BronzeStore>,
    bound: Bound,
}

#[derive(Clone, Debug)]
struct Bound {
    clock: Arc<dyn Clock>,
    deadline: Deadline,
}

/// Why a call was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the time that this run was given is over")]
struct TimeIsOver;

impl BoundedStore {
    /// Bounds a store; without a deadline its calls take the time they take.
    pub fn new(inner: Arc<dyn BronzeStore>, clock: Arc<dyn Clock>, deadline: Deadline) -> Self {
        Self { inner, bound: Bound { clock, deadline } }
    }
}

impl Bound {
    async fn call<T>(
        &self,
        action: &'static str,
        path: &str,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let Some(left) = self.deadline.left(&*self.clock) else { return call.await };
        tokio::select! {
            biased;
            outcome = call => outcome,
            () = self.clock.sleep(left) => Err(StoreError::io(action, path, TimeIsOver)),
        }
    }
}

#[async_trait]
impl BronzeStore for BoundedStore {
    fn location(&self) -> String {
        self.inner.location()
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        self.bound.call("list", prefix, self.inner.list(prefix)).await
    }

    async fn get(&self, path: &str) -> Result<Option<Bytes>, StoreError> {
        self.bound.call("read", path, self.inner.get(path)).await
    }

    async fn put_new(&self, path: &str, content: Bytes) -> Result<Created, StoreError> {
        self.bound.call("create", path, self.inner.put_new(path, content)).await
    }

    async fn put(&self, path: &str, content: Bytes) -> Result<(), StoreError> {
        self.bound.call("write", path, self.inner.put(path, content)).await
    }

    async fn stage(&self, path: &str, run: &StagingArea) -> Result<Box<dyn StagedPart>, StoreError> {
        let part = self.bound.call("stage", path, self.inner.stage(path, run)).await?;
        Ok(Box::new(BoundedPart { part, path: path.to_owned(), bound: self.bound.clone() }))
    }

    async fn publish(&self, receipt: &Receipt) -> Result<(), StoreError> {
        self.bound.call("publish", &receipt.path, self.inner.publish(receipt)).await
    }

    async fn abort(&self, receipt: &Receipt) -> Result<(), StoreError> {
        self.bound.call("give up", &receipt.path, self.inner.abort(receipt)).await
    }

    async fn leftovers(&self, stream: &str) -> Result<Vec<Box<dyn Leftover>>, StoreError> {
        self.bound.call("look for leftovers of", stream, self.inner.leftovers(stream)).await
    }

    async fn pending(&self, stream: &str) -> Result<Vec<String>, StoreError> {
        self.bound.call("look for uploads of", stream, self.inner.pending(stream)).await
    }
}

struct BoundedPart {
    part: Box<dyn StagedPart>,
    path: String,
    bound: Bound,
}

#[async_trait]
impl StagedPart for BoundedPart {
    async fn write(&mut self, content: Bytes) -> Result<(), StoreError> {
        self.bound.call("write", &self.path, self.part.write(content)).await
    }

    async fn finish(self: Box<Self>) -> Result<Upload, StoreError> {
        let Self { part, path, bound } = *self;
        bound.call("finish", &path, part.finish()).await
    }

    async fn abort(self: Box<Self>) -> Result<(), StoreError> {
        let Self { part, path, bound } = *self;
        bound.call("give up", &path, part.abort()).await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::super::local::LocalStore;
    use super::*;
    use crate::clock::TestClock;

    #[tokio::test]
    async fn a_call_that_hangs_ends_with_the_deadline_and_one_that_answers_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(TestClock::at(Timestamp::UNIX_EPOCH));
        let deadline = Deadline::within(&*clock, Duration::from_secs(30));
        let bound = Bound { clock: clock.clone(), deadline };
        let hangs = bound.call::<()>("read", "a/b", std::future::pending()).await.unwrap_err();
        assert_eq!(
            crate::error::Error::from(hangs).to_string(),
            "cannot read a/b: the time that this run was given is over"
        );
        assert_eq!(clock.elapsed(), Duration::from_secs(30));

        let store =
            BoundedStore::new(Arc::new(LocalStore::open(folder.path()).unwrap()), clock, Deadline::NONE);
        assert_eq!(store.put_new("a", Bytes::from_static(b"1")).await.unwrap(), Created::Yes);
        assert_eq!(store.get("a").await.unwrap().as_deref(), Some(&b"1"[..]));
    }
}
