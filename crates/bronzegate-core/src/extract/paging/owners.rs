//! The parents of a batch: which of them the records of an answer name.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use serde_json::value::RawValue;

use super::branch::{BranchId, text};
use crate::config::{Batch, Pointer};
use crate::redact::printable;

/// The parents of a batch that no record has named so far.
#[derive(Debug)]
pub(crate) struct Owners {
    /// Where a record names its parent.
    pub(crate) at: Pointer,
    unnamed: Mutex<BTreeSet<String>>,
}

/// How many a warning names.
const NAMED: usize = 3;
/// The longest value that a message shows.
const LONGEST_SHOWN: usize = 60;

impl Owners {
    /// Those of a batch; `None` where its records do not say whose they are.
    pub(super) fn of(batch: &Batch, id: &BranchId) -> Option<Self> {
        let at = batch.owner.clone()?;
        let unnamed = each_text(id.parent.first()?)?.into_iter().collect();
        Some(Self { at, unnamed: Mutex::new(unnamed) })
    }

    /// Whether it is one of them.
    pub(crate) fn awaits(&self, text: &str) -> bool {
        self.unnamed.lock().unwrap_or_else(PoisonError::into_inner).contains(text)
    }

    /// Records of a page that counts have named these.
    pub(crate) fn named<'a>(&self, texts: impl IntoIterator<Item = &'a String>) {
        let mut unnamed = self.unnamed.lock().unwrap_or_else(PoisonError::into_inner);
        for text in texts {
            unnamed.remove(text);
        }
    }

    /// Those that no record has named, for messages: how many, and the first.
    pub(crate) fn told(&self) -> Option<(usize, String)> {
        let unnamed = self.unnamed.lock().unwrap_or_else(PoisonError::into_inner);
        let first: Vec<_> = unnamed.iter().take(NAMED).map(|text| printable(text, LONGEST_SHOWN)).collect();
        (!unnamed.is_empty()).then(|| (unnamed.len(), first.join(", ")))
    }
}

/// The values of a batch as they go into a request: of a JSON array of texts, numbers and booleans.
pub(super) fn each_text(json: &str) -> Option<Vec<String>> {
    let values: Vec<&RawValue> = serde_json::from_str(json).ok()?;
    values.into_iter().map(|value| text(value.get())).collect()
}

/// What a record has at a member, as it would go into a request; nothing for what cannot go there.
pub(crate) fn owner_of(json: &str) -> Option<String> {
    text(json)
}
