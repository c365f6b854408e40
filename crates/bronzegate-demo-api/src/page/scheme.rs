//! Which parameters a stream pages by.

use super::cursor::Codec;
use crate::{
    quirks::By,
    stream::{Stream, Style},
};

/// Names how a request says where a page begins, and the parameters for it and for the page size.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scheme<'a> {
    /// There is one page.
    Whole,
    /// By an opaque cursor.
    Cursor { cursor: &'a str, size: &'a str, codec: Codec },
    /// By the number of records to skip.
    Offset { offset: &'a str, size: &'a str },
    /// By the page's number, counted from `first`.
    Numbered { page: &'a str, size: &'a str, first: u64 },
    /// By the last record's id.
    LastId,
    /// By what the last record has at `sort`.
    Sort { sort: &'a str, size: &'a str },
    /// By a locator in the path.
    Locator,
    /// By a number in a text, counted from `first`.
    Within { argument: &'a str, position: &'a str, first: u64, size: &'a str },
}

impl<'a> Scheme<'a> {
    pub(crate) fn of(stream: &'a Stream) -> Self {
        let (cursor, size, codec) = match stream.style {
            Style::Single | Style::Ndjson => return Self::Whole,
            Style::Offset => return Self::Offset { offset: "offset", size: "limit" },
            Style::Page | Style::LinkHeader | Style::GitHub => {
                return Self::Numbered { page: "page", size: "per_page", first: 1 };
            }
            Style::Stripe => return Self::LastId,
            Style::Salesforce => return Self::Locator,
            Style::Layout => return Self::laid_out(stream),
            Style::Cursor | Style::HubSpot => ("after", "limit", Codec::Opaque),
            Style::NextUrl => ("cursor", "limit", Codec::Opaque),
            Style::ShopifyRest => ("page_info", "limit", Codec::Base64),
            Style::ShopifyGraphql => ("after", "first", Codec::Base64),
            Style::SalesforceBulk => ("locator", "maxRecords", Codec::Base64),
            Style::Slack => ("cursor", "limit", Codec::Base64),
            Style::Jira => ("nextPageToken", "maxResults", Codec::Opaque),
            Style::Notion => ("start_cursor", "page_size", Codec::Opaque),
            Style::Graph => ("$skiptoken", "$top", Codec::Opaque),
        };
        Self::Cursor { cursor, size, codec }
    }

    fn laid_out(stream: &'a Stream) -> Self {
        let layout = &stream.quirks.layout;
        let size = layout.size.as_deref().unwrap_or_default();
        match &layout.by {
            By::Cursor(cursor) => Self::Cursor { cursor, size, codec: Codec::Base64 },
            By::Offset(offset) => Self::Offset { offset, size },
            By::Page(page) => Self::Numbered { page, size, first: 1 },
            By::PageFromZero(page) => Self::Numbered { page, size, first: 0 },
            By::Sort(sort) => Self::Sort { sort, size },
            By::Within { argument, position, first, size } => {
                Self::Within { argument, position, first: *first, size }
            }
        }
    }

    /// The parameter whose presence makes a request one for a page after the first.
    pub(crate) fn cursor(self) -> Option<&'a str> {
        match self {
            Self::Cursor { cursor, .. } => Some(cursor),
            _ => None,
        }
    }
}

/// The parameter that makes two numbered links to the same page differ.
pub(crate) const AGAIN: &str = "again";
