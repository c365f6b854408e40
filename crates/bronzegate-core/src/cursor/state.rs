//! What the commit log keeps of a run's cursor: plain data of a fixed size.

use serde::{Deserialize, Serialize};

use super::bounds::Bounds;
use super::value::{CursorValue, NotACursor, Verbatim};
use crate::config::Incremental;

/// What a run asked for and how far it has read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CursorState {
    /// Where its request began; `None` at the oldest record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Verbatim>,
    /// Where it ended; `None` when it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Verbatim>,
    /// How far the runs before it had read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<Mark>,
    /// How far this one has read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<Mark>,
    /// Whether more was due behind it, which the next run goes on with.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
    /// Where the stream's first run began, as long as all before it is still to be loaded; `None` where it began at
    /// the oldest record, and in the log of an earlier version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began: Option<Verbatim>,
    /// Of the first run: its oldest record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest: Option<Verbatim>,
}

impl CursorState {
    /// Whether nothing is asked for: everything is too young.
    pub fn is_empty(&self) -> bool {
        self.from.is_some() && self.from == self.to
    }

    /// How far the stream has been read once this run is complete: where the next one begins.
    ///
    /// A window behind which more was due is finished, so that is its end. The last one ends at the
    /// run's time, when a record with an earlier cursor may not have appeared yet, so there it is the
    /// newest record. Where too many records share that cursor to remember them, it is the end
    /// again.
    pub fn position(&self) -> Option<Mark> {
        let end = || self.to.clone().map(Mark::at);
        let newest = self.newest.as_ref().or(self.known.as_ref());
        match newest {
            _ if self.more => end(),
            Some(mark) if mark.more => end().or_else(|| Some(mark.clone())),
            mark => mark.cloned(),
        }
    }

    /// What the run brings: what it asked for, and where nothing is looked back at, nothing older than
    /// what is known.
    ///
    /// # Errors
    /// [`NotACursor`] when a value does not fit the format.
    pub fn bounds(&self, settings: &Incremental) -> Result<Bounds, NotACursor> {
        let read = |verbatim: Option<&Verbatim>| {
            verbatim.map(|verbatim| CursorValue::of(settings.format, verbatim.clone())).transpose()
        };
        let mut from = read(self.from.as_ref())?;
        if settings.lookback.is_zero() {
            let known = read(self.known.as_ref().map(|known| &known.cursor))?;
            // What a request cannot tell below its unit, the record can.
            from = from.into_iter().chain(known).max_by(|a, b| a.order().cmp(b.order()));
        }
        Ok(Bounds { from, to: read(self.to.as_ref())? })
    }
}

/// A cursor, and which records that have it are in bronze.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The cursor.
    pub cursor: Verbatim,
    /// XXH3-128 of the records that have it, in hexadecimal; at most [`Mark::VERSIONS`].
    ///
    /// Earlier versions of bronzegate kept hashes of the keys alone, in `keys`. Those say nothing of what a
    /// record looked like, so they are not read: what has that cursor is written once more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<String>,
    /// There were more, and `versions` is empty.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

impl Mark {
    /// How many records that share a cursor are told apart.
    pub const VERSIONS: usize = 512;

    /// A cursor of which no record is known.
    pub fn at(cursor: Verbatim) -> Self {
        Self { cursor, versions: Vec::new(), more: false }
    }
}
