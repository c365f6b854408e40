//! The Azure Functions host, played to the letter of the
//! [custom handler's protocol](https://learn.microsoft.com/azure/azure-functions/functions-custom-handlers): the
//! real handler as a process, asked over a real socket; and its work queue with dequeue counts and poison.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bronzegate_azure::functions::{HOST, ITEM, POISON, QUEUE, WORK};
use futures::future::join_all;
use serde_json::{Value, json};
use tokio::process::Child;
use tokio::task::JoinHandle;

use crate::child_process::{read_lines, signal, spawn_piped};
use crate::command_line::program;
use crate::functions_outputs::messages;

/// Longer than any invocation here takes, unless it hangs.
const PATIENCE: Duration = Duration::from_mins(1);
/// How often a process is started that ends at once: somebody may have taken the port that was free before.
const STARTS: usize = 5;

/// How an invocation ended, as the host sees it.
#[derive(Clone, Debug, PartialEq)]
pub enum Invoked {
    /// The outputs of a handler that answered with 2xx.
    Outputs(Value),
    /// Another status, with the body.
    Failed(u16, String),
    /// The process ended before it answered.
    Died,
}

impl Invoked {
    /// The outputs.
    ///
    /// # Panics
    /// When there are none.
    #[track_caller]
    pub fn outputs(self) -> Value {
        match self {
            Self::Outputs(outputs) => outputs,
            other => panic!("there are no outputs: {other:?}"),
        }
    }
}

/// A function app: the host, and the process it keeps warm.
#[derive(Debug)]
pub struct FunctionApp {
    variables: BTreeMap<String, String>,
    folder: PathBuf,
    client: reqwest::Client,
    process: Option<Process>,
    log: Arc<Mutex<Vec<String>>>,
    count: u64,
    /// What is on the work queue, each item with how often it was handed out.
    pub queue: VecDeque<(Value, u64)>,
    /// What was given up: by the host, or by the handler.
    pub poison: Vec<Value>,
}

#[derive(Debug)]
struct Process {
    child: Child,
    reader: JoinHandle<()>,
    port: u16,
}

impl FunctionApp {
    /// A function app with these settings, whose files are in `folder`; its process starts with the first
    /// invocation.
    pub fn new(variables: BTreeMap<String, String>, folder: &Path) -> Self {
        Self {
            variables,
            folder: folder.to_owned(),
            client: reqwest::Client::new(),
            process: None,
            log: Arc::default(),
            count: 0,
            queue: VecDeque::new(),
            poison: Vec::new(),
        }
    }

    /// Sets a variable for the processes that start from now on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    /// Its settings.
    pub fn variables(&self) -> &BTreeMap<String, String> {
        &self.variables
    }

    /// Invokes a function with what its bindings bring.
    ///
    /// # Panics
    /// When the process does not become ready, or hangs.
    pub async fn invoke(&mut self, function: &str, data: Value, metadata: Value) -> Invoked {
        self.invoke_all(function, vec![(data, metadata)]).await.remove(0)
    }

    /// Invokes a function several times at once, each with its data and metadata, in one process.
    ///
    /// # Panics
    /// As [`invoke`](Self::invoke).
    pub async fn invoke_all(&mut self, function: &str, all: Vec<(Value, Value)>) -> Vec<Invoked> {
        let port = self.warm().await;
        let (before, client) = (self.count, &self.client);
        self.count += all.len() as u64;
        let ended = join_all((before + 1..).zip(all).map(|(number, (data, metadata))| {
            let request = client
                .post(format!("http://127.0.0.1:{port}/{function}"))
                .header("X-Azure-Functions-InvocationId", invocation_id(number))
                .header("Content-Type", "application/json")
                .body(json!({ "Data": data, "Metadata": metadata }).to_string());
            invoked(request)
        }))
        .await;
        if ended.contains(&Invoked::Died) {
            self.stop().await;
        }
        for invoked in &ended {
            if let Invoked::Outputs(outputs) = invoked {
                self.queue.extend(messages(&outputs[WORK]).into_iter().map(|item| (item, 0)));
                self.poison.extend(messages(&outputs[POISON]));
            }
        }
        ended
    }

    /// Hands out the queue's next item; `None` when it is empty. An item whose invocation fails is handed out
    /// again, and given up after a few times.
    pub async fn work(&mut self) -> Option<Invoked> {
        self.work_on(1).await.pop()
    }

    /// Hands out as many of the queue's items at once as an instance gets.
    pub async fn work_at_once(&mut self) -> Vec<Invoked> {
        self.work_on((HOST.batch_size + HOST.new_batch_threshold) as usize).await
    }

    async fn work_on(&mut self, most: usize) -> Vec<Invoked> {
        let taken: Vec<_> = self.queue.drain(..most.min(self.queue.len())).collect();
        let all = taken.iter().map(|(item, handed_out)| handing_out(item, handed_out + 1)).collect();
        let ended = self.invoke_all(QUEUE, all).await;
        for ((item, handed_out), invoked) in taken.into_iter().zip(&ended) {
            match (invoked, handed_out + 1) {
                (Invoked::Outputs(_), _) => {}
                (_, count) if count >= HOST.max_dequeue_count => self.poison.push(item),
                (_, count) => self.queue.push_back((item, count)),
            }
        }
        ended
    }

    /// Works on the queue until it is empty; tells how each invocation ended.
    ///
    /// # Panics
    /// When it never is.
    pub async fn work_all(&mut self) -> Vec<Invoked> {
        let mut ended = Vec::new();
        while let Some(invoked) = self.work().await {
            ended.push(invoked);
            assert!(ended.len() < 200, "the queue is never empty: {ended:?}");
        }
        ended
    }

    /// Invokes a function and kills the process (SIGKILL) when `when` is over; how it ended, if it did before.
    pub async fn invoke_and_kill(
        &mut self,
        function: &str,
        data: Value,
        when: impl Future<Output = ()>,
    ) -> Option<Invoked> {
        self.warm().await;
        let invoked = self.invoke(function, data, json!({}));
        let ended = tokio::select! {
            ended = invoked => Some(ended),
            () = when => None,
        };
        self.stop().await;
        ended
    }

    /// Invokes a function and asks the process to end (SIGTERM) when `when` is over; how the invocation ended.
    pub async fn invoke_and_terminate(
        &mut self,
        function: &str,
        data: Value,
        when: impl Future<Output = ()>,
    ) -> Invoked {
        self.warm().await;
        let id = self.process_id();
        let asked = async {
            when.await;
            signal(id, "TERM").await;
        };
        tokio::join!(self.invoke(function, data, json!({})), asked).0
    }

    /// Asks the process to end (SIGTERM).
    ///
    /// # Panics
    /// When there is none, or it cannot be asked.
    pub async fn terminate(&self) {
        signal(self.process_id(), "TERM").await;
    }

    fn process_id(&self) -> u32 {
        self.process.as_ref().and_then(|process| process.child.id()).expect("there is a process")
    }

    /// Waits for the process to end by itself; whether it did with success.
    ///
    /// # Panics
    /// When there is none, or it does not end.
    pub async fn ended(&mut self) -> bool {
        let Process { mut child, reader, .. } = self.process.take().expect("there is a process");
        let ended = tokio::time::timeout(PATIENCE, child.wait()).await.expect("it does not end");
        reader.await.expect("the log is read to its end");
        ended.expect("a child can be waited for").success()
    }

    /// Kills the process (SIGKILL); the next invocation starts another.
    ///
    /// # Panics
    /// When it cannot be killed.
    pub async fn stop(&mut self) {
        if let Some(Process { mut child, reader, .. }) = self.process.take() {
            child.kill().await.expect("a child can be killed");
            reader.await.expect("the log is read to its end");
        }
    }

    /// The lines that the handler has logged so far, of all its processes.
    ///
    /// # Panics
    /// Never: no holder of the lock panics.
    pub fn log(&self) -> Vec<String> {
        self.log.lock().expect("no holder panics").clone()
    }

    /// The log lines that are this event.
    pub fn events(&self, event: &str) -> Vec<Value> {
        let lines = self.log().into_iter().filter_map(|line| serde_json::from_str::<Value>(&line).ok());
        lines.filter(|line| line["event"] == event).collect()
    }

    /// The most memory the process has had resident, in bytes; 0 without a process, or where the
    /// operating system does not tell.
    pub fn peak_memory(&self) -> u64 {
        let id = self.process.as_ref().and_then(|process| process.child.id());
        id.map(crate::lambda_runtime::peak_memory_of).unwrap_or_default()
    }

    /// Starts the process if there is none, and polls it until it answers at all, as the host does.
    ///
    /// # Panics
    /// When it does not.
    pub async fn warm(&mut self) -> u16 {
        if self.process.as_mut().is_some_and(|process| !process.is_alive()) {
            self.process = None;
        }
        if let Some(process) = &self.process {
            return process.port;
        }
        for _ in 0..STARTS {
            let port = free_port();
            let mut process = start(port, &self.variables, &self.folder, self.log.clone());
            let ready = self.is_ready(&mut process);
            if tokio::time::timeout(PATIENCE, ready).await.expect("the handler does not become ready") {
                self.process = Some(process);
                return port;
            }
        }
        panic!("the handler ends at once: {:?}", self.log().last())
    }

    /// Polls a process until it answers or ends.
    async fn is_ready(&self, process: &mut Process) -> bool {
        let url = format!("http://127.0.0.1:{}/", process.port);
        while self.client.get(&url).send().await.is_err() && process.is_alive() {
            tokio::task::yield_now().await;
        }
        process.is_alive()
    }
}

impl Process {
    fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

/// The id of the app's invocation of this number, from 1.
pub fn invocation_id(number: u64) -> String {
    format!("8476a536-e9f4-11e8-9739-{number:012}")
}

async fn invoked(request: reqwest::RequestBuilder) -> Invoked {
    let answered = tokio::time::timeout(PATIENCE, request.send()).await.expect("the handler hangs");
    let Ok(response) = answered else { return Invoked::Died };
    let status = response.status();
    let Ok(body) = response.text().await else { return Invoked::Died };
    if !status.is_success() {
        return Invoked::Failed(status.as_u16(), body);
    }
    let mut reply: Value = serde_json::from_str(&body).expect("a 2xx is JSON");
    let members: Vec<_> = reply.as_object().expect("it is an object").keys().collect();
    assert_eq!(members, ["Outputs", "Logs", "ReturnValue"]);
    Invoked::Outputs(reply["Outputs"].take())
}

/// An item as the host hands it out: a message is a text to it, and its JSON is put into a string.
fn handing_out(item: &Value, count: u64) -> (Value, Value) {
    let metadata = json!({
        "DequeueCount": count.to_string(), "Id": "\"0b6b2f1e-2c7e-4a0e-9a80-5cf9f8a5c3d1\"",
        "InsertionTime": "2026-11-22T17:00:00+00:00", "sys": { "MethodName": QUEUE },
    });
    (json!({ ITEM: item.to_string() }), metadata)
}

/// The host chooses the port and tells it.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("a bound socket has an address").port()
}

fn start(
    port: u16,
    variables: &BTreeMap<String, String>,
    folder: &Path,
    log: Arc<Mutex<Vec<String>>>,
) -> Process {
    let port_text = port.to_string();
    let own = [("FUNCTIONS_CUSTOMHANDLER_PORT", port_text.as_str()), ("FUNCTIONS_WORKER_RUNTIME", "custom")];
    let set = variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let mut child = spawn_piped(&program("handler"), [""; 0], own.into_iter().chain(set), folder);
    let reader = read_lines(&mut child, log);
    Process { child, reader, port }
}

/// The data of a timer's firing that the host meant for `next`.
pub fn firing(next: &str) -> Value {
    json!({ "timer": {
        "Schedule": { "AdjustForDST": true },
        "ScheduleStatus": { "Last": "2026-11-22T16:00:00+00:00", "LastUpdated": "2026-11-22T16:00:00+00:00", "Next": next },
        "IsPastDue": false,
    } })
}

/// The data of somebody's request.
pub fn request(body: &Value) -> Value {
    json!({ "req": {
        "Url": "https://bronzegate.azurewebsites.net/api/ingest", "Method": "POST", "Query": {},
        "Headers": { "Content-Type": ["application/json"] }, "Params": {}, "Identities": [],
        "Body": body.to_string(),
    } })
}
