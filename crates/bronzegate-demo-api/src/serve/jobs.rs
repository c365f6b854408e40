//! Export jobs: submitted, asked after until they are done, and read as pages.

use super::{call::Call, reply::Reply, stats::Counters};
use crate::stream::Stream;
use http::{Method, StatusCode};
use serde_json::json;
use std::sync::Arc;

/// The jobs of a stream.
#[derive(Debug, Default)]
pub(crate) struct Jobs(Vec<Job>);

/// A job, known by its place in the list.
#[derive(Debug)]
pub(super) struct Job {
    /// What it was submitted with.
    pub(super) asked: Arc<Call>,
    /// How often it was asked after.
    pub(super) polls: u32,
    /// How many of the requests that make it begin have come.
    pub(super) started: u32,
}

/// What a request of a stream of jobs is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    Submission,
    Job(usize),
    Results(usize),
    /// A request that makes the job begin: of which job, and which one.
    Start(usize, u32),
    /// The document of a job.
    Document(usize),
    Nothing,
}

impl About {
    /// What a request of a stream at `path` is about.
    pub(crate) fn of(path: &str, call: &Call) -> Self {
        let tail = call.behind(path).unwrap_or_default();
        let (id, rest) = tail.split_once('/').unwrap_or((tail, ""));
        let nth = || id.strip_prefix("750J")?.parse().ok();
        let document = || rest.strip_prefix("D")?.parse().ok();
        match (call.method() == Method::POST, id, rest) {
            (true, "", "") => Self::Submission,
            (false, _, "") => nth().map_or(Self::Nothing, Self::Job),
            (true, _, start) => {
                let start = start.strip_prefix("start/").and_then(|start| start.parse().ok());
                nth().zip(start).map_or(Self::Nothing, |(nth, start)| Self::Start(nth, start))
            }
            (false, "documents", _) => document().map_or(Self::Nothing, Self::Document),
            (false, _, "results") => nth().map_or(Self::Nothing, Self::Results),
            _ => Self::Nothing,
        }
    }
}

impl Jobs {
    /// Adds a job and says its number.
    pub(super) fn submit(&mut self, asked: &Arc<Call>) -> usize {
        self.0.push(Job { asked: Arc::clone(asked), polls: 0, started: 0 });
        self.0.len() - 1
    }

    /// The job of a number.
    pub(super) fn at(&mut self, number: usize) -> Option<&mut Job> {
        self.0.get_mut(number)
    }

    /// What a job was submitted with that is done after so many polls.
    pub(crate) fn submitted(&self, nth: usize, polls: u32) -> Option<Arc<Call>> {
        let job = self.0.get(nth)?;
        (job.polls > polls).then(|| Arc::clone(&job.asked))
    }

    /// Answers a request about a job of a stream.
    pub(crate) fn answer(
        &mut self,
        stream: &Stream,
        counters: &Counters,
        call: &Arc<Call>,
        about: About,
    ) -> Reply {
        match about {
            About::Submission => {
                counters.job();
                let id = format!("750J{}", self.submit(call));
                if stream.job.by_location {
                    let location = format!("{}/{id}", stream.path);
                    return Reply::value(StatusCode::ACCEPTED, &json!({}))
                        .with("content-location", &location);
                }
                Reply::value(StatusCode::OK, &json!({ "id": id, "state": "UploadComplete" }))
            }
            About::Start(nth, start) if nth < self.0.len() => {
                if self.0[nth].started != start {
                    return Reply::error(StatusCode::CONFLICT, "not now, or not again");
                }
                self.0[nth].started += 1;
                Reply::value(StatusCode::OK, &json!({}))
            }
            About::Document(nth) if nth < self.0.len() => {
                let own = || format!("{}/750J{nth}/results", stream.path);
                let file = stream.job.file.clone().unwrap_or_else(own);
                Reply::value(StatusCode::OK, &json!({ "url": format!("{file}?signature=presigned") }))
            }
            About::Job(nth) if nth < self.0.len() => {
                let job = &mut self.0[nth];
                if job.started < stream.job.starts {
                    return Reply::value(StatusCode::OK, &json!({ "state": "Created" }));
                }
                job.polls += 1;
                let (id, path) = (format!("750J{nth}"), &stream.path);
                if job.polls <= stream.job.polls {
                    return Reply::value(StatusCode::OK, &json!({ "id": id, "state": "InProgress" }));
                }
                let own = || format!("{path}/{id}/results");
                let file = stream.job.file.clone().unwrap_or_else(own);
                if stream.job.by_document {
                    return Reply::value(
                        StatusCode::OK,
                        &json!({ "state": "JobComplete", "document": format!("D{nth}") }),
                    );
                }
                let signed = |file: &String| format!("{file}?signature=presigned-{}", job.polls);
                let mut body = json!({ "id": id, "state": "JobComplete", "file": signed(&file) });
                if let Some(files) = &stream.job.files {
                    body["files"] = files.iter().map(signed).collect();
                    let named = |file| json!({ "type": "part", "url": signed(file) });
                    body["output"] = files.iter().map(named).collect();
                }
                Reply::value(StatusCode::OK, &body)
            }
            _ => Reply::error(StatusCode::NOT_FOUND, "no such job, or it is not done"),
        }
    }
}
