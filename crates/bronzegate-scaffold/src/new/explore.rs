//! The requests of `new`, in order: the first page, then one guess after the other how it goes on.

use std::collections::HashSet;
use std::sync::Arc;

use bronzegate_core::clock::Clock;
use bronzegate_core::error::{Error, ErrorKind, Result};
use bronzegate_core::secret::SecretStore;
use serde_json::Value;

use super::draft::{Change, Draft};
use super::file;
use super::page::{Format, Page};
use super::paging::{Guess, Kind, guesses, shown};
use super::records::{Candidate, candidates, decided};
use super::signals::{more_flag, total};
use super::size::{Size, size};
use crate::place::Path;

/// The most requests that are sent.
const MOST_REQUESTS: usize = 5;

/// Chooses among lists of which none is far ahead; `None` where nobody can be asked.
pub type Choose<'a> = dyn FnMut(&[Candidate]) -> Option<usize> + Send + 'a;

/// What came of it.
#[derive(Debug)]
pub enum Outcome {
    /// A source file.
    Found(Box<Explored>),
    /// Nobody decided which list holds the records; nothing is written.
    Undecided(Vec<Candidate>),
}

/// A source file, and what was found.
#[derive(Debug)]
pub struct Explored {
    /// The text of the source file.
    pub text: String,
    /// What was found, one line each.
    pub findings: Vec<String>,
    /// How many requests were sent.
    pub requests: usize,
}

/// What is known when the requests are over.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) page: Page,
    pub(super) second: Option<Page>,
    pub(super) records: Path,
    /// Why these are the records.
    pub(super) why_records: String,
    pub(super) size: Option<Size>,
    pub(super) paging: Paging,
    /// The page after the last one has no list.
    pub(super) ends_without_list: bool,
    pub(super) tried: Vec<String>,
}

/// How the list goes on.
#[derive(Debug)]
pub(super) enum Paging {
    /// Proven by a second page.
    Proven { kind: Kind, start: Option<u64>, why: String },
    /// Nothing led to a second page.
    Unknown(String),
}

struct Explorer<'a> {
    draft: &'a Draft,
    secrets: &'a Arc<dyn SecretStore>,
    clock: &'a Arc<dyn Clock>,
    requests: usize,
    tried: Vec<String>,
}

/// Sends at most five requests and makes a source file of what they show.
///
/// # Errors
/// As the first request; [`ErrorKind::Data`] when there are no records, or a secret would stand in the file.
pub async fn explore(
    draft: &Draft,
    secrets: &Arc<dyn SecretStore>,
    clock: &Arc<dyn Clock>,
    records: Option<&str>,
    choose: &mut Choose<'_>,
) -> Result<Outcome> {
    let mut explorer = Explorer { draft, secrets, clock, requests: 0, tried: Vec::new() };
    let page = explorer.ask(draft).await?;
    let found = candidates(&page.body, draft.stream());
    let Some((records, why_records)) = chosen(&page, &found, records, choose)? else {
        return Ok(Outcome::Undecided(found));
    };
    let known = explorer.paging(page, records, why_records).await?;
    let (text, findings) = file::write(draft, &known)?;
    Ok(Outcome::Found(Box::new(Explored { text, findings, requests: explorer.requests })))
}

/// A file of what was given alone, without a request.
///
/// # Errors
/// [`ErrorKind::Data`] when a secret would stand in it.
pub fn skeleton(draft: &Draft) -> Result<String> {
    file::skeleton(draft)
}

fn chosen(
    page: &Page,
    found: &[Candidate],
    asked: Option<&str>,
    choose: &mut Choose<'_>,
) -> Result<Option<(Path, String)>> {
    if let Some(address) = asked {
        let candidate = found.iter().find(|candidate| candidate.address() == address);
        let candidate = candidate.ok_or_else(|| {
            let known: Vec<_> = found.iter().map(Candidate::address).collect();
            Error::new(
                ErrorKind::Config,
                format!("no list of objects at `{address}`; there are: {}", known.join(", ")),
            )
        })?;
        return Ok(Some((candidate.path.clone(), "as --records says".to_owned())));
    }
    if page.format != Format::Json {
        return Ok(Some((Path::new(), "each line is a record".to_owned())));
    }
    let Some(best) = found.first() else {
        if page.body.is_object() {
            return Ok(Some((Path::new(), "the body is one object without a list of objects".to_owned())));
        }
        return Err(Error::new(
            ErrorKind::Data,
            "the answer has no records: neither an object nor a list of objects",
        ));
    };
    if let Some(only) = decided(found) {
        let others = if found.len() > 1 {
            "the longest and best named list of objects"
        } else {
            "the only list of objects"
        };
        return Ok(Some((only.path.clone(), format!("{others}, {} on the first page", best.count))));
    }
    let Some(number) = choose(found) else { return Ok(None) };
    let chosen =
        found.get(number).ok_or_else(|| Error::new(ErrorKind::Config, "there is no list of that number"))?;
    Ok(Some((chosen.path.clone(), "chosen by you".to_owned())))
}

impl Explorer<'_> {
    async fn ask(&mut self, draft: &Draft) -> Result<Page> {
        self.requests += 1;
        Page::of(draft.send(self.secrets, self.clock).await?)
    }

    /// Another page, where there is a request left; what is wrong with it is no error but an answer.
    async fn try_page(&mut self, draft: &Draft, change: &Change) -> Option<Page> {
        if self.requests >= MOST_REQUESTS {
            self.tried.push("five requests are sent; nothing more is tried".to_owned());
            return None;
        }
        let changed = draft.changed(change);
        match async { self.ask(&changed?).await }.await {
            Ok(page) => Some(page),
            Err(error) => {
                self.tried.push(format!("{}: {error}", shown(change)));
                None
            }
        }
    }

    async fn paging(&mut self, mut page: Page, records: Path, why_records: String) -> Result<Known> {
        let size = size(self.draft);
        let mut draft = self.draft.clone();
        let count = page.records(&records).len() as u64;
        // A list that fits on one page says nothing of how it would go on: half of it is asked for.
        if let Some(asked) = size.as_ref().filter(|size| (2..size.value).contains(&count))
            && !more_flag(&page).is_some_and(|flag| flag.says_more)
            && guesses(&draft, &page, &records, size.as_ref())
                .iter()
                .all(|guess| matches!(guess.kind, Kind::Offset { .. } | Kind::Page { .. }))
        {
            let half = Change::Set(asked.target.clone(), (count / 2).into());
            if let Some(smaller) = self.try_page(&draft, &half).await
                && smaller.records(&records).len() as u64 == count / 2
            {
                draft = draft.changed(&half)?;
                page = smaller;
            }
        }
        let mut found = (Paging::Unknown(String::new()), None);
        if page.format != Format::Json
            || page.body.is_array()
            || !records.is_empty()
            || !page.answer.headers.is_empty()
        {
            for guess in guesses(&draft, &page, &records, size.as_ref()) {
                if let Some(proven) = self.proven(&draft, &page, &records, &guess).await {
                    found = proven;
                    break;
                }
            }
        }
        let (paging, second) = found;
        let paging = match paging {
            Paging::Unknown(_) => Paging::Unknown(unknown(&page, &records, size.as_ref())),
            proven @ Paging::Proven { .. } => proven,
        };
        let count = page.records(&records).len() as u64;
        let total = total(&page, second.as_ref(), count).map(|(_, number)| number);
        let ends_without_list = match (&paging, total) {
            (Paging::Proven { kind: Kind::Offset { send, .. }, .. }, Some(total)) => {
                self.lacks_list(&draft, &Change::Set(send.clone(), total.into()), &records).await
            }
            _ => false,
        };
        let tried = std::mem::take(&mut self.tried);
        Ok(Known { page, second, records, why_records, size, paging, ends_without_list, tried })
    }

    /// Whether a page without records has no list either.
    async fn lacks_list(&mut self, draft: &Draft, change: &Change, records: &Path) -> bool {
        if self.requests >= MOST_REQUESTS {
            return false;
        }
        let page = self.try_page(draft, change).await;
        page.is_some_and(|page| crate::place::at(&page.body, records).is_none_or(Value::is_null))
    }

    /// Whether a guess leads to a page that really differs.
    async fn proven(
        &mut self,
        draft: &Draft,
        first: &Page,
        records: &Path,
        guess: &Guess,
    ) -> Option<(Paging, Option<Page>)> {
        let second = self.try_page(draft, &guess.change).await?;
        let (one, two) = (first.records(records), second.records(records));
        let start = match difference(one, two) {
            Difference::None => {
                self.tried.push(format!("{}: no other records came", shown(&guess.change)));
                return None;
            }
            Difference::ButOne if matches!(guess.kind, Kind::Offset { .. }) => Some(1),
            Difference::ButOne => None,
            Difference::All => match &guess.kind {
                Kind::Page { send } => {
                    self.first_page(draft, first, records, &Change::Set(send.clone(), 1.into())).await
                }
                _ => None,
            },
        };
        let why = format!("{}; the page that it led to has {} other records", guess.why, two.len());
        let mut kind = guess.kind.clone();
        if let Kind::Cursor(cursor) = &mut kind
            && cursor.next.stays(first, &second)
        {
            // Nothing else would show that a page is missing.
            if total(first, Some(&second), one.len() as u64).is_none() {
                self.tried.push(format!(
                    "{}: its text stays the same, and no total is stated",
                    shown(&guess.change)
                ));
                return None;
            }
            cursor.stays = true;
        }
        Some((Paging::Proven { kind, start, why }, Some(second)))
    }

    /// Whether pages are counted from 1 or from 0: what page 1 is.
    async fn first_page(&mut self, draft: &Draft, first: &Page, records: &Path, one: &Change) -> Option<u64> {
        let page = self.try_page(draft, one).await?;
        match difference(first.records(records), page.records(records)) {
            Difference::None => Some(1),
            _ => Some(0),
        }
    }
}

enum Difference {
    /// The same, or nothing.
    None,
    /// The last of the one is the first of the other: counted from 1.
    ButOne,
    /// No record is on both.
    All,
}

fn difference(one: &[Value], two: &[Value]) -> Difference {
    let known: HashSet<String> = one.iter().map(Value::to_string).collect();
    let common = two.iter().filter(|record| known.contains(&record.to_string())).count();
    match (common, two.len()) {
        (_, 0) => Difference::None,
        (0, _) => Difference::All,
        (1, 2..) if one.last() == two.first() => Difference::ButOne,
        _ => Difference::None,
    }
}

/// What to decide where nothing led on.
fn unknown(page: &Page, records: &Path, size: Option<&Size>) -> String {
    let count = page.records(records).len();
    if page.format == Format::Json && records.is_empty() && page.body.is_object() {
        return "one object is one record".to_owned();
    }
    match (more_flag(page), size) {
        (Some(flag), _) if flag.says_more => format!(
            "decide: `{}` says that there is more, and nothing that was tried led there; see the API's documentation",
            crate::place::written(&flag.path)
        ),
        (Some(_), _) => format!(
            "the answer says that these {count} records are all; decide how a longer list would go on"
        ),
        (None, _) => format!(
            "decide: {count} records came and nothing led to more; if the list may be longer, see the API's documentation"
        ),
    }
}
