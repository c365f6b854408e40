//! Lambda, played to the letter of its [Runtime API](https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html):
//! the real handler as a process, asked over a real socket.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path as UrlPath, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::routing::{get, post};
use serde_json::Value;
use tokio::process::Child;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

use crate::child_process::{read_lines, spawn_piped};
use crate::command_line::{program, until};

/// Longer than any invocation here takes, unless it hangs.
const PATIENCE: Duration = Duration::from_mins(1);

/// How an invocation ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Invoked {
    /// The function's answer.
    Answer(Value),
    /// The Diagnostic of a function that failed.
    Failed {
        /// `errorType`.
        kind: String,
        /// `errorMessage`.
        message: String,
    },
    /// The process ended before it answered.
    Died,
}

impl Invoked {
    /// The answer.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn answer(self) -> Value {
        match self {
            Self::Answer(answer) => answer,
            other => panic!("there is no answer: {other:?}"),
        }
    }

    /// The kind and message of a failure.
    ///
    /// # Panics
    /// When it did not fail.
    #[track_caller]
    pub fn failure(self) -> (String, String) {
        match self {
            Self::Failed { kind, message } => (kind, message),
            other => panic!("it should have failed: {other:?}"),
        }
    }
}

/// The service's side of the Runtime API.
#[derive(Debug, Default)]
struct Service {
    queue: Mutex<VecDeque<Waiting>>,
    /// Raised when a process ends: what it had asked for by then is nobody's.
    generation: AtomicU64,
    polls: AtomicU64,
    arrived: Notify,
    asked: Mutex<HashMap<String, oneshot::Sender<Invoked>>>,
    count: Mutex<u64>,
}

#[derive(Debug)]
struct Waiting {
    id: String,
    event: Bytes,
    deadline_ms: u128,
}

/// A function: the service, and the process it keeps warm.
#[derive(Debug)]
pub struct Lambda {
    service: Arc<Service>,
    address: String,
    server: JoinHandle<()>,
    variables: BTreeMap<String, String>,
    folder: PathBuf,
    command: Vec<PathBuf>,
    process: Option<Running>,
    log: Arc<Mutex<Vec<String>>>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    reader: JoinHandle<()>,
}

impl Lambda {
    /// A function with these variables, whose files are in `folder`; its process starts with the first
    /// invocation.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn new(variables: BTreeMap<String, String>, folder: &Path) -> Self {
        Self::running(vec![program("bootstrap")], variables, folder).await
    }

    /// A function with another handler than ours: a program and its arguments.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    pub async fn running(command: Vec<PathBuf>, variables: BTreeMap<String, String>, folder: &Path) -> Self {
        let service = Arc::new(Service::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address").to_string();
        let router = router(service.clone());
        let server = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("a loopback server serves");
        });
        let folder = folder.to_owned();
        Self { service, address, server, variables, folder, command, process: None, log: Arc::default() }
    }

    /// Sets a variable for the processes that start from now on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    /// Invokes the function, which has this much time.
    ///
    /// # Panics
    /// When the process cannot be started, or hangs.
    pub async fn invoke(&mut self, event: &Value, time: Duration) -> Invoked {
        let answered = self.ask(event, time);
        let child = &mut self.warm().child;
        let ended = tokio::time::timeout(PATIENCE, async {
            tokio::select! {
                biased;
                answered = answered => answered.unwrap_or(Invoked::Died),
                _ = child.wait() => Invoked::Died,
            }
        });
        let ended = ended.await.expect("the function hangs");
        if ended == Invoked::Died {
            self.stop().await;
        }
        ended
    }

    /// Kills the process (SIGKILL); the next invocation starts another.
    ///
    /// # Panics
    /// When it cannot be killed.
    pub async fn stop(&mut self) {
        if let Some(Running { mut child, reader }) = self.process.take() {
            child.kill().await.expect("a child can be killed");
            reader.await.expect("the log is read to its end");
            // What it was asked is lost with it.
            self.service.asked.lock().expect("no holder panics").clear();
            self.service.queue.lock().expect("no holder panics").clear();
            self.service.generation.fetch_add(1, SeqCst);
            self.service.arrived.notify_waiters();
        }
    }

    /// Invokes the function and kills it at a moment: when `when` is over.
    ///
    /// # Panics
    /// As [`invoke`](Self::invoke).
    pub async fn invoke_and_kill(
        &mut self,
        event: &Value,
        time: Duration,
        when: impl Future<Output = ()>,
    ) -> Invoked {
        let answered = self.ask(event, time);
        self.warm();
        let ended = tokio::select! {
            answered = answered => answered.unwrap_or(Invoked::Died),
            () = when => Invoked::Died,
        };
        self.stop().await;
        ended
    }

    /// The lines the function has logged so far, of all its processes.
    ///
    /// # Panics
    /// Never: no holder of the lock panics.
    pub fn log(&self) -> Vec<String> {
        self.log.lock().expect("no holder panics").clone()
    }

    /// Starts the process, and waits until it asks for its first invocation.
    ///
    /// # Panics
    /// When it does not.
    pub async fn start(&mut self) {
        let before = self.service.polls.load(SeqCst);
        self.warm();
        let service = self.service.clone();
        until("the handler asks for an invocation", || service.polls.load(SeqCst) > before).await;
    }

    /// What its processes have in their environment.
    pub fn variables(&self) -> &BTreeMap<String, String> {
        &self.variables
    }

    /// The most memory the process has had resident, in bytes; 0 without a process, or where the
    /// operating system does not tell.
    pub fn peak_memory(&self) -> u64 {
        let id = self.process.as_ref().and_then(|running| running.child.id());
        id.map(peak_memory_of).unwrap_or_default()
    }

    fn ask(&self, event: &Value, time: Duration) -> oneshot::Receiver<Invoked> {
        let (answer, answered) = oneshot::channel();
        let mut count = self.service.count.lock().expect("no holder panics");
        *count += 1;
        let id = format!("8476a536-e9f4-11e8-9739-{:012}", *count);
        let deadline_ms = (std::time::UNIX_EPOCH.elapsed().expect("after 1970") + time).as_millis();
        self.service.asked.lock().expect("no holder panics").insert(id.clone(), answer);
        let waiting = Waiting { id, event: event.to_string().into(), deadline_ms };
        self.service.queue.lock().expect("no holder panics").push_back(waiting);
        self.service.arrived.notify_one();
        answered
    }

    fn warm(&mut self) -> &mut Running {
        if self.process.as_mut().is_some_and(|running| !matches!(running.child.try_wait(), Ok(None))) {
            self.process = None;
        }
        let Self { address, command, variables, folder, log, .. } = self;
        self.process.get_or_insert_with(|| start(address, command, variables, folder, log.clone()))
    }
}

/// The most memory a process has had resident, in bytes; 0 where the operating system does not tell.
pub fn peak_memory_of(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok();
    let line =
        status.as_deref().and_then(|status| status.lines().find_map(|line| line.strip_prefix("VmHWM:")));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok()).unwrap_or_default() * 1024
}

impl Drop for Lambda {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn start(
    address: &str,
    command: &[PathBuf],
    variables: &BTreeMap<String, String>,
    folder: &Path,
    log: Arc<Mutex<Vec<String>>>,
) -> Running {
    let own = [
        ("AWS_LAMBDA_RUNTIME_API", address),
        ("AWS_LAMBDA_FUNCTION_NAME", "bronzegate"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/bronzegate"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/11/22/[$LATEST]0"),
    ];
    let set = variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let mut child = spawn_piped(&command[0], &command[1..], own.into_iter().chain(set), folder);
    let reader = read_lines(&mut child, log);
    Running { child, reader }
}

fn router(service: Arc<Service>) -> Router {
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        .with_state(service)
}

async fn next(State(service): State<Arc<Service>>) -> (HeaderMap, Bytes) {
    service.polls.fetch_add(1, SeqCst);
    let generation = service.generation.load(SeqCst);
    let waiting = loop {
        let arrived = service.arrived.notified();
        if service.generation.load(SeqCst) != generation {
            return (HeaderMap::new(), Bytes::new());
        }
        if let Some(waiting) = service.queue.lock().expect("no holder panics").pop_front() {
            break waiting;
        }
        arrived.await;
    };
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", waiting.id),
        ("lambda-runtime-deadline-ms", waiting.deadline_ms.to_string()),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:eu-central-1:123456789012:function:bronzegate".to_owned(),
        ),
        (
            "lambda-runtime-trace-id",
            "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1".to_owned(),
        ),
    ];
    let headers = headers.map(|(name, value)| {
        (HeaderName::from_static(name), HeaderValue::from_str(&value).expect("plain text"))
    });
    (headers.into_iter().collect(), waiting.event)
}

async fn response(
    State(service): State<Arc<Service>>,
    UrlPath(id): UrlPath<String>,
    body: Bytes,
) -> StatusCode {
    let answer = serde_json::from_slice(&body).expect("an answer is JSON");
    service.end(&id, Invoked::Answer(answer))
}

async fn error(State(service): State<Arc<Service>>, UrlPath(id): UrlPath<String>, body: Bytes) -> StatusCode {
    let diagnostic: Value = serde_json::from_slice(&body).expect("a diagnostic is JSON");
    let text = |member: &str| diagnostic[member].as_str().unwrap_or_default().to_owned();
    service.end(&id, Invoked::Failed { kind: text("errorType"), message: text("errorMessage") })
}

impl Service {
    fn end(&self, id: &str, ended: Invoked) -> StatusCode {
        match self.asked.lock().expect("no holder panics").remove(id) {
            // Who asked may have left; then nobody hears the answer.
            Some(asked) => asked.send(ended).map_or(StatusCode::GONE, |()| StatusCode::ACCEPTED),
            None => StatusCode::BAD_REQUEST,
        }
    }
}
