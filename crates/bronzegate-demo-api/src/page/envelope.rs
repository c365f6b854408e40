//! What stands around the records: the members before and after them, and the headers.

use super::{
    content::Page,
    cursor::Mark,
    generic,
    layout::layout,
    link::{href, moved, path_and_query},
    plan::Plan,
    roles,
    scheme::{AGAIN, Scheme},
};
use crate::{
    fault::WrongShape,
    rate::{RateLimit, Verdict},
    record::{Recipe, Table},
    serve::{Call, Headers},
    stream::{Stream, Style},
};
use bytes::Bytes;
use std::sync::Arc;

/// The request a page is written for.
pub(crate) struct Scene<'a> {
    pub(crate) stream: &'a Stream,
    pub(crate) recipe: Recipe,
    pub(crate) call: &'a Call,
    pub(crate) rate: Option<(&'a RateLimit, Verdict)>,
    /// The records of the whole answer, where they are not made by the recipe.
    pub(crate) records: Option<Arc<[Bytes]>>,
}

impl Scene<'_> {
    /// The next cursor as the style writes it, or the foreign URL a fault put in its place.
    pub(crate) fn cursor(&self, plan: &Plan) -> Option<String> {
        let mark = self.next(plan)?;
        let Scheme::Cursor { codec, .. } = Scheme::of(self.stream) else {
            return None;
        };
        Some(match &plan.elsewhere {
            Some(url) => url.clone(),
            None => codec.encode(mark),
        })
    }

    /// What the next cursor stands for, where one is named.
    pub(crate) fn next(&self, plan: &Plan) -> Option<Mark> {
        let end = Mark { position: plan.first + plan.count, salt: 0 };
        if self.stream.quirks.keeps_place {
            return plan.next.map(|_| Mark { position: 0, salt: 1 });
        }
        plan.next.or_else(|| self.stream.quirks.names_next_at_end.then_some(end))
    }

    /// The path and query of the page at `mark`.
    fn target(&self, plan: &Plan, mark: Mark) -> Vec<(&str, String)> {
        match Scheme::of(self.stream) {
            Scheme::Cursor { cursor, size, codec } => {
                vec![(size, plan.limit.to_string()), (cursor, codec.encode(mark))]
            }
            Scheme::Numbered { page, size, first } => {
                let again = Some(mark.salt).filter(|salt| *salt > 0);
                vec![
                    (size, plan.limit.to_string()),
                    (page, (mark.position / plan.limit + first).to_string()),
                    (AGAIN, again.map(|n| n.to_string()).unwrap_or_default()),
                ]
            }
            _ => Vec::new(),
        }
    }

    /// The absolute link to the page at `mark`.
    pub(crate) fn link(&self, plan: &Plan, mark: Mark) -> String {
        href(self, &self.target(plan, mark))
    }

    /// The link to the next page: absolute unless the stream says otherwise, moved by a fault.
    pub(crate) fn next_link(&self, plan: &Plan) -> Option<String> {
        let target = self.target(plan, plan.next?);
        Some(match &plan.elsewhere {
            Some(url) => moved(url, &path_and_query(self, &target)),
            None if self.stream.relative_links => path_and_query(self, &target),
            None => href(self, &target),
        })
    }
}

/// Where the records stand.
#[derive(Debug)]
pub(crate) enum List {
    /// In a member of this name.
    Member(String),
    /// They are the body.
    Root,
    /// One a line.
    Lines,
    /// One a row.
    Table,
}

/// Everything of a page but the records.
#[derive(Debug)]
pub(crate) struct Envelope {
    /// From the body's first byte to the member's name; ends with `{` or `,`.
    pub(crate) before: String,
    pub(crate) list: List,
    /// From behind the list to the body's last byte; begins with `,` or `}`.
    pub(crate) after: String,
    pub(crate) headers: Headers,
}

impl Envelope {
    /// An object with the records in `member` and `after` behind them.
    pub(crate) fn object(member: &str, after: String) -> Self {
        Self { before: "{".into(), list: List::Member(member.into()), after, headers: Headers::default() }
    }
}

/// Writes everything of a page but the records, and the headers that go with it.
pub(crate) fn compose(scene: &Scene<'_>, plan: &Plan, wrong: Option<WrongShape>) -> (Page, Headers) {
    let mut envelope = match scene.stream.style {
        Style::Single => generic::single(plan),
        Style::Cursor => generic::cursor(scene, plan),
        Style::Offset => generic::offset(plan),
        Style::Page => generic::page(plan),
        Style::LinkHeader => generic::link_header(scene, plan),
        Style::NextUrl => generic::next_url(scene, plan),
        Style::Ndjson => generic::ndjson(),
        Style::HubSpot => roles::hubspot(scene, plan),
        Style::ShopifyRest => roles::shopify_rest(scene, plan),
        Style::ShopifyGraphql => roles::shopify_graphql(scene, plan),
        Style::GitHub => roles::github(scene, plan),
        Style::Stripe => roles::stripe(scene, plan),
        Style::Salesforce => roles::salesforce(scene, plan),
        Style::SalesforceBulk => roles::salesforce_bulk(scene, plan),
        Style::Slack => roles::slack(scene, plan),
        Style::Jira => roles::jira(scene, plan),
        Style::Notion => roles::notion(scene, plan),
        Style::Graph => roles::graph(scene, plan),
        Style::Layout => layout(scene, plan),
    };
    if scene.stream.csv.is_some() {
        envelope.list = List::Table;
    }
    let table = scene.stream.csv.map(|_| Table::new(&scene.stream.quirks.columns));
    let (head, tail) = match wrong {
        None => right(&envelope, table.as_ref()),
        Some(wrong) => (misshapen(&envelope, wrong), String::new()),
    };
    let hidden = scene.stream.quirks.hidden_every;
    let page = Page {
        recipe: scene.recipe,
        table,
        records: scene.records.clone(),
        first: plan.first,
        count: if wrong.is_some() { 0 } else { plan.count },
        hidden,
        head: head.into_bytes(),
        separator: match envelope.list {
            List::Lines | List::Table => b'\n',
            List::Member(_) | List::Root => b',',
        },
        tail: tail.into_bytes(),
    };
    (page, envelope.headers)
}

fn right(envelope: &Envelope, table: Option<&Table>) -> (String, String) {
    match &envelope.list {
        List::Member(name) => (format!("{}\"{name}\":[", envelope.before), format!("]{}", envelope.after)),
        List::Root => ("[".into(), "]".into()),
        List::Lines => (String::new(), "\n".into()),
        List::Table => {
            let header = table.map(Table::header).unwrap_or_default();
            (format!("{header}\r\n"), "\n".into())
        }
    }
}

fn misshapen(envelope: &Envelope, wrong: WrongShape) -> String {
    let instead = match wrong {
        WrongShape::Absent | WrongShape::Object => "{}",
        WrongShape::Null => "null",
        WrongShape::Scalar => "42",
    };
    let Envelope { before, after, .. } = envelope;
    match &envelope.list {
        List::Root | List::Lines | List::Table => instead.into(),
        List::Member(_) if wrong == WrongShape::Absent => match after.strip_prefix(',') {
            Some(rest) => format!("{before}{rest}"),
            None => format!("{}{after}", before.trim_end_matches(',')),
        },
        List::Member(name) => format!("{before}\"{name}\":{instead}{after}"),
    }
}

/// Writes a JSON string.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
