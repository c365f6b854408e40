//! Starts and stops servers, and runs their connections.

use super::{
    answer::Outcome,
    cut::Cut,
    route::route,
    state::{State, locked},
    stats::Stats,
};
use crate::{
    clock::Time,
    fault::Fault,
    options::{Credentials, Options},
};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::{
    io,
    net::Ipv4Addr,
    sync::{Arc, Mutex, atomic::Ordering::Relaxed},
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

/// Starts servers.
#[derive(Debug)]
pub struct DemoApi;

impl DemoApi {
    /// Starts a server on the loopback interface, on the current tokio runtime.
    ///
    /// # Errors
    /// When the port cannot be bound, or two streams share a name.
    pub async fn start(options: Options) -> io::Result<Running> {
        Self::start_at(options, Time::default()).await
    }

    /// As [`start`](Self::start), on another clock: `wall` tells the time since the Unix epoch and
    /// never goes back. Rate windows and the lives of tokens follow it.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn start_on(
        options: Options,
        wall: Arc<dyn Fn() -> Duration + Send + Sync>,
    ) -> io::Result<Running> {
        Self::start_at(options, Time::given(wall)).await
    }

    async fn start_at(options: Options, time: Time) -> io::Result<Running> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
        let port = listener.local_addr()?.port();
        let streams = options.streams.len();
        let state = Arc::new(State::new(options, format!("127.0.0.1:{port}"), time));
        if state.streams.len() < streams {
            return Err(io::Error::other("two streams share a name"));
        }
        let accepting = tokio::spawn(accept(listener, Arc::clone(&state)));
        Ok(Running { port, state, accepting })
    }
}

/// A server that runs until it is dropped or stopped.
#[derive(Debug)]
pub struct Running {
    port: u16,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

impl Running {
    /// The server's address, `http://127.0.0.1:PORT`.
    pub fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What it did so far.
    pub fn stats(&self) -> Stats {
        self.state.stats()
    }

    /// Replaces the fault rules; request numbers go on counting.
    pub fn set_faults(&self, rules: Vec<Fault>) {
        self.state.set_faults(rules);
    }

    /// The fault rules that have not fired as often as they say, each with how often it still may; without
    /// those that always fire.
    pub fn unspent_faults(&self) -> Vec<Fault> {
        self.state.unspent_faults()
    }

    /// Adds records to a stream that has a timeline.
    ///
    /// # Errors
    /// When there is no such stream.
    pub fn append(&self, stream: &str, records: impl IntoIterator<Item = String>) -> io::Result<()> {
        let ledger = self.state.streams.get(stream).and_then(|live| live.ledger.as_ref());
        let ledger = ledger.ok_or_else(|| io::Error::other("no stream of this name has a timeline"))?;
        locked(ledger).append(records);
        Ok(())
    }

    /// Takes streams away until they are named no more: each request for one is answered 404.
    pub fn set_absent(&self, names: impl IntoIterator<Item = String>) {
        self.state.set_absent(names.into_iter().collect());
    }

    /// Every record that a complete extraction of a stream brings, in the API's order; none of a
    /// stream that there is not.
    pub fn records(&self, stream: &str) -> Vec<String> {
        self.state.streams.get(stream).map(|live| live.records()).unwrap_or_default()
    }

    /// The secrets accepted now.
    pub fn credentials(&self) -> Credentials {
        self.state.vault().credentials().clone()
    }

    /// Replaces the secrets; tokens issued before are dead.
    pub fn set_credentials(&self, credentials: Credentials) {
        self.state.vault().replace(credentials);
    }

    /// Changes every secret, as a rotation does, and returns the new ones; tokens issued before
    /// are dead.
    pub fn rotate(&self) -> Credentials {
        self.state.vault().rotate()
    }

    /// Ends the life of every access token issued.
    pub fn expire_tokens(&self) {
        self.state.vault().expire_tokens();
    }

    /// Stops the server and waits until its connections are closed.
    pub async fn stop(mut self) {
        self.accepting.abort();
        // An aborted task ends with an error, which is what was asked for.
        let _ = (&mut self.accepting).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Accepts connections; they live in this task's set and so end with it.
async fn accept(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    state.connections.fetch_add(1, Relaxed);
                    connections.spawn(serve(stream, Arc::clone(&state)));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Serves one connection. The client's faults end it quietly, as does a fault rule.
async fn serve(stream: TcpStream, state: Arc<State>) {
    // Without it a small page can wait for the client's delayed acknowledgement.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let broken: Arc<Mutex<Option<Cut>>> = Arc::default();
    let service = service_fn(|request| {
        let (state, broken) = (Arc::clone(&state), Arc::clone(&broken));
        async move {
            match route(&state, request).await {
                Outcome::Respond(response) => Ok(*response),
                Outcome::Break(cut) => {
                    *locked(&broken) = Some(cut);
                    Err(io::Error::other("a fault takes over the socket"))
                }
            }
        }
    });
    // As servers of HTTP/1 mostly write them: some clients look for a header in these letters.
    let mut connection =
        http1::Builder::new().title_case_headers(true).serve_connection(TokioIo::new(stream), service);
    let ended = (&mut connection).await;
    let cut = locked(&broken).take();
    if let (Err(_), Some(cut)) = (ended, cut) {
        let _ = cut.write(connection.into_parts().io.into_inner()).await;
    }
}
