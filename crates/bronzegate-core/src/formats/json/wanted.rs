//! What is to be taken out of a body, and what the beginning of a value means for it.

use std::sync::Arc;

use crate::config::{Columns, Nulls};
use crate::formats::page_body::{Form, RecordsFound};

/// What is to be taken out of a body.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// Where the records are; `None` where the body is read for its values only.
    pub records: Option<RecordsAt>,
    /// Paths of the values to keep, as member names (or decimal indexes of arrays) from the root.
    pub values: Arc<[Vec<String>]>,
    /// Whether the body is one value a line (NDJSON), each a record.
    pub lines: bool,
    /// What null in place of a record means.
    pub nulls: Nulls,
    /// What names the columns of records that are lists.
    pub columns: Option<WantedColumns>,
}

/// What names the columns of records that are lists.
#[derive(Clone, Debug)]
pub(crate) struct WantedColumns {
    /// Where the names are.
    pub at: Columns,
    /// Those of the pages before.
    pub known: Option<Vec<String>>,
}

/// Where the records are in a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RecordsAt {
    /// The body itself: the elements of its array, or its object as one record.
    Root,
    /// The array at this path of member names.
    Path(Vec<String>),
    /// The members of the object at this path, each with its name; an empty array is an empty object (PHP).
    Members(Vec<String>),
    /// The arrays that the elements of the array, or the members of the object, at `outer` have at `inner`.
    Lists {
        /// Where the elements are.
        outer: Vec<String>,
        /// Where each has its array; it is the array itself where this is empty.
        inner: Vec<String>,
    },
}

/// What a value's beginning means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begun {
    /// The array at the records path.
    Records,
    /// Something else at the records path; whether it was entered, because wanted values are in it.
    NoRecords {
        /// Whether it was entered.
        entered: bool,
    },
    /// A container on the way to something wanted; it was entered.
    Entered,
    /// The elements that hold the lists of records; it was entered.
    Outer,
    /// Nothing to look into.
    Other,
}

/// The kind of a JSON value, as its first byte tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    Array,
    Null,
    Scalar,
}

impl Kind {
    pub(crate) fn of(first: u8) -> Self {
        match first {
            b'{' => Self::Object,
            b'[' => Self::Array,
            b'n' => Self::Null,
            _ => Self::Scalar,
        }
    }

    /// What a body of this kind is.
    pub(crate) fn form(self) -> Form {
        match self {
            Self::Object => Form::Object,
            Self::Array => Form::List,
            Self::Null | Self::Scalar => Form::Scalar,
        }
    }

    /// What stands at the records path where a value of this kind does.
    pub(crate) fn found(self) -> RecordsFound {
        match self {
            Self::Object => RecordsFound::Other("an object"),
            Self::Array => RecordsFound::Records,
            Self::Null => RecordsFound::Null,
            Self::Scalar => RecordsFound::Other("a scalar"),
        }
    }
}
