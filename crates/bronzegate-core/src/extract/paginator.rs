//! The paginator: from one response, what the next request is. Pure; it sends nothing.

use url::Url;

use super::state::{Carried, PageState, Position};
use crate::config::{Address, Advance, Kind, Pagination, Stop, Stream, Target};
use crate::http::{Facts, strip_parameter};

/// Decides the order of requests of one stream.
#[derive(Clone, Copy, Debug)]
pub struct Paginator<'a> {
    settings: &'a Pagination,
    /// The query parameter that carries a credential; it never stays in a saved URL.
    secret_parameter: Option<&'a str>,
}

/// What a response says about going on.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Next {
    /// The next request.
    At(Position),
    /// There are no more pages.
    End,
}

impl<'a> Paginator<'a> {
    /// The paginator of a stream.
    pub fn new(settings: &'a Pagination, secret_parameter: Option<&'a str>) -> Self {
        Self { settings, secret_parameter }
    }

    /// Every address that the stream's settings read from a response.
    pub fn addresses(stream: &Stream) -> Vec<&Address> {
        let rules = stream
            .responses
            .iter()
            .flat_map(|rule| rule.when.iter().map(|condition| &condition.at).chain(rule.message.as_ref()));
        let split = stream.incremental.as_ref().and_then(|incremental| incremental.split_when.as_ref());
        (stream.pagination.addresses().into_iter())
            .chain(split.map(|condition| &condition.at))
            .chain(rules)
            .collect()
    }

    /// The first position.
    pub fn first(&self) -> Position {
        match &self.settings.kind {
            Kind::Cursor { initial: Some(initial), .. } => Position::Cursor(Carried::text(initial)),
            Kind::Offset { start, .. } => Position::Offset(*start),
            Kind::Page { start, .. } => Position::Page(*start),
            Kind::None | Kind::Cursor { .. } | Kind::LinkHeader { .. } | Kind::NextUrl { .. } => {
                Position::First
            }
        }
    }

    /// The position behind this one, where it is known without its response. Pages are assumed to
    /// be as long as the last one was (`usual`; a server may lower its page size silently), else
    /// as long as asked for; nothing beyond a stated end is asked for.
    pub(super) fn ahead(
        &self,
        position: &Position,
        state: &PageState,
        usual: Option<u64>,
    ) -> Option<Position> {
        match (&self.settings.kind, position) {
            (Kind::Offset { advance, .. }, Position::Offset(offset)) => {
                let size = self.settings.page_size.as_ref()?.value;
                let step = if *advance == Advance::Received { usual.unwrap_or(size) } else { size };
                let next = offset + step;
                state.total.is_none_or(|total| next < total).then_some(Position::Offset(next))
            }
            (Kind::Page { .. }, Position::Page(page)) => {
                let next = page + 1;
                state.total_pages.is_none_or(|total| next <= total).then_some(Position::Page(next))
            }
            _ => None,
        }
    }

    /// What comes after a page of so many records; `state` is the one it was asked for with, its
    /// totals already brought up to date.
    pub(super) fn after(&self, state: &PageState, records: u64, facts: &Facts) -> Next {
        if self.stops(records, facts) {
            return Next::End;
        }
        match (&self.settings.kind, &state.position) {
            // A cursor that is a URL is followed, and cleared of credentials, like any other link.
            (Kind::Cursor { next, send: Target::Url, .. } | Kind::NextUrl { next }, _) => {
                self.follow(next, facts)
            }
            (Kind::Cursor { next, .. }, _) => {
                let cursor = facts.look(next).and_then(|found| Carried::of(&found));
                cursor.map_or(Next::End, |cursor| Next::At(Position::Cursor(cursor)))
            }
            (Kind::Offset { advance, .. }, Position::Offset(offset)) => {
                self.after_offset(*offset, *advance, records, state.total)
            }
            (Kind::Page { .. }, Position::Page(page)) => {
                let ended = state.total_pages.map_or(records == 0, |total| *page >= total);
                if ended { Next::End } else { Next::At(Position::Page(page + 1)) }
            }
            (Kind::LinkHeader { rel }, _) => self.follow(&Address::Link(rel.clone()), facts),
            _ => Next::End,
        }
    }

    fn after_offset(&self, offset: u64, advance: Advance, records: u64, total: Option<u64>) -> Next {
        let size = self.settings.page_size.as_ref().map(|size| size.value);
        let step = match advance {
            Advance::Received => records,
            Advance::Requested => size.unwrap_or(records),
        };
        let reached = offset + step;
        let total_reached = total.is_some_and(|total| reached >= total);
        // Where the server hides rows, a page of which all are hidden is not the end yet.
        let hidden = advance == Advance::Requested && total.is_some() && !total_reached;
        let short = size.is_none_or(|size| records < size);
        if records == 0 && !hidden || short && total_reached || step == 0 {
            Next::End
        } else {
            Next::At(Position::Offset(reached))
        }
    }

    fn follow(&self, address: &Address, facts: &Facts) -> Next {
        let Some(target) = facts.look(address).and_then(|found| found.text()) else { return Next::End };
        // What is not a URL is passed on as one that no host will match, and refused by name there.
        let mut url = facts.url.join(&target).unwrap_or_else(|_| unusable(&target));
        url.set_fragment(None);
        if let Some(name) = self.secret_parameter {
            strip_parameter(&mut url, name);
        }
        Next::At(Position::Url(url))
    }

    fn stops(&self, records: u64, facts: &Facts) -> bool {
        self.settings.stop.iter().any(|stop| match stop {
            Stop::EmptyPage => records == 0,
            Stop::ShortPage => self.settings.page_size.as_ref().is_some_and(|size| records < size.value),
            Stop::When(condition) => facts.holds(condition),
        })
    }
}

fn unusable(target: &str) -> Url {
    let encoded: String = url::form_urlencoded::byte_serialize(target.as_bytes()).take(64).collect();
    Url::parse(&format!("invalid:{encoded}")).expect("a scheme and percent-encoded text make a URL")
}
