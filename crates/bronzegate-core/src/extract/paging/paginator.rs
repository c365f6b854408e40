//! The paginator: from one response, what the next request is. Pure; it sends nothing.

use url::Url;

use super::page_state::{Carried, JobState, PageState, Position};
use super::unknown::{LONGEST_SHOWN, Shown, Unknown};
use crate::config::{
    Address, Advance, CarryAbsent, Cut, Initial, Kind, OnRepeat, Pagination, Pattern, Stop, Stream, Target,
};
use crate::error::Error;
use crate::http::{Facts, Unreadable, expanded, strip_parameter};
use crate::redact::printable;

/// Decides the order of requests of one stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paginator<'a> {
    settings: &'a Pagination,
    /// The query parameter that carries a credential; it never stays in a saved URL.
    secret_parameter: Option<&'a str>,
}

/// What a response says about going on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum NextPage {
    /// The next request.
    At(Position),
    /// There are no more pages.
    End,
}

impl<'a> Paginator<'a> {
    /// The paginator of a stream.
    pub(crate) fn new(settings: &'a Pagination, secret_parameter: Option<&'a str>) -> Self {
        Self { settings, secret_parameter }
    }

    /// Every address that the stream's settings read from a response.
    pub(crate) fn addresses(stream: &Stream) -> Vec<&Address> {
        let rules = stream.responses.iter().flat_map(|rule| {
            let conditions = rule.when.iter().map(|condition| &condition.at);
            conditions.chain(&rule.message).chain(rule.wait.as_ref().map(|wait| &wait.at))
        });
        let split = stream.incremental.as_ref().and_then(|incremental| incremental.split_when.as_ref());
        (stream.pagination.addresses().into_iter())
            .chain(split.map(|condition| &condition.at))
            .chain(rules)
            .chain(stream.rate_limit.wait.as_ref().map(|wait| &wait.at))
            .collect()
    }

    /// The first position.
    pub(crate) fn first(&self) -> Position {
        match &self.settings.kind {
            // One that is not the same for every branch is filled in with the request.
            Kind::Cursor { initial: Some(Initial(initial)), .. } if initial.is_literal() => {
                Position::Cursor(Carried::text(initial.as_str()))
            }
            Kind::Offset { start, .. } => Position::Offset(*start),
            Kind::Page { start, .. } => Position::Page(*start),
            Kind::None | Kind::Cursor { .. } | Kind::LinkHeader { .. } | Kind::NextUrl { .. } => {
                Position::First
            }
        }
    }

    /// The position after this one, where it is known without its response. Pages are assumed to
    /// be as long as the last one was (`usual`; a server may lower its page size silently), else
    /// as long as asked for; nothing beyond a stated end is asked for.
    pub(crate) fn ahead(
        &self,
        position: &Position,
        state: &PageState,
        usual: Option<u64>,
    ) -> Option<Position> {
        match (&self.settings.kind, position) {
            (Kind::Offset { advance, .. }, Position::Offset(offset)) => {
                let size = self.settings.page_size.as_ref()?.value;
                // What a page says goes with the request after it.
                if !self.settings.carry.is_empty() {
                    return None;
                }
                let step = if *advance == Advance::Received { usual.unwrap_or(size) } else { size };
                let next = offset.checked_add(step)?;
                state.total.is_none_or(|total| next < total).then_some(Position::Offset(next))
            }
            (Kind::Page { start, .. }, Position::Page(page)) if self.settings.carry.is_empty() => {
                next_page(*start, *page, state.total_pages)
            }
            (Kind::None, position) => next_file(position, state),
            _ => None,
        }
    }

    /// What comes after a page of so many records; `state` is the one it was asked for with, its
    /// totals already brought up to date.
    ///
    /// # Errors
    /// [`ErrorKind::Data`] where the API names a next page in a way that cannot be read.
    pub(crate) fn after(&self, state: &PageState, records: u64, facts: &Facts) -> Result<NextPage, Error> {
        let files = state.job.as_ref().map_or(1, JobState::file_count);
        if files > 1 && self.settings.kind != Kind::None {
            return Err(Unknown::FilesAndPages(files).into());
        }
        if self.stops(records, facts) {
            return Ok(NextPage::End);
        }
        let next = match (&self.settings.kind, &state.position) {
            // A cursor that is a URL is followed, and cleared of credentials, like any other link.
            (Kind::Cursor { next, send: Target::Url, .. } | Kind::NextUrl { next }, _) => {
                self.follow(next, facts)?
            }
            (Kind::Cursor { next, .. }, _) => {
                let cursor = cursor(next, facts)?;
                cursor.map(|cursor| self.cut(cursor, next, facts)).transpose()?.map(Position::Cursor)
            }
            (Kind::Offset { advance, .. }, Position::Offset(offset)) => {
                self.after_offset(*offset, *advance, records, state.total)
            }
            (Kind::Page { start, .. }, Position::Page(page)) => {
                let ended = state.total_pages.is_none() && records == 0;
                next_page(*start, *page, state.total_pages).filter(|_| !ended)
            }
            (Kind::LinkHeader { rel }, _) => self.follow(&Address::Link(rel.clone()), facts)?,
            (Kind::None, position) => next_file(position, state),
            _ => None,
        };
        Ok(next.map_or(NextPage::End, NextPage::At))
    }

    /// The values of `carry` that a response has, or those `before` where the source file keeps them.
    ///
    /// # Errors
    /// [`ErrorKind::Data`] where one of them cannot be read.
    pub(crate) fn carry(
        &self,
        before: &[Option<Carried>],
        facts: &Facts,
    ) -> Result<Vec<Option<Carried>>, Error> {
        let carry = self.settings.carry.iter().enumerate();
        carry
            .map(|(nth, carry)| {
                let kept = before.get(nth).filter(|_| carry.if_absent == CarryAbsent::Keep);
                Ok(carried(&carry.from, facts, Unknown::Carry)?.or_else(|| kept.cloned().flatten()))
            })
            .collect()
    }

    /// The token that a page has for the next run.
    ///
    /// # Errors
    /// [`ErrorKind::Data`] where it cannot be read.
    pub(crate) fn token(&self, facts: &Facts) -> Result<Option<Carried>, Error> {
        let Some(token) = &self.settings.sync_token else { return Ok(None) };
        if token.to == Target::Url {
            let followed = self.follow(&token.from, facts)?;
            return Ok(followed.and_then(|at| match at {
                Position::Url(url) => Some(Carried::text(url.as_str())),
                _ => None,
            }));
        }
        Ok(carried(&token.from, facts, Unknown::Token)?)
    }

    fn after_offset(
        &self,
        offset: u64,
        advance: Advance,
        records: u64,
        total: Option<u64>,
    ) -> Option<Position> {
        let size = self.settings.page_size.as_ref().map(|size| size.value);
        let step = match advance {
            Advance::Received => records,
            Advance::Requested => size.unwrap_or(records),
        };
        let reached = offset.checked_add(step)?;
        let total_reached = total.is_some_and(|total| reached >= total);
        // Where the server hides rows, a page of which all are hidden is not the end yet.
        let hidden = advance == Advance::Requested && total.is_some() && !total_reached;
        let short = size.is_none_or(|size| records < size);
        let ended = records == 0 && !hidden || short && total_reached || step == 0;
        (!ended).then_some(Position::Offset(reached))
    }

    /// The cursor within what names the next page: a query parameter of a URL, where the source file says so.
    fn cut(&self, found: Carried, address: &Address, facts: &Facts) -> Result<Carried, Unknown> {
        let name = match &self.settings.next_cut {
            None => return Ok(found),
            Some(Cut::Match(pattern)) => return matched(&found, pattern, address),
            Some(Cut::Parameter(name)) => name,
        };
        let url = facts.url.join(&expanded(&found.text)).ok().filter(|_| !found.bare);
        let value = url.and_then(|url| {
            let (_, value) = url.query_pairs().find(|(key, _)| key == name)?;
            Some(Carried::text(&value))
        });
        let none =
            || Unknown::NoParameter(address.clone(), name.clone(), printable(&found.text, LONGEST_SHOWN));
        value.ok_or_else(none)
    }

    fn follow(&self, address: &Address, facts: &Facts) -> Result<Option<Position>, Error> {
        let Some(target) = carried(address, facts, Unknown::Next)? else { return Ok(None) };
        if target.bare {
            return Err(Unknown::NoUrl(address.clone(), Shown::of(address, &target)).into());
        }
        let target = match &self.settings.next_cut {
            Some(Cut::Match(pattern)) => matched(&target, pattern, address)?,
            _ => target,
        };
        let target = expanded(&target.text);
        // What is not a URL is passed on as one that no host will match, and refused by name there.
        let mut url = facts.url.join(&target).unwrap_or_else(|_| unusable(&target));
        url.set_fragment(None);
        if let Some(name) = self.secret_parameter {
            strip_parameter(&mut url, name);
        }
        facts.credential.withdraw(&mut url);
        Ok(Some(Position::Url(url)))
    }

    /// Whether a header, or the beginning of a body, may decide alone which request comes next: the records have no say,
    /// and a request too many changes nothing at the API.
    pub(crate) fn may_name_early(&self) -> bool {
        let settings = self.settings;
        let of_records = |address: &Address| matches!(address, Address::Body(_) | Address::LastRecord(_));
        let is_told_early = |stop: &Stop| matches!(stop, Stop::When(condition) if !of_records(&condition.at));
        self.next_address().is_some_and(|next| !matches!(next, Address::LastRecord(_)))
            && settings.carry.is_empty()
            && settings.on_repeat != OnRepeat::End
            && settings.stop.iter().all(is_told_early)
            && !settings.is_stateful
    }

    /// Where the next page is named; `None` where pages are counted, and where there is one.
    pub(crate) fn next_address(&self) -> Option<Address> {
        match &self.settings.kind {
            Kind::Cursor { next, .. } | Kind::NextUrl { next } => Some(next.clone()),
            Kind::LinkHeader { rel } => Some(Address::Link(rel.clone())),
            Kind::None | Kind::Offset { .. } | Kind::Page { .. } => None,
        }
    }

    /// Whether something stands where the next page is named, be it a null; `None` where nothing names it.
    pub(crate) fn names_next(&self, facts: &Facts) -> Option<bool> {
        Some(facts.look(&self.next_address()?).is_some())
    }

    /// Whether the source file says that such a page is the last: by a condition, or because it is empty.
    pub(crate) fn is_told_to_stop(&self, records: u64, facts: &Facts) -> bool {
        self.settings.stop.iter().any(|stop| match stop {
            Stop::EmptyPage => records == 0,
            Stop::ShortPage => false,
            Stop::When(condition) => facts.holds(condition),
        })
    }

    fn stops(&self, records: u64, facts: &Facts) -> bool {
        self.settings.stop.iter().any(|stop| match stop {
            Stop::EmptyPage => records == 0,
            Stop::ShortPage => self.settings.page_size.as_ref().is_some_and(|size| records < size.value),
            Stop::When(condition) => facts.holds(condition),
        })
    }
}

fn carried(
    address: &Address,
    facts: &Facts,
    unknown: fn(Address, Unreadable) -> Unknown,
) -> Result<Option<Carried>, Unknown> {
    let found = facts.look(address);
    found.map_or(Ok(None), |found| Carried::of(&found).map_err(|cause| unknown(address.clone(), cause)))
}

/// What a pattern finds in what names the next page.
fn matched(found: &Carried, pattern: &Pattern, address: &Address) -> Result<Carried, Unknown> {
    let none = || {
        let shown = printable(&found.text, LONGEST_SHOWN);
        Unknown::NoMatch(address.clone(), pattern.as_str().to_owned(), shown)
    };
    pattern.find(&found.text).map(Carried::text).ok_or_else(none)
}

/// The next cursor: a boolean says whether there is one, and is none.
fn cursor(address: &Address, facts: &Facts) -> Result<Option<Carried>, Unknown> {
    let cursor = carried(address, facts, Unknown::Next)?;
    match &cursor {
        Some(flag) if flag.bare && matches!(&*flag.text, "true" | "false") => {
            Err(Unknown::NoCursor(address.clone(), Shown::of(address, flag)))
        }
        _ => Ok(cursor),
    }
}

/// The number of the page after this one, up to the last: of so many pages, counted from `start`.
fn next_page(start: u64, page: u64, total: Option<u64>) -> Option<Position> {
    let next = page.checked_add(1)?;
    total.is_none_or(|total| next.saturating_sub(start) < total).then_some(Position::Page(next))
}

/// The export job's file after this one.
fn next_file(position: &Position, state: &PageState) -> Option<Position> {
    let next = position.file().saturating_add(1);
    let files = state.job.as_ref().map_or(1, JobState::file_count);
    (next < files).then_some(Position::File(next))
}

fn unusable(target: &str) -> Url {
    let encoded: String = url::form_urlencoded::byte_serialize(target.as_bytes()).take(64).collect();
    Url::parse(&format!("invalid:{encoded}")).expect("a scheme and percent-encoded text make a URL")
}
