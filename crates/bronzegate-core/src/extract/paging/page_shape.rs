//! A page's shape: whether its body is what the source file says, and what the pages before it were.
//!
//! An API may answer with an error's text in place of a page, and a status of 200. Almost any text is a
//! table of one column, and any object may be one record, so neither is taken for a page by itself.

use http::header::CONTENT_RANGE;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3Default;

use super::columns::{SeenColumns, TableColumns};
use crate::config::{Address, Format, IfAbsent, Kind, Pointer, RecordsPath, RecordsShape, Stream, nearest};
use crate::error::{Error, ErrorKind};
use crate::formats::{Form, PageBody, RecordsFound};
use crate::http::Facts;
use crate::redact::printable;

/// The bytes of the columns' names of rows, beyond which they are not saved.
const LONGEST_NAMES: usize = 16 << 10;

/// The longest list of columns that is saved, and the longest text that a message shows.
const LONGEST_SHOWN: usize = 200;

/// What the pages of a run are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PageShape {
    /// JSON, of whatever records.
    Json,
    /// Rows of comma-separated values.
    Table {
        /// Tells their columns, in whatever order, from others.
        columns: String,
        /// The names of the first ones, for messages.
        shown: String,
    },
    /// Rows of JSON.
    Rows {
        /// Tells their columns, in their order, from others.
        columns: String,
        /// Their names, which later pages may lack; none where they are long.
        names: Vec<String>,
        /// The names of the first ones, for messages.
        shown: String,
    },
}

impl PageShape {
    fn of(body: &PageBody) -> Self {
        if let Some(names) = &body.columns {
            let is_short = names.iter().map(|name| name.len() + 3).sum::<usize>() <= LONGEST_NAMES;
            let kept = if is_short { names.clone() } else { Vec::new() };
            return Self::Rows { columns: told_apart(names), names: kept, shown: shown(names) };
        }
        if body.form != Form::Table {
            return Self::Json;
        }
        let mut names = body.names.clone();
        names.sort_unstable();
        Self::Table { columns: told_apart(&names), shown: shown(&body.names) }
    }

    /// The columns of rows of JSON.
    pub(crate) fn names(&self) -> Option<&[String]> {
        match self {
            Self::Rows { names, .. } if !names.is_empty() => Some(names),
            _ => None,
        }
    }

    fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Table { columns, .. }, Self::Table { columns: others, .. })
            | (Self::Rows { columns, .. }, Self::Rows { columns: others, .. }) => columns == others,
            (Self::Json, Self::Json) => true,
            _ => false,
        }
    }

    fn told(&self) -> String {
        match self {
            Self::Json => "JSON".to_owned(),
            Self::Table { shown, .. } => format!("a table with the columns {shown}"),
            Self::Rows { shown, .. } => format!("rows with the columns {shown}"),
        }
    }
}

/// A body of another shape than the source file says is an error, never "no records".
///
/// # Errors
/// [`ErrorKind::Data`], with what stands there instead.
pub(crate) fn check(stream: &Stream, body: &PageBody) -> Result<(), Error> {
    let may_be_absent = stream.records.if_absent == IfAbsent::Empty;
    let found = match body.found {
        RecordsFound::Records if body.form == Form::Table => return check_columns(stream, body),
        RecordsFound::Records => return check_object(stream, body),
        RecordsFound::Absent | RecordsFound::Null if may_be_absent => return Ok(()),
        RecordsFound::Absent => "nothing",
        RecordsFound::Null => "null",
        RecordsFound::Other(what) => what,
    };
    let is_gone = matches!(body.found, RecordsFound::Absent | RecordsFound::Null);
    let at = &stream.records.at;
    let meant = at.holder().filter(|_| is_gone).map(|pointer| meant(pointer, body));
    let should = match at {
        RecordsPath::Root | RecordsPath::At(_) => "should be an array, but",
        RecordsPath::Each(each) if each.lists.is_none() => {
            "should be an object, whose members are the records, but"
        }
        RecordsPath::Each(_) => "should be an array wherever `*` leads, but somewhere",
    };
    let names = if body.names.is_empty() {
        String::new()
    } else {
        format!("; the body's members are: {}", shown(&body.names))
    };
    let hint = if is_gone && body.form != Form::List {
        "; only if that is how the API writes \"none\", say `records: { at: …, if_absent: empty }`, by which \
         every body without it has no records"
    } else {
        ""
    };
    let meant = meant.unwrap_or_default();
    bad(format!("`records: {at}` {should} {found} stands there{names}{meant}{hint}"))
}

/// What the source file may have meant, where nothing is at its path.
fn meant(at: &Pointer, body: &PageBody) -> String {
    let first = at.tokens().first().map(String::as_str).unwrap_or_default();
    let names = body.names.iter().map(String::as_str);
    match nearest(first, names.clone()) {
        _ if body.form == Form::List => "; the body is a list: write `records: $`".to_owned(),
        // It is there, and null.
        _ if names.clone().any(|name| name == first) => String::new(),
        Some(near) => format!("; did you mean `{}`?", printable(near, LONGEST_SHOWN)),
        None if !body.names.is_empty() => "; name the one that holds the records".to_owned(),
        _ => String::new(),
    }
}

/// Where there are several pages, an object is no page of them.
fn check_object(stream: &Stream, body: &PageBody) -> Result<(), Error> {
    let is_whole = stream.records.at == RecordsPath::Root && body.form == Form::Object;
    let names = shown(&body.names);
    if is_whole && stream.records.shape == Some(RecordsShape::List) {
        return bad(format!(
            "the body is an object, and `shape: list` says that it is a list of records; its members are: {names}. The \
             API has most likely answered with an error, for which a rule of `responses` can say what to do"
        ));
    }
    if !is_whole || stream.pagination.kind == Kind::None {
        return Ok(());
    }
    bad(format!(
        "the body is an object, and with pages `records: $` is an array; its members are: {names}. Either one of \
         them holds the records, and `records` should name it, or the API has answered with an error, for which a \
         rule of `responses` can say what to do. An object is one record only with `pagination: {{ type: none }}`"
    ))
}

/// A header that lacks what the source file reads from each record is no header of this table.
fn check_columns(stream: &Stream, body: &PageBody) -> Result<(), Error> {
    let lacking = needed(stream, body).into_iter().find(|(_, pointer)| !has_column(body, pointer));
    let Some((key, pointer)) = lacking else { return Ok(()) };
    let columns = shown(&body.names);
    bad(format!(
        "the table has no column `{pointer}`, which `{key}` names; its columns are: {columns}. Either the name is \
         another, or the API has answered with an error's text in place of a table"
    ))
}

fn has_column(body: &PageBody, pointer: &Pointer) -> bool {
    matches!(pointer.tokens(), [column] if body.names.contains(column))
}

/// The fields that the source file reads from records, each with the key that says so.
fn needed<'s>(stream: &'s Stream, body: &PageBody) -> Vec<(&'static str, &'s Pointer)> {
    let pagination = &stream.pagination;
    let next = match &pagination.kind {
        Kind::Cursor { next, .. } | Kind::NextUrl { next } => Some(next),
        Kind::None | Kind::Offset { .. } | Kind::Page { .. } | Kind::LinkHeader { .. } => None,
    };
    let carried = pagination.carry.iter().map(|carry| &carry.from);
    let total = pagination.total.as_ref().map(|total| &total.at);
    let of_pages = next.into_iter().chain(carried).chain(total).filter_map(|address| match address {
        Address::LastRecord(pointer) => Some(("last_record", pointer)),
        _ => None,
    });
    let incremental = stream.incremental.iter().flat_map(|incremental| {
        let key = incremental.key.as_ref().map(|key| ("incremental.key", key));
        // Of several members a record may lack some, and a table too.
        let members = incremental.cursor.members();
        let there = members.iter().find(|member| has_column(body, member)).or(members.first());
        there.map(|member| ("incremental.cursor", member)).into_iter().chain(key)
    });
    incremental.chain(of_pages).collect()
}

/// A part of a body, or of a list that the source file takes for whole, is no page.
///
/// # Errors
/// [`ErrorKind::Data`], with the part that came.
pub(crate) fn check_whole(stream: &Stream, facts: &Facts) -> Result<(), Error> {
    let range = facts.headers.get(CONTENT_RANGE).map(|range| String::from_utf8_lossy(range.as_bytes()));
    let Some(range) = range.filter(|_| facts.status == 206) else { return Ok(()) };
    let is_of_bytes = range.trim_start().to_ascii_lowercase().starts_with("bytes");
    // Some APIs say so of the rows of a page.
    if !is_of_bytes && stream.pagination.kind != Kind::None {
        return Ok(());
    }
    let range = printable(&range, LONGEST_SHOWN);
    let hint = if is_of_bytes { "" } else { "; `pagination` has to ask for the others" };
    bad(format!("HTTP 206: the API has sent a part (Content-Range: {range}) and not the whole{hint}"))
}

/// Holds a page against those before it, whose shape is `known`; returns what somebody should know.
///
/// # Errors
/// [`ErrorKind::Data`] where the shape is another, or the only line may be an error's text.
pub(crate) fn follow(
    stream: &Stream,
    known: &mut Option<PageShape>,
    columns: &SeenColumns,
    body: &PageBody,
) -> Result<Option<String>, Error> {
    // Rows without any may lack their columns too.
    if body.found != RecordsFound::Records || stream.records.columns.is_some() && body.columns.is_none() {
        return Ok(None);
    }
    let shape = PageShape::of(body);
    match known {
        None => {
            let told = first_table(stream, columns, body, &shape);
            *known = Some(shape);
            told
        }
        Some(before) if before.is_like(&shape) => Ok(None),
        Some(before) => bad(format!(
            "the page is {}, and those before it are {}. The API has most likely answered with an error's text in \
             place of a page",
            shape.told(),
            before.told()
        )),
    }
}

/// The first table of a branch, compared with the columns of earlier runs; one without rows may be an error's
/// text, of which nothing says that it is a header.
fn first_table(
    stream: &Stream,
    columns: &SeenColumns,
    body: &PageBody,
    shape: &PageShape,
) -> Result<Option<String>, Error> {
    let PageShape::Table { columns: hash, shown } = shape else { return Ok(None) };
    let is_given = matches!(&stream.format, Some(Format::Csv(form)) if form.header.is_some());
    if is_given {
        return Ok(None);
    }
    let known = columns.known().cloned();
    if body.records > 0 {
        columns.see(TableColumns { hash: hash.clone(), shown: shown.clone() });
    }
    let is_suspect = body.records == 0 && needed(stream, body).is_empty();
    let may_be_absent = stream.records.if_absent == IfAbsent::Empty;
    match known {
        Some(known) if known.hash == *hash => Ok(None),
        Some(known) if is_suspect && !may_be_absent => bad(format!(
            "the body's only line, `{shown}`, is not the header of the tables before it, which had the columns {}: more \
             likely an error's text. If the API has other columns now, the first page with rows will show it; to take \
             such a line for a table without rows, say `records: {{ at: $, if_absent: empty }}`",
            known.shown
        )),
        Some(known) => Ok(columns.is_news().then(|| {
            format!(
                "the table's columns are {shown}, and before this run they were {}: if it is an error's text, what the \
                 API has is not here",
                known.shown
            )
        })),
        None if is_suspect => only_line(body, shown, may_be_absent).map(Some),
        None => Ok(None),
    }
}

/// A table without rows, of which nothing says that its only line is a header.
fn only_line(body: &PageBody, line: &str, may_be_absent: bool) -> Result<String, Error> {
    if body.has_line_end || may_be_absent {
        return Ok(format!(
            "the body's only line, `{line}`, was taken for the header of a table without rows: if it is an error's \
             text, what the API has is not here"
        ));
    }
    bad(format!(
        "the body is one line without line end, `{line}`: more likely an error's text than the header of a table \
         without rows. If this is how the API writes \"none\", say `records: {{ at: $, if_absent: empty }}`, by which \
         such a body is a warning"
    ))
}

fn told_apart(names: &[String]) -> String {
    let mut hash = Xxh3Default::new();
    for name in names {
        hash.update(&(name.len() as u64).to_le_bytes());
        hash.update(name.as_bytes());
    }
    format!("{:032x}", hash.digest128())
}

fn shown(names: &[String]) -> String {
    printable(&names.join(", "), LONGEST_SHOWN)
}

fn bad<T>(cause: String) -> Result<T, Error> {
    Err(Error::new(ErrorKind::Data, cause))
}
