//! Where a run is between two pages: plain data of a fixed size, saved in the commit log.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use url::Url;
use xxhash_rust::xxh3::xxh3_128;

use super::page_shape::PageShape;
use crate::cursor::Verbatim;
use crate::http::{Found, Unreadable};

/// Which request comes next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Position {
    /// The first request, before anything is known.
    First,
    /// With this cursor.
    Cursor(Carried),
    /// From this offset.
    Offset(u64),
    /// This page number.
    Page(u64),
    /// To this URL, which holds no credential.
    Url(Url),
    /// To the export job's file of this number, counted from 0; the first file is the first request.
    File(usize),
}

/// A value taken from a response, or from a record's cursor, and sent with a later request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Saved")]
pub(crate) struct Carried {
    /// As it goes into a query or header.
    pub text: String,
    /// Whether it goes into a JSON body as it stands, without quotes: a number, boolean, array or object.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub bare: bool,
}

/// A carried value as commit logs have it. Older ones have the value itself, in which a number may have lost
/// digits, beside a text that has all of them.
#[derive(Deserialize)]
struct Saved {
    text: String,
    #[serde(default)]
    bare: bool,
    value: Option<Value>,
}

impl From<Saved> for Carried {
    fn from(saved: Saved) -> Self {
        let bare = saved.bare || saved.value.is_some_and(|value| !value.is_string());
        Self { text: saved.text, bare }
    }
}

impl From<&Verbatim> for Carried {
    fn from(cursor: &Verbatim) -> Self {
        Self { text: cursor.text.clone(), bare: cursor.bare }
    }
}

impl Carried {
    /// A value found in a response; `None` for null and for an empty string.
    ///
    /// # Errors
    /// [`Unreadable`] where something stands there that cannot be read.
    pub(crate) fn of(found: &Found) -> Result<Option<Self>, Unreadable> {
        Ok(found.plain()?.map(|plain| Self { text: plain.text, bare: plain.bare }))
    }

    /// A text that the source file gives.
    pub(crate) fn text(text: &str) -> Self {
        Self { text: text.to_owned(), bare: false }
    }

    /// A number.
    pub(crate) fn number(number: u64) -> Self {
        Self { text: number.to_string(), bare: true }
    }

    /// As it goes into a JSON body.
    pub(crate) fn json(&self) -> Box<RawValue> {
        let bare = self.bare.then(|| RawValue::from_string(self.text.clone()).ok()).flatten();
        bare.unwrap_or_else(|| serde_json::value::to_raw_value(&self.text).expect("a text is JSON"))
    }
}

/// Everything a later segment needs to go on where this one ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct PageState {
    /// The next request.
    pub position: Position,
    /// The values of `carry`, in its order.
    pub carry: Vec<Option<Carried>>,
    /// Pages accepted so far, over all segments.
    pub pages: u64,
    /// Records received so far, over all segments.
    pub records: u64,
    /// Pages without records since the last that had some.
    pub empty_pages: u64,
    /// The newest total that the API has stated.
    pub total: Option<u64>,
    /// The newest number of pages that the API has stated.
    pub total_pages: Option<u64>,
    /// There are more pages than the API states: what it states of their number is skipped.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_more_pages_than_stated: bool,
    /// Fingerprints of the newest cursors and pages, so that a repeat is noticed across segments.
    pub recent_positions: Recent,
    /// See `recent_positions`.
    pub recent_pages: Recent,
    /// What the pages so far are; `None` before the first with records, or saved by an earlier release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<PageShape>,
    /// The tokens of the run, where it has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<Box<Tokens>>,
    /// The export job whose pages these are, once it is submitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobState>,
}

/// What tells an API from when on changes are wanted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tokens {
    /// The one that the run asks with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<Carried>,
    /// The one that the newest page has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<Carried>,
}

/// An export job that has been submitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct JobState {
    /// The API's name for it.
    pub id: String,
    /// When it was submitted.
    pub submitted: Timestamp,
    /// It was submitted in place of one that was lost.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replaces: bool,
    /// How many of the requests that make it begin are done.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub started: usize,
    /// What its poll has said, by name: it is asked again.
    #[serde(skip)]
    pub carried: Vec<(String, String)>,
    /// Where its files are, where a poll names them. Such a URL may be signed, which makes it a credential: it
    /// is not saved, and the job is asked for it again.
    #[serde(skip)]
    pub files: Option<Vec<Url>>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// The newest fingerprints, as many as are saved.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Recent(VecDeque<String>);

/// How many fingerprints a saved state holds.
const RECENT: usize = 32;

impl Recent {
    /// Adds one and forgets the oldest beyond the bound.
    pub(crate) fn push(&mut self, fingerprint: u128) {
        if self.0.len() == RECENT {
            self.0.pop_front();
        }
        self.0.push_back(format!("{fingerprint:032x}"));
    }

    /// Takes the newest away.
    pub(crate) fn pop(&mut self) {
        self.0.pop_back();
    }

    /// The fingerprints.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u128> {
        self.0.iter().filter_map(|hex| u128::from_str_radix(hex, 16).ok())
    }
}

impl PageState {
    /// The state before the first request.
    pub(crate) fn first(position: Position, carry: usize) -> Self {
        Self {
            position,
            carry: vec![None; carry],
            pages: 0,
            records: 0,
            empty_pages: 0,
            total: None,
            total_pages: None,
            has_more_pages_than_stated: false,
            recent_positions: Recent::default(),
            recent_pages: Recent::default(),
            shape: None,
            tokens: None,
            job: None,
        }
    }

    /// The token that its requests have, where the run has one.
    pub(crate) fn token(&self) -> Option<&Carried> {
        self.tokens.as_ref()?.sent.as_ref()
    }

    /// Whether its export job is done and has no file.
    pub(crate) fn has_no_pages(&self) -> bool {
        self.position == Position::First && self.job.as_ref().is_some_and(|job| job.file_count() == 0)
    }
}

impl JobState {
    /// One that has just been submitted.
    pub(crate) fn submitted(id: String, submitted: Timestamp) -> Self {
        Self { id, submitted, replaces: false, started: 0, carried: Vec::new(), files: None }
    }

    /// Which job it is, and how many of the requests that make it begin are done.
    pub(crate) fn step(&self) -> (String, usize) {
        (self.id.clone(), self.started)
    }

    /// How many files it has; one where its pages are at the stream's path.
    pub(crate) fn file_count(&self) -> usize {
        self.files.as_ref().map_or(1, Vec::len)
    }
}

impl Position {
    /// The number of the job's file that is asked for, counted from 0.
    pub(crate) fn file(&self) -> usize {
        if let Self::File(nth) = self { *nth } else { 0 }
    }

    /// A fingerprint of a position the API has named: a cursor or URL. Numbers the engine counts
    /// itself always move on, so they have none.
    pub(crate) fn fingerprint(&self) -> Option<u128> {
        match self {
            Self::Cursor(cursor) => Some(xxh3_128(cursor.text.as_bytes())),
            Self::Url(url) => Some(xxh3_128(url.as_str().as_bytes())),
            Self::First | Self::Offset(_) | Self::Page(_) | Self::File(_) => None,
        }
    }

    /// The position for reports: never a credential, and of a URL only what may be shown.
    pub(crate) fn shown(&self) -> Option<String> {
        match self {
            Self::First => None,
            Self::Cursor(cursor) => Some(cursor.text.clone()),
            Self::Offset(offset) => Some(format!("offset {offset}")),
            Self::Page(page) => Some(format!("page {page}")),
            Self::Url(url) => Some(crate::redact::SafeUrl(url).to_string()),
            Self::File(nth) => Some(format!("file {}", nth.saturating_add(1))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every number comes back with its own digits, whatever it went through: the page, the commit log (which
    /// holds a state as a JSON value), and the body of the next request.
    #[test]
    fn a_carried_number_survives_the_log_with_its_own_digits() {
        let mut random = fastrand::Rng::with_seed(7);
        let doubles = std::iter::repeat_with(|| f64::from_bits(random.u64(..))).filter(|x| x.is_finite());
        let mut texts: Vec<_> = doubles.take(2_000).map(|double| format!("{double:e}")).collect();
        let digits = |length: usize| "9182736450".chars().cycle().take(length).collect::<String>();
        texts.extend((18..60).map(digits));
        texts.extend(["9.181729869443407e-07", "36893488147419103233", "1e400", "-0"].map(str::to_owned));
        for text in texts {
            let array = format!("[{text},\"é\"]");
            for json in [text, array] {
                let found = Found::Json(json.clone().into_bytes());
                let carried = Carried::of(&found).unwrap().unwrap();
                let saved = serde_json::to_value(&carried).unwrap().to_string();
                let read: Carried = serde_json::from_str(&saved).unwrap();
                assert_eq!((read.json().get(), read.text.as_str()), (json.as_str(), json.as_str()));
            }
        }
    }

    #[test]
    fn states_of_older_logs_are_read() {
        for (saved, json) in [
            (r#"{"text":"c1","value":"c1"}"#, r#""c1""#),
            (r#"{"text":"7","value":"7"}"#, r#""7""#),
            (r#"{"text":"36893488147419103233","value":3.6893488147419103e+19}"#, "36893488147419103233"),
            (r#"{"text":"[1,\"a\"]","value":[1,"a"]}"#, r#"[1,"a"]"#),
        ] {
            let carried: Carried = serde_json::from_str(saved).unwrap();
            assert_eq!(carried.json().get(), json, "{saved}");
        }
    }
}
