//! A store whose calls end with the run's time, whatever retries its SDK has still in mind.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use super::port::{
    BronzeStore, ByteRange, Created, Leftover, RangeRead, Receipt, StagedPart, StagingArea, StoreError,
    Upload,
};
use crate::clock::{Clock, Deadline};

/// A store on another one. Each call that is not done when the deadline passes is given up, and is an
/// error; what it would have done may be done or not, as after a lost answer.
#[derive(Clone, Debug)]
pub struct BoundedStore {
    inner: Arc<dyn BronzeStore>,
    limit: Limit,
}

/// A bound in time.
#[derive(Clone, Debug)]
pub(in crate::bronze) struct Limit {
    clock: Arc<dyn Clock>,
    deadline: Deadline,
}

/// The cause of the error.
#[derive(Debug, thiserror::Error)]
#[error("the run's time is up")]
struct TimeIsUp;

impl BoundedStore {
    /// Bounds a store; with [`Deadline::NONE`] nothing changes.
    pub fn new(inner: Arc<dyn BronzeStore>, clock: Arc<dyn Clock>, deadline: Deadline) -> Self {
        Self { inner, limit: Limit { clock, deadline } }
    }
}

impl Limit {
    pub(in crate::bronze) fn new(clock: Arc<dyn Clock>, deadline: Deadline) -> Self {
        Self { clock, deadline }
    }

    /// Waits for a call as long as there is time.
    pub(in crate::bronze) async fn hold<T, E: From<StoreError>>(
        &self,
        action: &'static str,
        path: &str,
        call: impl Future<Output = Result<T, E>> + Send,
    ) -> Result<T, E> {
        let Some(left) = self.deadline.left(&*self.clock) else { return call.await };
        // The call comes first: what it has done by the deadline counts.
        tokio::select! {
            biased;
            done = call => done,
            () = self.clock.sleep(left) => Err(StoreError::io(action, path, TimeIsUp).into()),
        }
    }
}

#[async_trait]
impl BronzeStore for BoundedStore {
    fn location(&self) -> String {
        self.inner.location()
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        self.limit.hold("list", prefix, self.inner.list(prefix)).await
    }

    async fn list_after(&self, prefix: &str, after: &str) -> Result<Vec<String>, StoreError> {
        self.limit.hold("list", prefix, self.inner.list_after(prefix, after)).await
    }

    async fn get(&self, path: &str) -> Result<Option<Bytes>, StoreError> {
        self.limit.hold("read", path, self.inner.get(path)).await
    }

    async fn get_range(&self, path: &str, range: ByteRange) -> Result<Option<RangeRead>, StoreError> {
        self.limit.hold("read", path, self.inner.get_range(path, range)).await
    }

    async fn put_new(&self, path: &str, content: Bytes) -> Result<Created, StoreError> {
        self.limit.hold("write", path, self.inner.put_new(path, content)).await
    }

    async fn put(&self, path: &str, content: Bytes) -> Result<(), StoreError> {
        self.limit.hold("write", path, self.inner.put(path, content)).await
    }

    async fn remove(&self, path: &str) -> Result<(), StoreError> {
        self.limit.hold("remove", path, self.inner.remove(path)).await
    }

    async fn stage(&self, path: &str, run: &StagingArea) -> Result<Box<dyn StagedPart>, StoreError> {
        let inner = self.limit.hold("stage", path, self.inner.stage(path, run)).await?;
        Ok(Box::new(BoundedPart { inner, path: path.to_owned(), limit: self.limit.clone() }))
    }

    async fn publish(&self, receipt: &Receipt) -> Result<(), StoreError> {
        self.limit.hold("publish", &receipt.path, self.inner.publish(receipt)).await
    }

    async fn abort(&self, receipt: &Receipt) -> Result<(), StoreError> {
        self.limit.hold("give up", &receipt.path, self.inner.abort(receipt)).await
    }

    fn is_shared(&self) -> bool {
        self.inner.is_shared()
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.limit.hold("try", "the target", self.inner.ready()).await
    }

    async fn leftovers(&self, stream: &str) -> Result<Vec<Box<dyn Leftover>>, StoreError> {
        let found = self.limit.hold("look for leftovers of", stream, self.inner.leftovers(stream)).await?;
        let bounded = |inner| -> Box<dyn Leftover> {
            Box::new(BoundedLeftover { inner, stream: stream.to_owned(), limit: self.limit.clone() })
        };
        Ok(found.into_iter().map(bounded).collect())
    }

    async fn pending(&self, stream: &str) -> Result<Vec<String>, StoreError> {
        self.limit.hold("list the uploads of", stream, self.inner.pending(stream)).await
    }
}

struct BoundedPart {
    inner: Box<dyn StagedPart>,
    path: String,
    limit: Limit,
}

#[async_trait]
impl StagedPart for BoundedPart {
    async fn write(&mut self, content: Bytes) -> Result<(), StoreError> {
        self.limit.hold("write", &self.path, self.inner.write(content)).await
    }

    async fn finish(self: Box<Self>) -> Result<Upload, StoreError> {
        self.limit.hold("write", &self.path, self.inner.finish()).await
    }

    async fn abort(self: Box<Self>) -> Result<(), StoreError> {
        self.limit.hold("give up", &self.path, self.inner.abort()).await
    }
}

struct BoundedLeftover {
    inner: Box<dyn Leftover>,
    stream: String,
    limit: Limit,
}

#[async_trait]
impl Leftover for BoundedLeftover {
    fn segment(&self) -> &str {
        self.inner.segment()
    }

    async fn discard(self: Box<Self>) -> Result<(), StoreError> {
        self.limit.hold("discard leftovers of", &self.stream, self.inner.discard()).await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::super::local::LocalStore;
    use super::*;
    use crate::clock::TestClock;
    use crate::error::Error;

    /// A store whose calls never end, but for those that begin an upload.
    #[derive(Debug)]
    struct Stuck;

    struct StuckPart;

    #[async_trait]
    impl BronzeStore for Stuck {
        fn location(&self) -> String {
            "stuck".to_owned()
        }
        async fn list(&self, _: &str) -> Result<Vec<String>, StoreError> {
            std::future::pending().await
        }
        async fn list_after(&self, _: &str, _: &str) -> Result<Vec<String>, StoreError> {
            std::future::pending().await
        }
        async fn get(&self, _: &str) -> Result<Option<Bytes>, StoreError> {
            std::future::pending().await
        }
        async fn get_range(&self, _: &str, _: ByteRange) -> Result<Option<RangeRead>, StoreError> {
            std::future::pending().await
        }
        async fn put_new(&self, _: &str, _: Bytes) -> Result<Created, StoreError> {
            std::future::pending().await
        }
        async fn put(&self, _: &str, _: Bytes) -> Result<(), StoreError> {
            std::future::pending().await
        }
        async fn remove(&self, _: &str) -> Result<(), StoreError> {
            std::future::pending().await
        }
        async fn stage(&self, _: &str, _: &StagingArea) -> Result<Box<dyn StagedPart>, StoreError> {
            Ok(Box::new(StuckPart))
        }
        async fn publish(&self, _: &Receipt) -> Result<(), StoreError> {
            std::future::pending().await
        }
        async fn abort(&self, _: &Receipt) -> Result<(), StoreError> {
            std::future::pending().await
        }
        async fn leftovers(&self, _: &str) -> Result<Vec<Box<dyn Leftover>>, StoreError> {
            std::future::pending().await
        }
        async fn pending(&self, _: &str) -> Result<Vec<String>, StoreError> {
            std::future::pending().await
        }
    }

    #[async_trait]
    impl StagedPart for StuckPart {
        async fn write(&mut self, _: Bytes) -> Result<(), StoreError> {
            std::future::pending().await
        }
        async fn finish(self: Box<Self>) -> Result<Upload, StoreError> {
            std::future::pending().await
        }
        async fn abort(self: Box<Self>) -> Result<(), StoreError> {
            std::future::pending().await
        }
    }

    fn bounded(inner: Arc<dyn BronzeStore>, given: Option<Duration>) -> (BoundedStore, Arc<TestClock>) {
        let clock = Arc::new(TestClock::at(Timestamp::UNIX_EPOCH));
        let deadline = given.map_or(Deadline::NONE, |given| Deadline::within(&*clock, given));
        (BoundedStore::new(inner, Arc::clone(&clock) as _, deadline), clock)
    }

    fn area() -> StagingArea {
        StagingArea { stream: "shop/orders".to_owned(), segment: "seq-1.s0001".to_owned() }
    }

    #[tokio::test]
    async fn every_call_ends_when_the_time_is_up() {
        const GIVEN: Duration = Duration::from_secs(10);
        let (store, clock) = bounded(Arc::new(Stuck), Some(GIVEN));
        let (path, upload) = ("a".to_owned(), Upload(serde_json::Value::Null));
        let receipt = Receipt { path, records: 0, bytes: 0, checksum: String::new(), upload, stats: None };
        // Begun in time; afterwards not even that would be possible, were it slow.
        let [mut written, finished, aborted] = [
            store.stage("a", &area()).await.unwrap(),
            store.stage("a", &area()).await.unwrap(),
            store.stage("a", &area()).await.unwrap(),
        ];
        let ends = [
            store.list("a").await.map(drop),
            store.list_after("a", "").await.map(drop),
            store.get("a").await.map(drop),
            store.get_range("a", ByteRange::Last(8)).await.map(drop),
            store.put_new("a", Bytes::new()).await.map(drop),
            store.put("a", Bytes::new()).await,
            store.remove("a").await,
            store.publish(&receipt).await,
            store.abort(&receipt).await,
            store.leftovers("a").await.map(drop),
            store.pending("a").await.map(drop),
            written.write(Bytes::new()).await,
            finished.finish().await.map(drop),
            aborted.abort().await,
        ];
        assert_eq!(clock.elapsed(), GIVEN, "the first call waits for the deadline, the others not at all");
        for end in ends {
            let text = Error::from(end.unwrap_err()).to_string();
            assert!(text.starts_with("cannot ") && text.ends_with(" a: the run's time is up"), "{text}");
        }
    }

    #[tokio::test]
    async fn calls_in_time_and_those_without_a_deadline_are_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let (store, clock) = bounded(Arc::new(LocalStore::open(folder.path()).unwrap()), None);
        assert_eq!(store.put_new("a", Bytes::from_static(b"x")).await.unwrap(), Created::Yes);
        assert_eq!(store.get("a").await.unwrap().as_deref(), Some(&b"x"[..]));
        assert_eq!(clock.elapsed(), Duration::ZERO, "nothing waits for a deadline that is not there");
        let (store, clock) = bounded(Arc::new(Stuck), Some(Duration::from_mins(1)));
        assert!(store.stage("a", &area()).await.is_ok(), "what is done at once needs no time");
        assert_eq!(clock.elapsed(), Duration::ZERO);
    }
}
