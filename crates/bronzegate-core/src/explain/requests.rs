//! The first requests of a stream, made as a run makes them.

use tokio_util::sync::CancellationToken;
use url::Url;

use super::explanation::ShownRequest;
use super::shown::Unknown;
use crate::clock::Deadline;
use crate::config::{Address, Cut, Job, Kind, Stream, Target};
use crate::error::Result;
use crate::extract::{
    Branch, BranchId, Carried, JobState, PageState, Paginator, Position, Requests, StreamContext,
};
use crate::http::ApiRequest;
use crate::run::StreamRun;

/// A URL that is not known.
const UNKNOWN_URL: &str = "https://unknown.invalid/";

impl StreamRun {
    /// The first two requests.
    ///
    /// # Errors
    /// As [`Requests::at`].
    pub(super) fn first_requests(&self) -> Result<Vec<ShownRequest>> {
        let asked = self.asked(&self.first_cursor()?);
        let context = self.context(asked, Deadline::NONE, CancellationToken::default());
        let mut unknown = Unknown::default();
        let branch = branch(&self.stream, 0, &mut unknown)?;
        let requests = Requests::new(&context, &branch);
        if let Some(job) = &self.stream.job {
            return self.of_job(job, requests, &mut unknown);
        }
        let first = context.first();
        let mut shown = vec![unknown.show(&self.stream, &requests.at(&first)?, None)];
        let second = match second(&self.stream, &first, &mut unknown) {
            Some((state, followed)) => Some((requests.at(&state)?, followed)),
            None => self.of_next_branch(&context, &mut unknown)?.map(|request| (request, None)),
        };
        shown.extend(
            second.map(|(request, followed)| unknown.show(&self.stream, &request, followed.as_deref())),
        );
        Ok(shown)
    }

    /// The first request of the second branch, of a stream whose branches have one page each.
    fn of_next_branch(&self, context: &StreamContext, unknown: &mut Unknown) -> Result<Option<ApiRequest>> {
        if self.stream.partitions.count() < 2 {
            return Ok(None);
        }
        let branch = branch(&self.stream, 1, unknown)?;
        Requests::new(context, &branch).at(&context.first()).map(Some)
    }

    /// The submission of a job, and the request that follows it.
    fn of_job(&self, job: &Job, requests: Requests<'_>, unknown: &mut Unknown) -> Result<Vec<ShownRequest>> {
        let stream = &self.stream;
        let submission = unknown.show(stream, &requests.submission(&job.submit)?, None);
        let found = format!("what stands at {}", job.id);
        let Some(next) = job.start.first().or(job.poll.as_ref()) else {
            let url = Url::parse(UNKNOWN_URL).expect("a constant URL");
            let poll = unknown.show(stream, &requests.at_url(url)?, Some(&found));
            return Ok(vec![submission, poll]);
        };
        let state = JobState::submitted(unknown.stands_for(found), self.engine.clock.now());
        let next = unknown.show(stream, &requests.about(next, &state)?, None);
        Ok(vec![submission, next])
    }
}

/// The branch of the `nth` partition, and of a parent that is not known.
fn branch(stream: &Stream, nth: u64, unknown: &mut Unknown) -> Result<Branch> {
    let parent = stream.parent.iter().flat_map(|parent| {
        let values = parent.fields.iter().map(|field| {
            if let Some(batch) = &parent.batch {
                let label =
                    format!("{} of up to {} records of {}", field.as_str(), batch.size, parent.stream);
                serde_json::json!([unknown.stands_for(label)]).to_string()
            } else {
                let label = format!("{} of a record of {}", field.as_str(), parent.stream);
                serde_json::Value::from(unknown.stands_for(label)).to_string()
            }
        });
        values.collect::<Vec<_>>()
    });
    let parent = parent.collect();
    Branch::new(stream, BranchId { partition: stream.partitions.combination(nth), parent })
}

/// The state that the second page is asked for with, and where its URL is found, if that is followed; `None` where
/// there is one page.
fn second(stream: &Stream, first: &PageState, unknown: &mut Unknown) -> Option<(PageState, Option<String>)> {
    let pagination = &stream.pagination;
    let followed = |at: &Address| {
        let url = Url::parse(UNKNOWN_URL).expect("a constant URL");
        Some((Position::Url(url), Some(format!("the URL at {at}"))))
    };
    let (position, url) = match &pagination.kind {
        Kind::None => None,
        Kind::Cursor { next, send: Target::Url, .. } | Kind::NextUrl { next } => followed(next),
        Kind::LinkHeader { rel } => followed(&Address::Link(rel.clone())),
        Kind::Cursor { next, .. } => {
            let label = match &pagination.next_cut {
                Some(Cut::Parameter(name)) => format!("parameter {name} of the URL at {next}"),
                Some(Cut::Match(pattern)) => format!("what {} finds at {next}", pattern.as_str()),
                None => format!("what stands at {next}"),
            };
            Some((Position::Cursor(Carried::text(&unknown.stands_for(label))), None))
        }
        Kind::Offset { .. } | Kind::Page { .. } => {
            // What is carried does not change which page is next.
            let settings = crate::config::Pagination { carry: Vec::new(), ..pagination.clone() };
            Paginator::new(&settings, None).ahead(&first.position, first, None).map(|next| (next, None))
        }
    }?;
    let carry = pagination
        .carry
        .iter()
        .map(|carry| Some(Carried::text(&unknown.stands_for(format!("what stands at {}", carry.from)))));
    let carry = carry.collect();
    Some((PageState { position, carry, pages: 1, ..first.clone() }, url))
}
