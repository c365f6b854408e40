//! Looking without writing: one request to see what is found where, or a few records as they are.

use std::sync::Arc;
use tokio_util::sync::CancellationToken;

use super::absent;
use super::cursors::Cursors;
use super::density::Density;
use super::first_page::{FirstPage, first_page};
use super::further::further;
use super::preamble::FirstRows;

use crate::clock::Deadline;
use crate::config::{Address, Kind};
use crate::cursor::CursorState;
use crate::error::{Error, ErrorKind, Result};
use crate::extract::{
    Fetched, FirstSeen, PageDecision, PageEvent, PageState, Paginator, StreamContext, StreamState, is_full,
    says_more,
};
use crate::plan;
use crate::redact::{SafeUrl, printable};
use crate::run::StreamRun;
use crate::unfinished::Unfinished;
use crate::window::TimeWindow;

/// What one request of a stream found.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Probe {
    /// `<source>/<stream>`.
    pub stream: String,
    /// The URL that answered, without query values.
    pub url: String,
    /// The status code.
    pub status: u16,
    /// Records of the first page.
    pub records: u64,
    /// What the source file's addresses led to, in the order of its settings.
    pub found: Vec<Finding>,
    /// Whether the first page is the last.
    pub last: bool,
    /// How often a run asks: once for each partition; `None` where the number of parents decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branches: Option<u64>,
    /// The number of records that the API states, where the file says where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// The number of records that the window may hold, by how close together those of its first page are
    /// in time, where they are in its order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<u64>,
    /// Whether the response says, by `split_when`, that its window holds more than the API gives out: a
    /// run halves it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub too_large: bool,
    /// The bytes of the longest record of the first page.
    #[serde(skip)]
    pub longest_record: u64,
    /// What may be wrong, although a run need not fail by it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// What one address led to.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// The address as the source file writes it.
    pub address: String,
    /// The value, shortened; `None` where nothing is there.
    pub value: Option<String>,
}

/// The longest value that is shown.
const LONGEST_SHOWN: usize = 60;

impl StreamRun {
    /// Sends the stream's first request and tells what was found where.
    ///
    /// # Errors
    /// As a run's first page, whose records' cursors and keys are read as a run would.
    pub async fn probe(&self) -> Result<Probe> {
        let named = |error: Error| self.failed(error);
        let cursor = self.first_cursor().map_err(named)?;
        let asked = self.asked(&cursor);
        let mut cursors = self.cursors(&cursor).map_err(named)?;
        let (mut longest, mut rows) = (0, FirstRows::of(&self.stream));
        let see = |event: &PageEvent| {
            longest = longest_record(longest, event);
            if let Some(rows) = &mut rows {
                rows.see(event);
            }
            if let Some(cursors) = &mut cursors {
                cursors.see(event);
            }
        };
        let context = self.context(asked, Deadline::NONE, CancellationToken::default()).checking();
        let context = Arc::new(context);
        let (mut probe, seen) = self.probe_asking(&context, see).await?;
        probe.longest_record = longest;
        let preamble = rows.as_ref().and_then(FirstRows::warning);
        probe.warnings.extend(preamble.map(|warning| self.told(&warning)));
        if let Some(cursors) = cursors {
            let warnings = cursors.judge(&cursor, probe.last).map_err(|error| named(error.on_page(1)))?;
            probe.warnings.extend(warnings);
            let bounded = self.stream.incremental.as_ref().filter(|incremental| incremental.bounded);
            probe.warnings.extend(bounded.and_then(|incremental| self.clock_behind(incremental)));
        }
        let further = further(&context, seen.as_ref(), &probe).await.map_err(named)?;
        let seen = further.into_iter().chain(context.warnings());
        probe.warnings.extend(seen.map(|warning| self.told(&warning)));
        Ok(probe)
    }

    /// Sends a window's first request and tells what was found where.
    ///
    /// # Errors
    /// As the first page of a window's run.
    pub async fn probe_window(&self, window: TimeWindow) -> Result<Probe> {
        let incremental = self.stream.incremental.as_ref();
        let asked = plan::window(incremental, window).map_err(|error| self.failed(error))?;
        let mut density = incremental.filter(|settings| !settings.windows_only).map(Density::new);
        let see = |event: &PageEvent| density.iter_mut().for_each(|density| density.see(event));
        let context = self.context(self.asked(&asked), Deadline::NONE, CancellationToken::default());
        let (probe, _) = self.probe_asking(&Arc::new(context.checking()), see).await?;
        Ok(Probe { expected: density.and_then(|density| density.records_in(window)), ..probe })
    }

    /// The cursors of the first page, where the stream has any.
    fn cursors(&self, asked: &CursorState) -> Result<Option<Cursors<'_>>> {
        let settings = self.stream.incremental.as_ref().filter(|settings| !settings.windows_only);
        let Some(settings) = settings else { return Ok(None) };
        let bounds = asked.bounds(settings).map_err(|error| Error::new(ErrorKind::Config, error))?;
        Ok(Some(Cursors::new(settings, bounds)))
    }

    async fn probe_asking(
        &self,
        context: &Arc<StreamContext>,
        see: impl FnMut(&PageEvent),
    ) -> Result<(Probe, Option<(FirstSeen, PageState)>)> {
        let FirstPage { fetched, last, too_large, warning, seen } =
            first_page(context, see).await.map_err(|error| self.failed(error))?;
        let found = Paginator::addresses(&self.stream)
            .into_iter()
            .chain(link_address(&self.stream.pagination.kind).as_ref())
            .map(|address| Finding {
                address: address.to_string(),
                value: fetched
                    .facts
                    .look(address)
                    .map(|found| printable(&self.told(&shown(&found)), LONGEST_SHOWN)),
            })
            .collect();
        let records = fetched.body.as_ref().map_or(0, |body| body.records);
        let single = [
            says_more(&self.stream, context.fetcher.more(), records, &fetched.facts),
            is_full(&self.stream, records),
        ];
        let single = single.into_iter().flatten();
        let probe = Probe {
            stream: self.name(),
            url: self.told(&SafeUrl(&fetched.facts.url).to_string()),
            status: fetched.facts.status,
            branches: self.stream.parent.is_none().then(|| self.stream.partitions.count()),
            total: self.stated_total(&fetched),
            records,
            found,
            last,
            expected: None,
            too_large,
            longest_record: 0,
            warnings: warning
                .into_iter()
                .chain(absent::warnings(&self.stream.pagination, &fetched))
                .chain(absent::unstated_list(&self.stream, &fetched))
                .chain(single)
                .map(|warning| self.told(&warning))
                .collect(),
        };
        Ok((probe, seen))
    }

    fn stated_total(&self, fetched: &Fetched) -> Option<u64> {
        let total = self.stream.pagination.total.as_ref()?;
        fetched.facts.look(&total.at)?.whole_number()
    }

    /// The API's own records, as many as asked for or as there are.
    ///
    /// # Errors
    /// As a run's pages; records of pages before the fault are lost with it.
    pub async fn sample(&self, count: usize) -> Result<Vec<Vec<u8>>> {
        let records = self.records(count).await;
        self.settled(Deadline::NONE).await;
        records
    }

    async fn records(&self, count: usize) -> Result<Vec<Vec<u8>>> {
        let stop = CancellationToken::default();
        let mut walk =
            self.walk(self.asked(&self.first_cursor()?), StreamState::default(), Deadline::NONE, stop);
        let mut records: Vec<Vec<u8>> = Vec::new();
        while records.len() < count {
            let Some((_, mut page)) = walk.next().await else {
                return match walk.ending() {
                    Err(Unfinished::Failed(error)) => Err(self.failed(error)),
                    // The records of a window that is too large are as good as any for a look.
                    Ok(_) | Err(_) => Ok(records),
                };
            };
            let before = records.len();
            while let Some(event) = page.next().await {
                match event {
                    PageEvent::Begin(_) => records.truncate(before),
                    PageEvent::Records(piece) => {
                        let room = count - records.len().min(count);
                        records.extend(piece.records().take(room).map(<[u8]>::to_vec));
                    }
                }
            }
            if matches!(page.decision().await, PageDecision::Discard) {
                records.truncate(before);
            }
        }
        Ok(records)
    }
}

/// The bytes of the longest record so far. An attempt at the page that begins again forgets those of the one before it.
fn longest_record(so_far: u64, event: &PageEvent) -> u64 {
    match event {
        PageEvent::Begin(_) => 0,
        PageEvent::Records(piece) => piece.records().map(|record| record.len() as u64).fold(so_far, u64::max),
    }
}

/// A `link_header` pagination reads an address that its settings do not spell as one.
fn link_address(kind: &Kind) -> Option<Address> {
    match kind {
        Kind::LinkHeader { rel } => Some(Address::Link(rel.clone())),
        _ => None,
    }
}

fn shown(found: &crate::http::Found) -> String {
    match found.plain() {
        Ok(Some(plain)) => plain.text,
        Ok(None) => "null or empty".to_owned(),
        Err(unreadable) => unreadable.to_string(),
    }
}
