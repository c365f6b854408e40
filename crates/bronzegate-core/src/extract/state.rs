//! Where a run is between two pages: plain data of a fixed size, saved in the commit log.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;
use xxhash_rust::xxh3::xxh3_128;

use super::shape::PageShape;
use crate::http::Found;

/// Which request comes next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Position {
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
}

/// A value taken from a response and sent with a later request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Carried {
    /// As it goes into a query or header.
    pub text: String,
    /// As it goes into a JSON body.
    pub value: Value,
}

impl Carried {
    /// A value found in a response; `None` for null and for an empty string.
    pub fn of(found: &Found) -> Option<Self> {
        Some(Self { text: found.text()?, value: found.value()? })
    }

    /// A text that the source file gives.
    pub fn text(text: &str) -> Self {
        Self { text: text.to_owned(), value: text.into() }
    }
}

/// Everything a later segment needs to go on where this one ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PageState {
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
    /// Fingerprints of the newest cursors and pages, so that a repeat is noticed across segments.
    pub recent_positions: Recent,
    /// See `recent_positions`.
    pub recent_pages: Recent,
    /// What the pages so far are; `None` before the first with records, or saved by an earlier release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<PageShape>,
    /// The export job whose pages these are, once it is submitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobState>,
}

/// An export job that has been submitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobState {
    /// The API's name for it.
    pub id: String,
    /// When it was submitted.
    pub submitted: Timestamp,
    /// It was submitted in place of one that was lost.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replaces: bool,
    /// Where its file is. Such a URL may be signed, which makes it a credential: it is not saved, and the
    /// job is asked for it again.
    #[serde(skip)]
    pub file: Option<Url>,
}

/// The newest fingerprints, as many as are saved.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Recent(VecDeque<String>);

/// How many fingerprints a saved state holds.
const RECENT: usize = 32;

impl Recent {
    /// Adds one and forgets the oldest beyond the bound.
    pub(super) fn push(&mut self, fingerprint: u128) {
        if self.0.len() == RECENT {
            self.0.pop_front();
        }
        self.0.push_back(format!("{fingerprint:032x}"));
    }

    /// The fingerprints.
    pub(super) fn iter(&self) -> impl Iterator<Item = u128> {
        self.0.iter().filter_map(|hex| u128::from_str_radix(hex, 16).ok())
    }
}

impl PageState {
    /// The state before the first request.
    pub fn first(position: Position, carry: usize) -> Self {
        Self {
            position,
            carry: vec![None; carry],
            pages: 0,
            records: 0,
            empty_pages: 0,
            total: None,
            total_pages: None,
            recent_positions: Recent::default(),
            recent_pages: Recent::default(),
            shape: None,
            job: None,
        }
    }
}

impl Position {
    /// A fingerprint of a position the API has named: a cursor or URL. Numbers the engine counts
    /// itself always move on, so they have none.
    pub fn fingerprint(&self) -> Option<u128> {
        match self {
            Self::Cursor(cursor) => Some(xxh3_128(cursor.text.as_bytes())),
            Self::Url(url) => Some(xxh3_128(url.as_str().as_bytes())),
            Self::First | Self::Offset(_) | Self::Page(_) => None,
        }
    }

    /// The position for reports: never a credential, and of a URL only what may be shown.
    pub fn shown(&self) -> Option<String> {
        match self {
            Self::First => None,
            Self::Cursor(cursor) => Some(cursor.text.clone()),
            Self::Offset(offset) => Some(format!("offset {offset}")),
            Self::Page(page) => Some(format!("page {page}")),
            Self::Url(url) => Some(crate::redact::SafeUrl(url).to_string()),
        }
    }
}
