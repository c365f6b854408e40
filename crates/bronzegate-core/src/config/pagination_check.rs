//! What the keys of `pagination` need from each other.

use super::address::{Address, Sent, Target};
use super::cut::{Cut, NextSpec};
use super::named::Named;
use super::other_request::OtherRequestSpec;
use super::pagination::{
    Advance, Carry, CarrySpec, Initial, Kind, KindSpec, PageSize, PageSizeSpec, PagesSpec, Pagination,
    PaginationSpec, Stop, StopSpec, StopWord, Tolerance, ToleranceText, Total,
};
use super::problem::{At, Draft, Report};
use super::read::{Joined, Slot, TextOr};
use super::template::{Escaping, Template, TemplateText};

/// Checks and joins the keys; `None` when the report says what is wrong.
pub(super) fn resolve(spec: &PaginationSpec, named: &Named, report: &Report) -> Option<Pagination> {
    let pages = spec.1.get();
    let kind = spec.0.get().map(|spec| (spec, kind(spec, named, report)));
    if let (Some((spec, _)), Some(pages)) = (&kind, pages) {
        fits(spec, pages, report);
    }
    let pages = pages.map(|pages| self::pages(pages, report))?;
    let kind = kind?.1?;
    follows_as_given(&kind, spec.1.get()?, report);
    let is_stateful = spec.0.get().and_then(stateful).is_some_and(|slot| slot.get() == Some(&true));
    let next_cut = spec.0.get().and_then(|spec| cut(spec, report));
    Some(Pagination { kind, is_stateful, next_cut, ..pages })
}

/// Where the next page is named.
fn place(next: &Slot<Joined<Address, NextSpec>>) -> Option<&Address> {
    next.get()?.0.get()
}

/// Whether the API keeps the place in the list.
fn stateful(kind: &KindSpec) -> Option<&Slot<bool>> {
    of_next(kind)?.stateful.as_ref()
}

/// What the place of the next page says besides.
fn of_next(kind: &KindSpec) -> Option<&NextSpec> {
    match kind {
        KindSpec::Cursor { next, .. } | KindSpec::NextUrl { next } => next.get()?.1.get(),
        KindSpec::None {} | KindSpec::Offset { .. } | KindSpec::Page { .. } | KindSpec::LinkHeader { .. } => {
            None
        }
    }
}

/// The query parameter of the URL that names the next page.
fn parameter(kind: &KindSpec) -> Option<&Slot<String>> {
    of_next(kind)?.parameter.as_ref()
}

/// What of what names the next page is meant.
fn cut(kind: &KindSpec, report: &Report) -> Option<Cut> {
    let NextSpec { parameter, r#match: pattern, .. } = of_next(kind)?;
    if let (Some(_), Some(pattern)) = (parameter, pattern) {
        report.say(pattern.at(), "is one way to cut the value, and parameter another");
    }
    let parameter = parameter.as_ref().and_then(Slot::cloned).map(Cut::Parameter);
    parameter.or_else(|| pattern.as_ref().and_then(Slot::cloned).map(Cut::Match))
}

/// Where each value that pagination writes is given, in the order of [`Pagination::targets`].
pub(super) fn places(spec: &PaginationSpec) -> Vec<At> {
    let send = spec.0.get().and_then(|kind| match kind {
        KindSpec::Cursor { send, .. } => Some(send.at()),
        KindSpec::Offset { send, .. } | KindSpec::Page { send, .. } => send.as_ref().map(Slot::at),
        KindSpec::None {} | KindSpec::LinkHeader { .. } | KindSpec::NextUrl { .. } => None,
    });
    let pages = spec.1.get();
    let size = pages.and_then(|pages| pages.page_size.as_ref());
    let size = size.filter(|size| matches!(size.get(), Some(TextOr::Map(_)))).map(Slot::at);
    let carried = items(pages.and_then(|pages| pages.carry.as_ref())).map(|carry| carry.to.at());
    send.into_iter().chain(size).chain(carried).cloned().collect()
}

fn kind(spec: &KindSpec, named: &Named, report: &Report) -> Option<Kind> {
    Some(match spec {
        KindSpec::None {} => Kind::None,
        KindSpec::Cursor { next, send, initial, next_request } => {
            from(place(next), next.at(), report);
            if let (Some(Target::Url), Some(initial)) = (send.get(), initial) {
                report.say(initial.at(), "initial cannot be sent as the URL: path says the first one");
            }
            if let (Some(Target::Url), Some(request)) = (send.get(), next_request) {
                report.say(request.at(), "means nothing where the next URL is followed");
            }
            let initial = initial.as_ref().and_then(|slot| self::initial(slot, named, report));
            Kind::Cursor { next: place(next)?.clone(), send: send.cloned()?, initial }
        }
        KindSpec::Offset { send, start, advance } => {
            if let Some(send) = send {
                not_url(send, report);
            }
            Kind::Offset {
                send: Sent(send.as_ref().and_then(Slot::cloned)),
                start: start.as_ref().and_then(Slot::cloned).unwrap_or(0),
                advance: advance.as_ref().and_then(Slot::cloned).unwrap_or_default(),
            }
        }
        KindSpec::Page { send, start, total_pages } => {
            if let Some(send) = send {
                not_url(send, report);
            }
            if let Some(total) = total_pages {
                number(total.get(), total.at(), report);
            }
            Kind::Page {
                send: Sent(send.as_ref().and_then(Slot::cloned)),
                start: start.as_ref().and_then(Slot::cloned).unwrap_or(1),
                is_start_stated: start.is_some(),
                total_pages: total_pages.as_ref().and_then(Slot::cloned),
            }
        }
        KindSpec::LinkHeader { rel } => {
            Kind::LinkHeader { rel: rel.as_ref().and_then(Slot::cloned).unwrap_or_else(|| "next".to_owned()) }
        }
        KindSpec::NextUrl { next } => {
            from(place(next), next.at(), report);
            Kind::NextUrl { next: place(next)?.clone() }
        }
    })
}

/// The first request's cursor: what it is made of is known before there is a page.
fn initial(slot: &Slot<TemplateText>, named: &Named, report: &Report) -> Option<Initial> {
    let template = Template::check(slot.get()?, Escaping::Text, named, slot.at(), report)?;
    if !template.secrets().is_empty() {
        report.say(
            slot.at(),
            "is a cursor, which messages show: a secret belongs into params, headers or body",
        );
    }
    if let Some(name) = template.names().find(|name| matches!(*name, "cursor" | "page" | "offset")) {
        report.add(slot.at(), Draft::new("has no value before the first page").value(name));
    }
    Some(Initial(template))
}

/// The request for later pages, with its place.
pub(super) fn next_request(spec: &PaginationSpec) -> Option<&Slot<OtherRequestSpec>> {
    match spec.0.get()? {
        KindSpec::Cursor { next_request, .. } => next_request.as_ref(),
        _ => None,
    }
}

/// The first request's cursor, with its place.
pub(super) fn initial_at(spec: &PaginationSpec) -> Option<&At> {
    match spec.0.get()? {
        KindSpec::Cursor { initial, .. } => initial.as_ref().map(Slot::at),
        _ => None,
    }
}

fn pages(spec: &PagesSpec, report: &Report) -> Pagination {
    if let Some(slot) = spec.max_pages.as_ref().filter(|slot| slot.get() == Some(&0)) {
        report.add(slot.at(), Draft::refused("a whole number of 1 or more").value(0));
    }
    Pagination {
        kind: Kind::None,
        carry: items(spec.carry.as_ref())
            .filter_map(|carry| self::carry(carry.from.cloned()?, carry, report))
            .collect(),
        stop: items(spec.stop.as_ref()).filter_map(|stop| self::stop(stop, report)).collect(),
        on_repeat: spec.on_repeat.as_ref().and_then(Slot::cloned).unwrap_or_default(),
        max_pages: spec.max_pages.as_ref().and_then(Slot::cloned),
        total: spec.total.as_ref().and_then(|slot| {
            let joined = slot.get()?;
            number(joined.0.get(), slot.at(), report);
            let tolerance = joined.1.get()?.tolerance.as_ref().and_then(Slot::get);
            let tolerance = tolerance.map_or(Tolerance::Records(0), |ToleranceText(tolerance)| *tolerance);
            let pattern = joined.1.get()?.r#match.as_ref().and_then(Slot::cloned);
            Some(Total { at: joined.0.cloned()?, tolerance, pattern })
        }),
        page_size: spec.page_size.as_ref().and_then(|slot| page_size(slot, report)),
        single_page: spec.single_page.as_ref().and_then(Slot::cloned).unwrap_or_default(),
        is_stateful: false,
        next_cut: None,
        next_request: None,
        sync_token: None,
        is_stated: true,
    }
}

fn page_size(slot: &Slot<TextOr<u64, Joined<Target, PageSizeSpec>>>, report: &Report) -> Option<PageSize> {
    let none = |at: &At| report.add(at, Draft::refused("a whole number of 1 or more").value(0));
    match slot.get()? {
        TextOr::Text(0) => {
            none(slot.at());
            None
        }
        TextOr::Text(value) => Some(PageSize { to: Sent(None), value: *value }),
        TextOr::Map(joined) => {
            if matches!(joined.0.get(), Some(Target::Url)) {
                report.add(
                    slot.at(),
                    Draft::new("page_size cannot go there")
                        .accepted("{ query: <name>, value: … }, { header: … } or { body: … }"),
                );
            }
            let value = joined.1.get().map(|size| &size.value);
            if let Some(value) = value.filter(|value| value.get() == Some(&0)) {
                none(value.at());
            }
            Some(PageSize { to: Sent(Some(joined.0.cloned()?)), value: value?.cloned()? })
        }
    }
}

fn items<T>(slot: Option<&Slot<Vec<Slot<T>>>>) -> impl Iterator<Item = &T> {
    slot.and_then(Slot::get).into_iter().flatten().filter_map(Slot::get)
}

fn carry(from: Address, spec: &CarrySpec, report: &Report) -> Option<Carry> {
    self::from(spec.from.get(), spec.from.at(), report);
    not_url(&spec.to, report);
    Some(Carry {
        from,
        to: spec.to.cloned()?,
        if_absent: spec.if_absent.as_ref().and_then(Slot::cloned).unwrap_or_default(),
    })
}

fn stop(spec: &StopSpec, report: &Report) -> Option<Stop> {
    match spec {
        TextOr::Text(StopWord::EmptyPage) => Some(Stop::EmptyPage),
        TextOr::Text(StopWord::ShortPage) => Some(Stop::ShortPage),
        TextOr::Map(condition) => condition.resolve(report).map(Stop::When),
    }
}

/// A value that is sent on comes from the body, a header, a link or the last record.
fn from(address: Option<&Address>, at: &At, report: &Report) {
    if address == Some(&Address::Status) {
        let draft = Draft::new("the status says nothing about the next page");
        report.add(at, draft.accepted("{ body: … }, { header: … }, { link: … } or { last_record: … }"));
    }
}

fn number(address: Option<&Address>, at: &At, report: &Report) {
    if matches!(address, Some(Address::Status | Address::Link(_))) {
        let draft = Draft::new("a number is not to be found there");
        report.add(at, draft.accepted("{ body: … }, { header: … } or { last_record: … }"));
    }
}

fn not_url(slot: &Slot<Target>, report: &Report) {
    if slot.get() == Some(&Target::Url) {
        let draft = Draft::new("url is for a cursor that is the next URL");
        report.add(slot.at(), draft.accepted("{ query: … }, { header: … } or { body: … }"));
    }
}

/// The keys that the type needs, and those that mean nothing to it.
fn fits(kind: &KindSpec, pages: &PagesSpec, report: &Report) {
    let sized = pages.page_size.is_some();
    if let Some(slot) = stateful(kind).filter(|slot| slot.get() == Some(&true) && pages.total.is_none()) {
        let draft = Draft::new("stateful needs total: nothing else shows that a page is missing");
        report.add(slot.at(), draft.accepted("total: { body: <where the number of records is> }"));
    }
    let is_followed = match kind {
        KindSpec::Cursor { send, .. } => send.get() == Some(&Target::Url),
        _ => true,
    };
    if let Some(slot) = parameter(kind).filter(|_| is_followed) {
        report.say(slot.at(), "is for a cursor that is sent as a value: the URL is followed whole here");
    }
    match kind {
        KindSpec::None {} => {
            let given = [
                pages.carry.as_ref().map(Slot::at),
                pages.stop.as_ref().map(Slot::at),
                pages.on_repeat.as_ref().map(Slot::at),
                pages.max_pages.as_ref().map(Slot::at),
                pages.single_page.as_ref().map(Slot::at),
            ];
            for at in given.into_iter().flatten() {
                report.say(at, "means nothing with type none, which has one page");
            }
        }
        KindSpec::Offset { advance: Some(advance), .. }
            if !sized && advance.get() == Some(&Advance::Requested) =>
        {
            let draft = Draft::new("advance: requested needs page_size");
            report.add(advance.at(), draft.accepted("page_size: { query: <name>, value: <records> }"));
        }
        _ => {}
    }
    if let Some(stop) = &pages.stop {
        for slot in stop.get().into_iter().flatten() {
            if !sized && matches!(slot.get(), Some(TextOr::Text(StopWord::ShortPage))) {
                report.say(slot.at(), "short_page needs page_size, which says how long a page is");
            }
        }
    }
}

/// A URL that the API gives is followed as it is, so nothing can be put into its query.
fn follows_as_given(kind: &Kind, pages: &PagesSpec, report: &Report) {
    let given = matches!(
        kind,
        Kind::LinkHeader { .. } | Kind::NextUrl { .. } | Kind::Cursor { send: Target::Url, .. }
    );
    for carry in items(pages.carry.as_ref()).filter(|_| given) {
        if matches!(carry.to.get(), Some(Target::Query(_))) {
            report.say(carry.to.at(), "the next URL is followed as given; carry to a header or the body");
        }
    }
}
