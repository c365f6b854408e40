//! A proxy before Azurite at which calls go wrong: before they arrive, or after they were done.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderName, Method, Request, Response};
use url::Url;

use super::certificates::Certificates;
use super::server::{Answer, Server, reply};

/// A call of the Blob service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// Put Blob.
    PutBlob,
    /// Put Block.
    PutBlock,
    /// Put Block List.
    PutBlockList,
    /// Get Blob.
    GetBlob,
    /// Get Blob Properties.
    GetProperties,
    /// Delete Blob.
    DeleteBlob,
    /// List Blobs.
    ListBlobs,
    /// List Blobs with a prefix that ends within a name.
    ListWithinName,
    /// List Blobs with those that have uncommitted blocks only.
    ListUncommitted,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The service answers with this status, and does nothing.
    Status(u16),
    /// The service does it, and then answers with this status.
    DoneBut(u16),
    /// The connection is closed before the request arrives.
    CutBefore,
    /// The request is done, and the connection closed instead of an answer.
    CutAfter,
    /// The request does not arrive, and nothing is answered.
    HangBefore,
    /// The request is done, and nothing is answered.
    HangAfter,
    /// The request is done, and the connection closed in the middle of the answer's body.
    CutShort,
    /// A byte of the request's body is changed on its way.
    Damaged,
}

impl Fault {
    /// All that a client may recover from by sending the request again.
    pub const PASSING: [Self; 8] = [
        Self::Status(500),
        Self::Status(503),
        Self::DoneBut(500),
        Self::DoneBut(503),
        Self::CutBefore,
        Self::CutAfter,
        Self::HangBefore,
        Self::HangAfter,
    ];
}

/// The proxy.
pub struct FaultProxy {
    server: Server,
    state: Arc<State>,
}

struct State {
    client: reqwest::Client,
    upstream: Url,
    /// What goes wrong, and how often it still does.
    faults: Mutex<Vec<(Call, Fault, usize)>>,
    /// Whatever the call: how many pass first, and what then goes wrong with how many.
    any: Mutex<Option<(usize, usize, Fault)>>,
    hanging: AtomicUsize,
    struck: AtomicUsize,
    seen: Mutex<Vec<Call>>,
    /// The tokens that came with requests.
    tokens: Mutex<Vec<String>>,
    /// The most blobs that a page of a listing has.
    page: Mutex<Option<usize>>,
}

impl FaultProxy {
    /// Starts a proxy before a Blob endpoint, at which nothing goes wrong yet.
    pub async fn start(upstream: &Url) -> Self {
        let state = Arc::new(State {
            client: Certificates::shared().client(),
            upstream: upstream.clone(),
            faults: Mutex::default(),
            any: Mutex::default(),
            hanging: AtomicUsize::new(0),
            struck: AtomicUsize::new(0),
            seen: Mutex::default(),
            tokens: Mutex::default(),
            page: Mutex::default(),
        });
        let own = Arc::clone(&state);
        let server = Server::start(Some(Certificates::shared()), move |request| {
            let own = Arc::clone(&own);
            async move { own.answer(request).await }
        });
        Self { server: server.await, state }
    }

    /// The endpoint at the proxy.
    pub fn endpoint(&self) -> Url {
        self.server.url().join(self.state.upstream.path()).expect("it is a path")
    }

    /// Lets the next `times` calls of this kind go wrong.
    ///
    /// # Panics
    /// Never: no holder of the lock panics.
    pub fn fail(&self, call: Call, fault: Fault, times: usize) {
        self.state.faults.lock().expect("no holder of this lock panics").push((call, fault, times));
    }

    /// Lets `skip` calls of any kind pass, and the next `count` go wrong.
    ///
    /// # Panics
    /// Never: no holder of the lock panics.
    pub fn fail_any(&self, skip: usize, count: usize, fault: Fault) {
        *self.state.any.lock().expect("no holder of this lock panics") = Some((skip, count, fault));
    }

    /// Lets nothing go wrong any more.
    ///
    /// # Panics
    /// Never: no holder of the lock panics.
    pub fn recover(&self) {
        self.state.faults.lock().expect("no holder of this lock panics").clear();
        *self.state.any.lock().expect("no holder of this lock panics") = None;
    }

    /// How many calls have gone wrong.
    pub fn struck(&self) -> usize {
        self.state.struck.load(SeqCst)
    }

    /// How many calls came that are not answered ever.
    pub fn hanging(&self) -> usize {
        self.state.hanging.load(SeqCst)
    }

    /// Makes the pages of listings so small.
    ///
    /// # Panics
    /// Never: no holder of the lock panics.
    pub fn page(&self, blobs: usize) {
        *self.state.page.lock().expect("no holder of this lock panics") = Some(blobs);
    }

    /// The calls that came, in their order.
    ///
    /// # Panics
    /// Never: no holder of the lock panics.
    pub fn calls(&self) -> Vec<Call> {
        self.state.seen.lock().expect("no holder of this lock panics").clone()
    }

    /// How many calls of this kind came.
    ///
    /// # Panics
    /// Never: no holder of the lock panics.
    pub fn seen(&self, call: Call) -> usize {
        self.calls().iter().filter(|seen| **seen == call).count()
    }

    /// How many different tokens came.
    ///
    /// # Panics
    /// Never: no holder of the lock panics.
    pub fn tokens(&self) -> usize {
        let mut tokens = self.state.tokens.lock().expect("no holder of this lock panics").clone();
        tokens.sort_unstable();
        tokens.dedup();
        tokens.len()
    }
}

impl State {
    async fn answer(&self, mut request: Request<Bytes>) -> Answer {
        let call = kind(&request);
        self.seen.lock().expect("no holder of this lock panics").push(call);
        if let Some(token) = request.headers().get("authorization").and_then(|value| value.to_str().ok()) {
            self.tokens.lock().expect("no holder of this lock panics").push(token.to_owned());
        }
        let fault = self.next(call);
        self.struck.fetch_add(usize::from(fault.is_some()), SeqCst);
        match fault {
            None => self.forward(request).await,
            Some(Fault::Status(status)) => refuse(status),
            Some(Fault::DoneBut(status)) => {
                self.forward(request).await;
                refuse(status)
            }
            Some(Fault::CutBefore) => Answer::HangUp,
            Some(Fault::CutAfter) => {
                self.forward(request).await;
                Answer::HangUp
            }
            Some(Fault::CutShort) => match self.forward(request).await {
                Answer::Reply(response) => Answer::CutShort(response),
                other => other,
            },
            Some(Fault::HangBefore) => self.hang().await,
            Some(Fault::HangAfter) => {
                self.forward(request).await;
                self.hang().await
            }
            Some(Fault::Damaged) => {
                let mut body = request.body().to_vec();
                body[0] ^= 1;
                *request.body_mut() = body.into();
                self.forward(request).await
            }
        }
    }

    async fn hang(&self) -> Answer {
        self.hanging.fetch_add(1, SeqCst);
        std::future::pending().await
    }

    fn next(&self, call: Call) -> Option<Fault> {
        if let Some((skip, count, fault)) = self
            .any
            .lock()
            .expect("no holder of this lock panics")
            .as_mut()
            .filter(|(_, count, _)| *count > 0)
        {
            if *skip > 0 {
                *skip -= 1;
            } else {
                *count -= 1;
                return Some(*fault);
            }
        }
        let mut faults = self.faults.lock().expect("no holder of this lock panics");
        let (_, fault, left) = faults.iter_mut().find(|(kind, _, left)| *kind == call && *left > 0)?;
        *left -= 1;
        Some(*fault)
    }

    async fn forward(&self, request: Request<Bytes>) -> Answer {
        let (head, body) = request.into_parts();
        let mut url = self.upstream.clone();
        url.set_path(head.uri.path());
        url.set_query(head.uri.query());
        let page = *self.page.lock().expect("no holder of this lock panics");
        if let Some(blobs) = page.filter(|_| url.query().is_some_and(|query| query.contains("comp=list"))) {
            url.query_pairs_mut().append_pair("maxresults", &blobs.to_string());
        }
        let mut headers = head.headers;
        headers.remove(http::header::HOST);
        let is_head = head.method == Method::HEAD;
        let sent = self.client.request(head.method, url).headers(headers).body(body).send().await;
        let answer = sent.expect("Azurite answers");
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = answer.status();
        for (name, value) in answer.headers() {
            // The server writes the framing of what it sends itself, but for what HEAD only tells.
            let framing: [HeaderName; 2] = [http::header::TRANSFER_ENCODING, http::header::CONNECTION];
            if !framing.contains(name) && (is_head || name != http::header::CONTENT_LENGTH) {
                response.headers_mut().append(name, value.clone());
            }
        }
        *response.body_mut() = answer.bytes().await.expect("Azurite's answer is whole");
        Answer::Reply(response)
    }
}

fn kind(request: &Request<Bytes>) -> Call {
    let query = request.uri().query().unwrap_or_default();
    let comp = query.split('&').find_map(|pair| pair.strip_prefix("comp="));
    match (request.method(), comp) {
        (&Method::PUT, Some("block")) => Call::PutBlock,
        (&Method::PUT, Some("blocklist")) => Call::PutBlockList,
        (&Method::PUT, _) => Call::PutBlob,
        (&Method::HEAD, _) => Call::GetProperties,
        (&Method::DELETE, _) => Call::DeleteBlob,
        (_, Some("list")) if query.contains("uncommittedblobs") => Call::ListUncommitted,
        (_, Some("list")) if ends_within_a_name(query) => Call::ListWithinName,
        (_, Some("list")) => Call::ListBlobs,
        _ => Call::GetBlob,
    }
}

fn ends_within_a_name(query: &str) -> bool {
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.any(|(name, value)| name == "prefix" && !value.ends_with('/'))
}

fn refuse(status: u16) -> Answer {
    let (code, message) = match status {
        400 => (
            "InvalidQueryParameterValue",
            "Value for one of the query parameters specified in the request URI is invalid.",
        ),
        403 => (
            "AuthorizationPermissionMismatch",
            "This request is not authorized to perform this operation using this permission.",
        ),
        409 => ("PathAlreadyExists", "The specified path already exists."),
        412 => ("ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met."),
        500 => ("InternalError", "The server encountered an internal error. Please retry the request."),
        _ => ("ServerBusy", "The server is busy."),
    };
    let body = format!(
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{code}</Code><Message>{message}\nRequestId:0\nTime:0</Message></Error>"
    );
    let mut answer = reply(status, "application/xml", body);
    if let Answer::Reply(response) = &mut answer {
        response.headers_mut().insert("x-ms-error-code", code.parse().expect("it is a header's value"));
        response.headers_mut().insert("x-ms-request-id", "played-by-the-proxy".parse().expect("it is too"));
    }
    answer
}
