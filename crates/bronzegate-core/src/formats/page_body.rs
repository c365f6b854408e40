//! What a body held beside its records.

use bytes::Bytes;

/// What stands at the records path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum RecordsFound {
    /// The path leads nowhere.
    #[default]
    Absent,
    /// A null.
    Null,
    /// The records.
    Records,
    /// Something else, named for messages.
    Other(&'static str),
}

/// What a body is as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Form {
    /// A JSON object.
    #[default]
    Object,
    /// A JSON array.
    List,
    /// Another JSON value.
    Scalar,
    /// JSON values, one a line.
    Lines,
    /// Rows of comma-separated values.
    Table,
}

/// What a whole and valid body held beside its records.
#[derive(Clone, Debug, Default)]
pub(crate) struct PageBody {
    /// Records that were split off; of lists in a list, its elements: pages are counted in these.
    pub records: u64,
    /// Nulls in place of records, which were left out.
    pub nulls: u64,
    /// What it is as a whole.
    pub form: Form,
    /// Whether a table's last line has an end.
    pub has_line_end: bool,
    /// What stood at the records path.
    pub found: RecordsFound,
    /// XXH3-128 of the bytes between the brackets of the records array.
    pub hash: u128,
    /// The wanted values as JSON text, in the order asked for; `None` where the path leads nowhere.
    pub values: Vec<Option<Vec<u8>>>,
    /// Names of the body's first top-level members, for messages; of a table, those of its columns.
    pub names: Vec<String>,
    /// The columns of records that came as lists.
    pub columns: Option<Vec<String>>,
    /// The first record's bytes, where records are lines.
    pub first_record: Option<Bytes>,
    /// The last record's bytes.
    pub last_record: Option<Bytes>,
    /// Bytes of the body.
    pub bytes: u64,
}
