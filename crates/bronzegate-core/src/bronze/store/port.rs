//! The port to a bronze store: what a folder, S3 and Azure Blob have in common.

use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind};
use crate::http::proxy::ProxyFault;

/// A place that holds bronze.
///
/// Paths are relative to the target, with `/` between names and no leading one. What callers
/// may assume of every store:
///
/// - **Invisible until published.** What is written to a [`StagedPart`] cannot be read at its
///   path, nor listed under its folder, before [`publish`](Self::publish).
/// - **Create-only.** [`put_new`](Self::put_new) and `publish` never replace anything; of two
///   callers at once exactly one creates.
/// - **Read after write.** What a call has created or removed, the next read and the next listing of any process
///   see.
/// - **Whole or absent.** A process killed in the middle of a call leaves either nothing or the
///   whole object at a path, never a piece.
/// - **Durable.** What a call reports as done survives the loss of power, as far as the medium can.
///
/// Adapters translate only: retries belong to their SDK, decisions to the commit protocol.
#[async_trait]
pub trait BronzeStore: Send + Sync + std::fmt::Debug {
    /// The target as somebody wrote it, for messages.
    fn location(&self) -> String;

    /// The paths of all objects below the folder `prefix`, sorted; empty when there is no such folder.
    async fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError>;

    /// The paths that begin with `prefix` and come after `after` in the order of their bytes, sorted.
    ///
    /// Both are compared with whole paths. `prefix` may end within a name: `log/at-202611` is a prefix of
    /// `log/at-20261122T170000Z.json`. `after` need not exist and need not begin with `prefix`; an empty one comes
    /// before every path. The result has exactly those paths that [`list`](Self::list) has, too.
    ///
    /// The cost is that of the result. Azure cannot begin a listing in the middle, so there it is the cost of all
    /// paths with the prefix. A caller therefore chooses the longest prefix that it can.
    ///
    /// # Errors
    /// As of `list`. No path is left out silently.
    async fn list_after(&self, prefix: &str, after: &str) -> Result<Vec<String>, StoreError>;

    /// The object's content, or `None` when there is none. It is for the log and its hints, not for parts: an
    /// object of more than [`LARGEST_READ`] bytes is an error, and is not read.
    async fn get(&self, path: &str) -> Result<Option<Bytes>, StoreError>;

    /// A range of the object's content, and the size of the whole object; `None` when there is no object.
    ///
    /// The content is never longer than the range, whatever the object's size. It is shorter where the object ends
    /// within the range, and empty where the object ends before it; neither is an error. Content and size are of
    /// one version of the object.
    ///
    /// # Errors
    /// When the object cannot be read, or is replaced during the call.
    async fn get_range(&self, path: &str, range: ByteRange) -> Result<Option<RangeRead>, StoreError>;

    /// Creates the object unless one is there.
    async fn put_new(&self, path: &str, content: Bytes) -> Result<Created, StoreError>;

    /// Creates or replaces the object: for hints that may be lost, never for data or commits.
    async fn put(&self, path: &str, content: Bytes) -> Result<(), StoreError>;

    /// Removes the object. A missing one is no error, so any process may repeat the call.
    ///
    /// It is for hints, and for the log of a table whose own rules let entries expire. Never remove a part or a
    /// commit: that would take back what a run has decided. No store checks this.
    ///
    /// # Errors
    /// When the store refuses; then the object may be there or not.
    async fn remove(&self, path: &str) -> Result<(), StoreError>;

    /// Begins an upload that will become `path`. `run` groups the uploads of one run, so that
    /// [`leftovers`](Self::leftovers) can tell whose they are.
    async fn stage(&self, path: &str, run: &StagingArea) -> Result<Box<dyn StagedPart>, StoreError>;

    /// Completes an upload, create-only. A part that is there already with the receipt's size and
    /// checksum counts as published, so any process may repeat it.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another content stands at the path.
    async fn publish(&self, receipt: &Receipt) -> Result<(), StoreError>;

    /// Gives up an upload; one that is gone already is no error.
    async fn abort(&self, receipt: &Receipt) -> Result<(), StoreError>;

    /// Whether other machines may write to it as well: it is a service, no folder.
    fn is_shared(&self) -> bool {
        self.location().contains("://")
    }

    /// Tells before anything is asked of an API whether the store could commit what comes: that it can be written to,
    /// and can create what must not replace anything.
    ///
    /// # Errors
    /// Where it cannot.
    async fn ready(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// The uploads that dead runs of one stream (`<source>/<stream>`) left behind, where the store does
    /// not expire them itself; elsewhere none. Those of a live run are never among them.
    ///
    /// Each is held until it is dropped: nobody else gets hold of it, and since its run is dead
    /// before, whether that run committed can be told *afterwards* without a race.
    async fn leftovers(&self, stream: &str) -> Result<Vec<Box<dyn Leftover>>, StoreError>;

    /// The paths of the stream's uploads that are not published, of live and of dead runs alike, where
    /// the store cannot tell the two apart; a store with [`leftovers`](Self::leftovers) has none here.
    ///
    /// With it, what was committed and not published is found whatever run comes next. A store that has no
    /// such listing, or none that is cheap, may leave some out or return none: a run settles the commits that
    /// it builds on by itself.
    async fn pending(&self, stream: &str) -> Result<Vec<String>, StoreError>;
}

/// The uploads of one dead run, held by this process. Dropped, they stay for a later sweep.
#[async_trait]
pub trait Leftover: Send {
    /// `<key>.s<segment>` of the run that left them, as its [`StagingArea`] said.
    fn segment(&self) -> &str;
    /// Removes them. What is published already is not touched.
    async fn discard(self: Box<Self>) -> Result<(), StoreError>;
}

/// An upload nobody can read yet.
///
/// Dropped without [`finish`](Self::finish) it is given up, at the latest by a later sweep.
#[async_trait]
pub trait StagedPart: Send {
    /// Appends bytes.
    async fn write(&mut self, content: Bytes) -> Result<(), StoreError>;
    /// Makes what was written durable and returns what any process needs to publish it.
    async fn finish(self: Box<Self>) -> Result<Upload, StoreError>;
    /// Gives it up.
    async fn abort(self: Box<Self>) -> Result<(), StoreError>;
}

/// Whose uploads: one stream's, and within it one run's segment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StagingArea {
    /// `<source>/<stream>`.
    pub stream: String,
    /// `<key>.s<segment>`.
    pub segment: String,
}

/// A range of an object's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteRange {
    /// Bytes from an offset on.
    From {
        /// The first byte, counted from 0.
        offset: u64,
        /// The most bytes.
        length: u64,
    },
    /// The last bytes, at most so many: the footer of a Parquet file.
    Last(u64),
}

impl ByteRange {
    /// Its offset and its length in an object of `size` bytes.
    pub fn within(self, size: u64) -> (u64, u64) {
        match self {
            Self::From { offset, length } => {
                let offset = offset.min(size);
                (offset, length.min(size - offset))
            }
            Self::Last(length) => (size - length.min(size), length.min(size)),
        }
    }
}

/// What [`get_range`](BronzeStore::get_range) read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeRead {
    /// The bytes of the range.
    pub content: Bytes,
    /// The size of the whole object in bytes.
    pub size: u64,
}

/// Whether a create-only put created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    /// This call created the object.
    Yes,
    /// Something was there already; it is untouched.
    No,
}

/// What a store needs to complete an upload later, in its own words: plain data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Upload(pub serde_json::Value);

/// A staged part as the commit record tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Where the part will be.
    pub path: String,
    /// Records in it.
    pub records: u64,
    /// Its size in bytes as stored.
    pub bytes: u64,
    /// CRC-64/NVME of the stored bytes, 16 hexadecimal digits.
    pub checksum: String,
    /// The upload, in the store's words.
    pub upload: Upload,
    /// Delta's statistics of the part as JSON text, where it is a file of a table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stats: Option<String>,
}

/// Why a store cannot do what it is asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The operating system or the service refused.
    #[error("cannot {action} {path}")]
    Io {
        /// What was tried, for example `write`.
        action: &'static str,
        /// On what, under the target.
        path: String,
        /// Why.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A proxy on the way to the service did not let the request through.
    #[error("cannot {action} {path}")]
    Proxy {
        /// What was tried.
        action: &'static str,
        /// On what, under the target.
        path: String,
        /// Why.
        #[source]
        fault: ProxyFault,
    },
    /// Another content stands where a part should be published.
    #[error("{path} is there already with another content; nothing was replaced")]
    Conflict {
        /// The part's path.
        path: String,
    },
    /// An object of the commit log is not what this version understands.
    #[error("{path} is not a commit record this version can read: {reason}")]
    Unreadable {
        /// The object's path.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The upload that a receipt names is neither staged nor published.
    #[error("the staged upload of {path} is gone, and the part is not there either")]
    Lost {
        /// The part's path.
        path: String,
    },
}

/// The most bytes of an object that is read whole. A commit record has some hundred bytes a part.
pub const LARGEST_READ: u64 = 64 << 20;

impl StoreError {
    /// An object that is not read whole, because it is too large for that.
    pub fn too_large(path: impl Into<String>) -> Self {
        Self::io("read", path, format!("it has more than {LARGEST_READ} bytes, which is the most"))
    }

    /// An I/O error on a path.
    pub fn io(
        action: &'static str,
        path: impl Into<String>,
        cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Io { action, path: path.into(), cause: cause.into() }
    }
}

impl From<StoreError> for Error {
    fn from(cause: StoreError) -> Self {
        let kind = match &cause {
            StoreError::Proxy { fault, .. } if !fault.is_transient() => fault.kind(),
            _ => ErrorKind::Store,
        };
        Self::new(kind, cause)
    }
}
