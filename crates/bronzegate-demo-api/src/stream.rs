//! A stream of the API: its name, how it pages, what its records look like and what it demands.

use crate::{
    named::named,
    quirks::{Pack, Quirks},
    rate::{Dialect, RateLimit},
    record::Shape,
    step::Step,
    timeline::Timeline,
};
use serde::{Deserialize, Serialize};
use std::{str::FromStr, time::Duration};

/// Describes one stream.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Written")]
pub struct Stream {
    /// The name, and the named key of the roles that have one.
    pub name: String,
    /// Where it is served; `/{name}` unless said otherwise.
    pub path: String,
    /// How it pages.
    pub style: Style,
    /// What its records look like.
    pub shape: Shape,
    /// How many records it has.
    pub records: u64,
    /// Records a page when the client asks for no size.
    pub page_size: u64,
    /// The most records a page; a larger wish is lowered silently.
    pub max_page_size: u64,
    /// What a request must prove.
    pub auth: Auth,
    /// How many requests it takes.
    pub rate_limit: Option<RateLimit>,
    /// Whether [`Style::NextUrl`] names the next page relative to the server.
    pub relative_links: bool,
    /// Records that are asked for by time, instead of made ones.
    pub timeline: Option<Timeline>,
    /// What else is particular about it.
    pub quirks: Quirks,
    /// How its pages come as comma-separated values; JSON without it.
    pub csv: Option<Pack>,
    /// How its export jobs go ([`Style::SalesforceBulk`], or any style whose job has steps).
    pub job: Job,
}

impl Stream {
    /// Describes a stream without authentication and limits, with its style's usual page sizes.
    pub fn new(name: impl Into<String>, style: Style, shape: Shape, records: u64) -> Self {
        let (page_size, max_page_size) = style.page_sizes();
        let name = name.into();
        Self {
            path: format!("/{name}"),
            name,
            style,
            shape,
            records,
            page_size,
            max_page_size,
            auth: Auth::None,
            rate_limit: None,
            relative_links: false,
            timeline: None,
            quirks: Quirks::default(),
            csv: (style == Style::SalesforceBulk).then_some(Pack::Plain),
            job: Job::default(),
        }
    }

    /// Sets the page size for clients that ask for none, and raises the maximum to it if needed.
    #[must_use]
    pub fn page_size(mut self, records: u64) -> Self {
        self.page_size = records.max(1);
        self.max_page_size = self.max_page_size.max(self.page_size);
        self
    }

    /// Sets the page size that larger wishes are lowered to.
    #[must_use]
    pub fn max_page_size(mut self, records: u64) -> Self {
        self.max_page_size = records.max(1);
        self
    }

    /// Demands authentication.
    #[must_use]
    pub fn auth(mut self, auth: Auth) -> Self {
        self.auth = auth;
        self
    }

    /// Limits the requests.
    #[must_use]
    pub fn rate_limit(mut self, limit: RateLimit) -> Self {
        self.rate_limit = Some(limit);
        self
    }

    /// Limits the requests and says so the way the style's vendor does.
    #[must_use]
    pub fn limited(self, requests: u32, per: Duration) -> Self {
        let dialect = self.style.dialect();
        self.rate_limit(RateLimit::new(requests, per, dialect))
    }

    /// Serves these records instead of made ones.
    #[must_use]
    pub fn timeline(mut self, timeline: Timeline) -> Self {
        self.timeline = Some(timeline);
        self
    }

    /// Serves its pages as comma-separated values.
    #[must_use]
    pub fn csv(mut self, pack: Pack) -> Self {
        self.csv = Some(pack);
        self
    }

    /// Says how its export jobs go.
    #[must_use]
    pub fn job(mut self, job: Job) -> Self {
        self.job = job;
        self
    }

    /// Names the next page relative to the server ([`Style::NextUrl`] only).
    #[must_use]
    pub fn relative_links(mut self) -> Self {
        self.relative_links = true;
        self
    }
}

/// A stream as a configuration file has it: everything the style decides may be left out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    style: Style,
    shape: Shape,
    #[serde(default)]
    records: u64,
    page_size: Option<u64>,
    max_page_size: Option<u64>,
    #[serde(default)]
    auth: Auth,
    rate_limit: Option<RateLimit>,
    #[serde(default)]
    relative_links: bool,
    timeline: Option<Timeline>,
    path: Option<String>,
    #[serde(default)]
    quirks: Quirks,
    csv: Option<Pack>,
    #[serde(default)]
    job: Job,
}

impl From<Written> for Stream {
    fn from(written: Written) -> Self {
        let mut stream = Self::new(written.name, written.style, written.shape, written.records);
        if let Some(records) = written.page_size {
            stream = stream.page_size(records);
        }
        if let Some(records) = written.max_page_size {
            stream = stream.max_page_size(records);
        }
        Self {
            auth: written.auth,
            rate_limit: written.rate_limit,
            relative_links: written.relative_links,
            timeline: written.timeline,
            path: written.path.unwrap_or(stream.path),
            quirks: written.quirks,
            csv: written.csv.or(stream.csv),
            job: written.job,
            ..stream
        }
    }
}

/// How an export job goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Job {
    /// How often it says that it is not done.
    pub polls: u32,
    /// Where its file is, if not at the job's own address.
    pub file: Option<String>,
    /// Where its files are, if there are several.
    pub files: Option<Vec<String>>,
    /// How many requests make it begin: a POST each to `{id}/start/0`, `{id}/start/1`, …, in order and once.
    pub starts: u32,
    /// Whether the submission names no job but, in `Content-Location`, the URL to ask.
    pub by_location: bool,
    /// Whether it names a document when it is done, and a GET of `documents/{document}` names the file.
    pub by_document: bool,
    /// Its requests, where they are a vendor's own; of what stands above only `polls` counts then.
    pub steps: Vec<Step>,
}

impl Default for Job {
    fn default() -> Self {
        Self {
            polls: 2,
            file: None,
            files: None,
            starts: 0,
            by_location: false,
            by_document: false,
            steps: Vec::new(),
        }
    }
}

/// Names how a stream pages: a plain style, or a vendor's role (docs/source-files/apis.md says what is special of each).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    /// Everything in one page: `{"results":[…],"count":n}`.
    Single,
    /// Query `after` and `limit`; the next cursor at `paging.next.after`, absent at the end.
    Cursor,
    /// Query `offset` and `limit`; `total` in the body and in `X-Total-Count`.
    Offset,
    /// Query `page` (from 1) and `per_page`; `total_pages` in the body.
    Page,
    /// A root array with a `Link` header.
    LinkHeader,
    /// `next` in the body is a URL, null at the end.
    NextUrl,
    /// One page of newline-delimited JSON.
    Ndjson,
    /// CRM objects: `paging.next.after`; also as POST with the cursor in the body (search).
    #[serde(rename = "hubspot")]
    HubSpot,
    /// A `Link` header with `page_info`, beside which only `limit` and `fields` may be sent.
    ShopifyRest,
    /// POST with `variables`; `data.{name}.pageInfo`; THROTTLED inside a 200.
    ShopifyGraphql,
    /// A root array, `Link` header, `x-ratelimit-*`, 403 when limited.
    #[serde(rename = "github")]
    GitHub,
    /// `starting_after` is the last record's id; `has_more`.
    Stripe,
    /// `q`; a relative `nextRecordsUrl`; `done`.
    Salesforce,
    /// An export job: POST `/{name}`, then `/{name}/{id}` until its `state` is `JobComplete`, then pages of
    /// CSV at `/{name}/{id}/results`, the next `locator` in `Sforce-Locator`, the text `null` at the end.
    SalesforceBulk,
    /// `response_metadata.next_cursor`, empty at the end; `ok: false` in a 200.
    Slack,
    /// `nextPageToken`, `isLast`, no total.
    Jira,
    /// POST with `start_cursor`; `next_cursor` null at the end; `Notion-Version` demanded.
    Notion,
    /// An absolute `@odata.nextLink`.
    Graph,
    /// As the layout among its quirks says.
    Layout,
}

impl Style {
    /// The usual page size and its maximum.
    fn page_sizes(self) -> (u64, u64) {
        match self {
            Self::Single | Self::Ndjson => (u64::MAX, u64::MAX),
            Self::Cursor | Self::Offset | Self::Page | Self::LinkHeader | Self::NextUrl | Self::Layout => {
                (100, 100_000)
            }
            Self::HubSpot | Self::Stripe => (10, 100),
            Self::GitHub => (30, 100),
            Self::ShopifyRest | Self::ShopifyGraphql => (50, 250),
            Self::Salesforce => (2_000, 2_000),
            Self::SalesforceBulk => (1_000, 100_000),
            Self::Slack => (100, 1_000),
            Self::Jira => (50, 100),
            Self::Notion => (100, 100),
            Self::Graph => (100, 999),
        }
    }

    /// The vendor's own way of announcing limits.
    pub fn dialect(self) -> Dialect {
        match self {
            Self::HubSpot => Dialect::HubSpot,
            Self::ShopifyRest => Dialect::ShopifyCallLimit,
            Self::ShopifyGraphql => Dialect::InBody,
            Self::GitHub => Dialect::GitHub403,
            Self::Jira => Dialect::Jira,
            _ => Dialect::RetryAfterSeconds,
        }
    }
}

/// Names what a request must prove.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Auth {
    /// Nothing.
    #[default]
    None,
    /// `Authorization: Bearer` and the fixed token.
    Bearer,
    /// User name and password.
    Basic,
    /// `X-Api-Key`.
    ApiKeyHeader,
    /// The query parameter `api_key`.
    ApiKeyQuery,
    /// `DD-API-KEY` and `DD-APPLICATION-KEY`, both.
    TwoHeaders,
    /// A bearer token that `/oauth/token` issued and that has not expired.
    #[serde(rename = "oauth2")]
    OAuth2,
    /// The header `X-Session` or the query parameter `sid`, with a token that `/login` gave out and that has
    /// not expired.
    Session,
    /// `X-Shopify-Access-Token` and the fixed token.
    ShopifyToken,
    /// The API key as the user of basic authentication, with any password.
    KeyAsUser,
    /// The API key as the password of basic authentication, with any user.
    KeyAsPassword,
    /// `Authorization: ApiKey` and the API key.
    AuthorizationApiKey,
    /// The API key as the parameter `key`, in the query, a JSON body or a form.
    KeyArgument,
    /// `Authorization: OAuth` with the client's id as the consumer key and the fixed token. The signature is not checked.
    #[serde(rename = "oauth1")]
    OAuth1,
}

impl FromStr for Style {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        named(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_stream_takes_the_sizes_of_its_style() {
        let json = r#"{"name":"c","style":"hubspot","shape":"crm","records":5,"page_size":20}"#;
        let stream: Stream = serde_json::from_str(json).unwrap();
        assert_eq!((stream.page_size, stream.max_page_size), (20, 100));
        let error =
            serde_json::from_str::<Stream>(&json.replace("page_size", "size")).unwrap_err().to_string();
        assert!(error.starts_with("unknown field `size`"), "{error}");
    }

    #[test]
    fn styles_are_named_with_either_dash() {
        assert_eq!("link-header".parse(), Ok(Style::LinkHeader));
        assert_eq!("shopify_graphql".parse(), Ok(Style::ShopifyGraphql));
        let error = "nothing".parse::<Style>().unwrap_err();
        assert!(error.starts_with("unknown variant `nothing`"), "{error}");
    }
}
