//! Which parameters a style pages by.

use super::cursor::Codec;
use crate::stream::Style;

/// Names how a style says where a page begins.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scheme {
    /// There is one page.
    Whole,
    /// By an opaque cursor.
    Cursor { cursor: &'static str, size: &'static str, codec: Codec },
    /// By `offset` and `limit`.
    Offset,
    /// By `page` and `per_page`.
    Numbered,
    /// By the last record's id.
    LastId,
    /// By a locator in the path.
    Locator,
}

impl Scheme {
    pub(crate) fn of(style: Style) -> Self {
        let (cursor, size, codec) = match style {
            Style::Single | Style::Ndjson => return Self::Whole,
            Style::Offset => return Self::Offset,
            Style::Page | Style::LinkHeader | Style::GitHub => return Self::Numbered,
            Style::Stripe => return Self::LastId,
            Style::Salesforce => return Self::Locator,
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
}

/// The parameter that makes two numbered links to the same page differ.
pub(crate) const AGAIN: &str = "again";
