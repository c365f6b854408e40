//! What can be wrong with a page body.

use super::xml::XmlFault;
use crate::redact::line;

/// Why a body cannot be split, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body is not valid at byte {offset}: {kind}")]
pub(crate) struct SplitError {
    /// What is wrong.
    pub kind: SplitErrorKind,
    /// Bytes before the fault, counted after decompression.
    pub offset: u64,
}

/// What is wrong with a body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum SplitErrorKind {
    /// The body has no byte but white space.
    #[error("it is empty")]
    Empty,
    /// The body ends inside a value.
    #[error("it ends too early")]
    Truncated,
    /// A byte beyond ASCII, where the content type declares a charset other than UTF-8.
    #[error(
        "a character beyond ASCII, and the content type declares the charset `{charset}`, in which some APIs send UTF-8 \
         all the same: say in the source file which it is, `format: {{ encoding: {charset} }}` or `format: {{ encoding: \
         utf-8 }}`"
    )]
    NotAscii {
        /// What the content type declares.
        charset: String,
    },
    /// Bytes that are no text in the encoding that the source file states.
    #[error("it is not {0}, which `encoding` states")]
    Undecodable(&'static str),
    /// Null in place of a record.
    #[error(
        "record {0} is null: the API could not give it out. Where that is how it is, say `records: {{ at: …, nulls: skip \
         }}`, or `keep`"
    )]
    NullRecord(u64),
    /// A list of elements where the records are the members of an object.
    #[error(
        "a list stands where `records` says that the records are the members of an object: without `.*` at its end \
         `records` names a list"
    )]
    ListOfMembers,
    /// A text, number or boolean where the members of an object are the records.
    #[error(
        "member {0} is a text, number or boolean, and no record: `records` with `.*` at its end takes every member \
         of the object for one. Name the member that holds only records"
    )]
    ScalarMember(u64),
    /// A member's name too long for each of its records.
    #[error("the name of a member, which its records get as `_key`, is longer than 4 KiB")]
    KeyTooLong,
    /// A row that is no list, where `columns` names what rows hold.
    #[error("row {0} is no list of values, and `columns` is for rows that are")]
    RowNotList(u64),
    /// A row of another length than the columns.
    #[error("row {row} has {found} values, and there are {expected} columns")]
    RowLength {
        /// Its number, counted from 1.
        row: u64,
        /// Its values.
        found: usize,
        /// The columns.
        expected: usize,
    },
    /// The columns of rows are not there.
    #[error(
        "the names of the columns are not at `{0}`, and no page before this one had them, or had few enough to \
         remember"
    )]
    NoColumns(String),
    /// They are there and cannot be read.
    #[error("the columns at `{at}` cannot be read: {why}")]
    BadColumns {
        /// Where they are.
        at: String,
        /// What is wrong.
        why: String,
    },
    /// They come too late.
    #[error(
        "the names of the columns (`{0}`) stand after more than {1} MiB of rows: rows cannot wait for them that long, \
         so ask for smaller pages"
    )]
    ColumnsTooLate(String, usize),
    /// They are others than on the pages before.
    #[error("the columns are not those of the pages before: {0}")]
    OtherColumns(String),
    /// A byte sequence that is not UTF-8 (RFC 3629).
    #[error("not UTF-8")]
    NotUtf8,
    /// A control character inside a string (RFC 8259, section 7).
    #[error("a control character in a string")]
    ControlCharacter,
    /// An escape that JSON does not have.
    #[error("an escape that JSON does not have")]
    BadEscape,
    /// A number or literal that JSON does not have, such as `NaN` or `01`.
    #[error("a number or literal that JSON does not have")]
    BadScalar,
    /// A byte that may not stand here.
    #[error("{} may not stand here", show(*.0))]
    UnexpectedByte(u8),
    /// Something follows the end of the document.
    #[error("something follows the end of the document")]
    Trailing,
    /// Arrays and objects nested deeper than 512.
    #[error("nested deeper than 512")]
    TooDeep,
    /// The member that `records` names stands twice.
    #[error("the member that `records` names stands twice")]
    RecordsTwice,
    /// Two members of one name, different ones, where the source file reads one.
    #[error("the member `{0}`, which the source file reads, stands twice with different values")]
    ValueTwice(String),
    /// A single record of more than 64 MiB.
    #[error("a record is larger than 64 MiB")]
    RecordTooLarge,
    /// A value the source file asks for (a cursor, a total) of more than 1 MiB.
    #[error("a value that the source file reads from the body is larger than 1 MiB")]
    CaptureTooLarge,
    /// A line of NDJSON that holds more or less than one value.
    #[error("a line must hold exactly one value")]
    LineNotOneValue,
    /// CSV: a line that has another number of fields than the header.
    #[error(
        "the record that ends in line {line} has {found} fields, the header {expected}{}",
        if *line <= 20 { "; if lines stand before or after the table, `skip_lines`, `header_starts` and `ends_at` tell them" } else { "" }
    )]
    FieldCount {
        /// The record's last line, counted from 1.
        line: u64,
        /// Its fields.
        found: usize,
        /// The header's.
        expected: usize,
    },
    /// CSV: the header that the source file describes.
    #[error("no line begins with `{0}`, which `header_starts` says of the header")]
    NoHeaderLine(String),
    /// CSV: the row after the table.
    #[error(
        "no row begins with `{0}`, which `ends_at` says of the row after the table: it may have been cut"
    )]
    NoEndLine(String),
    /// CSV: text between a field's closing quote and its end.
    #[error("something follows the closing quote of a field; a quote within one is written twice")]
    BehindQuote,
    /// CSV: two columns of one name.
    #[error("the header names `{}` twice", line(.0))]
    HeaderTwice(String),
    /// CSV: a record that is not UTF-8.
    #[error("the record that ends in line {line} is not UTF-8")]
    RecordNotUtf8 {
        /// The record's last line, counted from 1.
        line: u64,
    },
    /// CSV: a header of more than 1 MiB.
    #[error("the header is larger than 1 MiB")]
    HeaderTooLarge,
    /// CSV: names so long beside values so short that the records are a multiple of the body.
    #[error("the columns' names are so long that the rows become more than {0} times the body's size")]
    NamesTooLong(u64),
    /// CSV: a record of more fields than any table has.
    #[error("a record has more than {0} fields")]
    TooManyFields(usize),
    /// Something that XML does not have, or that is not read.
    #[error(transparent)]
    Xml(XmlFault),
    /// The body says itself that it is something else than CSV.
    #[error("it is not CSV")]
    NotCsv,
}

fn show(byte: u8) -> String {
    if byte.is_ascii_graphic() { format!("`{}`", char::from(byte)) } else { format!("byte 0x{byte:02x}") }
}
