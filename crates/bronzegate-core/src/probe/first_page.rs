//! One page, fetched for its facts.

use std::sync::Arc;

use crate::error::{Error, ErrorKind};
use crate::extract::{
    BranchQueue, Fetched, FirstSeen, Jobs, PageEvent, PageState, Paginator, Progress, Requests,
    StreamContext, judge, record_channel,
};
use crate::unfinished::Unfinished;

/// A page that was fetched for its facts.
#[derive(Debug)]
pub(crate) struct FirstPage {
    /// The page.
    pub fetched: Fetched,
    /// Whether it is the last.
    pub last: bool,
    /// Whether its response says that its window holds more than the API gives out: a run halves it.
    pub too_large: bool,
    /// What somebody should know.
    pub warning: Option<String>,
    /// The same as a run would remember it; `None` where a run would halve its window.
    pub seen: Option<(FirstSeen, PageState)>,
}

/// Fetches one page and shows its records to `see`.
///
/// # Errors
/// As a run's first page; [`ErrorKind::Data`] when there is no parent to ask for.
pub(crate) async fn first_page(
    context: &Arc<StreamContext>,
    mut see: impl FnMut(&PageEvent),
) -> Result<FirstPage, Error> {
    let (branch, mut state) = BranchQueue::first(context).await?.ok_or_else(|| {
        Error::new(ErrorKind::Data, "its parent has no records, so there is nothing to ask for")
    })?;
    let requests = Requests::new(context, &branch);
    if let Some(job) = &context.stream.job {
        let jobs = Jobs { job, requests, fetcher: &context.fetcher, stop: &context.stop };
        match jobs.finish(&mut state).await {
            Ok(()) => {}
            Err(why) => return Err(not_done(why)),
        }
        if state.has_no_pages() {
            return Err(Error::new(ErrorKind::Data, "its job has no files, so there is nothing to look at"));
        }
    }
    let request = requests.at(&state)?;
    let (sender, mut receiver) = record_channel(None, None);
    let fetcher = &context.fetcher;
    let fetch = async move { fetcher.fetch(&request, None, &sender).await };
    let pass_by = async {
        while let Some(event) = receiver.next().await {
            see(&event);
        }
    };
    let fetched = match tokio::join!(fetch, pass_by).0 {
        Ok(fetched) => fetched,
        Err(why) => return Err(not_done(why).on_page(1)),
    };
    if fetched.is_too_large {
        return Ok(FirstPage { fetched, last: false, too_large: true, warning: None, seen: None });
    }
    if fetched.is_ended_by_status() {
        let cause = format!(
            "HTTP {}, by which a rule of `responses` ends the pages, and no page has come: a wrong path is answered so too. \
             If it is how the API says \"none\", give the rule a condition on the body as well, or `if_first: true`",
            fetched.facts.status
        );
        return Err(Error::new(ErrorKind::Data, cause).on_page(1));
    }
    let secret = fetcher.client().auth().query_parameter();
    let pagination = &context.stream.pagination;
    let mut progress = Progress::new(pagination, Paginator::new(pagination, secret), state.clone());
    let judged = judge(context, &mut progress, &fetched).map_err(|error| error.on_page(1))?;
    let (records, hash) = fetched.body.as_ref().map_or((0, 0), |body| (body.records, body.hash));
    let seen = FirstSeen { branch, start: state, records, hash, is_whole: progress.is_proven() };
    let seen = Some((seen, progress.state));
    Ok(FirstPage { fetched, last: judged.last, too_large: false, warning: judged.warning, seen })
}

fn not_done(why: Unfinished) -> Error {
    match why {
        Unfinished::Failed(error) => error,
        Unfinished::LeftOut(cause) => Error::new(ErrorKind::Api, format!("{cause}; a run leaves it out")),
        Unfinished::Stopped | Unfinished::Waiting | Unfinished::TooLarge => {
            unreachable!("no deadline, nobody asks to stop, and a page is told as it is")
        }
    }
}
