//! Addresses that lead into the records: they are split off as they come, so nothing is found there.

use super::address::Address;
use super::format::Format;
use super::pagination::{Kind, Pagination};
use super::pointer::Pointer;
use super::problem::{At, Draft, Report};
use super::records::Records;
use super::responses::ResponseRule;

/// What reads a stream's pages beside their records, each with its place.
pub(super) struct Read<'a> {
    pub(super) pagination: Option<(&'a Pagination, &'a At)>,
    pub(super) split_when: Option<(&'a Address, &'a At)>,
    /// Where a good page says how long to wait.
    pub(super) wait: Option<(&'a Address, &'a At)>,
    pub(super) responses: Option<(&'a [ResponseRule], &'a At)>,
}

/// Reports addresses that lead into the records.
pub(super) fn outside(records: Option<&Records>, format: Option<&Format>, read: &Read<'_>, report: &Report) {
    let Some(records) = records.filter(|_| format.is_none_or(Format::has_members)) else { return };
    let is_paged = read
        .pagination
        .is_some_and(|(pagination, _)| pagination.kind != Kind::None || pagination.sync_token.is_some());
    let paged = read.pagination.filter(|_| is_paged);
    let of_pages = paged
        .iter()
        .flat_map(|(pagination, at)| pagination.addresses().into_iter().map(move |address| (address, *at)));
    for (address, at) in of_pages.chain(read.split_when).chain(read.wait) {
        let Address::Body(pointer) = address else { continue };
        match records.at.holder() {
            // With pages it is a list, which has no members; and where there is one page, a list as a rule.
            None => {
                let why = format!("the whole body is the list of records (records: {})", records.at);
                say(address, at, &why, report);
            }
            Some(list) if is_below(pointer, list) => {
                say(address, at, &format!("the records are split off at `{list}`"), report);
            }
            Some(_) => {}
        }
    }
    // The body of an error may have anything there, and an object in place of the records too.
    let Some((rules, at)) = read.responses else { return };
    let of_pages = rules.iter().filter(|rule| rule.when.iter().all(|one| one.at != Address::Status));
    for condition in of_pages.flat_map(|rule| &rule.when) {
        let Address::Body(pointer) = &condition.at else { continue };
        let below = match records.at.holder() {
            None => Some(pointer.tokens()),
            Some(list) => pointer.tokens().strip_prefix(list.tokens()),
        };
        let place = below.and_then(<[String]>::first);
        if place.is_some_and(|place| place.bytes().all(|byte| byte.is_ascii_digit())) {
            say(&condition.at, at, "it leads to one of the records, which are split off", report);
        }
    }
}

fn is_below(pointer: &Pointer, list: &Pointer) -> bool {
    pointer.tokens().len() > list.tokens().len() && pointer.tokens().starts_with(list.tokens())
}

fn say(address: &Address, at: &At, why: &str, report: &Report) {
    let draft = Draft::new(format!("{address} is never found: {why}"));
    report.add(
        at,
        draft.accepted("a member beside the records, { header: … }, { link: … } or { last_record: … }"),
    );
}
