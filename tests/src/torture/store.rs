//! The stores that trials are run on: a target of a trial's own on each, and how others reach it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use bronzegate_azure::{Azure, BLOB_ENDPOINT, TransportOptions};
use bronzegate_core::bronze::{BronzeStore, LocalStore};
use bronzegate_core::clock::SystemClock;
use fastrand::Rng;
use tempfile::TempDir;

use super::act::{Requests, Wire};
use crate::azure::{Azurite, Call, Certificates, Fault, FaultProxy, TokenEndpoints};
use crate::delta::PeerRoot;
use crate::moto;
use crate::spoiling_proxy::{Proxy, Rule, Spoiled};

/// Buckets made so far.
static BUCKETS: AtomicU64 = AtomicU64::new(1);

/// A kind of store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StoreKind {
    /// A folder.
    Local,
    /// S3, which is moto.
    S3,
    /// ADLS, which is Azurite.
    Azure,
}

impl StoreKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Local, Self::S3, Self::Azure];

    /// Draws one: the cheap one most often.
    pub(super) fn draw(rng: &mut Rng) -> Self {
        match rng.u32(0..10) {
            0 => Self::S3,
            1 => Self::Azure,
            _ => Self::Local,
        }
    }
}

impl fmt::Display for StoreKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Local => "local",
            Self::S3 => "s3",
            Self::Azure => "azure",
        })
    }
}

impl FromStr for StoreKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|kind| kind.to_string() == text);
        known.ok_or_else(|| format!("{text} is no store: local, s3 or azure"))
    }
}

/// A trial's own target.
pub(super) struct Target {
    folder: TempDir,
    place: Place,
}

enum Place {
    Local,
    S3 { bucket: String },
    Azure { container: String, tokens: Box<TokenEndpoints> },
}

/// A proxy before the service, through which one run reaches it.
pub(super) enum Line {
    S3(Proxy),
    Azure(Box<FaultProxy>),
}

/// What opens the target, in whatever process or on whatever runtime.
#[derive(Clone, Debug)]
pub(super) enum Key {
    Local(PathBuf),
    S3 { port: u16, url: String },
    Azure { variables: BTreeMap<String, String>, url: String },
}

/// Folders of a target's place, beside each other.
const BRONZE: &str = "bronze";
pub(super) const TABLES: &str = "tables";
pub(super) const TWIN: &str = "twin";

impl Target {
    pub(super) async fn new(kind: StoreKind) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let place = match kind {
            StoreKind::Local => Place::Local,
            StoreKind::S3 => {
                let bucket = format!("torture-{}", BUCKETS.fetch_add(1, SeqCst));
                moto::bucket(&bucket).await;
                Place::S3 { bucket }
            }
            StoreKind::Azure => {
                // For processes, which trust what the system trusts.
                std::fs::write(folder.path().join("roots.pem"), &Certificates::shared().authority)
                    .expect("a file is written");
                let tokens = Box::new(TokenEndpoints::start().await);
                Place::Azure { container: Azurite::shared().container().await, tokens }
            }
        };
        Self { folder, place }
    }

    /// The local folder that is the target, where it is one.
    pub(super) fn folder(&self) -> Option<PathBuf> {
        matches!(self.place, Place::Local).then(|| self.folder.path().join(BRONZE))
    }

    /// The root of the tables beside the target, as other readers find it.
    pub(super) fn tables(&self) -> PeerRoot {
        match &self.place {
            Place::Local => PeerRoot::folder(&self.folder.path().join(TABLES)),
            Place::S3 { bucket } => PeerRoot::s3(bucket, TABLES),
            Place::Azure { container, .. } => PeerRoot::azure(Azurite::shared(), container, TABLES),
        }
    }

    /// A proxy of its own for a run; a folder has none.
    pub(super) async fn line(&self) -> Option<Line> {
        match &self.place {
            Place::Local => None,
            Place::S3 { .. } => Some(Line::S3(Proxy::start(moto::port()).await)),
            Place::Azure { .. } => {
                let proxy = FaultProxy::start(Azurite::shared().endpoint()).await;
                Some(Line::Azure(Box::new(proxy)))
            }
        }
    }

    /// What opens it, through a proxy if there is one.
    pub(super) fn key(&self, line: Option<&Line>) -> Key {
        match (&self.place, line) {
            (Place::Local, _) => Key::Local(self.folder.path().join(BRONZE)),
            (Place::S3 { bucket }, line) => {
                let port = if let Some(Line::S3(proxy)) = line { proxy.port() } else { moto::port() };
                Key::S3 { port, url: format!("s3://{bucket}/{BRONZE}") }
            }
            (Place::Azure { container, tokens }, line) => {
                let endpoint = match line {
                    Some(Line::Azure(proxy)) => proxy.endpoint(),
                    _ => Azurite::shared().endpoint().clone(),
                };
                let mut variables = tokens.client_secret();
                variables.insert(BLOB_ENDPOINT.to_owned(), endpoint.to_string());
                let roots = self.folder.path().join("roots.pem");
                variables.insert("SSL_CERT_FILE".to_owned(), roots.display().to_string());
                Key::Azure {
                    variables,
                    url: format!("abfss://{container}@acme.dfs.core.windows.net/{BRONZE}"),
                }
            }
        }
    }
}

impl Key {
    /// What opens another folder of the same place, in the same way.
    pub(super) fn beside(&self, name: &str) -> Self {
        let other = |url: &String| format!("{}{name}", url.trim_end_matches(BRONZE));
        let mut key = self.clone();
        match &mut key {
            Self::Local(path) => *path = path.with_file_name(name),
            Self::S3 { url, .. } | Self::Azure { url, .. } => *url = other(url),
        }
        key
    }

    /// The place as somebody writes it.
    pub(super) fn url(&self) -> String {
        match self {
            Self::Local(path) => path.display().to_string(),
            Self::S3 { url, .. } | Self::Azure { url, .. } => url.clone(),
        }
    }

    /// Opens the store.
    pub(super) async fn open(&self) -> Arc<dyn BronzeStore> {
        match self {
            Self::Local(path) => Arc::new(LocalStore::open(path).expect("the folder opens")),
            Self::S3 { port, url } => moto::connect(*port).await.store(url).expect("it is a target"),
            Self::Azure { variables, url } => {
                let transport = Certificates::shared().transport(&TransportOptions::default());
                let clock = Arc::new(SystemClock::default());
                let azure = Azure::connect_over(transport, |name| variables.get(name).cloned(), clock);
                azure.expect("Azure is connected").store(url).expect("it is a target")
            }
        }
    }

    /// What a process needs in its environment to write there.
    pub(super) fn variables(&self) -> BTreeMap<String, String> {
        let mut variables = match self {
            Self::Local(_) => BTreeMap::new(),
            Self::S3 { port, .. } => moto::variables_at(*port).into_iter().collect(),
            Self::Azure { variables, .. } => variables.clone(),
        };
        for (name, value) in
            [("TARGET", self.url()), ("SECRETS", "env".into()), ("ENVIRONMENT", "test".into())]
        {
            variables.insert(format!("BRONZEGATE_{name}"), value);
        }
        variables
    }
}

impl Line {
    /// Spoils requests, after some.
    pub(super) fn spoil(&self, of: Requests, skip: usize, count: usize, wire: Wire) {
        match self {
            Self::S3(proxy) => {
                let spoiled = match wire {
                    Wire::InternalError => Spoiled::InternalError,
                    Wire::Busy => Spoiled::SlowDown,
                    Wire::CutBefore => Spoiled::CutBefore,
                    Wire::CutAfter => Spoiled::CutAfter,
                };
                let words = match of {
                    Requests::All => Vec::new(),
                    Requests::Puts => vec!["PUT ", "/commits/"],
                    Requests::Log => vec!["PUT ", "/_delta_log/"],
                };
                proxy.spoil(Rule { words, skip, count, spoiled });
            }
            Self::Azure(proxy) => {
                let fault = match wire {
                    Wire::InternalError => Fault::Status(500),
                    Wire::Busy => Fault::Status(503),
                    Wire::CutBefore => Fault::CutBefore,
                    Wire::CutAfter => Fault::CutAfter,
                };
                match of {
                    Requests::All => proxy.fail_any(skip, count, fault),
                    Requests::Puts | Requests::Log => proxy.fail(Call::PutBlob, fault, count),
                }
            }
        }
    }

    /// Gives no answer to one request, after some; it is done before or not at all.
    pub(super) fn hold(&self, skip: usize, done: bool) {
        match self {
            Self::S3(proxy) => {
                let spoiled = if done { Spoiled::SilenceAfter } else { Spoiled::Silence };
                proxy.spoil(Rule { words: Vec::new(), skip, count: 1, spoiled });
            }
            Self::Azure(proxy) => {
                let fault = if done { Fault::HangAfter } else { Fault::HangBefore };
                proxy.fail_any(skip, 1, fault);
            }
        }
    }

    /// Whether that request has come.
    pub(super) fn is_holding(&self) -> bool {
        match self {
            Self::S3(proxy) => proxy.silenced() > 0,
            Self::Azure(proxy) => proxy.hanging() > 0,
        }
    }
}
