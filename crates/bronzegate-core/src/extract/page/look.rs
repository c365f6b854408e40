//! A page that is asked for to learn what it has: nothing of it is written.

use xxhash_rust::xxh3::xxh3_128;

use super::fetched::Fetched;
use super::record_channel::{PageEvent, record_channel};
use super::request::Requests;
use super::stream_context::StreamContext;
use crate::config::Address;
use crate::error::Error;
use crate::extract::paging::{Branch, PageState};
use crate::unfinished::Unfinished;

/// What was found.
#[derive(Debug)]
pub(crate) enum Look {
    /// A page.
    Page(Box<LookedAt>),
    /// The API says that there is none, or refuses it.
    Nothing,
    /// It did not come, whether or not it is there.
    Failed(Error),
    /// There is no time to ask.
    NoTime,
}

/// A page that was looked at.
#[derive(Debug)]
pub(crate) struct LookedAt {
    /// The page.
    pub(crate) fetched: Fetched,
    /// Hashes of its first records.
    pub(crate) prints: Vec<u128>,
}

/// So many records of a page are told apart.
const PRINTS: usize = 1000;

impl LookedAt {
    /// How many records it has.
    pub(crate) fn records(&self) -> u64 {
        self.fetched.body.as_ref().map_or(0, |body| body.records)
    }

    /// The hash of its records.
    pub(crate) fn hash(&self) -> u128 {
        self.fetched.body.as_ref().map_or(0, |body| body.hash)
    }
}

/// Looks at the page that a state asks for; what stands at `also` is read besides.
///
/// # Errors
/// When the request cannot be made.
pub(crate) async fn look(
    context: &StreamContext,
    branch: &Branch,
    state: &PageState,
    also: &[Address],
) -> Result<Look, Error> {
    let request = Requests::new(context, branch).at(state)?;
    let fetcher = context.fetcher.looking(also);
    let (sender, mut receiver) = record_channel(None, None);
    let fetch = async move { fetcher.fetch(&request, state.shape.as_ref(), &sender).await };
    let pass_by = async {
        let mut prints = Vec::new();
        while let Some(event) = receiver.next().await {
            match event {
                PageEvent::Begin(_) => prints.clear(),
                PageEvent::Records(piece) => {
                    let room = PRINTS - prints.len();
                    prints.extend(piece.records().take(room).map(xxh3_128));
                }
            }
        }
        prints
    };
    let wait_budget = context.fetcher.wait_budget();
    let (fetched, prints) = tokio::select! {
        biased;
        came = async { tokio::join!(fetch, pass_by) } => came,
        () = context.stop.cancelled() => return Ok(Look::NoTime),
        () = wait_budget.time_up() => return Ok(Look::NoTime),
    };
    Ok(match fetched {
        Ok(fetched) if fetched.body.is_none() && !fetched.is_too_large => Look::Nothing,
        Ok(fetched) => Look::Page(Box::new(LookedAt { fetched, prints })),
        Err(Unfinished::Failed(error)) if error.is_transient() || error.is_quota() => {
            Look::Failed(error.transient(false))
        }
        Err(Unfinished::Failed(error)) => {
            let error = context.fetcher.client().told(&error.to_string());
            tracing::debug!(stream = context.name(), error, "a page that was looked at did not come");
            Look::Nothing
        }
        Err(Unfinished::LeftOut(_)) => Look::Nothing,
        Err(Unfinished::Stopped | Unfinished::Waiting | Unfinished::TooLarge) => Look::NoTime,
    })
}
