//! The records of a parent stream, page by page, as values for its children's requests.
//!
//! They are read by a task of their own, one page ahead of the one that is gone through, so memory does
//! not grow with their number. Nothing of them is written: bringing them is the parent's own run's work.

use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::branch::{Branch, text};
use super::feed::Feed;
use super::origin::Origin;
use super::pages::{Page, Room, Verdict};
use super::walk::{Walk, WalkEnding};
use super::walk_state::WalkState;
use crate::config::{Parent, ParentField};
use crate::cursor::member;
use crate::error::{Error, ErrorKind};

/// Bytes of values that one page of parents may have.
const MOST: usize = 64 << 20;

/// The next of the parents.
#[derive(Debug)]
pub(super) enum Parents {
    /// A page of them.
    Page(Box<ParentPage>),
    /// There are no more.
    End,
    /// Time was up, or a stop was asked for.
    Stopped,
    /// They cannot be read.
    Failed(Error),
}

/// The parents of one page.
#[derive(Debug)]
pub(super) struct ParentPage {
    /// The state that the page can be asked for with again.
    pub(super) before: WalkState,
    /// The values of each parent as JSON text, in the order of `fields`.
    pub(super) values: Vec<Vec<String>>,
    /// Kept for its place: the next but one is only asked for when this one is gone through.
    _page: Page,
}

/// Reads parents.
#[derive(Debug)]
pub(super) struct ParentReader {
    pages: mpsc::Receiver<Parents>,
    task: JoinHandle<()>,
}

impl ParentReader {
    /// Begins to read at a state. Needs a tokio runtime.
    pub(super) fn start(origin: Arc<Origin>, parent: Parent, state: WalkState) -> Self {
        let (sender, pages) = mpsc::channel(1);
        Self { pages, task: tokio::spawn(read(origin, parent, state, sender)) }
    }

    /// The next page. Nothing is lost when the future is dropped.
    pub(super) async fn next(&mut self) -> Parents {
        match self.pages.recv().await {
            Some(parents) => parents,
            None => {
                Parents::Failed(Error::new(ErrorKind::Api, "the task that reads the parents has ended early"))
            }
        }
    }
}

impl Drop for ParentReader {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Boxed, because parents may have parents.
fn read(
    origin: Arc<Origin>,
    parent: Parent,
    state: WalkState,
    sender: mpsc::Sender<Parents>,
) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        let name = origin.name();
        let mut walk = Walk::begin(origin, state, 1, Room { concurrency: 1, waiting: 1 });
        while let Some((branch, mut page)) = walk.next().await {
            let before = walk.state_before(&branch, &page);
            let read = match values(&parent, &branch, &mut page).await {
                Ok(Some(values)) => Parents::Page(Box::new(ParentPage { before, values, _page: page })),
                Ok(None) => continue,
                Err(error) => Parents::Failed(error.on_page(page.number).in_stream(name.clone())),
            };
            let failed = matches!(read, Parents::Failed(_));
            if sender.send(read).await.is_err() || failed {
                return;
            }
        }
        let last = match walk.ending() {
            WalkEnding::Complete { .. } => Parents::End,
            WalkEnding::Stopped(_) | WalkEnding::Waiting => Parents::Stopped,
            WalkEnding::TooLarge => {
                let cause = "`split_when` holds: the parents are not all given out at once";
                Parents::Failed(Error::new(ErrorKind::Data, cause).in_stream(name))
            }
            WalkEnding::Failed(error) => Parents::Failed(error.in_stream(name)),
        };
        // A closed channel means that nobody wants parents any more.
        let _ = sender.send(last).await;
    })
}

/// The values of a page's records; `None` when the page does not count.
async fn values(
    parent: &Parent,
    branch: &Branch,
    page: &mut Page,
) -> Result<Option<Vec<Vec<String>>>, Error> {
    let (mut values, mut bytes, mut fault) = (Vec::new(), 0, None);
    while let Some(feed) = page.next().await {
        let piece = match feed {
            Feed::Begin(_) => {
                (values, bytes, fault) = (Vec::new(), 0, None);
                continue;
            }
            Feed::Records(piece) => piece,
        };
        for record in piece.records() {
            match fields(parent, branch, record, values.len() + 1) {
                _ if fault.is_some() => break,
                Ok(fields) => {
                    bytes += fields.iter().map(String::len).sum::<usize>();
                    values.push(fields);
                }
                Err(error) => fault = Some(error),
            }
            if bytes > MOST {
                let cause =
                    format!("the fields of its records have more than {} MiB; let it have pages", MOST >> 20);
                fault = Some(Error::new(ErrorKind::Data, cause));
            }
        }
    }
    match (page.verdict().await, fault) {
        (Verdict::Drop, _) => Ok(None),
        (Verdict::Keep { .. }, Some(error)) => Err(error),
        (Verdict::Keep { .. }, None) => Ok(Some(values)),
    }
}

fn fields(parent: &Parent, branch: &Branch, record: &[u8], number: usize) -> Result<Vec<String>, Error> {
    let field = |field: &ParentField| {
        let inherited = branch.member(field.as_str());
        let json = inherited.or_else(|| member(record, field.tokens()));
        json.filter(|json| text(json).is_some()).map(str::to_owned).ok_or_else(|| {
            let cause = format!(
                "record {number} has no text, number or boolean at `{}`, which its children's requests need",
                field.as_str()
            );
            Error::new(ErrorKind::Data, cause)
        })
    };
    parent.fields.iter().map(field).collect()
}
