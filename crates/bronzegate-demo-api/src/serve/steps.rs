//! Export jobs whose requests are data: which of them a request is, and what it is answered.

use super::{call::Call, jobs::Jobs, reply::Reply, stats::Counters};
use crate::{
    step::{Does, Step},
    stream::Stream,
};
use http::StatusCode;
use serde_json::Value;
use std::sync::Arc;

/// What a request of a job comes to.
#[expect(clippy::large_enum_variant, reason = "one at a time, and never kept")]
pub(crate) enum Came {
    /// An answer that is no page.
    Reply(Reply),
    /// The records that this submission asked for: of all parts, the one of this number (from 0).
    Results { asked: Arc<Call>, part: u64, parts: u64 },
}

/// The step that a request is, and the job's number.
fn step_of<'s>(stream: &'s Stream, call: &Call) -> Option<(&'s Step, Option<usize>, u64)> {
    stream.job.steps.iter().find_map(|step| {
        if step.method() != call.method().as_str() {
            return None;
        }
        let (id, rest) = step.id_of(call.path())?;
        if let Some((name, text)) = &step.having
            && !call.argument(name)?.contains(text.as_str())
        {
            return None;
        }
        let id = step.id_in.as_ref().map_or(Some(id), |name| call.argument(name))?;
        let number = id.rsplit_once('J').and_then(|(_, number)| number.parse().ok());
        let part = rest.trim_start_matches('/').parse().unwrap_or(0);
        Some((step, number, part))
    })
}

/// What a request of a stream whose jobs are data does.
pub(crate) fn does(stream: &Stream, call: &Call) -> Option<Does> {
    step_of(stream, call).map(|(step, ..)| step.does)
}

impl Jobs {
    /// Answers a request of a stream whose jobs are data.
    pub(crate) fn step(&mut self, stream: &Stream, counters: &Counters, call: &Arc<Call>) -> Came {
        let unknown = || Came::Reply(Reply::error(StatusCode::NOT_FOUND, "no such job, or it is not done"));
        let Some((step, number, part)) = step_of(stream, call) else { return unknown() };
        if step.does == Does::Submit {
            counters.job();
            let number = self.submit(call);
            return Came::Reply(said(step, number, call));
        }
        let starts = stream.job.steps.iter().filter(|step| step.does == Does::Start).count();
        let Some(number) = number else { return unknown() };
        let Some(job) = self.at(number) else { return unknown() };
        let is_done = job.polls > stream.job.polls;
        match step.does {
            Does::Start if job.started > 0 => {
                Came::Reply(Reply::error(StatusCode::CONFLICT, "this job has begun"))
            }
            Does::Start => {
                job.started += 1;
                Came::Reply(said(step, number, call))
            }
            Does::Poll => {
                job.polls += u32::from(job.started as usize >= starts);
                Came::Reply(if job.polls > stream.job.polls {
                    said(step, number, call)
                } else {
                    let (status, body) = step.meanwhile.clone().unwrap_or((step.status, Value::Null));
                    Reply::value(status_of(status), &filled(&body, number, call))
                })
            }
            Does::Tell if is_done => Came::Reply(said(step, number, call)),
            Does::Results(parts) if is_done => Came::Results { asked: Arc::clone(&job.asked), part, parts },
            Does::Submit | Does::Tell | Does::Results(_) => unknown(),
        }
    }
}

fn status_of(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn said(step: &Step, number: usize, call: &Call) -> Reply {
    let reply = Reply::value(status_of(step.status), &filled(&step.says, number, call));
    step.headers.iter().fold(reply, |reply, (name, text)| reply.with(name, &with_id(text, number, call)))
}

/// The body with the job's id and the server's address.
fn filled(body: &Value, number: usize, call: &Call) -> Value {
    match body {
        Value::String(text) => with_id(text, number, call).into(),
        Value::Array(items) => items.iter().map(|item| filled(item, number, call)).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), filled(value, number, call))).collect()
        }
        other => other.clone(),
    }
}

fn with_id(text: &str, number: usize, call: &Call) -> String {
    text.replace("{id}", &format!("J{number}")).replace("{base}", &format!("http://{}", call.host()))
}
