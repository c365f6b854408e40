//! What can be wrong with a page body.

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
    #[error("the record that ends in line {line} has {found} fields, the header {expected}")]
    FieldCount {
        /// The record's last line, counted from 1.
        line: u64,
        /// Its fields.
        found: usize,
        /// The header's.
        expected: usize,
    },
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
    /// CSV: a record of more fields than any table has.
    #[error("a record has more than {0} fields")]
    TooManyFields(usize),
    /// The body says itself that it is something else than CSV.
    #[error("it is not CSV")]
    NotCsv,
}

fn show(byte: u8) -> String {
    if byte.is_ascii_graphic() { format!("`{}`", char::from(byte)) } else { format!("byte 0x{byte:02x}") }
}
