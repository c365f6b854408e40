//! S3 that fails at each of its calls: the store gets through by the SDK's retries, or says what happened.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_s3::config::retry::RetryPartition;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use bronzegate_aws::{S3Settings, S3Store, S3Target, s3_config};
use bronzegate_core::bronze::{BronzeStore, ByteRange, Checksum, Created, Receipt, StagingArea, StoreError};
use bronzegate_core::error::Error;
use bronzegate_tests::moto;
use bronzegate_tests::spoiling_proxy::{Proxy, Rule, Spoiled};
use bytes::Bytes;

const READ: Duration = Duration::from_secs(5);
const CONTENT: &[u8] = b"{\"id\":1}\n";
const LASTING: usize = usize::MAX;

/// A store on a bucket of the test's own, through a proxy.
struct Peer {
    proxy: Proxy,
    store: Arc<dyn BronzeStore>,
    /// The same bucket, without the proxy.
    direct: Arc<dyn BronzeStore>,
}

impl Peer {
    async fn open(bucket: &str) -> Self {
        moto::bucket(bucket).await;
        let proxy = Proxy::start(moto::port()).await;
        let target = format!("s3://{bucket}/lake");
        let direct = moto::connect(moto::port()).await.store(&target).expect("an S3 target");
        // The SDK keeps one budget of retries for all clients of a partition; others must not use it up.
        let partition = RetryPartition::new(format!("{bucket}-{}", proxy.port()));
        let config = s3_config(&moto::settings(proxy.port()).await)
            .to_builder()
            .retry_partition(partition)
            .timeout_config(TimeoutConfig::builder().read_timeout(READ).build())
            .build();
        let client = aws_sdk_s3::Client::from_conf(config);
        let store =
            S3Store::new(&client, S3Target::parse(&target).expect("an S3 target"), S3Settings::default());
        Self { proxy, store: Arc::new(store), direct }
    }

    fn spoil(&self, call: Call, spoiled: Spoiled, count: usize) {
        self.proxy.spoil(Rule { words: call.words().to_vec(), skip: 0, count, spoiled });
    }
}

/// The calls that the store makes of S3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    PutNew,
    Put,
    Get,
    Range,
    Remove,
    List,
    After,
    Begin,
    Send,
    Complete,
    Abort,
    Pending,
}

const CALLS: [Call; 12] = [
    Call::PutNew,
    Call::Put,
    Call::Get,
    Call::Range,
    Call::Remove,
    Call::List,
    Call::After,
    Call::Begin,
    Call::Send,
    Call::Complete,
    Call::Abort,
    Call::Pending,
];

impl Call {
    /// Words of its request line.
    fn words(self) -> &'static [&'static str] {
        match self {
            Self::PutNew | Self::Put => &["PUT ", "PutObject"],
            Self::Get | Self::Range => &["GET ", "GetObject"],
            Self::Remove => &["DELETE ", "DeleteObject"],
            Self::List => &["GET ", "list-type=2"],
            Self::After => &["GET ", "list-type=2", "start-after="],
            Self::Begin => &["POST ", "?uploads"],
            Self::Send => &["PUT ", "partNumber="],
            Self::Complete => &["POST ", "uploadId="],
            Self::Abort => &["DELETE ", "uploadId="],
            Self::Pending => &["GET ", "?uploads"],
        }
    }

    /// Makes it, and asserts what must be so when it succeeds.
    async fn make(self, store: &Arc<dyn BronzeStore>, path: &str) -> Result<(), StoreError> {
        let content = Bytes::from_static(CONTENT);
        match self {
            Self::PutNew => assert_eq!(store.put_new(path, content).await?, Created::Yes),
            Self::Put => store.put(path, content).await?,
            Self::Get => assert_eq!(store.get("there").await?, Some(content)),
            Self::Range => {
                let read = store.get_range("there", ByteRange::Last(2)).await?.expect("it is there");
                assert_eq!(
                    (read.content, read.size),
                    (content.slice(CONTENT.len() - 2..), CONTENT.len() as u64)
                );
            }
            Self::Remove => store.remove(path).await?,
            Self::After => assert_eq!(store.list_after("the", "ther").await?, ["there"]),
            Self::List => assert!(store.list("").await?.contains(&"there".to_owned())),
            Self::Begin | Self::Send => drop(stage(store, path).await?),
            Self::Complete => store.publish(&stage(store, path).await?).await?,
            Self::Abort => store.abort(&stage(store, path).await?).await?,
            Self::Pending => assert_eq!(store.pending("shop/none").await?, [""; 0]),
        }
        Ok(())
    }

    /// Whether it makes an object.
    fn creates(self) -> bool {
        matches!(self, Self::PutNew | Self::Put | Self::Complete)
    }
}

async fn stage(store: &Arc<dyn BronzeStore>, path: &str) -> Result<Receipt, StoreError> {
    let area = StagingArea { stream: "shop/orders".to_owned(), segment: "seq-1.s0001".to_owned() };
    let mut part = store.stage(path, &area).await?;
    part.write(Bytes::from_static(CONTENT)).await?;
    let upload = part.finish().await?;
    let (bytes, checksum) = (CONTENT.len() as u64, Checksum::of(CONTENT));
    Ok(Receipt { path: path.to_owned(), records: 1, bytes, checksum, upload, stats: None })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_gets_through_faults_that_pass() {
    let faults = [
        (Spoiled::InternalError, 2),
        (Spoiled::SlowDown, 2),
        (Spoiled::Conflict, 2),
        (Spoiled::CutBefore, 2),
        (Spoiled::CutAfter, 2),
        (Spoiled::Silence, 1),
    ];
    for (number, (spoiled, count)) in faults.into_iter().enumerate() {
        // Each has the whole budget of retries.
        let peer = Peer::open(&format!("faults-passing-{number}")).await;
        peer.direct.put_new("there", Bytes::from_static(CONTENT)).await.unwrap();
        for call in CALLS {
            let path = format!("{call:?}/{spoiled:?}");
            peer.spoil(call, spoiled, count);
            let done = call.make(&peer.store, &path).await.map_err(Error::from);
            assert!(done.is_ok(), "{path}: {done:?}");
            let hit = |line: &String| call.words().iter().all(|word| line.contains(word));
            let tried = peer.proxy.seen().into_iter().filter(hit).count();
            assert_eq!(tried, count + 1, "{path}: the fault was met");
            let found = peer.direct.get(&path).await.unwrap();
            assert_eq!(found.as_deref(), call.creates().then_some(CONTENT), "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_that_lasts_is_told_and_leaves_nothing_visible() {
    for (bucket, spoiled, word) in [
        ("faults-lasting-500", Spoiled::InternalError, "S3 answered 500 InternalError: the test says so"),
        ("faults-lasting-503", Spoiled::SlowDown, "S3 answered 503 SlowDown: the test says so"),
        ("faults-lasting-409", Spoiled::Conflict, "S3 answered 409 ConditionalRequestConflict"),
        ("faults-lasting-cut", Spoiled::CutBefore, "cannot reach S3: "),
    ] {
        for call in CALLS {
            let bucket = format!("{bucket}-{}", format!("{call:?}").to_lowercase());
            let peer = Peer::open(&bucket).await;
            peer.spoil(call, spoiled, LASTING);
            let error = Error::from(call.make(&peer.store, "shop/orders/1").await.unwrap_err()).to_string();
            assert!(error.starts_with("cannot ") && error.contains(word), "{call:?}: {error}");
            assert_eq!(peer.direct.list("").await.unwrap(), [""; 0], "{call:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_is_lost_is_its_owners_and_nobody_elses() {
    let peer = Peer::open("faults-commit").await;
    peer.spoil(Call::PutNew, Spoiled::CutAfter, 1);
    let own = peer.store.put_new("log/1", Bytes::from_static(b"own")).await.unwrap();
    let rival = peer.direct.put_new("log/1", Bytes::from_static(b"rival")).await.unwrap();
    assert_eq!((own, rival), (Created::Yes, Created::No));

    // The rival was first: that the put had to be tried again does not make the object its own.
    peer.direct.put_new("log/2", Bytes::from_static(b"rival")).await.unwrap();
    peer.spoil(Call::PutNew, Spoiled::CutBefore, 1);
    let own = peer.store.put_new("log/2", Bytes::from_static(b"own")).await.unwrap();
    assert_eq!((own, peer.proxy.seen().len()), (Created::No, 3), "two attempts, and a look");

    // Without a lost answer S3's own word counts, also where both put the same.
    peer.direct.put_new("log/3", Bytes::from_static(b"same")).await.unwrap();
    peer.spoil(Call::PutNew, Spoiled::CutBefore, 0);
    let own = peer.store.put_new("log/3", Bytes::from_static(b"same")).await.unwrap();
    assert_eq!((own, peer.proxy.seen().len()), (Created::No, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_completion_that_a_rival_is_ahead_of_is_compared() {
    let peer = Peer::open("faults-complete").await;
    let receipt = stage(&peer.direct, "shop/orders/1").await.unwrap();
    peer.direct.publish(&receipt).await.unwrap();
    peer.spoil(Call::Complete, Spoiled::Conflict, LASTING);
    peer.store.publish(&receipt).await.expect("the same content stands there");
    let other = stage(&peer.direct, "shop/orders/2").await.unwrap();
    peer.direct.put_new("shop/orders/2", Bytes::from_static(b"other")).await.unwrap();
    let published = peer.store.publish(&other).await;
    assert!(matches!(published, Err(StoreError::Conflict { .. })), "{published:?}");
}

#[tokio::test]
async fn a_service_that_cannot_be_reached_and_a_bucket_that_is_missing_are_told() {
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    for (port, word) in [(free, "cannot reach S3: "), (moto::port(), "S3 answered 404 NoSuchBucket: ")] {
        let store = moto::connect(port).await.store("s3://no-such-bucket/lake").unwrap();
        let error = Error::from(store.put_new("a", Bytes::new()).await.unwrap_err()).to_string();
        assert!(error.starts_with("cannot write a: ") && error.contains(word), "{error}");
    }
}

#[tokio::test]
async fn missing_credentials_are_told_with_the_places_that_were_looked_at() {
    use aws_sdk_s3::config::SharedCredentialsProvider;
    let nowhere = aws_config::meta::credentials::CredentialsProviderChain::first_try(
        "Environment",
        aws_config::environment::EnvironmentVariableCredentialsProvider::new(),
    );
    let settings = moto::settings(moto::port()).await.into_builder();
    let settings = settings.credentials_provider(SharedCredentialsProvider::new(nowhere)).build();
    let clock = Arc::new(bronzegate_core::clock::SystemClock::default());
    let store = bronzegate_aws::Aws::new(settings, clock).store("s3://no-such-bucket").unwrap();
    let error = Error::from(store.get("a").await.unwrap_err()).to_string();
    assert!(error.contains("no AWS credentials: ") && error.contains("AWS_PROFILE"), "{error}");
}
