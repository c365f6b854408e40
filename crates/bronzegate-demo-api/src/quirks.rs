//! What a vendor's API is particular about, as data.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Describes how a stream differs from its style; in JSON every member may be left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quirks {
    /// Headers that every request must bring.
    pub demanded_headers: Vec<String>,
    /// Parameters that every request for a first page must bring, or the submission of a job.
    pub demanded_parameters: Vec<String>,
    /// Where pages after the first are asked for, below the stream's path, as Dropbox's `list_folder/continue` has it: a
    /// cursor is refused elsewhere, and there nothing but a cursor is taken.
    pub continued_at: Option<String>,
    /// The most requests at once; further ones are refused with 429.
    pub at_once: Option<u64>,
    /// About every nth record is left out of its page, though positions and the total count it.
    pub hidden_every: Option<u64>,
    /// The columns of comma-separated values, by the names of the records' members; without any, four with
    /// everything that a row can hold.
    pub columns: Vec<String>,
    /// What stands before and after the comma-separated values of each file, as lines.
    pub around_table: Option<(String, String)>,
    /// Whether the last page names a next one too, which is empty: only what else it says tells the end.
    pub names_next_at_end: bool,
    /// Where points in time are opened, as Elasticsearch has it: a POST to `_pit` below this path gives the
    /// first id, one to `_count` the number of records, and a search takes at `/pit/id` only the id that
    /// came with the page before.
    pub point_in_time: Option<String>,
    /// The query parameter in which next links repeat the bearer token, as Facebook's Graph API does it; a request
    /// that has it must have the token there too.
    pub repeats_token: Option<String>,
    /// Whether what is asked for after the last page is answered with the last page.
    pub clamps: bool,
    /// Whether the place in the list is kept here, as Elasticsearch's scroll does it: each request without a cursor opens
    /// a list, whose cursor stays the same. Each request that has it is answered with the page after the one answered
    /// last, whether or not that arrived.
    pub keeps_place: bool,
    /// The header in which the credential stands instead, and what precedes it there: `["authorization", "SSWS "]`.
    pub credential_header: Option<(String, String)>,
    /// The status of an answer without any record, which then has no page.
    pub nothing: Option<u16>,
    /// How pages that are no table are packed.
    pub packed: Option<Pack>,
    /// Whether a layout's member with the records is absent where there are none.
    pub omits_empty: bool,
    /// What separates the fields of a table; a comma without it.
    pub delimiter: Option<char>,
    /// The path names one record, which is the whole body: the member that the name is the value of, and what follows it
    /// in the path. For an unknown one the body is `null`.
    pub one_by_path: Option<(String, String)>,
    /// The cursor that asks for the first page.
    pub first_cursor: Option<String>,
    /// A parameter that requests of this stream have, and what stands in it: tells apart streams with one path.
    pub having: Option<(String, String)>,
    /// Whether each page has a `Link` header of its own for itself, before any other.
    pub links_itself: bool,
    /// From the page of this number on (from 1), `next` in a layout's body has this name instead.
    pub renames_next: Option<(u64, String)>,
    /// What next links end with, as HAL has it: an expression of a URL template (RFC 6570), such as `{&sort}`. A
    /// request that has it still is refused.
    pub templated_links: Option<String>,
    /// How many seconds its clock is behind: by the `Date` of its answers, and by the newest record that can be seen.
    pub clock_behind: Option<u64>,
    /// The parameter that names the records wanted, with commas between; what they are named by; and how many a
    /// request may name.
    pub by_ids: Option<(String, String, usize)>,
    /// The parameter for the token that the last page of a list has: it asks for what has come since.
    pub token: Option<String>,
    /// How the records stand in their pages; the elements of one list without it.
    pub form: Form,
    /// How pages are asked for and written, for [`Style::Layout`](crate::Style::Layout).
    pub layout: Layout,
}

/// Names how the records of a page stand there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Form {
    /// They are the elements of a list.
    #[default]
    List,
    /// They are the members of a map, each by the name that it has at `key`; an empty map is an empty list.
    Map {
        /// The record's member.
        key: String,
    },
    /// What pages count are lists of records: the nth has n of them, up to `most`, and then from none again.
    Lists {
        /// Records of the longest.
        most: u64,
        /// Where each element has its list; it is the list itself without it.
        at: Option<String>,
        /// They are the members of a map.
        #[serde(default)]
        is_map: bool,
    },
    /// They are the values of one of their members.
    Values {
        /// The member.
        member: String,
    },
    /// They are lists of these of their members.
    Rows {
        /// The members.
        columns: Vec<String>,
        /// The first row has their names.
        #[serde(default)]
        first_row: bool,
    },
    /// They are elements of XML of this name, in `<feed>`; what the body says besides are elements beside them. Members
    /// whose names begin with @ are attributes.
    Xml {
        /// Their name.
        entry: String,
        /// The elements that they are in, with dots between, in place of `feed`; before them stands a document type then.
        #[serde(default)]
        within: Option<String>,
    },
}

impl Quirks {
    /// Whether a record is left out.
    pub(crate) fn hides(&self, record: &[u8]) -> bool {
        hides(self.hidden_every, record)
    }
}

/// Whether a record is one of about every nth that are left out, wherever it stands.
pub(crate) fn hides(every: Option<u64>, record: &[u8]) -> bool {
    let sum = |every: u64| record.iter().fold(0, |sum: u64, byte| sum + u64::from(*byte)) % every.max(1);
    every.is_some_and(|every| sum(every) == 0)
}

/// Names how a page is packed as a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pack {
    /// Not at all.
    Plain,
    /// A gzip file.
    Gzip,
    /// A zip archive of a folder and two files, each with half of the records, and the header of a table.
    Zip,
    /// A zip archive of two gzip files.
    ZipOfGzip,
}

/// Describes how pages are asked for and written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    /// How a request says where its page begins.
    pub by: By,
    /// The parameter for the page size.
    pub size: Option<String>,
    /// Where the records are: `items`, `hits.hits`, or `$` for the whole body.
    pub records: String,
    /// What else the body says, each at its path.
    #[serde(default)]
    pub body: Vec<(String, Said)>,
    /// What the headers say.
    #[serde(default)]
    pub headers: Vec<(String, Said)>,
}

/// Names the parameter by which a request says where its page begins; `/a/0/b` is a JSON Pointer
/// into a body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// An opaque cursor of this server's.
    Cursor(String),
    /// The number of records to skip.
    Offset(String),
    /// The page's number, from 1.
    Page(String),
    /// The page's number, from 0; one after the last is not found.
    PageFromZero(String),
    /// What the last record of the page before has at `sort`: a JSON array.
    Sort(String),
    /// A number in a text, such as a query's.
    Within {
        /// The parameter with the text.
        argument: String,
        /// What precedes the number of the first record.
        position: String,
        /// The number of the first record of all.
        first: u64,
        /// What precedes the page size.
        size: String,
    },
}

/// Names what a member or header says; one that has nothing to say is absent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// The next cursor, as long as there is one.
    Next,
    /// The next cursor, and this at the end.
    NextOr(Value),
    /// The URL of the next page, as long as there is one.
    Link,
    /// The same as a value of the header `Link`.
    LinkValue,
    /// How many records there are.
    Total,
    /// The same as a text.
    TotalText,
    /// How many records are on the page.
    Count,
    /// How many pages there are.
    Pages,
    /// Whether there is another page.
    More,
    /// Whether there is none.
    Last,
    /// This, as long as there is another page.
    WhileMore(Value),
    /// Always this.
    Just(Value),
    /// This, on the first page alone.
    JustFirst(Value),
    /// The token for what comes later, on the last page alone.
    Token,
    /// The same as a URL.
    TokenLink,
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            by: By::Cursor("after".to_owned()),
            size: Some("limit".to_owned()),
            records: "results".to_owned(),
            body: vec![("next".to_owned(), Said::Next)],
            headers: Vec::new(),
        }
    }
}
